/*
 * The name index: the arrays in the file, and the builder that makes them. It
 * serves the dataset types that are answered by name.
 *
 *	slots	by dname_hash() of the whole name, apex included: where in the
 *		heap its record stands, in units of 4 bytes (zones/slots.h)
 *	heap	records, at multiples of 4 from 4 on
 *	meta	u64[2] numbers of labels that occur (bit n: n labels), u64[2]
 *		the same for wildcards
 *
 * A record: u8 flags, u8 length of the name, u32 value (if NAME_EXACT), u32
 * value of names below it (if NAME_WILD), the labels below the apex. Value 0 is
 * an exclusion: it ends the search.
 */
#ifndef ZONES_NAMES_H
#define ZONES_NAMES_H

#include "zones/index.h"
#include "zones/pool.h"
#include "zones/prov.h"

#define NAME_EXACT 1  /* the name itself is listed, or excluded */
#define NAME_WILD 2   /* the names below it are */
#define NAME_EXISTS 4 /* it is listed, or something below it is */
#define NAME_MOVED 8  /* the builder's: nothing leads here, another record of
		       * the name counts, whose place is the first value */

#define NAME_HEAP_UNIT 4
#define NAME_META_LEN (16 + 16)

struct name_entry {
	unsigned flags;	     /* NAME_* */
	uint32_t exact, wild; /* 0 where the flag is not set, too */
	const uint8_t *labels; /* below the apex, no root byte; borrowed */
	unsigned len;
};

/* The entry at *place, which moves on; start with NAME_FIRST. False at the end.
 * The order is that of the file: none. */
bool name_next(const struct name_index *ix, uint64_t *place,
    struct name_entry *out);
#define NAME_FIRST 1

/* The record of the key without its first labels, and where it stands. False if
 * there is none. */
bool name_find(const struct name_index *ix, const struct zone_key *key,
    unsigned first, struct name_entry *out, uint32_t *place);

/* ---- the builder */

/* Members private. */
struct name_build {
	uint64_t apex_hash;
	unsigned apex_len;
	bool names_hide; /* may be set: names that exist hide wildcards above
			  * them, as in a zone file (RFC 4592 4.3) */
	bool has_wild;
	struct buf heap;  /* a record for each entry, with the pool's values */
	struct buf items; /* struct name_item, see zones/names_record.h */
	struct prov_build prov;
};

void name_build_init(struct name_build *b, const uint8_t *apex);

/*
 * A name, as len bytes of lower-case labels below the apex (no root byte), with
 * a value for itself (flags NAME_EXACT) or for all below it (NAME_WILD) or
 * both. The value is the pool's; 0 is an exclusion. Returns 0, -ENAMETOOLONG if
 * such a name cannot be asked for, or -ENOMEM.
 */
int name_build_add(struct name_build *b, const uint8_t *labels, unsigned len,
    unsigned flags, uint32_t value) __attribute__((warn_unused_result));

/* Makes an index of it; what was gathered is gone. */
int name_build_finish(struct name_build *b, struct pool *pool,
    struct intern *values, struct arrays *arrays)
    __attribute__((warn_unused_result));

void name_build_free(struct name_build *b);

#endif
