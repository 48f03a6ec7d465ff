/*
 * 256 bits: a set of octets.
 */
#ifndef ZONES_BITS256_H
#define ZONES_BITS256_H

#include <stdbool.h>
#include <stdint.h>

struct bits256 {
	uint64_t word[4];
};

static inline bool
bits_has(const struct bits256 *b, unsigned i)
{
	return b->word[i / 64] >> i % 64 & 1;
}

static inline void
bits_set(struct bits256 *b, unsigned i)
{
	b->word[i / 64] |= 1ull << i % 64;
}

/* x86-64's baseline has no POPCNT, and libgcc's table is slower than this. */
static inline unsigned
bits_in_word(uint64_t v)
{
	v -= v >> 1 & 0x5555555555555555ull;
	v = (v & 0x3333333333333333ull) + (v >> 2 & 0x3333333333333333ull);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return v * 0x0101010101010101ull >> 56;
}

static inline unsigned
bits_count(const struct bits256 *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++)
		n += bits_in_word(b->word[i]);
	return n;
}

/* The first one at i or behind; 256 if there is none. */
static inline unsigned
bits_next(const struct bits256 *b, unsigned i)
{
	uint64_t word;

	for (; i < 256; i = (i | 63) + 1) {
		word = b->word[i / 64] >> i % 64;
		if (word != 0)
			return i + __builtin_ctzll(word);
	}
	return 256;
}

/* Runs of ones. */
static inline unsigned
bits_runs(const struct bits256 *b)
{
	uint64_t before = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++) {
		n += bits_in_word(b->word[i] &
		    ~(b->word[i] << 1 | before));
		before = b->word[i] >> 63;
	}
	return n;
}

#endif
