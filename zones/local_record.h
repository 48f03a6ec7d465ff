/*
 * What the two tables of a local list hold: a record for each entry, and one
 * record of counters. Part of the format of the file.
 */
#ifndef ZONES_LOCAL_RECORD_H
#define ZONES_LOCAL_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/store.h"
#include "zones/local.h"
#include "zones/local_key.h"
#include "zones/value.h"

enum { LOCAL_TABLE_ENTRY, LOCAL_TABLE_META };
#define LOCAL_TABLES {"entry", "meta", NULL}

/*
 *	code	u32 little-endian	the A record
 *	added	u64 little-endian	seconds since the epoch
 *	lengths	u8, u8			of author and reason, which follow
 *	RRs	as zones/value.h has them, ready to be answered
 */
#define LOCAL_RECORD_HEADER 14
#define LOCAL_RECORD_MAX \
	(LOCAL_RECORD_HEADER + LOCAL_AUTHOR_MAX + LOCAL_REASON_MAX + \
	 2 * VALUE_RR_HEADER + 4 + 1 + LOCAL_REASON_MAX)

/* Its strings are not terminated. All borrowed from the file. */
struct local_record {
	uint32_t code;
	uint64_t added;
	const char *author, *reason;
	size_t author_len, reason_len;
	const uint8_t *rrs;
	size_t rrs_len;
};

/* The strings of the entry are terminated. Returns the bytes written to out,
 * which has room for LOCAL_RECORD_MAX. */
size_t local_record_write(uint8_t *out, const struct local_entry *e);

/* Returns 0, or -EBADMSG if the bytes are no record. */
int local_record_read(struct local_record *r, const struct store_bytes *data)
    __attribute__((warn_unused_result));

/* What a key and its record say to people. Returns as the one above. */
int local_entry_read(struct local_entry *e, const struct local_key *key,
    const struct store_bytes *data) __attribute__((warn_unused_result));

/* No byte in it can break a line or work on a terminal. */
bool local_txt_is_clean(const char *txt, size_t len);

/* The counters, in the file as little-endian words in this order. */
struct local_meta {
	uint32_t version;
	uint32_t serial; /* seconds since the epoch, but never the same again */
	uint32_t names;	 /* how many entries are names */
	uint32_t ip4[33];  /* how many are prefixes of this length */
	uint32_t ip6[129];
};

/* Returns 0, -ENOENT in a new file, -EBADMSG, -errno. */
int local_meta_read(struct store_txn *t, struct local_meta *m)
    __attribute__((warn_unused_result));

/* Writes it with the serial of a new change. */
int local_meta_write(struct store_txn *t, struct local_meta *m)
    __attribute__((warn_unused_result));

/* The counter that an entry of this key is counted in. */
uint32_t *local_meta_count(struct local_meta *m, const struct local_key *key);

/* The prefix lengths that there are, the longest first. */
struct local_lengths {
	unsigned n;
	uint8_t len[128];
};
void local_meta_lengths(struct local_lengths *out, const struct local_meta *m,
    enum local_key_tag tag);

#endif
