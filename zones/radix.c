/*
 * Least significant byte first, one pass per byte: each pass reads in order
 * and writes to 256 places, which is what caches and TLBs can follow.
 */
#include "zones/radix.h"

#include <stdbool.h>

static inline uint32_t
key_at(const uint8_t *p)
{
	uint32_t key;

	memcpy(&key, p, sizeof(key));
	return key;
}

static bool
is_sorted(const struct buf *b, size_t size, unsigned shift)
{
	uint32_t before = 0, key;

	for (size_t at = 0; at < b->len; at += size) {
		key = key_at(b->data + at) >> shift;
		if (key < before)
			return false;
		before = key;
	}
	return true;
}

/* For each byte of the key, how many records have each value. */
static void
count(const struct buf *b, size_t size, size_t counts[4][256])
{
	uint32_t key;

	memset(counts, 0, 4 * sizeof(counts[0]));
	for (size_t at = 0; at < b->len; at += size) {
		key = key_at(b->data + at);
		counts[0][key & 255]++;
		counts[1][key >> 8 & 255]++;
		counts[2][key >> 16 & 255]++;
		counts[3][key >> 24]++;
	}
}

/* size is a constant where this is called, so that memcpy() is a move. */
static inline __attribute__((always_inline)) void
scatter(const uint8_t *from, size_t len, uint8_t *to, size_t size,
    unsigned shift, const size_t counts[256])
{
	uint8_t *places[256];

	for (unsigned i = 0; i < 256; i++) {
		places[i] = to;
		to += counts[i] * size;
	}
	for (const uint8_t *end = from + len; from < end; from += size) {
		uint8_t **place = &places[key_at(from) >> shift & 255];

		memcpy(*place, from, size);
		*place += size;
	}
}

int
radix_sort(struct buf *b, size_t size, unsigned shift)
{
	struct buf other = {0}, swap;
	size_t counts[4][256];
	int rc;

	if (is_sorted(b, size, shift))
		return 0;
	rc = buf_room(&other, b->len);
	if (rc != 0)
		return rc;
	other.len = b->len;
	count(b, size, counts);
	for (; shift < 32; shift += 8) {
		if (size == 8)
			scatter(b->data, b->len, other.data, 8, shift,
			    counts[shift / 8]);
		else
			scatter(b->data, b->len, other.data, 12, shift,
			    counts[shift / 8]);
		swap = *b;
		*b = other;
		other = swap;
	}
	buf_free(&other);
	return 0;
}
