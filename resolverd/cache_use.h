/*
 * For the cache: which of its entries are asked for. A small counter for each
 * slot that keys share, in memory that all workers share; a hit writes only
 * while the counter is low.
 */
#ifndef RESOLVERD_CACHE_USE_H
#define RESOLVERD_CACHE_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_USE_MAX 3     /* hits that are counted */
#define CACHE_USE_POPULAR 2 /* from here an entry counts as asked for often */

struct cache_use {
	uint8_t *slots; /* members private */
	uint64_t mask;
	size_t len;
};

/*
 * For a cache file of size bytes; in STATE/cache/used, so that it outlives
 * workers. Where that cannot be, in memory of this process alone. Returns 0 or
 * -ENOMEM.
 */
int cache_use_open(struct cache_use *u, const char *state_dir, uint64_t size)
    __attribute__((warn_unused_result));
void cache_use_close(struct cache_use *u); /* all zero is fine */

static inline uint8_t *
cache_use_slot(const struct cache_use *u, uint64_t key)
{
	return &u->slots[(key ^ key >> 32) & u->mask];
}

/* A hit. Others may write at the same time: one of the two counts. */
static inline bool
cache_use_note(const struct cache_use *u, uint64_t key)
{
	uint8_t *slot = cache_use_slot(u, key);
	uint8_t n = __atomic_load_n(slot, __ATOMIC_RELAXED);

	if (n < CACHE_USE_MAX)
		__atomic_store_n(slot, (uint8_t)(n + 1), __ATOMIC_RELAXED);
	return n >= CACHE_USE_POPULAR;
}

static inline bool
cache_use_is_used(const struct cache_use *u, uint64_t key)
{
	return __atomic_load_n(cache_use_slot(u, key), __ATOMIC_RELAXED) > 0;
}

/* The same, and the hand has passed: it has to be asked for again. */
static inline bool
cache_use_pass(const struct cache_use *u, uint64_t key)
{
	uint8_t *slot = cache_use_slot(u, key);
	uint8_t n = __atomic_load_n(slot, __ATOMIC_RELAXED);

	if (n > 0)
		__atomic_store_n(slot, n / 2, __ATOMIC_RELAXED);
	return n > 0;
}

#endif
