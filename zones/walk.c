/*
 * Walks over the indexes of a generation, and lays its datasets over each
 * other. Damage in the file reads as in a lookup: not listed.
 */
#include "zones/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "zones/ip4.h"
#include "zones/live.h"

/* A name of the file: where it is, and what it is sorted by first. */
struct place {
	uint64_t order;
	uint32_t place;
	uint32_t dataset;
};

struct walk {
	const struct generation *gen;
	const struct generation_view *view;
	struct live *live;
	const struct ip4_index *ip4[ZONE_DATASETS_MAX];
	const struct ip6_index *ip6[ZONE_DATASETS_MAX];
	const struct name_index *names[ZONE_DATASETS_MAX];
	unsigned n_ip4, n_ip6;
	uint64_t ip4_at; /* 2^32: done */
	struct ip6 ip6_at;
	bool ip6_done;
	struct buf places; /* struct place */
	size_t name_at;
};

/* ---- values */

static void
add_value(const struct walk *w, struct walk_values *v, uint32_t value)
{
	value = live_value(w->live, value);
	for (unsigned i = 0; i < v->n; i++)
		if (v->value[i] == value)
			return;
	if (value != 0)
		v->value[v->n++] = value;
}

static bool
are_equal(const struct walk_values *a, const struct walk_values *b)
{
	return a->n == b->n &&
	    memcmp(a->value, b->value, a->n * sizeof(a->value[0])) == 0;
}

/* ---- addresses */

/* What all datasets have for an address, and for those up to *last. */
static uint32_t
ip4_values(const struct walk *w, uint32_t ip, struct walk_values *v)
{
	uint32_t last = UINT32_MAX, end;

	v->n = 0;
	for (unsigned i = 0; i < w->n_ip4; i++) {
		add_value(w, v, ip4_run(w->ip4[i], ip, &end));
		last = end < last ? end : last;
	}
	return last;
}

bool
walk_ip4(struct walk *w, struct walk_ip4 *out)
{
	struct walk_values next;
	uint32_t last;

	out->values.n = 0;
	for (; w->ip4_at <= UINT32_MAX; w->ip4_at = last + 1ull) {
		last = ip4_values(w, w->ip4_at, &next);
		if (out->values.n == 0) {
			out->first = w->ip4_at;
			out->values = next;
		} else if (!are_equal(&next, &out->values)) {
			return true;
		}
		out->last = last;
	}
	return out->values.n > 0;
}

static struct ip6
ip6_values(const struct walk *w, struct ip6 ip, struct walk_values *v)
{
	struct ip6 last = {UINT64_MAX, UINT64_MAX}, end;

	v->n = 0;
	for (unsigned i = 0; i < w->n_ip6; i++) {
		add_value(w, v, ip6_run(w->ip6[i], ip, &end));
		if (ip6_compare(&end, &last) < 0)
			last = end;
	}
	return last;
}

bool
walk_ip6(struct walk *w, struct walk_ip6 *out)
{
	struct walk_values next;
	struct ip6 last;

	out->values.n = 0;
	while (!w->ip6_done) {
		last = ip6_values(w, w->ip6_at, &next);
		if (out->values.n == 0) {
			out->first = w->ip6_at;
			out->values = next;
		} else if (!are_equal(&next, &out->values)) {
			return true;
		}
		out->last = last;
		w->ip6_at = ip6_next(last);
		w->ip6_done = w->ip6_at.high == 0 && w->ip6_at.low == 0;
	}
	return out->values.n > 0;
}

/* ---- names */

/* Where the labels start. Returns their number; 0 also if they are damaged. */
static unsigned
find_labels(const uint8_t *labels, unsigned len, uint8_t *off)
{
	unsigned n = 0, pos;

	for (pos = 0; pos < len; pos += labels[pos] + 1u) {
		if (labels[pos] == 0 || labels[pos] > DNAME_LABEL_MAX)
			return 0;
		off[n++] = pos;
	}
	return pos == len ? n : 0;
}

/* The first bytes by which names are compared: of the label nearest to the
 * apex, then of the next one, with a 0 between. */
static uint64_t
first_order(const uint8_t *labels, const uint8_t *off, unsigned n)
{
	unsigned shift = 64, pos = 0;
	uint64_t order = 0;
	uint8_t c;

	while (n > 0 && shift > 0) {
		shift -= 8;
		if (pos++ == labels[off[n - 1]]) {
			pos = 0;
			n--;
			continue;
		}
		c = labels[off[n - 1] + pos];
		order |= (uint64_t)(c < 255 ? c + 1 : 255) << shift;
	}
	return order;
}

static int
compare_labels(const uint8_t *a, const uint8_t *b)
{
	int c = memcmp(a + 1, b + 1, *a < *b ? *a : *b);

	return c != 0 ? c : *a - *b;
}

static int
compare_names(const struct name_entry *a, const struct name_entry *b)
{
	uint8_t a_off[DNAME_MAX], b_off[DNAME_MAX];
	unsigned n = find_labels(a->labels, a->len, a_off);
	unsigned m = find_labels(b->labels, b->len, b_off);
	int c;

	while (n > 0 && m > 0) {
		c = compare_labels(a->labels + a_off[--n],
		    b->labels + b_off[--m]);
		if (c != 0)
			return c;
	}
	return n < m ? -1 : n > m;
}

static bool
read_place(const struct walk *w, const struct place *p, struct name_entry *out)
{
	uint64_t at = p->place;

	return name_next(w->names[p->dataset], &at, out);
}

static int
by_name(const void *va, const void *vb, void *walk)
{
	const struct place *a = va, *b = vb;
	struct name_entry x, y;
	int c;

	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	if (!read_place(walk, a, &x) || !read_place(walk, b, &y))
		return 0; /* what was read before can be read again */
	c = compare_names(&x, &y);
	if (c != 0)
		return c;
	return a->dataset < b->dataset ? -1 : a->dataset > b->dataset;
}

/* An entry that has expired says nothing; value 0 is an exclusion. */
static void
drop_expired(const struct walk *w, struct name_entry *e)
{
	uint32_t exact = live_value(w->live, e->exact);
	uint32_t wild = live_value(w->live, e->wild);

	if (exact == 0 && e->exact != 0)
		e->flags &= ~NAME_EXACT;
	if (wild == 0 && e->wild != 0)
		e->flags &= ~NAME_WILD;
	e->exact = exact;
	e->wild = wild;
}

static int
gather_names(struct walk *w, unsigned dataset)
{
	const struct name_index *ix = w->names[dataset];
	uint8_t off[DNAME_MAX];
	struct name_entry e;
	struct place p = {.dataset = dataset};
	uint64_t at = NAME_FIRST;
	unsigned n;
	int rc = 0;

	while (rc == 0 && at <= UINT32_MAX) {
		p.place = at;
		if (!name_next(ix, &at, &e))
			break;
		n = find_labels(e.labels, e.len, off);
		if ((n == 0 && e.len > 0) || generation_is_hidden(w->gen,
		    dataset, w->view, e.labels, e.len))
			continue;
		p.order = first_order(e.labels, off, n);
		rc = buf_put(&w->places, &p, sizeof(p));
	}
	return rc;
}

bool
walk_name(struct walk *w, struct walk_name *out)
{
	const struct place *p = (const struct place *)(void *)w->places.data;
	size_t n = w->places.len / sizeof(*p), first = w->name_at;
	struct name_entry e;

	memset(out, 0, sizeof(*out));
	for (; w->name_at < n; w->name_at++) {
		if (!read_place(w, &p[w->name_at], &e))
			continue;
		if (w->name_at > first && (e.len != out->len ||
		    memcmp(e.labels, out->labels, e.len) != 0))
			return true;
		out->labels = e.labels;
		out->len = e.len;
		drop_expired(w, &e);
		out->in[p[w->name_at].dataset] = e;
	}
	return w->name_at > first;
}

/* ---- begin and end */

static int
take_index(struct walk *w, unsigned i, const struct index_kind *kind,
    const union index *ix)
{
	if (kind == &ip4_index_kind)
		w->ip4[w->n_ip4++] = &ix->ip4;
	else if (kind == &ip6_index_kind)
		w->ip6[w->n_ip6++] = &ix->ip6;
	else if (kind == &name_index_kind)
		w->names[i] = &ix->name;
	return w->names[i] != NULL ? gather_names(w, i) : 0;
}

int
walk_open(struct walk **out, const struct generation *gen,
    const struct generation_view *view)
{
	const struct index_kind *kind;
	const union index *ix;
	struct walk *w;
	int rc = 0;

	*out = NULL;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return -ENOMEM;
	w->gen = gen;
	w->view = view;
	rc = live_new(&w->live, gen, (uint64_t)time(NULL));
	for (unsigned i = 0; rc == 0 &&
	    (ix = generation_index(gen, i, &kind)) != NULL; i++)
		if ((view->datasets >> i & 1) != 0)
			rc = take_index(w, i, kind, ix);
	if (rc != 0) {
		walk_close(w);
		return rc;
	}
	if (w->places.len > 0)
		qsort_r(w->places.data, w->places.len / sizeof(struct place),
		    sizeof(struct place), by_name, w);
	*out = w;
	return 0;
}

void
walk_rewind(struct walk *w)
{
	w->ip4_at = 0;
	w->ip6_at = (struct ip6){0, 0};
	w->ip6_done = false;
	w->name_at = 0;
}

void
walk_close(struct walk *w)
{
	if (w != NULL) {
		buf_free(&w->places);
		live_free(w->live);
	}
	free(w);
}
