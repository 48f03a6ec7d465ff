/*
 * One turn of a feed, for zonectl_sync.c.
 */
#ifndef TOOLS_ZONECTL_SYNC_H
#define TOOLS_ZONECTL_SYNC_H

#include "tools/zonectl.h"

/*
 * In a process of its own: fetches the feed, builds the zone if there is
 * something new, and prints how it went. SIGTERM and SIGINT end it, with its
 * rsync. TOOL_DONE also when another process is at the same feed.
 */
int sync_feed(const struct conf *conf, const struct conf_zone *zone,
    const char *const *force);

#endif
