/*
 * Domain names in wire form (RFC 1035 3.1): length byte, label, ..., the root's
 * zero byte. A "dname" is always uncompressed and well-formed; text forms end
 * in _txt.
 */
#ifndef LIB_DNAME_H
#define LIB_DNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNAME_MAX 255	     /* bytes, root byte included (RFC 1035 2.3.4) */
#define DNAME_LABEL_MAX 63   /* bytes of one label */
#define DNAME_LABELS_MAX 127 /* labels, root not counted */
#define DNAME_TXT_MAX 1010   /* text with every byte as \DDD, and the NUL */

/*
 * Reads a name from len bytes of text, with or without the final dot; "." is
 * the root. `\c` and `\DDD` are understood (RFC 1035 5.1). Case is kept. out
 * holds DNAME_MAX bytes.
 * Returns the length in bytes, root byte included; -EINVAL if it is no name
 * (empty text or label, label over 63 bytes, name over 255, bad escape).
 */
int dname_from_txt(uint8_t *out, const char *txt, size_t len);

/*
 * Writes the text form without the final dot ("." for the root), bytes outside
 * 0x21-0x7e and the characters . \ " ; ( ) @ $ escaped. out holds DNAME_TXT_MAX
 * bytes. Returns out.
 */
char *dname_to_txt(char *out, const uint8_t *dname);

/* Length in bytes, root byte included. */
size_t dname_len(const uint8_t *dname);

/* Number of labels, root not counted. */
unsigned dname_labels(const uint8_t *dname);

/* Lower-cases A-Z in place; len bytes, as dname_len() gives it. */
void dname_lower(uint8_t *dname, size_t len);

/* Equal without regard to case (RFC 4343). */
bool dname_equal(const uint8_t *a, const uint8_t *b);

/* The same for the first labels alone. */
bool dname_label_equal(const uint8_t *a, const uint8_t *b);

/* name is apex itself or below it, without regard to case. */
bool dname_is_below(const uint8_t *name, const uint8_t *apex);

/*
 * The hash of a name is a chain from the root to the left, so the hash of every
 * ancestor falls out on the way: h(root) = DNAME_HASH_ROOT,
 * h(label.rest) = dname_hash_label(h(rest), label). Labels must be lower-case.
 * It is part of the generation file format: a change of it is a new format.
 */
#define DNAME_HASH_ROOT 0x9e3779b97f4a7c15ull

static inline uint64_t dname_hash_label(uint64_t rest, const uint8_t *label);

/* The hash of a whole lower-case name. */
uint64_t dname_hash(const uint8_t *dname);

static inline uint64_t
dname_hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/*
 * Eight bytes at a time, folded by a 64x64 multiplication. Reads the length
 * byte and exactly that many bytes behind it.
 */
static inline uint64_t
dname_hash_label(uint64_t rest, const uint8_t *label)
{
	unsigned len = *label;
	const uint8_t *p = label + 1;
	uint64_t h = rest ^ ((uint64_t)len * 0xa0761d6478bd642full);
	uint64_t w = 0;

	for (; len > 8; len -= 8, p += 8) {
		__builtin_memcpy(&w, p, 8);
		h = dname_hash_mix(h ^ w, 0xe7037ed1a0b428dbull);
	}
	w = 0;
	if (len >= 4) { /* two overlapping words cover 4 to 8 bytes */
		uint32_t lo, hi;

		__builtin_memcpy(&lo, p, 4);
		__builtin_memcpy(&hi, p + len - 4, 4);
		w = (uint64_t)hi << 32 | lo;
	} else if (len > 0) { /* first, middle and last cover 1 to 3 */
		w = (uint64_t)p[0] << 16 | (uint64_t)p[len >> 1] << 8 |
		    p[len - 1];
	}
	return dname_hash_mix(h ^ w, 0x8ebc6af09c88c6e3ull);
}

#endif
