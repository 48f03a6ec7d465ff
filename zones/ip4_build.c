/*
 * From entries to the IPv4 index.
 *
 * The pieces of entries, sorted by window (zones/ip4_gather.c), are painted
 * from the widest to the narrowest in one walk over the address space: a window
 * starts as its unit in the wider window came out, and the pieces of the window
 * go over it.
 */
#include "zones/ip4.h"

#include "lib/bytes.h"
#include "zones/ip4_cells.h"
#include "zones/ip4_gather.h"
#include "zones/ip4_pages.h"
#include "zones/ip4_paint.h"

/* ---- the walk over the address space */

struct walk {
	struct ip4_build *build;
	struct pool *pool;
	struct intern *values;
	size_t next_piece[LEVELS]; /* of build->pieces, not yet painted */
	size_t next_single, next_late;
	struct buf scratch; /* pieces of the /24 at hand */
	struct ip4_pages pages;
	struct ip4_cells cells;
};

static inline const struct ip4_piece *
pieces_of(const struct walk *k, enum level level, size_t *n)
{
	const struct buf *b = &k->build->pieces[level];

	*n = b->len / sizeof(struct ip4_piece);
	return (const struct ip4_piece *)(const void *)b->data;
}

static inline const struct ip4_single *
singles_of(const struct walk *k, size_t *n)
{
	const struct buf *b = &k->build->singles;

	*n = b->len / sizeof(struct ip4_single);
	return (const struct ip4_single *)(const void *)b->data;
}

static inline const struct ip4_single *
late_of(const struct walk *k, size_t *n)
{
	const struct buf *b = &k->build->late;

	*n = b->len / sizeof(struct ip4_single);
	return (const struct ip4_single *)(const void *)b->data;
}

/* Takes the pieces of a window off the list of those to be painted. */
static const struct ip4_piece *
take_pieces(struct walk *k, enum level level, uint32_t window, size_t *n)
{
	size_t all, at = k->next_piece[level], begin = at;
	const struct ip4_piece *p = pieces_of(k, level, &all);

	while (at < all && window_of(level, p[at].first) == window)
		at++;
	k->next_piece[level] = at;
	*n = at - begin;
	return *n > 0 ? p + begin : NULL; /* p is NULL if the level is empty */
}

/* A window of a level above the last: starts even, its pieces go over it. */
static int
paint_window(struct walk *k, struct window *w, enum level level,
    uint32_t window, uint32_t base)
{
	size_t n;
	const struct ip4_piece *p = take_pieces(k, level, window, &n);

	window_fill(w, base);
	return window_paint(w, UNIT_SHIFT(level), k->build, k->pool, p, n);
}

/* The first unit of the level within which there is still something to paint;
 * UINT32_MAX if there is none. */
static inline uint32_t
next_narrower(const struct walk *k, enum level level)
{
	unsigned shift = UNIT_SHIFT(level);
	uint32_t unit, first = UINT32_MAX;
	const struct ip4_single *s;
	const struct ip4_piece *p;
	size_t n;

	s = singles_of(k, &n);
	if (k->next_single < n)
		first = s[k->next_single].ip >> shift;
	s = late_of(k, &n);
	if (k->next_late < n) {
		unit = s[k->next_late].ip >> shift;
		first = unit < first ? unit : first;
	}
	while (++level < LEVELS) {
		p = pieces_of(k, level, &n);
		if (k->next_piece[level] == n)
			continue;
		unit = p[k->next_piece[level]].first >> shift;
		first = unit < first ? unit : first;
	}
	return first;
}

static bool
has_narrower(const struct walk *k, enum level level, uint32_t unit)
{
	return next_narrower(k, level) == unit;
}

/* ---- a /24 */

struct page_state {
	struct ip4_page out; /* values are final */
	bool is_listed;
	unsigned n_cells;
};

static void
page_use(struct page_state *page, unsigned c24, bool is_listed)
{
	bits_set(&page->out.used, c24);
	page->is_listed |= is_listed;
	page->n_cells++;
}

static int
even_24(struct walk *k, struct page_state *page, unsigned c24, uint32_t value)
{
	if (value == page->out.rest)
		return 0;
	page_use(page, c24, value != 0);
	return ip4_cells_put_even(&k->cells, value);
}

/* From the pool's values to the generation's, which may be all the same. */
static int
values_final(struct walk *k, struct ip4_cell *c)
{
	uint32_t raw = 0, final = 0, *value;
	bool is_mixed = false;
	int rc;

	c->only = 0;
	for (unsigned i = 0; i < 4; i++) {
		for (uint64_t b = c->set.word[i]; b != 0; b &= b - 1) {
			value = &c->value[i * 64 + __builtin_ctzll(b)];
			if (*value != raw) {
				raw = *value;
				rc = pool_final(k->pool, k->values, raw,
				    &final);
				if (rc != 0)
					return rc;
			}
			*value = final;
			if (c->only == 0)
				c->only = final;
			is_mixed |= final != c->only;
		}
	}
	if (is_mixed)
		c->only = 0;
	return 0;
}

static int
cell_final(struct walk *k, struct ip4_cell *c)
{
	return c->only == 0 ? values_final(k, c) :
	    pool_final(k->pool, k->values, c->only, &c->only);
}

/* Values are the pool's. */
static int
finish_24(struct walk *k, struct page_state *page, unsigned c24,
    struct ip4_cell *c)
{
	int rc;

	rc = cell_final(k, c);
	if (rc != 0)
		return rc;
	if (c->n == 0 || (c->n == 256 && c->only != 0))
		return even_24(k, page, c24, c->only);
	page_use(page, c24, true);
	return ip4_cells_put(&k->cells, c);
}

/*
 * The usual case, made quick: nothing but single addresses, each once, in a /24
 * that is not listed otherwise. False if it is not that; nothing is taken.
 */
static bool
take_plain_24(struct walk *k, uint32_t c24, struct ip4_cell *c)
{
	size_t n, first = k->next_single, at;
	const struct ip4_single *s = late_of(k, &n);
	bool is_mixed = false;
	unsigned octet;

	if (k->next_late < n && s[k->next_late].ip >> 8 == c24)
		return false;
	s = singles_of(k, &n);
	c->set = (struct bits256){0};
	for (at = first; at < n && s[at].ip >> 8 == c24; at++) {
		octet = s[at].ip & 255;
		if (s[at].value == 0)
			return false;
		bits_set(&c->set, octet);
		c->value[octet] = s[at].value;
		is_mixed |= s[at].value != s[first].value;
	}
	c->n = bits_count(&c->set);
	if (c->n != at - first) /* one stands there twice */
		return false;
	c->only = is_mixed || at == first ? 0 : s[first].value;
	k->next_single = at;
	return true;
}

/* The listed octets of a window that is painted. */
static void
cell_of_window(struct ip4_cell *c, const struct window *w)
{
	c->set = (struct bits256){0};
	c->n = c->only = 0;
	for (unsigned i = 0; i < 256; i++) {
		c->value[i] = w->value[i];
		if (w->value[i] != 0) {
			bits_set(&c->set, i);
			c->n++;
		}
	}
}

/* Takes the addresses of a /24 off a list, as pieces. */
static int
take_singles(struct walk *k, uint32_t c24, const struct ip4_single *s,
    size_t n, size_t *next)
{
	struct ip4_piece one;
	int rc = 0;

	for (; rc == 0 && *next < n && s[*next].ip >> 8 == c24; ++*next) {
		one.first = one.last = s[*next].ip;
		one.value = s[*next].value;
		rc = buf_put(&k->scratch, &one, sizeof(one));
	}
	return rc;
}

/* Pieces, then addresses, in the order of their lines. */
static int
paint_24(struct walk *k, uint32_t c24, struct window *w)
{
	size_t n_pieces, n_singles, n_late;
	const struct ip4_piece *p = take_pieces(k, LEVEL_32, c24, &n_pieces);
	const struct ip4_single *s = singles_of(k, &n_singles);
	const struct ip4_single *late = late_of(k, &n_late);
	int rc;

	k->scratch.len = 0;
	rc = buf_put(&k->scratch, p, n_pieces * sizeof(*p));
	if (rc == 0)
		rc = take_singles(k, c24, s, n_singles, &k->next_single);
	if (rc == 0)
		rc = take_singles(k, c24, late, n_late, &k->next_late);
	if (rc != 0)
		return rc;
	return window_paint(w, 0, k->build, k->pool,
	    (const struct ip4_piece *)(void *)k->scratch.data,
	    k->scratch.len / sizeof(*p));
}

/* A /24 in which there are pieces or single addresses. */
static int
narrow_24(struct walk *k, struct page_state *page, uint32_t c24, uint32_t base)
{
	size_t n, at = k->next_piece[LEVEL_32];
	const struct ip4_piece *p = pieces_of(k, LEVEL_32, &n);
	bool has_pieces = at < n && p[at].first >> 8 == c24;
	struct window w;
	struct ip4_cell c;
	int rc;

	if (base != 0 || has_pieces || !take_plain_24(k, c24, &c)) {
		window_fill(&w, base);
		rc = paint_24(k, c24, &w);
		if (rc != 0)
			return rc;
		cell_of_window(&c, &w);
	}
	return finish_24(k, page, c24 & 255, &c);
}

/* ---- a /16 */

/* A /16 as it is before the addresses in its /24s: *rest is what most of these
 * have. It has seldom entries of its own, then it is all base. */
static int
paint_16(struct walk *k, uint32_t c16, uint32_t base, struct window *raw,
    struct window *final, uint32_t *rest)
{
	size_t n = k->next_piece[LEVEL_24];
	int rc = paint_window(k, raw, LEVEL_24, c16, base);

	if (rc == 0 && n == k->next_piece[LEVEL_24]) {
		rc = pool_final(k->pool, k->values, base, rest);
		window_fill(final, *rest);
		return rc;
	}
	*final = *raw;
	if (rc == 0)
		rc = window_final(final, k->pool, k->values);
	*rest = window_majority(final);
	return rc;
}

/* A /16 in which there is something narrower. base is the pool's. */
static int
narrow_16(struct walk *k, uint32_t c16, uint32_t base)
{
	struct page_state page = {0};
	uint32_t *rest = &page.out.rest;
	struct window raw, final;
	size_t words_len = k->cells.words.len, heap_len = k->cells.heap.len;
	uint32_t next;
	int rc;

	rc = paint_16(k, c16, base, &raw, &final, rest);
	for (unsigned i = 0; i < 256 && rc == 0; i++) {
		next = next_narrower(k, LEVEL_24);
		for (; i < 256 && (c16 << 8 | i) < next && rc == 0; i++)
			rc = even_24(k, &page, i, final.value[i]);
		if (i < 256 && rc == 0)
			rc = narrow_24(k, &page, next, raw.value[i]);
	}
	if (rc != 0)
		return rc;
	page.is_listed |= *rest != 0 && page.n_cells < 256;
	if (page.is_listed && page.n_cells > 0) {
		page.out.first_cell = words_len / 4;
		return ip4_pages_put(&k->pages, c16, &page.out);
	}
	k->cells.words.len = words_len; /* of nothing but exclusions */
	k->cells.heap.len = heap_len;
	return ip4_pages_put_even(&k->pages, c16, 1,
	    page.is_listed ? *rest : 0);
}

/* ---- all of it */

static int
walk_8(struct walk *k, uint32_t c8, uint32_t base)
{
	struct window raw, final;
	int rc;

	rc = paint_window(k, &raw, LEVEL_16, c8, base);
	if (rc != 0)
		return rc;
	final = raw;
	rc = window_final(&final, k->pool, k->values);
	for (unsigned i = 0; i < 256 && rc == 0; i++) {
		if (has_narrower(k, LEVEL_16, c8 << 8 | i))
			rc = narrow_16(k, c8 << 8 | i, raw.value[i]);
		else
			rc = ip4_pages_put_even(&k->pages, c8 << 8 | i, 1,
			    final.value[i]);
	}
	return rc;
}

static int
walk_all(struct walk *k)
{
	struct window w;
	uint32_t value;
	int rc;

	rc = ip4_pages_begin(&k->pages);
	if (rc != 0)
		return rc;
	rc = paint_window(k, &w, LEVEL_8, 0, 0);
	for (unsigned i = 0; i < 256 && rc == 0; i++) {
		if (has_narrower(k, LEVEL_8, i)) {
			rc = walk_8(k, i, w.value[i]);
			continue;
		}
		rc = pool_final(k->pool, k->values, w.value[i], &value);
		if (rc == 0)
			rc = ip4_pages_put_even(&k->pages, i << 8, 256, value);
	}
	return rc;
}

/* Neighbours mostly have the same value. */
static void
count_values(uint32_t *counts, const struct ip4_single *s, size_t n)
{
	size_t i, first;

	for (first = 0; first < n; first = i) {
		for (i = first + 1; i < n && s[i].value == s[first].value;)
			i++;
		counts[s[first].value] += i - first;
	}
}

/* The value that most single addresses have. */
static int
find_common(struct walk *k)
{
	const struct ip4_single *s;
	uint32_t *counts, best = 0;
	size_t n;
	int rc;

	counts = calloc((size_t)k->pool->raw.count + 1, sizeof(*counts));
	if (counts == NULL)
		return -ENOMEM;
	s = singles_of(k, &n);
	count_values(counts, s, n);
	s = late_of(k, &n);
	count_values(counts, s, n);
	counts[0] = 0; /* exclusions */
	for (uint32_t v = 1; v <= k->pool->raw.count; v++)
		if (counts[v] > counts[best])
			best = v;
	rc = pool_final(k->pool, k->values, best, &k->cells.common);
	free(counts);
	return rc;
}

static int
take_arrays(struct walk *k, struct arrays *arrays, unsigned *index)
{
	struct buf meta = {0};
	int rc;

	rc = arrays_index(arrays, &ip4_index_kind, index);
	if (rc == 0)
		rc = buf_room(&meta, IP4_META_LEN);
	if (rc == 0) {
		put_le32(meta.data, k->cells.common);
		memcpy(meta.data + 4, k->pages.any8, sizeof(k->pages.any8));
		meta.len = IP4_META_LEN;
		rc = arrays_take(arrays, *index, "meta", &meta);
	}
	if (rc == 0)
		rc = arrays_take(arrays, *index, "dir", &k->pages.dir);
	if (rc == 0)
		rc = arrays_take(arrays, *index, "pages", &k->pages.pages);
	if (rc == 0)
		rc = arrays_take(arrays, *index, "cells", &k->cells.words);
	if (rc == 0)
		rc = arrays_take(arrays, *index, "heap", &k->cells.heap);
	return rc;
}

int
ip4_build_finish(struct ip4_build *b, struct pool *pool,
    struct intern *values, struct arrays *arrays)
{
	struct walk k = {.build = b, .pool = pool, .values = values};
	unsigned index;
	int rc;

	rc = ip4_gather_sort(b);
	if (rc == 0)
		rc = find_common(&k);
	if (rc == 0)
		rc = walk_all(&k);
	if (rc == 0)
		rc = take_arrays(&k, arrays, &index);
	if (rc == 0)
		rc = prov_finish(&b->prov, b->rule, arrays, index);
	ip4_build_free(b);
	buf_free(&k.scratch);
	ip4_pages_free(&k.pages);
	buf_free(&k.cells.words);
	buf_free(&k.cells.heap);
	return rc;
}
