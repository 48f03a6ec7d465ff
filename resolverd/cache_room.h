/*
 * For the cache: what goes when the file is nearly full. Expired entries first,
 * then those that nobody asked for since the hand last passed, then, where that
 * is not enough, whatever the hand meets.
 */
#ifndef RESOLVERD_CACHE_ROOM_H
#define RESOLVERD_CACHE_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include "lib/store.h"
#include "resolverd/cache_use.h"

struct cache_room {
	const struct cache_use *use; /* borrowed */
	uint32_t max_stale_s;
	/* keys where the next sweeps start: for live ones, for expired ones */
	uint64_t hand, expired_hand;
	size_t expired_from; /* bytes in use: from here expired ones go, */
	size_t live_from;    /* from here live ones that nobody asks for, */
	size_t used_from;    /* from here any */
};

/*
 * Inside of a write transaction, before n entries of bytes in all are put.
 * Takes time in proportion to n. Returns 0 or store's -errno.
 */
int cache_make_room(struct cache_room *r, struct store_txn *t, uint64_t now,
    unsigned n, size_t bytes) __attribute__((warn_unused_result));

/* The file was full after all: a good part of it goes. */
int cache_make_much_room(struct cache_room *r, struct store_txn *t,
    uint64_t now) __attribute__((warn_unused_result));

#endif
