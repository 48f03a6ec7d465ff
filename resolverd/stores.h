/*
 * What a handler answers from: list zones, local data, cache, upstream.
 */
#ifndef RESOLVERD_STORES_H
#define RESOLVERD_STORES_H

#include "lib/conf.h"
#include "resolverd/cache.h"
#include "resolverd/handle.h"
#include "resolverd/upstream.h"

#define STORES_WHY_MAX (CACHE_WHY_MAX + UPSTREAM_WHY_MAX)

struct event_base;

/*
 * Fills h; conf and base are borrowed. A cache that cannot be opened is logged
 * and done without. Returns 0, or -errno with why.
 */
int stores_open(struct handler *h, const struct conf *conf,
    struct event_base *base, char *why) __attribute__((warn_unused_result));

/* Questions that wait are answered now, so the transports must still be. */
void stores_end_waiting(struct handler *h);
void stores_close(struct handler *h);

/*
 * From now on nothing more is kept in the cache: others, who know better, have
 * taken over.
 */
void stores_stop_keeping(struct handler *h);

#endif
