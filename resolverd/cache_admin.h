/*
 * For resolverctl(8): looking through the whole answer cache, beside the
 * workers that use it. In a process that has no cache open.
 */
#ifndef RESOLVERD_CACHE_ADMIN_H
#define RESOLVERD_CACHE_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolverd/cache_entry.h"

struct cache_admin;

/* As cache_open(). */
int cache_admin_open(struct cache_admin **out, const char *state_dir,
    uint64_t size, char *why) __attribute__((warn_unused_result));
void cache_admin_close(struct cache_admin *a); /* NULL is fine */

uint64_t cache_admin_now(const struct cache_admin *a); /* as cache_now() */

/* Returns true if it is one to be counted. e is borrowed for the call. */
typedef bool cache_admin_fn(void *arg, const struct cache_entry *e);

/*
 * Calls fn for the next entries, a bounded number, and lets go of the view: the
 * workers can reuse pages meanwhile. *hand is where it goes on, 0 at first and
 * when the end was reached; what is written meanwhile may be seen or not.
 * Returns how many were counted, or -errno.
 */
int cache_admin_visit(struct cache_admin *a, uint64_t *hand, cache_admin_fn *fn,
    void *arg);

/*
 * Deletes all for which fn is true, in small transactions: workers wait for
 * none of them long. Returns how many there were, or -errno.
 */
int64_t cache_admin_remove(struct cache_admin *a, cache_admin_fn *fn,
    void *arg);

struct cache_admin_usage {
	uint64_t bytes_max, bytes_used, entries;
};
int cache_admin_usage(struct cache_admin *a, struct cache_admin_usage *out);

#endif
