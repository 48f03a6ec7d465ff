/*
 * For the cache: the form of an entry in the file. What is read back comes from
 * a file, so it is checked whole; damage reads as "no entry".
 */
#ifndef RESOLVERD_CACHE_ENTRY_H
#define RESOLVERD_CACHE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolverd/answer.h"
#include "resolverd/cache.h"

/*
 * The longest entry: one overflow page of LMDB. A longer one needs pages in a
 * row, which a file that is nearly full may not have; libunbound's own cache
 * keeps those answers.
 */
#define CACHE_ENTRY_MAX 4080

/* No longer than this, whatever the TTL says (RFC 8767 4 has the same cap) */
#define CACHE_LIFETIME_MAX (7 * 86400)

struct cache_entry {
	uint64_t stored; /* seconds since the epoch */
	uint32_t lifetime;
	uint16_t qtype;
	bool dnssec_ok, checking_disabled;
	const uint8_t *qname; /* borrowed from the file */
	size_t qname_len;
	struct answer answer; /* borrowed; age not set */
};

/*
 * Writes an entry to out (CACHE_ENTRY_MAX bytes). Returns its length, or 0 if
 * it would be longer.
 */
size_t cache_entry_write(uint8_t *out, const struct cache_key *key,
    uint64_t now, const struct answer *a, uint32_t lifetime);

/* Returns false if the bytes are not an entry as it was written. */
bool cache_entry_read(struct cache_entry *e, const void *data, size_t len);

/* Is it the answer to this very question? */
bool cache_entry_is_for(const struct cache_entry *e,
    const struct cache_key *key);

/* May it be answered now? Not if it was stored in the future: clock set back.*/
bool cache_entry_is_live(const struct cache_entry *e, uint64_t now);

/* The same for bytes that may be damaged, without a look at their checksum. */
bool cache_entry_looks_live(const void *data, size_t len, uint64_t now);

#endif
