/*
 * Two walks side by side. What is compared is what is answered: a range that
 * was one entry and is two now, with equal values, is no difference.
 */
#include "zones/diff.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "lib/dns.h"
#include "zones/value.h"
#include "zones/walk.h"

typedef unsigned __int128 address; /* of either family */

struct side {
	const struct generation *gen;
	struct walk *walk;
	/* the step at hand */
	bool has;
	address first, last;
	struct walk_values values;
	struct walk_name name;
};

struct diff {
	struct side old, new;
	const struct generation_view *subzone; /* that is looked at */
	diff_fn *fn;
	void *arg;
	uint64_t now;
	struct diff_change change;
};

/* ---- values */

static bool
is_same_rr(const struct value_rr *x, const struct value_rr *y)
{
	return x->type == y->type && x->ttl == y->ttl && x->len == y->len &&
	    x->is_template == y->is_template &&
	    memcmp(x->data, y->data, x->len) == 0;
}

struct bytes {
	const uint8_t *p;
	size_t len;
};

static bool
has_rr(const struct bytes *value, const struct value_rr *wanted, uint64_t now)
{
	struct value_walk at = {0};
	struct value_rr rr;

	while (value_next_live(&at, value->p, value->len, now, &rr))
		if (is_same_rr(&rr, wanted))
			return true;
	return false;
}

static bool
has_all(const struct bytes *value, const struct bytes *wanted, uint64_t now)
{
	struct value_walk at = {0};
	struct value_rr rr;

	while (value_next_live(&at, wanted->p, wanted->len, now, &rr))
		if (!has_rr(value, &rr, now))
			return false;
	return true;
}

/* Their order is no difference, nor is when they expire, as long as they have
 * not. */
static bool
is_same_value(const struct diff *d, uint32_t old, uint32_t new)
{
	struct bytes a = {0}, b = {0};

	return generation_value(d->old.gen, old, &a.p, &a.len) &&
	    generation_value(d->new.gen, new, &b.p, &b.len) &&
	    has_all(&a, &b, d->now) && has_all(&b, &a, d->now);
}

static bool
are_equal(const struct diff *d, const struct walk_values *a,
    const struct walk_values *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!is_same_value(d, a->value[i], b->value[i]))
			return false;
	return true;
}

static size_t
put_text(char *out, size_t len, const struct value_rr *rr)
{
	size_t i = rr->is_template ? 0 : 1; /* behind the length */

	if (len + 4 >= DIFF_VALUE_MAX)
		return len;
	out[len++] = '"';
	for (; i < rr->len && len + 2 < DIFF_VALUE_MAX; i++)
		out[len++] = rr->is_template && rr->data[i] == 0 ? '$' :
		    rr->data[i] < ' ' || rr->data[i] >= 0x7f ? '?' :
		    (char)rr->data[i];
	out[len++] = '"';
	return len;
}

static size_t
put_rr(char *out, size_t len, const struct value_rr *rr)
{
	char txt[INET_ADDRSTRLEN];
	int n = 0;

	if (len > 0 && len + 1 < DIFF_VALUE_MAX)
		out[len++] = ' ';
	if (rr->type == DNS_TYPE_TXT)
		return put_text(out, len, rr);
	if (rr->type == DNS_TYPE_A && rr->len == 4 &&
	    inet_ntop(AF_INET, rr->data, txt, sizeof(txt)) != NULL)
		n = snprintf(out + len, DIFF_VALUE_MAX - len, "%s", txt);
	else
		n = snprintf(out + len, DIFF_VALUE_MAX - len, "TYPE%u",
		    rr->type);
	return len + (size_t)n < DIFF_VALUE_MAX ? len + (size_t)n
						: DIFF_VALUE_MAX - 1;
}

static void
value_txt(char *out, const struct generation *gen,
    const struct walk_values *values, uint64_t now)
{
	const uint8_t *p;
	struct value_walk at;
	struct value_rr rr;
	size_t len = 0, rrs_len;

	for (unsigned i = 0; i < values->n; i++) {
		if (!generation_value(gen, values->value[i], &p, &rrs_len))
			continue;
		at = (struct value_walk){0};
		while (value_next_live(&at, p, rrs_len, now, &rr))
			len = put_rr(out, len, &rr);
	}
	out[len] = '\0';
}

/* Behind the key, where it is. */
static void
put_subzone(struct diff *d)
{
	size_t len = strlen(d->change.key);
	uint8_t dname[DNAME_MAX];
	char txt[DNAME_TXT_MAX];

	if (d->subzone->len == 0)
		return;
	memcpy(dname, d->subzone->labels, d->subzone->len);
	dname[d->subzone->len] = 0;
	snprintf(d->change.key + len, DIFF_KEY_MAX - len, " in %s",
	    dname_to_txt(txt, dname));
}

/* The key is in d->change. */
static void
tell(struct diff *d, const struct walk_values *before,
    const struct walk_values *after)
{
	struct diff_change *c = &d->change;

	if (are_equal(d, before, after))
		return;
	c->what = before->n == 0 ? DIFF_ADDED :
	    after->n == 0 ? DIFF_REMOVED : DIFF_CHANGED;
	put_subzone(d);
	value_txt(c->before, d->old.gen, before, d->now);
	value_txt(c->after, d->new.gen, after, d->now);
	d->fn(d->arg, c);
}

/* ---- addresses */

static void
next_ip4(struct side *s)
{
	struct walk_ip4 step;

	s->has = walk_ip4(s->walk, &step);
	if (!s->has)
		return;
	s->first = step.first;
	s->last = step.last;
	s->values = step.values;
}

static void
next_ip6(struct side *s)
{
	struct walk_ip6 step;

	s->has = walk_ip6(s->walk, &step);
	if (!s->has)
		return;
	s->first = (address)step.first.high << 64 | step.first.low;
	s->last = (address)step.last.high << 64 | step.last.low;
	s->values = step.values;
}

static struct addr
to_addr(address a, bool is_ip4)
{
	struct addr out = {.family = is_ip4 ? AF_INET : AF_INET6};

	if (is_ip4) {
		put_be32(out.bytes, (uint32_t)a);
		return out;
	}
	for (int i = 15; i >= 0; i--, a >>= 8)
		out.bytes[i] = (uint8_t)a;
	return out;
}

/* As a prefix, if it is one. */
static void
range_txt(char *out, address first, address last, bool is_ip4)
{
	char from[ADDR_TXT_MAX], to[ADDR_TXT_MAX];
	unsigned bits = is_ip4 ? 32 : 128;
	address size = last - first; /* less one */
	struct addr a = to_addr(first, is_ip4), b = to_addr(last, is_ip4);

	addr_to_txt(from, &a);
	addr_to_txt(to, &b);
	for (address n = size; n & 1; n >>= 1)
		bits--;
	if (size == 0)
		snprintf(out, DIFF_KEY_MAX, "%s", from);
	else if ((size & (size + 1)) == 0 && (first & size) == 0)
		snprintf(out, DIFF_KEY_MAX, "%s/%u", from, bits);
	else
		snprintf(out, DIFF_KEY_MAX, "%s-%s", from, to);
}

/* From pos on: the end of what neither side changes in. */
static address
end_from(const struct side *s, address pos, address end)
{
	address here;

	if (!s->has)
		return end;
	here = s->first <= pos ? s->last : s->first - 1;
	return here < end ? here : end;
}

static void
diff_addresses(struct diff *d, void (*next)(struct side *s), bool is_ip4)
{
	static const struct walk_values none;
	struct side *a = &d->old, *b = &d->new;
	address pos = 0, end, most = is_ip4 ? UINT32_MAX : ~(address)0;

	d->change.kind = is_ip4 ? ZONE_HIT_IP4 : ZONE_HIT_IP6;
	next(a);
	next(b);
	while (a->has || b->has) {
		if ((!a->has || a->first > pos) && (!b->has || b->first > pos))
			pos = a->has && (!b->has || a->first < b->first) ?
			    a->first : b->first;
		end = end_from(b, pos, end_from(a, pos, most));
		range_txt(d->change.key, pos, end, is_ip4);
		d->change.addresses = is_ip4 ? (uint64_t)(end - pos) + 1 : 0;
		tell(d, a->has && a->first <= pos ? &a->values : &none,
		    b->has && b->first <= pos ? &b->values : &none);
		if (end == most)
			break;
		pos = end + 1;
		if (a->has && a->last < pos)
			next(a);
		if (b->has && b->last < pos)
			next(b);
	}
}

/* ---- names */

static unsigned
label_offsets(uint8_t off[DNAME_LABELS_MAX], const struct walk_name *name)
{
	unsigned n = 0;

	for (unsigned at = 0; at < name->len && n < DNAME_LABELS_MAX;
	     at += name->labels[at] + 1u)
		off[n++] = (uint8_t)at;
	return n;
}

/* Canonical order, RFC 4034 6.1. */
static int
compare_names(const struct walk_name *a, const struct walk_name *b)
{
	uint8_t a_off[DNAME_LABELS_MAX], b_off[DNAME_LABELS_MAX];
	unsigned n = label_offsets(a_off, a), m = label_offsets(b_off, b);
	const uint8_t *x, *y;
	int c;

	while (n > 0 && m > 0) {
		x = a->labels + a_off[--n];
		y = b->labels + b_off[--m];
		c = memcmp(x + 1, y + 1, *x < *y ? *x : *y);
		if (c == 0)
			c = (int)*x - (int)*y;
		if (c != 0)
			return c;
	}
	return n > 0 ? 1 : m > 0 ? -1 : 0;
}

/* What the datasets have for the name itself, or for those below it. */
static struct walk_values
name_values(const struct side *s, bool is_wild)
{
	struct walk_values v = {.n = 0};
	const struct name_entry *e = s->name.in;
	uint32_t value;

	for (unsigned i = 0; i < generation_info(s->gen)->datasets; i++, e++) {
		value = is_wild ? e->wild : e->exact;
		if ((e->flags & (is_wild ? NAME_WILD : NAME_EXACT)) != 0 &&
		    value != 0)
			v.value[v.n++] = value;
	}
	return v;
}

static void
tell_name(struct diff *d, const struct side *a, const struct side *b)
{
	const struct walk_name *name = a != NULL ? &a->name : &b->name;
	struct walk_values before = {.n = 0}, after = {.n = 0};
	uint8_t dname[DNAME_MAX];
	char txt[DNAME_TXT_MAX];

	if (name->len >= DNAME_MAX)
		return;
	memcpy(dname, name->labels, name->len);
	dname[name->len] = 0;
	dname_to_txt(txt, dname);
	for (int is_wild = 0; is_wild < 2; is_wild++) {
		snprintf(d->change.key, DIFF_KEY_MAX, "%s%s",
		    is_wild ? "*." : "", txt);
		if (a != NULL)
			before = name_values(a, is_wild);
		if (b != NULL)
			after = name_values(b, is_wild);
		tell(d, &before, &after);
	}
}

static void
diff_names(struct diff *d)
{
	struct side *a = &d->old, *b = &d->new;
	int c;

	d->change.kind = ZONE_HIT_NAME;
	d->change.addresses = 0;
	a->has = walk_name(a->walk, &a->name);
	b->has = walk_name(b->walk, &b->name);
	while (a->has || b->has) {
		c = !b->has ? -1 : !a->has ? 1 :
		    compare_names(&a->name, &b->name);
		tell_name(d, c <= 0 ? a : NULL, c >= 0 ? b : NULL);
		if (c <= 0)
			a->has = walk_name(a->walk, &a->name);
		if (c >= 0)
			b->has = walk_name(b->walk, &b->name);
	}
}

/* ---- views, one by one */

static int
diff_views(struct diff *d, const struct generation_view *before,
    const struct generation_view *after)
{
	int rc;

	d->subzone = after;
	rc = walk_open(&d->old.walk, d->old.gen, before);
	if (rc == 0)
		rc = walk_open(&d->new.walk, d->new.gen, after);
	if (rc == 0) {
		diff_addresses(d, next_ip4, true);
		diff_addresses(d, next_ip6, false);
		diff_names(d);
	}
	walk_close(d->old.walk);
	walk_close(d->new.walk);
	d->old.walk = d->new.walk = NULL;
	return rc;
}

/* The view of these labels; if there is none, one of nothing. */
static struct generation_view
find_view(const struct generation_view *views, size_t n,
    const struct generation_view *like)
{
	struct generation_view none = *like;

	for (; n > 0; views++, n--)
		if (views->len == like->len && memcmp(views->labels,
		    like->labels, like->len) == 0)
			return *views;
	none.datasets = 0;
	return none;
}

static int
diff_all_views(struct diff *d, const struct generation_view *olds, size_t n_old,
    const struct generation_view *news, size_t n_new)
{
	struct generation_view old, new;
	int rc = 0;

	for (size_t i = 0; i < n_new && rc == 0; i++) {
		old = find_view(olds, n_old, &news[i]);
		rc = diff_views(d, &old, &news[i]);
	}
	for (size_t i = 0; i < n_old && rc == 0; i++) {
		new = find_view(news, n_new, &olds[i]);
		if (new.datasets == 0) /* not done yet, or nothing either way */
			rc = diff_views(d, &olds[i], &new);
	}
	return rc;
}

int
diff_generations(const struct generation *before,
    const struct generation *after, diff_fn *fn, void *arg)
{
	struct diff d = {.old.gen = before, .new.gen = after, .fn = fn,
	    .arg = arg, .now = (uint64_t)time(NULL)};
	struct generation_view *olds = NULL, *news = NULL;
	size_t n_old, n_new;
	int rc;

	rc = generation_views(before, &olds, &n_old);
	if (rc == 0)
		rc = generation_views(after, &news, &n_new);
	if (rc == 0)
		rc = diff_all_views(&d, olds, n_old, news, n_new);
	free(olds);
	free(news);
	return rc;
}
