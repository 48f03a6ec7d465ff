/*
 * What is outside of the list zones, for a daemon that recurses: the cache, and
 * upstream for what is not in it.
 */
#ifndef RESOLVERD_RECURSE_H
#define RESOLVERD_RECURSE_H

#include "resolverd/handle.h"

/* The handler's cache (NULL: none) and upstream must be there. */
extern const struct outside recurse;

#endif
