/*
 * Painting a window: see zones/ip4.h for the two rules.
 */
#include "zones/ip4_paint.h"

#include "zones/bits256.h"

void
window_fill(struct window *w, uint32_t value)
{
	for (unsigned i = 0; i < 256; i++)
		w->value[i] = value;
}

/* All values that entries of the same size give to a unit; none if one of
 * them is an exclusion. */
static int
settle_clash(struct window *w, unsigned unit, unsigned shift,
    struct pool *pool, const struct ip4_piece *p, size_t n)
{
	struct buf ids = {0};
	bool excluded = false;
	int rc = 0;

	for (; n > 0 && rc == 0; n--, p++) {
		if ((p->first >> shift & 255) > unit ||
		    (p->last >> shift & 255) < unit)
			continue;
		excluded |= p->value == 0;
		rc = buf_put(&ids, &p->value, sizeof(p->value));
	}
	if (rc == 0 && excluded)
		w->value[unit] = 0;
	else if (rc == 0)
		rc = pool_union(pool, (uint32_t *)(void *)ids.data,
		    ids.len / sizeof(uint32_t), &w->value[unit]);
	buf_free(&ids);
	return rc;
}

/* Where all that was painted expires, what was there before is behind it. */
static int
put_under(struct window *w, const struct bits256 *painted,
    const struct window *before, struct pool *pool)
{
	int rc = 0;

	for (unsigned i = bits_next(painted, 0); i < 256 && rc == 0;
	    i = bits_next(painted, i + 1))
		rc = pool_over(pool, w->value[i], before->value[i],
		    &w->value[i]);
	return rc;
}

static int
paint_octets(struct window *w, unsigned shift, struct pool *pool,
    const struct ip4_piece *pieces, size_t n)
{
	struct bits256 painted = {0}, clash = {0};
	const struct ip4_piece *p;
	struct window before;
	int rc = 0;

	if (pool->has_expiring)
		before = *w;

	for (p = pieces; p < pieces + n; p++) {
		for (unsigned i = p->first >> shift & 255;
		    i <= (p->last >> shift & 255); i++) {
			if (!bits_has(&painted, i)) {
				bits_set(&painted, i);
				w->value[i] = p->value;
			} else if (w->value[i] != p->value) {
				bits_set(&clash, i);
			}
		}
	}
	for (unsigned i = bits_next(&clash, 0); i < 256 && rc == 0;
	    i = bits_next(&clash, i + 1))
		rc = settle_clash(w, i, shift, pool, pieces, n);
	return rc == 0 && pool->has_expiring ?
	    put_under(w, &painted, &before, pool) : rc;
}

static void
note_repeated(struct ip4_build *b, uint32_t ip, uint32_t addresses)
{
	if (b->repeated++ == 0) {
		b->repeated_ip = ip;
		b->repeated_bits = addresses == 0
		    ? 0 : 32 - __builtin_ctz(addresses);
	}
}

/*
 * Prefixes of one length either are the same or have nothing in common. The
 * first of equal ones is painted last, and so on top.
 */
static int
paint_longest(struct window *w, unsigned shift, struct ip4_build *b,
    struct pool *pool, const struct ip4_piece *pieces, size_t n)
{
	const struct ip4_piece *p;
	int rc = 0;

	for (unsigned units = 256; units > 0; units /= 2) {
		struct bits256 painted = {0};

		for (p = pieces + n; p-- > pieces;) {
			unsigned first = p->first >> shift & 255;
			unsigned last = p->last >> shift & 255;

			if (last - first + 1 != units)
				continue;
			if (bits_has(&painted, first))
				note_repeated(b, p->first,
				    p->last - p->first + 1);
			bits_set(&painted, first);
			for (unsigned i = first; i <= last && rc == 0; i++)
				rc = pool_over(pool, p->value, w->value[i],
				    &w->value[i]);
		}
	}
	return rc;
}

int
window_paint(struct window *w, unsigned shift, struct ip4_build *b,
    struct pool *pool, const struct ip4_piece *pieces, size_t n)
{
	if (n == 0)
		return 0;
	if (b->rule == IP4_RULE_OCTETS)
		return paint_octets(w, shift, pool, pieces, n);
	return paint_longest(w, shift, b, pool, pieces, n);
}

int
window_final(struct window *w, struct pool *pool, struct intern *values)
{
	uint32_t raw = 0, final = 0;
	int rc;

	for (unsigned i = 0; i < 256; i++) {
		if (w->value[i] != raw) {
			raw = w->value[i];
			rc = pool_final(pool, values, raw, &final);
			if (rc != 0)
				return rc;
		}
		w->value[i] = final;
	}
	return 0;
}

uint32_t
window_majority(const struct window *w)
{
	uint32_t value = 0;
	unsigned votes = 0;

	for (unsigned i = 0; i < 256; i++) {
		if (votes == 0)
			value = w->value[i];
		votes += w->value[i] == value ? 1 : -1;
	}
	return value;
}
