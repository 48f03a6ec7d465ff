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
 * A value in the file is no longer than one overflow page of LMDB: more would
 * need pages in a row, which a file that is nearly full may not have. A longer
 * entry is cut: its first piece stands under its key, the others, each with a
 * head, under keys that follow from it.
 */
#define CACHE_PIECE_MAX 4080
#define CACHE_PIECE_HEAD 20

/* Head, QNAME, offsets, body */
#define CACHE_ENTRY_MAX                                                        \
	(40 + DNAME_MAX + 2 * ANSWER_TTLS_MAX + DNS_MESSAGE_MAX)

/* No longer than this, whatever the TTL says (RFC 8767 4 has the same cap) */
#define CACHE_LIFETIME_MAX (7 * 86400)

enum cache_kind {
	CACHE_ANSWER,
	CACHE_FAILURE, /* RFC 9520 */
	CACHE_CUT,     /* RFC 8020: nothing exists below; of any QTYPE */
};

struct cache_entry {
	uint64_t stored; /* seconds since the epoch, by cache_now() */
	uint32_t lifetime;
	enum cache_kind kind;
	uint16_t qtype;
	bool dnssec_ok, checking_disabled;
	const uint8_t *qname; /* borrowed from the file */
	size_t qname_len;
	struct answer answer; /* borrowed; age and stale not set */
};

/* How long the entry will be. */
size_t cache_entry_len(const struct cache_key *key, const struct answer *a);

/* Writes an entry to out, which has room for cache_entry_len() bytes. */
void cache_entry_write(uint8_t *out, enum cache_kind kind,
    const struct cache_key *key, uint64_t now, const struct answer *a,
    uint32_t lifetime);

/* The checksum of an entry that was changed; for its tests. */
void cache_entry_seal(uint8_t *entry, size_t len);

/* Returns false if the bytes are not an entry as it was written. */
bool cache_entry_read(struct cache_entry *e, const void *data, size_t len);

/*
 * Of a first piece, unchecked: how long the whole entry says that it is; 0: it
 * is none, or longer than any.
 */
size_t cache_entry_whole_len(const void *data, size_t len);

/* Is it what is kept of that kind about this very question? */
bool cache_entry_is_for(const struct cache_entry *e, enum cache_kind kind,
    const struct cache_key *key);

enum cache_entry_state {
	CACHE_ENTRY_LIVE,
	CACHE_ENTRY_STALE, /* expired, but not longer ago than max_stale_s */
	CACHE_ENTRY_DEAD   /* or no entry at all */
};

/* Dead, too, is what was stored in the future: the clock was set back. */
enum cache_entry_state cache_entry_judge(
    const struct cache_entry *e, uint64_t now, uint32_t max_stale_s);

/* The same for bytes that may be damaged, or a later piece; no checksum. */
enum cache_entry_state cache_entry_state(
    const void *data, size_t len, uint64_t now, uint32_t max_stale_s);

#endif
