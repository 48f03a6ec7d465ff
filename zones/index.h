/*
 * The indexes of a dataset: flat arrays in a generation file that map what is
 * asked to a value's number. One kind per shape of key; several dataset types
 * may share a kind, and a dataset may have one of each.
 *
 * The arrays are little-endian, of any alignment, and may be damaged: a lookup
 * checks each offset that it follows, and damage reads as "not listed".
 */
#ifndef ZONES_INDEX_H
#define ZONES_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/store.h"
#include "zones/buf.h"
#include "zones/key.h"
#include "zones/slots.h"
#include "zones/subzones.h"

/* ---- arrays by name */

#define ARRAY_NAME_MAX 16

/* An array that waits to be written. */
struct array {
	char name[ARRAY_NAME_MAX];
	struct buf bytes;
};

/* What an index is asked for; stands in the file. */
enum index_role {
	INDEX_LIST,    /* what is listed */
	INDEX_RECORDS, /* records of the zone itself, in no list */
	INDEX_ACL,     /* not keys, but clients (zones/acl.h) */
};

/* All arrays of a generation to be, and the indexes that they make up. Starts
 * zeroed. Members private, but for role. */
struct arrays {
	enum index_role role; /* of the indexes that are added from here on */
	struct buf list;      /* of struct array */
	struct buf indexes;   /* of struct array_index, see index.c */
	struct subzones_build subzones; /* in which some of them answer */
};

/* A further index; its arrays are taken under the number. Returns 0, -E2BIG
 * (ZONE_DATASETS_MAX) or -ENOMEM. */
struct index_kind;
int arrays_index(struct arrays *a, const struct index_kind *kind,
    unsigned *index) __attribute__((warn_unused_result));

/* NULL past the last. */
const struct index_kind *arrays_kind(const struct arrays *a, unsigned index);
enum index_role arrays_role(const struct arrays *a, unsigned index);

/* A bit for each index that there is so far. */
uint32_t arrays_bits(const struct arrays *a);

/* Takes the bytes, whose owner is the list from now on, error or not. */
int arrays_take(struct arrays *a, unsigned index, const char *name,
    struct buf *bytes) __attribute__((warn_unused_result));
struct array *arrays_list(const struct arrays *a, size_t *n);
void arrays_free(struct arrays *a);

/* The key under which an array of an index stands in the file. */
void array_name(char *out, unsigned index, const char *name);

/* ---- indexes */

struct ip4_index {
	const uint8_t *dir, *pages, *cells, *heap;
	uint32_t n_pages, n_cells, heap_len, common;
	const uint8_t *any8; /* a bit per /8 in which something is listed */
};

struct ip6_index {
	struct slots slots;
	const uint8_t *entries;
	uint32_t n_entries;
	const uint8_t *lengths; /* that occur, longest first */
	unsigned n_lengths;
};

struct name_index {
	struct slots slots;
	const uint8_t *heap;
	uint64_t heap_len;
	uint64_t depths[2], wild_depths[2]; /* a bit per number of labels */
};

union index {
	struct ip4_index ip4;
	struct ip6_index ip6;
	struct name_index name;
};

/* Starts zeroed. */
struct index_hit {
	uint32_t value; /* 0: not listed */
	enum zone_hit_kind kind;
	unsigned first_label;
	bool exists; /* matters where value is 0 */
};

#define INDEX_ARRAYS_MAX 5

struct index_kind {
	const char *name; /* as it stands in the file */
	const char *arrays[INDEX_ARRAYS_MAX]; /* NULL behind the last */
	/* Borrows the arrays, in that order. Returns 0 or -EBADMSG. */
	int (*open)(union index *ix, const struct store_bytes *arrays);
	void (*lookup)(const union index *ix, const struct zone_key *key,
	    struct index_hit *hit);
	/*
	 * Optional: hit becomes what covers the key if that was not there which
	 * hit says; for an index whose values do not say it themselves, as
	 * alternatives (zones/value.h).
	 */
	void (*around)(const union index *ix, const struct zone_key *key,
	    struct index_hit *hit);
	/*
	 * Optional: begins to load what lookup() will read, so that a batch of
	 * keys waits for memory together and not one after the other. Step 0
	 * follows from the key, each further one from what the last loaded.
	 */
	void (*fetch)(const union index *ix, const struct zone_key *key,
	    unsigned step);
};

extern const struct index_kind ip4_index_kind, ip6_index_kind, name_index_kind;

/* NULL if there is no such kind. */
const struct index_kind *index_kind_find(const char *name);

#endif
