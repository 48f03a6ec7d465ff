/*
 * Exports in rbldnsd's formats: one dataset, or a combined one of several. What
 * is written can be built from again.
 *
 * A line holds an A record and a text. Names that have other records, and the
 * zone itself, become a generic dataset; all names do if there is no wildcard
 * and no exclusion.
 */
#include "zones/export_format.h"

#include <string.h>

#include "lib/bytes.h"
#include "lib/dns.h"

enum section { IP4SET = 1, IP6TRIE = 2, DNSET = 4, GENERIC = 8 };

/* ---- values: pairs of an A record and a text */

#define PAIRS_MAX 64

struct pairs {
	unsigned n;
	struct {
		const uint8_t *a;
		struct value_rr txt; /* data NULL: none */
		unsigned key_len;
	} of[PAIRS_MAX];
	bool has_other; /* something that is no pair */
};

/* The text fits on a line and reads back as it is. */
static bool
is_line_text(const struct value_rr *rr)
{
	const uint8_t *p = rr->data + !rr->is_template;
	size_t len = rr->len - !rr->is_template;

	if (rr->len == 0 || len == 0 || (!rr->is_template &&
	    rr->data[0] != len) || p[0] == ' ' || p[0] == '\t' ||
	    p[len - 1] == ' ' || p[len - 1] == '\t' || p[len - 1] == '\r')
		return false;
	return memchr(p, '\n', len) == NULL &&
	    (rr->is_template || memchr(p, 0, len) == NULL);
}

static void
add_pairs(const struct export *x, uint32_t value, unsigned key_len,
    struct pairs *out)
{
	unsigned first = out->n, n_a = 0, n_txt = 0, i;
	struct value_walk at = {0};
	struct value_rr rr;

	while (export_next_rr(x, value, &at, &rr)) {
		i = first + (rr.type == DNS_TYPE_A ? n_a : n_txt);
		if (i >= PAIRS_MAX || (rr.type == DNS_TYPE_TXT &&
		    !is_line_text(&rr)))
			out->has_other = true;
		else if (rr.type == DNS_TYPE_A && ++n_a)
			out->of[i].a = rr.data;
		else if (rr.type == DNS_TYPE_TXT && ++n_txt)
			out->of[i].txt = rr;
		else
			out->has_other = true;
	}
	if (n_a == 0) {
		out->has_other = true;
		return;
	}
	out->n = first + (n_a > n_txt ? n_a : n_txt);
	for (i = first; i < out->n; i++) {
		if (i - first >= n_a)
			out->of[i].a = out->of[first].a;
		if (i - first >= n_txt)
			out->of[i].txt.data = NULL;
		out->of[i].key_len = key_len;
	}
}

static void
make_pairs(const struct export *x, const struct export_values *v,
    struct pairs *out)
{
	out->n = 0;
	out->has_other = false;
	for (unsigned i = 0; i < v->n; i++)
		add_pairs(x, v->of[i].value, v->of[i].key_len, out);
}

/* A `$` of the list stands for what key says: NULL for the key itself. */
static void
put_text(FILE *out, const struct value_rr *rr, const char *key)
{
	const uint8_t *p = rr->data + !rr->is_template;
	const uint8_t *end = rr->data + rr->len;

	if (*p == '=')
		fputc('=', out); /* one is taken off when it is read */
	for (; p < end; p++) {
		if (*p == '\0')
			fputs(key != NULL ? key : "$", out);
		else if (*p == '$')
			fputs("$$", out);
		else
			fputc(*p, out);
	}
}

static void
put_value(struct export *x, const struct pairs *p, unsigned i, const char *key)
{
	const uint8_t *a = p->of[i].a;

	fprintf(x->out, ":%u.%u.%u.%u:", a[0], a[1], a[2], a[3]);
	if (p->of[i].txt.data != NULL)
		put_text(x->out, &p->of[i].txt, key);
}

/* The first value of a section becomes its default, which is not written. */
static void
set_common(struct export *x, const struct export_values *v,
    const struct pairs *p)
{
	if (x->rbldnsd.common != 0 || v->n != 1 || p->n != 1)
		return;
	x->rbldnsd.common = v->of[0].value;
	put_value(x, p, 0, NULL);
	fputc('\n', x->out);
}

static void
put_entry(struct export *x, const char *key, const struct export_name *n,
    const struct export_values *v, const struct pairs *p)
{
	char key_txt[DNAME_TXT_MAX];
	const char *own;

	if (v->n == 1 && v->of[0].value == x->rbldnsd.common &&
	    (n == NULL || v->of[0].key_len == n->len)) {
		fprintf(x->out, "%s\n", key);
		return;
	}
	for (unsigned i = 0; i < p->n; i++) {
		own = NULL;
		if (n != NULL && p->of[i].key_len != n->len)
			own = export_name_txt(key_txt, n->labels + n->len -
			    p->of[i].key_len, p->of[i].key_len);
		fprintf(x->out, "%s ", key);
		put_value(x, p, i, own);
		fputc('\n', x->out);
	}
}

/* ---- sections */

static void
put_prefix(struct export *x, const struct prefix *prefix,
    const struct export_values *v)
{
	char txt[ADDR_TXT_MAX];
	struct pairs p;

	make_pairs(x, v, &p);
	if (p.has_other || (p.n > 1 && x->rbldnsd.section == IP6TRIE))
		x->left_out++;
	if (p.n > 1 && x->rbldnsd.section == IP6TRIE)
		p.n = 1; /* an ip6trie keeps one value for a prefix */
	if (p.n == 0)
		return;
	set_common(x, v, &p);
	put_entry(x, export_prefix_txt(txt, prefix), NULL, v, &p);
}

static bool
is_generic(const struct export *x, const struct export_name *n)
{
	struct pairs p;

	make_pairs(x, &n->it, &p);
	return n->it.n > 0 && (x->rbldnsd.all_generic || n->len == 0 ||
	    p.has_other);
}

static void
put_name_as(struct export *x, const char *before, const struct export_name *n,
    const struct export_values *v)
{
	char txt[DNAME_TXT_MAX], key[DNAME_TXT_MAX + 4];
	struct pairs p;

	make_pairs(x, v, &p);
	snprintf(key, sizeof(key), "%s%s%s", p.n == 0 ? "!" : "", before,
	    export_name_txt(txt, n->labels, n->len));
	if (p.n == 0) {
		fprintf(x->out, "%s\n", key);
		return;
	}
	set_common(x, v, &p);
	put_entry(x, key, n, v, &p);
}

static bool
are_same(const struct export_values *a, const struct export_values *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (a->of[i].value != b->of[i].value ||
		    a->of[i].key_len != b->of[i].key_len)
			return false;
	return true;
}

static void
put_dnset(struct export *x, const struct export_name *n)
{
	static const struct export_values none;
	const struct export_values *it = is_generic(x, n) ? &none : &n->it;
	bool says_it = n->says_it && (it->n > 0 || n->above.n > 0);
	bool says_below = n->says_below && (n->below.n > 0 || n->above.n > 0);
	struct pairs p;

	if (n->len == 0) {
		x->left_out += says_below;
		return;
	}
	make_pairs(x, &n->below, &p);
	x->left_out += says_below && p.has_other;
	if (says_it && says_below && are_same(it, &n->below)) {
		put_name_as(x, ".", n, it);
		return;
	}
	if (says_it)
		put_name_as(x, "", n, it);
	if (says_below)
		put_name_as(x, "*.", n, &n->below);
}

static void
put_generic_rr(struct export *x, const struct export_name *n,
    const struct value_rr *rr, unsigned key_len)
{
	char txt[DNAME_TXT_MAX], host[DNAME_TXT_MAX], text[256] = "";
	size_t len = 0;

	if (rr->type == DNS_TYPE_TXT)
		len = export_txt(text, rr, export_name_txt(host,
		    n->labels + n->len - key_len, key_len));
	if ((rr->type != DNS_TYPE_A && rr->type != DNS_TYPE_TXT &&
	    (rr->type != DNS_TYPE_MX || rr->len <= 3)) ||
	    memchr(text, '\n', len) != NULL || memchr(text, 0, len) != NULL) {
		x->left_out++;
		return;
	}
	export_name_txt(txt, n->labels, n->len);
	if (rr->type == DNS_TYPE_A)
		fprintf(x->out, "%s %u A %u.%u.%u.%u\n", txt, rr->ttl,
		    rr->data[0], rr->data[1], rr->data[2], rr->data[3]);
	else if (rr->type == DNS_TYPE_TXT)
		fprintf(x->out, "%s %u TXT \"%s\"\n", txt, rr->ttl, text);
	else
		fprintf(x->out, "%s %u MX %u %s\n", txt, rr->ttl,
		    get_be16(rr->data), dname_to_txt(host, rr->data + 2));
}

static void
put_generic(struct export *x, const struct export_name *n)
{
	struct value_walk at;
	struct value_rr rr;

	if (!is_generic(x, n))
		return;
	for (unsigned i = 0; i < n->it.n; i++)
		for (at.p = NULL;
		     export_next_rr(x, n->it.of[i].value, &at, &rr);)
			put_generic_rr(x, n, &rr, n->it.of[i].key_len);
}

/* ---- the file */

static void
find_names(struct export *x, const struct export_name *n)
{
	bool generic = is_generic(x, n);

	if (generic)
		x->rbldnsd.wanted |= GENERIC;
	if (n->says_below || n->above.n > 0 || n->it.n == 0)
		x->rbldnsd.has_rules = true;
	if (n->says_below || (n->says_it && (!generic || n->above.n > 0)))
		x->rbldnsd.wanted |= DNSET;
}

static int
find_sections(struct export *x)
{
	struct walk_ip4 ip4;
	struct walk_ip6 ip6;

	x->rbldnsd.wanted = 0;
	x->rbldnsd.has_rules = x->rbldnsd.all_generic = false;
	walk_rewind(x->walk);
	if (walk_ip4(x->walk, &ip4))
		x->rbldnsd.wanted |= IP4SET;
	if (walk_ip6(x->walk, &ip6))
		x->rbldnsd.wanted |= IP6TRIE;
	export_names(x, find_names);
	if ((x->rbldnsd.wanted & GENERIC) != 0 && !x->rbldnsd.has_rules) {
		x->rbldnsd.all_generic = true; /* it keeps each TTL */
		x->rbldnsd.wanted &= ~DNSET;
	}
	return x->rbldnsd.wanted != 0 ? x->rbldnsd.wanted : IP4SET;
}

/* The least TTL that any A or TXT has: rbldnsd answers with that, too. */
static uint32_t
least_ttl(const struct export *x)
{
	struct value_walk at;
	const uint8_t *rrs;
	struct value_rr rr;
	uint32_t ttl = UINT32_MAX;
	size_t len;

	for (uint32_t value = 1; generation_value(x->gen, value, &rrs, &len);
	     value++)
		for (at.p = NULL; export_next_rr(x, value, &at, &rr);)
			if (rr.ttl < ttl && (rr.type == DNS_TYPE_A ||
			    rr.type == DNS_TYPE_TXT))
				ttl = rr.ttl;
	return ttl;
}

static void
put_head(struct export *x)
{
	const struct zone_apex *a = x->soa_ns;
	const uint8_t *person = a->soa + dname_len(a->soa);
	const uint8_t *numbers = person + dname_len(person);
	char name[DNAME_TXT_MAX];
	uint32_t ttl = least_ttl(x);

	fprintf(x->out, "$SOA %u %s", a->soa_ttl, dname_to_txt(name, a->soa));
	fprintf(x->out, " %s %u %u %u %u %u\n", dname_to_txt(name, person),
	    get_be32(numbers), get_be32(numbers + 4), get_be32(numbers + 8),
	    get_be32(numbers + 12), get_be32(numbers + 16));
	fprintf(x->out, "$NS %u", a->ns_ttl);
	for (size_t at = 0; at < a->ns_len; at += dname_len(a->ns + at))
		fprintf(x->out, " %s", dname_to_txt(name, a->ns + at));
	fputc('\n', x->out);
	if (ttl != UINT32_MAX)
		fprintf(x->out, "$TTL %u\n", ttl);
}

static const struct {
	enum section section;
	const char *name;
} sections[] = {{IP4SET, "ip4set"}, {IP6TRIE, "ip6trie"}, {DNSET, "dnset"},
    {GENERIC, "generic"}};
#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

static bool
is_same_view(const struct export *x, size_t a, size_t b)
{
	return x->views[a].datasets == x->views[b].datasets;
}

/* Was it written with a view before, of the same datasets? */
static bool
is_done(const struct export *x, size_t view)
{
	for (size_t i = 0; i < view; i++)
		if (is_same_view(x, i, view))
			return true;
	return false;
}

/* Of this view and those that have the same. */
static void
put_section_head(struct export *x, size_t view, const char *type)
{
	char txt[DNAME_TXT_MAX];

	fprintf(x->out, "$DATASET %s", type);
	for (size_t i = view; i < x->n_views; i++)
		if (is_same_view(x, i, view))
			fprintf(x->out, " %s", export_name_txt(txt,
			    x->views[i].labels, x->views[i].len));
	fputc('\n', x->out);
}

static void
put_sections(struct export *x, size_t view, int wanted, bool is_combined)
{
	for (size_t i = 0; i < N_SECTIONS; i++) {
		if ((wanted & (int)sections[i].section) == 0)
			continue;
		x->rbldnsd.section = sections[i].section;
		x->rbldnsd.common = 0;
		if (is_combined)
			put_section_head(x, view, sections[i].name);
		if (sections[i].section == IP4SET)
			export_prefixes(x, AF_INET, put_prefix);
		else if (sections[i].section == IP6TRIE)
			export_prefixes(x, AF_INET6, put_prefix);
		else
			export_names(x, sections[i].section == DNSET ?
			    put_dnset : put_generic);
	}
}

static void
put_type(struct export *x, int wanted, bool is_combined)
{
	size_t i = 0;

	while (i < N_SECTIONS - 1 && wanted != (int)sections[i].section)
		i++;
	fprintf(x->out, "# %s:%s\n", x->apex_txt,
	    is_combined ? "combined" : sections[i].name);
	put_head(x);
}

/* One dataset, or sections of a combined one; a zone that has nothing but in
 * subzones gets none of its own. */
static int
run(struct export *x)
{
	bool is_combined = false;
	int wanted, rc = 0;

	for (size_t i = 0; i < x->n_views && rc == 0; i++) {
		if (i > 0 && is_done(x, i))
			continue;
		rc = export_view(x, i);
		if (rc != 0)
			break;
		wanted = find_sections(x);
		if (i == 0) {
			is_combined = x->n_views > 1 ||
			    (wanted & (wanted - 1)) != 0;
			put_type(x, wanted, is_combined);
		}
		if (i > 0 || x->views[0].datasets != 0 || !is_combined)
			put_sections(x, i, wanted, is_combined);
	}
	return rc;
}

const struct export_format export_rbldnsd = {
    .name = "rbldnsd",
    .run = run,
};
