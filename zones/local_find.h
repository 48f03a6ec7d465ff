/*
 * Searches in the entries of a local list, the same for the daemon's lookups
 * and for the hints of blctl. All return 0, -ENOENT, or another -errno; what
 * they give is borrowed until the transaction ends.
 */
#ifndef ZONES_LOCAL_FIND_H
#define ZONES_LOCAL_FIND_H

#include <stdbool.h>

#include "lib/store.h"
#include "zones/local_key.h"
#include "zones/local_record.h"

struct local_found {
	struct store_bytes key, data;
};

int local_find(struct store_txn *t, const struct local_key *key,
    struct store_bytes *data) __attribute__((warn_unused_result));

/* The first entry whose key begins with the first len bytes of key. */
int local_find_first(struct store_txn *t, const struct local_key *key,
    size_t len, struct local_found *out) __attribute__((warn_unused_result));

/* The longest listed prefix of at most max_len bits around the address. */
int local_find_around(struct store_txn *t, const struct local_lengths *lens,
    enum local_key_tag tag, const uint8_t *addr, unsigned max_len,
    struct local_key *key, struct store_bytes *data)
    __attribute__((warn_unused_result));

/* The first listed prefix that is a part of the prefix key, but not key. */
int local_find_inside(struct store_txn *t, const struct local_key *key,
    struct local_key *inner) __attribute__((warn_unused_result));

/*
 * Goes through the names that the first len bytes of key are made of, from the
 * root to the left, as far as anything is listed there or below. Gives in out
 * the last one whose entry covers what is below it, and the number of its
 * labels in *depth; 0: none. Returns -ENOENT if nothing is listed at or below
 * the last name; out and *depth hold in that case, too.
 */
int local_find_cover(struct store_txn *t, const struct local_key *key,
    size_t len, struct local_found *out, unsigned *depth)
    __attribute__((warn_unused_result));

/*
 * The entry that answers for just this name (key ends with its labels, and is
 * given a cover). *exists is set if anything is listed at or below it.
 */
int local_find_name(struct store_txn *t, struct local_key *key,
    struct store_bytes *data, bool *exists) __attribute__((warn_unused_result));

#endif
