/*
 * Least significant byte first, one pass per byte: each pass reads in order
 * and writes to 256 places, which is what caches and TLBs can follow. Feeds are
 * often sorted, but for what was added since: then only that is sorted, and
 * moved in from the end.
 */
#include "zones/radix.h"

static inline uint32_t
key_at(const uint8_t *p)
{
	uint32_t key;

	memcpy(&key, p, sizeof(key));
	return key;
}

/* Bytes at the start that are in order. */
static size_t
sorted_head(const struct buf *b, size_t size, unsigned shift)
{
	uint32_t before = 0, key;
	size_t at;

	for (at = 0; at < b->len; at += size) {
		key = key_at(b->data + at) >> shift;
		if (key < before)
			break;
		before = key;
	}
	return at;
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

static int
sort_all(struct buf *b, size_t size, unsigned shift)
{
	struct buf other = {0}, swap;
	size_t counts[4][256];
	int rc;

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

/* The first head bytes of b are sorted, the rest is made of these and of the
 * tail, from the end. */
static inline __attribute__((always_inline)) void
merge(struct buf *b, size_t head, const struct buf *tail, size_t size,
    unsigned shift)
{
	const uint8_t *p = b->data + head, *t = tail->data + tail->len;
	uint8_t *to = b->data + b->len;
	const uint8_t **from;

	while (t > tail->data) {
		from = p > b->data && key_at(p - size) >> shift >
		    key_at(t - size) >> shift ? &p : &t;
		*from -= size;
		to -= size;
		memcpy(to, *from, size);
	}
}

/* The tail is copied out: it is the smaller part. */
static int
sort_tail(struct buf *b, size_t head, size_t size, unsigned shift)
{
	struct buf tail = {0};
	int rc;

	rc = buf_put(&tail, b->data + head, b->len - head);
	if (rc == 0)
		rc = sort_all(&tail, size, shift);
	if (rc == 0 && size == 8)
		merge(b, head, &tail, 8, shift);
	else if (rc == 0)
		merge(b, head, &tail, 12, shift);
	buf_free(&tail);
	return rc;
}

int
radix_sort(struct buf *b, size_t size, unsigned shift)
{
	size_t head = sorted_head(b, size, shift);

	if (head == b->len)
		return 0;
	return b->len - head < head ? sort_tail(b, head, size, shift)
				    : sort_all(b, size, shift);
}
