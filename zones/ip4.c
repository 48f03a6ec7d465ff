/*
 * Lookups in the IPv4 index. The arrays are borrowed from the generation file
 * and may be damaged.
 */
#include "zones/ip4.h"

#include "lib/bytes.h"
#include "zones/bits256.h"

enum { DIR, PAGES, CELLS, HEAP, META };

static int
ip4_open(union index *u, const struct store_bytes *arrays)
{
	struct ip4_index *ix = &u->ip4;

	if (arrays[DIR].len != IP4_DIR_LEN ||
	    arrays[META].len != IP4_META_LEN ||
	    arrays[PAGES].len > 65536u * IP4_PAGE ||
	    arrays[CELLS].len > 4u << 24 || arrays[HEAP].len > UINT32_MAX)
		return -EBADMSG;
	ix->dir = arrays[DIR].data;
	ix->pages = arrays[PAGES].data;
	ix->n_pages = arrays[PAGES].len / IP4_PAGE;
	ix->cells = arrays[CELLS].data;
	ix->n_cells = arrays[CELLS].len / 4;
	ix->heap = arrays[HEAP].data;
	ix->heap_len = arrays[HEAP].len;
	ix->common = get_le32(arrays[META].data);
	ix->any8 = (const uint8_t *)arrays[META].data + 4;
	return 0;
}

static uint32_t
find_in_runs(const uint8_t *p, const uint8_t *end, uint8_t octet)
{
	size_t low = 0, high, mid;
	const uint8_t *run;

	if (end - p < 2)
		return 0;
	high = get_le16(p);
	p += 2;
	if ((size_t)(end - p) < high * IP4_RUN)
		return 0;
	while (low < high) {
		mid = (low + high) / 2;
		run = p + mid * IP4_RUN;
		if (octet < run[0])
			high = mid;
		else if (octet > run[1])
			low = mid + 1;
		else
			return get_le32(run + 2);
	}
	return 0;
}

static uint32_t
find_in_list(const uint8_t *p, const uint8_t *end, uint8_t octet,
    uint32_t value)
{
	size_t n;

	if (end == p)
		return 0;
	n = *p++;
	if ((size_t)(end - p) < n)
		return 0;
	return memchr(p, octet, n) != NULL ? value : 0;
}

static uint32_t
find_in_bits(const uint8_t *p, const uint8_t *end, uint8_t octet,
    uint32_t value)
{
	if (end - p < 32)
		return 0;
	return p[octet / 8] >> octet % 8 & 1 ? value : 0;
}

static uint32_t
find_in_heap(const struct ip4_index *ix, uint32_t pos, uint8_t octet)
{
	const uint8_t *p = ix->heap + pos, *end = ix->heap + ix->heap_len;
	uint32_t value = ix->common;
	unsigned form;

	if (pos >= ix->heap_len)
		return 0;
	form = *p++;
	if (form == IP4_LIST || form == IP4_BITS) {
		if (end - p < 4)
			return 0;
		value = get_le32(p);
		p += 4;
	}
	switch (form) {
	case IP4_LIST:
	case IP4_LIST_COMMON:
		return find_in_list(p, end, octet, value);
	case IP4_BITS:
	case IP4_BITS_COMMON:
		return find_in_bits(p, end, octet, value);
	case IP4_RUNS:
		return find_in_runs(p, end, octet);
	default:
		return 0;
	}
}

static inline uint32_t
find_in_cell(const struct ip4_index *ix, uint32_t cell, uint8_t octet)
{
	uint32_t word, diff;

	if (cell >= ix->n_cells)
		return 0;
	word = get_le32(ix->cells + (size_t)cell * 4);
	if ((word & IP4_CELL_INLINE) == 0)
		return find_in_heap(ix, word, octet);
	diff = (word ^ octet * 0x010101u) & 0xffffff;
	return ((diff - 0x010101) & ~diff & 0x808080) != 0 ? ix->common : 0;
}

/* Does the /24 have a cell of its own? *cell is its number, then. */
static inline bool
cell_of(const uint8_t *page, unsigned c24, uint32_t *cell)
{
	uint64_t used = get_le64(page + c24 / 64 * 8);

	if ((used >> c24 % 64 & 1) == 0)
		return false;
	*cell = get_le32(page + IP4_PAGE_FIRST) +
	    page[IP4_PAGE_RANK + c24 / 64] +
	    bits_in_word(used & ((1ull << c24 % 64) - 1));
	return true;
}

/* The page of a /16; NULL if the file is damaged. */
static inline const uint8_t *
page_of(const struct ip4_index *ix, uint32_t c16)
{
	uint32_t n = get_le16(ix->dir + c16 * 2);

	return n < ix->n_pages ? ix->pages + n * IP4_PAGE : NULL;
}

static inline uint32_t
find(const struct ip4_index *ix, uint32_t ip)
{
	const uint8_t *page = page_of(ix, ip >> 16);
	uint32_t cell;

	if (page == NULL)
		return 0;
	if (!cell_of(page, ip >> 8 & 255, &cell))
		return get_le32(page + IP4_PAGE_REST);
	return find_in_cell(ix, cell, ip & 255);
}

/* ---- is anything listed at all? For empty non-terminals; seldom asked. */

static bool
any_in_cell(const struct ip4_index *ix, uint32_t cell, unsigned first,
    unsigned last)
{
	for (unsigned octet = first; octet <= last; octet++)
		if (find_in_cell(ix, cell, octet) != 0)
			return true;
	return false;
}

static bool
any_in_page(const struct ip4_index *ix, const uint8_t *page, unsigned first,
    unsigned last)
{
	uint32_t rest, cell;

	if (page == NULL)
		return false;
	rest = get_le32(page + IP4_PAGE_REST);
	for (unsigned c24 = first; c24 <= last; c24++) {
		if (!cell_of(page, c24, &cell)) {
			if (rest != 0)
				return true;
		} else if (any_in_cell(ix, cell, 0, 255)) {
			return true;
		}
	}
	return false;
}

static bool
has_cells(const uint8_t *page)
{
	return (get_le64(page) | get_le64(page + 8) | get_le64(page + 16) |
	    get_le64(page + 24)) != 0;
}

/* The builder gives an empty page no cells, so one look is enough. */
static bool
page_is_empty(const uint8_t *page)
{
	return page == NULL ||
	    (get_le32(page + IP4_PAGE_REST) == 0 && !has_cells(page));
}

static bool
any_in_16s(const struct ip4_index *ix, uint32_t first, uint32_t last)
{
	for (uint32_t c16 = first; c16 <= last; c16++) {
		if (c16 % 256 == 0 && last - c16 >= 255 &&
		    (ix->any8[c16 / 2048] >> c16 / 256 % 8 & 1) == 0)
			c16 += 255;
		else if (!page_is_empty(page_of(ix, c16)))
			return true;
	}
	return false;
}

/* Is an address in the prefix listed? */
static bool
any(const struct ip4_index *ix, uint32_t ip, unsigned bits)
{
	uint32_t last = bits < 32 ? ip | UINT32_MAX >> bits : ip, cell;
	const uint8_t *page;

	if (bits <= 16)
		return any_in_16s(ix, ip >> 16, last >> 16);
	page = page_of(ix, ip >> 16);
	if (bits <= 24)
		return any_in_page(ix, page, ip >> 8 & 255, last >> 8 & 255);
	if (page == NULL)
		return false;
	if (!cell_of(page, ip >> 8 & 255, &cell))
		return get_le32(page + IP4_PAGE_REST) != 0;
	return any_in_cell(ix, cell, ip & 255, last & 255);
}

/*
 * Listed addresses have names under ::ffff:0:0/96 and 2002::/16, too (see
 * zone_key_addresses()), so these have empty non-terminals above them.
 */
static bool
any_embedded(const struct ip4_index *ix, const struct zone_key *key)
{
	static const uint8_t outer[2][16] = {
	    {[10] = 0xff, [11] = 0xff}, {0x20, 0x02}};
	static const unsigned outer_bits[2] = {96, 16};
	unsigned bits, i, n;

	for (i = 0; i < 2; i++) {
		bits = key->ip6_bits < outer_bits[i] ? key->ip6_bits
						     : outer_bits[i];
		/* bits beyond those are 0 on both sides, or in the key only */
		n = bits / 8;
		if (memcmp(key->ip6, outer[i], n) != 0 ||
		    (bits % 8 != 0 && key->ip6[n] != (outer[i][n] & 0xf0)))
			continue;
		if (key->ip6_bits <= outer_bits[i])
			return any(ix, 0, 0);
		n = key->ip6_bits - outer_bits[i];
		if (any(ix, get_be32(key->ip6 + outer_bits[i] / 8),
		    n < 32 ? n : 32))
			return true;
	}
	return false;
}

/* ---- runs of addresses, for those who walk over all of them */

static uint32_t
run_in_octets(const uint8_t *p, size_t n, uint32_t value, unsigned octet,
    unsigned *last)
{
	for (; n > 0 && *p < octet; n--)
		p++;
	*last = n == 0 ? 255 : *p == octet ? octet : *p - 1u;
	return n > 0 && *p == octet ? value : 0;
}

static uint32_t
run_in_bits(const uint8_t *p, const uint8_t *end, uint32_t value,
    unsigned octet, unsigned *last)
{
	uint32_t found = find_in_bits(p, end, octet, value);

	for (*last = octet; *last < 255; (*last)++)
		if (find_in_bits(p, end, *last + 1, value) != found)
			break;
	return found;
}

static uint32_t
run_in_runs(const uint8_t *p, const uint8_t *end, unsigned octet,
    unsigned *last)
{
	size_t n = end - p < 2 ? 0 : get_le16(p);

	*last = 255;
	if ((size_t)(end - p) < 2 + n * IP4_RUN)
		return 0;
	for (p += 2; n > 0 && p[1] < octet; n--)
		p += IP4_RUN;
	if (n == 0)
		return 0;
	*last = octet < p[0] ? p[0] - 1u : p[1];
	return octet < p[0] ? 0 : get_le32(p + 2);
}

static uint32_t
run_in_heap(const struct ip4_index *ix, uint32_t pos, unsigned octet,
    unsigned *last)
{
	const uint8_t *p = ix->heap + pos, *end = ix->heap + ix->heap_len;
	uint32_t value = ix->common;
	unsigned form, n;

	*last = 255;
	if (pos >= ix->heap_len)
		return 0;
	form = *p++;
	if (form == IP4_LIST || form == IP4_BITS) {
		if (end - p < 4)
			return 0;
		value = get_le32(p);
		p += 4;
	}
	switch (form) {
	case IP4_LIST:
	case IP4_LIST_COMMON:
		n = p < end ? *p++ : 0;
		if (end - p < (ptrdiff_t)n)
			return 0;
		return run_in_octets(p, n, value, octet, last);
	case IP4_BITS:
	case IP4_BITS_COMMON:
		return run_in_bits(p, end, value, octet, last);
	case IP4_RUNS:
		return run_in_runs(p, end, octet, last);
	default:
		return 0;
	}
}

static uint32_t
run_in_cell(const struct ip4_index *ix, uint32_t cell, unsigned octet,
    unsigned *last)
{
	uint8_t octets[4];
	uint32_t word;

	*last = 255;
	if (cell >= ix->n_cells)
		return 0;
	word = get_le32(ix->cells + (size_t)cell * 4);
	if ((word & IP4_CELL_INLINE) == 0)
		return run_in_heap(ix, word, octet, last);
	put_le32(octets, word);
	return run_in_octets(octets, IP4_INLINE_MAX, ix->common, octet, last);
}

uint32_t
ip4_run(const struct ip4_index *ix, uint32_t ip, uint32_t *last)
{
	const uint8_t *page = page_of(ix, ip >> 16);
	uint32_t cell, value, c24 = ip >> 8 & 255;
	unsigned last_octet;

	*last = ip | 0xffff;
	if (page == NULL)
		return 0;
	if (!has_cells(page))
		return get_le32(page + IP4_PAGE_REST);
	if (cell_of(page, c24, &cell)) {
		value = run_in_cell(ix, cell, ip & 255, &last_octet);
		*last = (ip & ~255u) | last_octet;
		return value;
	}
	while (c24 < 255 && !cell_of(page, c24 + 1, &cell))
		c24++;
	*last = (ip & ~0xffffu) | c24 << 8 | 255;
	return get_le32(page + IP4_PAGE_REST);
}

static void
ip4_lookup(const union index *u, const struct zone_key *key,
    struct index_hit *hit)
{
	const struct ip4_index *ix = &u->ip4;

	hit->kind = ZONE_HIT_IP4;
	if (key->ip4_bits == 32) {
		hit->value = find(ix, key->ip4);
		if (hit->value != 0 || key->ip6_bits == 0)
			return;
	}
	if (key->n_labels == 0)
		hit->exists = true;
	else if (key->ip4_bits != 0 && key->ip4_bits < 32)
		hit->exists = any(ix, key->ip4, key->ip4_bits);
	if (!hit->exists && key->ip6_bits != 0 && key->ip6_bits < 128)
		hit->exists = any_embedded(ix, key);
}

/* Step 0: the page; 1: the cell; 2: where it goes on in the heap. */
static void
ip4_fetch(const union index *u, const struct zone_key *key, unsigned step)
{
	const struct ip4_index *ix = &u->ip4;
	const uint8_t *page;
	uint32_t cell, word;

	if (key->ip4_bits != 32)
		return;
	page = page_of(ix, key->ip4 >> 16);
	if (page == NULL)
		return;
	if (step == 0) {
		__builtin_prefetch(page);
		__builtin_prefetch(page + IP4_PAGE - 1);
		return;
	}
	if (!cell_of(page, key->ip4 >> 8 & 255, &cell) || cell >= ix->n_cells)
		return;
	if (step == 1) {
		__builtin_prefetch(ix->cells + (size_t)cell * 4);
		return;
	}
	word = get_le32(ix->cells + (size_t)cell * 4);
	if ((word & IP4_CELL_INLINE) == 0 && word < ix->heap_len)
		__builtin_prefetch(ix->heap + word);
}

const struct index_kind ip4_index_kind = {
    .name = "ip4",
    .arrays = {"dir", "pages", "cells", "heap", "meta"},
    .open = ip4_open,
    .lookup = ip4_lookup,
    .fetch = ip4_fetch,
};
