/*
 * Where the pieces of a long entry stand, and putting them together.
 */
#include "resolverd/cache_pieces.h"

#include <errno.h>
#include <string.h>

#include "lib/dname.h"
#include "resolverd/cache_entry.h"
#include "resolverd/cache_file.h"

uint64_t
cache_piece_key(uint64_t k, unsigned i)
{
	k = dname_hash_mix(k + i, 0xe7037ed1a0b428dbull);
	return k != CACHE_META_KEY ? k : CACHE_META_KEY + 1;
}

int
cache_pieces_collect(struct store_txn *t, uint64_t k, struct store_bytes *found,
    size_t len, uint8_t *whole)
{
	size_t used = found->len;

	memcpy(whole, found->data, used);
	for (unsigned i = 1; used < len; i++) {
		uint64_t next = cache_piece_key(k, i);
		struct store_bytes piece;
		int rc;

		rc = store_get(t, 0, &next, sizeof(next), &piece);
		if (rc != 0)
			return rc;
		if (piece.len <= CACHE_PIECE_HEAD ||
		    piece.len - CACHE_PIECE_HEAD > len - used)
			return -ENOENT;
		piece.len -= CACHE_PIECE_HEAD;
		memcpy(whole + used,
		    (const uint8_t *)piece.data + CACHE_PIECE_HEAD, piece.len);
		used += piece.len;
	}
	*found = (struct store_bytes){whole, used};
	return 0;
}
