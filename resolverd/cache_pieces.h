/*
 * For the cache: long entries, which are cut into pieces (cache_entry.h).
 */
#ifndef RESOLVERD_CACHE_PIECES_H
#define RESOLVERD_CACHE_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/store.h"

/* Of the i-th piece, i > 0, of the entry whose key is k. */
uint64_t cache_piece_key(uint64_t k, unsigned i);

/*
 * Puts the pieces of an entry of len bytes together in whole (that much room);
 * *found is the first piece, and becomes the entry. Whether they belong
 * together is for the checksum to find. Returns 0, -ENOENT, or store's -errno.
 */
int cache_pieces_collect(struct store_txn *t, uint64_t k,
    struct store_bytes *found, size_t len, uint8_t *whole)
    __attribute__((warn_unused_result));

#endif
