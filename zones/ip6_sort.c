/*
 * From the first byte of the address on: the entries are parted by one byte,
 * where they lie, then each part by the next. Small parts are sorted by
 * comparing. What comes in order is only looked at.
 */
#include "zones/ip6_sort.h"

#define SMALL 64
#define BYTES 16 /* of an address */

static int
compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_prefix(const void *va, const void *vb)
{
	const struct ip6_entry *a = va, *b = vb;
	int c;

	c = ip6_compare(&a->ip, &b->ip);
	if (c == 0)
		c = compare(a->bits, b->bits);
	return c != 0 ? c : compare(a->number, b->number);
}

static bool
is_sorted(const struct ip6_entry *e, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (by_prefix(&e[i - 1], &e[i]) > 0)
			return false;
	return true;
}

static inline uint8_t
byte_of(const struct ip6_entry *e, unsigned i)
{
	uint64_t half = i < 8 ? e->ip.high : e->ip.low;

	return half >> (56 - i % 8 * 8);
}

/* Where each part begins; parts[256] is n. */
static void
measure(const struct ip6_entry *e, size_t n, unsigned byte, size_t parts[257])
{
	memset(parts, 0, 257 * sizeof(*parts));
	for (size_t i = 0; i < n; i++)
		parts[byte_of(&e[i], byte) + 1]++;
	for (unsigned i = 0; i < 256; i++)
		parts[i + 1] += parts[i];
}

/* Each entry that is out of place pushes out the one whose place it takes. */
static void
part(struct ip6_entry *e, unsigned byte, const size_t parts[257])
{
	struct ip6_entry moved, pushed;
	size_t next[256];
	unsigned to;

	memcpy(next, parts, sizeof(next));
	for (unsigned i = 0; i < 256; i++) {
		while (next[i] < parts[i + 1]) {
			moved = e[next[i]];
			while ((to = byte_of(&moved, byte)) != i) {
				pushed = e[next[to]];
				e[next[to]++] = moved;
				moved = pushed;
			}
			e[next[i]++] = moved;
		}
	}
}

static void
sort_from(struct ip6_entry *e, size_t n, unsigned byte)
{
	size_t parts[257];

	if (n <= SMALL || byte == BYTES) {
		if (n > 1)
			qsort(e, n, sizeof(*e), by_prefix);
		return;
	}
	measure(e, n, byte, parts);
	part(e, byte, parts);
	for (unsigned i = 0; i < 256; i++)
		sort_from(e + parts[i], parts[i + 1] - parts[i], byte + 1);
}

void
ip6_sort(struct ip6_entry *e, size_t n)
{
	if (!is_sorted(e, n))
		sort_from(e, n, 0);
}
