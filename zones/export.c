/*
 * Exports: walks a generation and hands prefixes and names to a format. Nothing
 * is held in memory but the order of the names.
 */
#include "zones/export_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "lib/dns.h"
#include "lib/rr_txt.h"

static const struct export_format *const formats[] = {&export_rbldnsd,
    &export_bind, &export_rpz, &export_unbound, &export_postfix_cidr,
    &export_nftables, &export_plain};

/* ---- prefixes: as few as there can be */

static void
plain_values(struct export_values *out, const struct walk_values *v)
{
	out->n = v->n;
	for (unsigned i = 0; i < v->n; i++) {
		out->of[i].value = v->value[i];
		out->of[i].key_len = 0;
	}
}

typedef void prefix_fn(struct export *, const struct prefix *,
    const struct export_values *);

static void
put_ip4(struct export *x, uint32_t first, uint32_t last,
    const struct export_values *v, prefix_fn *fn)
{
	struct prefix p = {.addr.family = AF_INET};
	uint64_t at, size;

	for (at = first; at <= last; at += size) {
		size = at != 0 ? at & -at : 1ull << 32;
		while (size > last - at + 1)
			size /= 2;
		put_be32(p.addr.bytes, (uint32_t)at);
		p.len = 32 - __builtin_ctzll(size);
		fn(x, &p, v);
	}
}

static void
put_ip6(struct export *x, struct ip6 at, struct ip6 last,
    const struct export_values *v, prefix_fn *fn)
{
	struct prefix p = {.addr.family = AF_INET6};
	struct ip6 masked, end;

	do {
		for (p.len = 0; p.len < 128; p.len++) {
			masked = ip6_mask(at, p.len);
			end = ip6_last(at, p.len);
			if (ip6_compare(&masked, &at) == 0 &&
			    ip6_compare(&end, &last) <= 0)
				break;
		}
		end = ip6_last(at, p.len);
		put_be32(p.addr.bytes, at.high >> 32);
		put_be32(p.addr.bytes + 4, at.high);
		put_be32(p.addr.bytes + 8, at.low >> 32);
		put_be32(p.addr.bytes + 12, at.low);
		fn(x, &p, v);
		at = ip6_next(end);
	} while (ip6_compare(&end, &last) < 0);
}

void
export_prefixes(struct export *x, int family, prefix_fn *fn)
{
	struct export_values v;
	struct walk_ip4 ip4;
	struct walk_ip6 ip6;

	walk_rewind(x->walk);
	while (family == AF_INET && walk_ip4(x->walk, &ip4)) {
		plain_values(&v, &ip4.values);
		put_ip4(x, ip4.first, ip4.last, &v, fn);
	}
	while (family == AF_INET6 && walk_ip6(x->walk, &ip6)) {
		plain_values(&v, &ip6.values);
		put_ip6(x, ip6.first, ip6.last, &v, fn);
	}
}

/* ---- names */

/* What the ancestors of a name have for all below them, dataset by dataset. */
struct level {
	unsigned len; /* of the labels of the ancestor */
	struct {
		uint32_t value;
		unsigned key_len;
	} below[ZONE_DATASETS_MAX];
};

struct levels {
	struct level of[DNAME_LABELS_MAX + 2];
	unsigned n;
};

static void
add(struct export_values *v, uint32_t value, unsigned key_len)
{
	for (unsigned i = 0; i < v->n; i++)
		if (v->of[i].value == value && v->of[i].key_len == key_len)
			return;
	if (value == 0)
		return;
	v->of[v->n].value = value;
	v->of[v->n++].key_len = key_len;
}

/* Works out a name below the top level, which it then is. */
static void
enter(struct levels *s, const struct walk_name *w, const uint8_t *labels,
    unsigned len, struct export_name *out)
{
	const struct level *top = s->n > 0 ? &s->of[s->n - 1] : NULL;
	struct level *own = &s->of[s->n++];
	const struct name_entry *e;

	*own = top != NULL ? *top : (struct level){0};
	own->len = len;
	*out = (struct export_name){.labels = labels, .len = len};
	for (unsigned i = 0; i < ZONE_DATASETS_MAX; i++) {
		add(&out->above, own->below[i].value, own->below[i].key_len);
		e = w != NULL ? &w->in[i] : NULL;
		if (e != NULL && (e->flags & NAME_EXACT) != 0) {
			add(&out->it, e->exact, len);
			out->says_it = true;
		} else {
			add(&out->it, own->below[i].value,
			    own->below[i].key_len);
		}
		if (e != NULL && (e->flags & NAME_WILD) != 0) {
			own->below[i].value = e->wild;
			own->below[i].key_len = len;
			out->says_below = true;
		}
		add(&out->below, own->below[i].value, own->below[i].key_len);
	}
	if (len == 0) /* nothing stands above the apex */
		out->it.n = out->says_it ? out->it.n : 0;
}

static bool
is_suffix(const struct walk_name *w, unsigned len, const uint8_t *labels)
{
	return len <= w->len &&
	    memcmp(w->labels + w->len - len, labels, len) == 0;
}

/* The labels that lie between an ancestor of len bytes and the name itself,
 * nearest to the ancestor first. */
static unsigned
between(const struct walk_name *w, unsigned len, unsigned *starts)
{
	unsigned n = 0, pos, all[DNAME_MAX];

	for (pos = 0; pos + len < w->len; pos += w->labels[pos] + 1u)
		all[n++] = pos;
	for (unsigned i = 1; i < n; i++) /* all[0] is the name itself */
		starts[n - 1 - i] = all[i];
	return n > 0 ? n - 1 : 0;
}

void
export_names(struct export *x,
    void (*fn)(struct export *, const struct export_name *))
{
	static const uint8_t none[1];
	struct export_name name;
	struct levels s = {.n = 0};
	struct walk_name w;
	uint8_t before[DNAME_MAX] = {0};
	unsigned before_len = 0, starts[DNAME_MAX], n;

	walk_rewind(x->walk);
	while (walk_name(x->walk, &w)) {
		while (s.n > 0 && !is_suffix(&w, s.of[s.n - 1].len,
		    before + before_len - s.of[s.n - 1].len))
			s.n--;
		if (s.n == 0 && w.len > 0)
			enter(&s, NULL, none, 0, &name);
		n = between(&w, s.n > 0 ? s.of[s.n - 1].len : 0, starts);
		for (unsigned i = 0; i < n; i++) {
			enter(&s, NULL, w.labels + starts[i],
			    w.len - starts[i], &name);
			if (name.above.n > 0)
				fn(x, &name);
		}
		enter(&s, &w, w.labels, w.len, &name);
		if (name.says_it || name.says_below || name.above.n > 0)
			fn(x, &name);
		memcpy(before, w.labels, w.len);
		before_len = w.len;
	}
}

/* ---- all of it */

int
export_view(struct export *x, size_t view)
{
	const struct generation_view *v = &x->views[view];
	uint8_t dname[DNAME_MAX];
	size_t apex_len = dname_len(x->apex);

	if (v->len + apex_len <= DNAME_MAX) { /* or nobody can ask for it */
		memcpy(dname, v->labels, v->len);
		memcpy(dname + v->len, x->apex, apex_len);
		dname_to_txt(x->apex_txt, dname);
	}
	walk_close(x->walk);
	x->walk = NULL;
	return walk_open(&x->walk, x->gen, v);
}

static void
put_view(struct export *x)
{
	const struct export_format *f = x->format;

	if (f->put_prefix != NULL) {
		export_prefixes(x, AF_INET, f->put_prefix);
		export_prefixes(x, AF_INET6, f->put_prefix);
	}
	if (f->put_name != NULL)
		export_names(x, f->put_name);
	if (f->end != NULL)
		f->end(x);
}

static int
run(struct export *x)
{
	const struct export_format *f = x->format;
	int rc = f->subzone != NULL || x->n_views == 1 ? 0 : -ENOTUNIQ;

	for (size_t i = 0; i < x->n_views && rc == 0; i++) {
		rc = export_view(x, i);
		if (rc != 0)
			break;
		if (i > 0)
			f->subzone(x);
		else if (f->begin != NULL)
			f->begin(x);
		put_view(x);
	}
	return rc;
}

/* Leaves one view, as if it were the zone. */
static int
choose_view(struct export *x, const uint8_t *subzone)
{
	size_t len = dname_len(subzone) - 1;

	for (size_t i = 0; i < x->n_views; i++) {
		if (x->views[i].len == len && (len == 0 ||
		    memcmp(x->views[i].labels, subzone, len) == 0)) {
			x->views[0] = x->views[i];
			x->n_views = 1;
			return 0;
		}
	}
	return -ENOENT;
}

int
export_write(const struct generation *gen, const uint8_t *apex,
    const char *format, const uint8_t *subzone, FILE *out, uint64_t *left_out)
{
	struct export x = {.gen = gen, .apex = apex, .out = out,
	    .now = (uint64_t)time(NULL), .soa_ns = generation_apex(gen)};
	int rc;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i]->name, format) == 0)
			x.format = formats[i];
	if (x.format == NULL)
		return -EINVAL;
	rc = generation_views(gen, &x.views, &x.n_views);
	if (rc == 0 && subzone != NULL)
		rc = choose_view(&x, subzone);
	if (rc == 0)
		rc = x.format->run != NULL ? x.format->run(&x) : run(&x);
	walk_close(x.walk);
	free(x.views);
	if (rc != 0)
		return rc;
	*left_out = x.left_out;
	return fflush(out) != 0 || ferror(out) ? -EIO : 0;
}

/* ---- pieces of text */

bool
export_next_rr(const struct export *x, uint32_t value, struct value_walk *at,
    struct value_rr *rr)
{
	const uint8_t *rrs;
	size_t len;

	if (!generation_value(x->gen, value, &rrs, &len))
		return false;
	if (at->p == NULL)
		at->live = NULL;
	while (value_next_live(at, rrs, len, x->now, rr))
		if (rr->type != DNS_TYPE_A || rr->len == 4) /* damage */
			return true;
	return false;
}

char *
export_prefix_txt(char *out, const struct prefix *p)
{
	unsigned all = p->addr.family == AF_INET ? 32 : 128;

	return p->len == all ? addr_to_txt(out, &p->addr)
			     : prefix_to_txt(out, p);
}

char *
export_name_txt(char *out, const uint8_t *labels, unsigned len)
{
	uint8_t dname[DNAME_MAX + 1];

	if (len == 0 || len >= DNAME_MAX) {
		strcpy(out, "@");
		return out;
	}
	memcpy(dname, labels, len);
	dname[len] = 0;
	return dname_to_txt(out, dname);
}

size_t
export_txt(char *out, const struct value_rr *rr, const char *key_txt)
{
	uint8_t rdata[256] = {0};
	size_t len;

	if (rr->is_template)
		value_expand(rdata, rr, key_txt);
	else if (rr->len > 0)
		memcpy(rdata, rr->data, rr->len < 256 ? rr->len : 256);
	len = rdata[0];
	memcpy(out, rdata + 1, len);
	out[len] = '\0';
	return len;
}

static void
put_quoted(FILE *out, const char *s, size_t len)
{
	fputc('"', out);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)s[i];

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '\'')
			fprintf(out, "\\%03u", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* Any other type; where a quote would end that of unbound's, in hex. */
static void
put_other(FILE *out, const struct value_rr *rr)
{
	char *txt = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&txt, &len);

	if (f != NULL)
		rr_print_rdata(f, rr->type, rr->data, rr->len);
	if (f != NULL && fclose(f) == 0 && memchr(txt, '\'', len) == NULL) {
		fwrite(txt, 1, len, out);
	} else { /* RFC 3597 5 */
		fprintf(out, "TYPE%u \\# %u ", rr->type, rr->len);
		for (unsigned i = 0; i < rr->len; i++)
			fprintf(out, "%02x", rr->data[i]);
	}
	free(txt);
}

void
export_put_rdata(FILE *out, const struct value_rr *rr, const char *key_txt)
{
	char txt[256];
	size_t len;

	if (rr->type == DNS_TYPE_A && rr->len == 4) {
		fprintf(out, "A %u.%u.%u.%u", rr->data[0], rr->data[1],
		    rr->data[2], rr->data[3]);
	} else if (rr->type == DNS_TYPE_TXT && (rr->is_template ||
	    (rr->len > 0 && rr->data[0] + 1u == rr->len))) {
		len = export_txt(txt, rr, key_txt);
		fputs("TXT ", out);
		put_quoted(out, txt, len);
	} else {
		put_other(out, rr);
	}
}
