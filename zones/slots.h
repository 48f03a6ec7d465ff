/*
 * A hash table of places (numbers from 1), as an array in a generation file:
 * open addressing, one way. What stands at a place is the caller's; the table
 * only leads there, and seldom to the wrong one: the upper bits of a slot that
 * no place needs are a tag from the hash.
 *
 * Most that is asked for is not there, and asking a table that is larger than
 * the cache is slow. So a Bloom filter is asked first, with all bits of a hash
 * in one word: of 12 bits a place, it lets 3 % of the others pass.
 *
 *	u32 tag bits, u32 reach (the longest way from the slot where a hash
 *	belongs to where it is), u32 words of the filter, u32 0; then the
 *	filter, u64 each; then u32 for each slot; 0 is empty
 */
#ifndef ZONES_SLOTS_H
#define ZONES_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "zones/buf.h"

#define SLOTS_HEAD 16

struct slots {
	const uint8_t *filter, *slots; /* borrowed from the file */
	uint32_t n_words, n, reach;
	unsigned tag_bits;
};

/* Returns 0, or -EBADMSG if it is no such table. */
int slots_open(struct slots *s, const void *data, size_t len)
    __attribute__((warn_unused_result));

/* A search: slots_first(), then slots_next() until it gives 0. */
struct slots_search {
	uint32_t at, tag, steps;
};

static inline uint32_t
slots_home(uint64_t hash, uint32_t n)
{
	return (uint32_t)hash * (uint64_t)n >> 32;
}

static inline uint32_t
slots_tag(uint64_t hash, unsigned tag_bits)
{
	return (uint32_t)(hash >> 32) & ~(UINT32_MAX >> tag_bits);
}

static inline const uint8_t *
slots_at(const struct slots *s, uint32_t i)
{
	return s->slots + (size_t)i * 4;
}

/* The word of the filter for a hash, and its bits there. */
static inline const uint8_t *
slots_word(const struct slots *s, uint64_t hash)
{
	return s->filter + (size_t)slots_home(hash, s->n_words) * 8;
}

static inline uint64_t
slots_bits(uint64_t hash)
{
	return 1ull << (hash >> 32 & 63) | 1ull << (hash >> 38 & 63) |
	    1ull << (hash >> 44 & 63);
}

/* False: it is not there. */
static inline bool
slots_may_have(const struct slots *s, uint64_t hash)
{
	uint64_t bits = slots_bits(hash);

	return (get_le64(slots_word(s, hash)) & bits) == bits;
}

static inline struct slots_search
slots_first(const struct slots *s, uint64_t hash)
{
	return (struct slots_search){
	    slots_home(hash, s->n), slots_tag(hash, s->tag_bits), 0};
}

/* The next place that may be the one; 0: it is not there. */
static inline uint32_t
slots_next(const struct slots *s, struct slots_search *k)
{
	uint32_t place_mask = UINT32_MAX >> s->tag_bits, slot;

	while (k->steps++ <= s->reach) {
		slot = get_le32(slots_at(s, k->at));
		k->at = k->at + 1 == s->n ? 0 : k->at + 1;
		if (slot == 0)
			return 0;
		if ((slot & ~place_mask) == k->tag)
			return slot & place_mask;
	}
	return 0;
}

/* Starts a table for n places, none above max. */
int slots_make(struct buf *out, size_t n, size_t max)
    __attribute__((warn_unused_result));

/*
 * Hashes have no secret in them, so keys can be made to meet in one place,
 * which would make building and asking slow. No list of today's sizes whose
 * keys were not chosen has a way of SLOTS_REACH_MAX slots; IPv6 addresses one
 * behind the other come nearest. Returns 0 or -ELOOP.
 */
#define SLOTS_REACH_MAX 1024
int slots_insert(struct buf *out, uint64_t hash, uint32_t place)
    __attribute__((warn_unused_result));

/* One that is inserted soon: asks for the memory that this will touch. */
void slots_expect(const struct buf *out, uint64_t hash);

#endif
