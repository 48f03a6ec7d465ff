/*
 * Exports for name servers: bind (a zone file), rpz (a zone file of policies)
 * and unbound (local-zone and local-data).
 *
 * A prefix becomes names of whole octets or nibbles. Where it ends above the
 * address, that is a wildcard, which also matches names that are no address;
 * `$` in its text is the first address.
 */
#include "zones/export_format.h"

#include <string.h>

#include "lib/bytes.h"

/* ---- what bind and unbound do with a prefix */

static void
put_piece(struct export *x, const struct prefix *p, unsigned step,
    const struct export_values *v,
    void (*fn)(struct export *, const struct export_name *, const char *))
{
	struct export_name name = {.it = *v};
	unsigned labels = p->len / step, n = 0;
	bool is_all = p->len == (p->addr.family == AF_INET ? 32 : 128);
	char key_txt[ADDR_TXT_MAX];
	uint8_t wire[64 + 1];

	for (unsigned i = labels; i-- > 0;) {
		uint8_t c = p->addr.bytes[i * step / 8];
		char txt[4];

		if (step == 4)
			snprintf(txt, sizeof(txt), "%x",
			    i % 2 == 0 ? c >> 4 : c & 15);
		else
			snprintf(txt, sizeof(txt), "%u", c);
		wire[n++] = (uint8_t)strlen(txt);
		memcpy(wire + n, txt, strlen(txt));
		n += (unsigned)strlen(txt);
	}
	name.labels = wire;
	name.len = n;
	if (!is_all) {
		name.below = *v;
		name.it.n = 0;
	}
	fn(x, &name, addr_to_txt(key_txt, &p->addr));
}

/* In octets or nibbles, as many as that makes. */
static void
put_pieces(struct export *x, const struct prefix *p,
    const struct export_values *v,
    void (*fn)(struct export *, const struct export_name *, const char *))
{
	unsigned step = p->addr.family == AF_INET ? 8 : 4;
	unsigned bits = (p->len + step - 1) / step * step;
	struct prefix piece = {.addr = p->addr, .len = bits};
	uint8_t *last;

	if (bits == 0) {
		x->left_out++; /* `*` at the apex: also every name */
		return;
	}
	last = &piece.addr.bytes[(bits - 1) / 8];
	for (unsigned i = 0; i < 1u << (bits - p->len); i++) {
		put_piece(x, &piece, step, v, fn);
		*last += step == 4 && bits % 8 != 0 ? 16 : 1;
	}
}

/* The text that `$` stands for: of an address, or of the name that is listed */
static const char *
key_of(char *out, const struct export_name *n, unsigned key_len,
    const char *ip_txt)
{
	if (ip_txt != NULL)
		return ip_txt;
	return export_name_txt(out, n->labels + n->len - key_len, key_len);
}

/* ---- bind */

static void
put_soa_and_ns(struct export *x, bool is_relative)
{
	const struct zone_apex *a = x->soa_ns;
	char mname[DNAME_TXT_MAX], rname[DNAME_TXT_MAX];
	const uint8_t *person = a->soa + dname_len(a->soa);
	const uint8_t *numbers = person + dname_len(person);

	if (is_relative)
		fprintf(x->out, "$ORIGIN %s.\n", x->apex_txt);
	fprintf(x->out, "@ %u IN SOA %s. %s. %u %u %u %u %u\n", a->soa_ttl,
	    dname_to_txt(mname, a->soa), dname_to_txt(rname, person),
	    get_be32(numbers), get_be32(numbers + 4), get_be32(numbers + 8),
	    get_be32(numbers + 12), get_be32(numbers + 16));
	for (size_t at = 0; at < a->ns_len; at += dname_len(a->ns + at))
		fprintf(x->out, "@ %u IN NS %s.\n", a->ns_ttl,
		    dname_to_txt(mname, a->ns + at));
}

static void
bind_begin(struct export *x)
{
	put_soa_and_ns(x, true);
}

static void
bind_subzone(struct export *x)
{
	fprintf(x->out, "$ORIGIN %s.\n", x->apex_txt);
}

/* Equal RRs of several datasets stand once, as in an answer. */
static bool
is_repeated(const struct export *x, const struct export_values *v, unsigned n,
    const struct value_rr *rr)
{
	struct value_walk at;
	struct value_rr other;

	for (unsigned i = 0; i < n; i++)
		for (at.p = NULL;
		     export_next_rr(x, v->of[i].value, &at, &other);)
			if (other.type == rr->type && other.len == rr->len &&
			    other.is_template == rr->is_template &&
			    memcmp(other.data, rr->data, rr->len) == 0)
				return true;
	return false;
}

static void
bind_rrs(struct export *x, const char *owner, const struct export_name *n,
    const struct export_values *v, const char *ip_txt)
{
	char key_txt[DNAME_TXT_MAX];
	struct value_walk at;
	struct value_rr rr;

	for (unsigned i = 0; i < v->n; i++) {
		for (at.p = NULL;
		     export_next_rr(x, v->of[i].value, &at, &rr);) {
			if (is_repeated(x, v, i, &rr))
				continue;
			fprintf(x->out, "%s %u IN ", owner, rr.ttl);
			export_put_rdata(x->out, &rr,
			    key_of(key_txt, n, v->of[i].key_len, ip_txt));
			fputc('\n', x->out);
		}
	}
}

static void
bind_names(struct export *x, const struct export_name *n, const char *ip_txt)
{
	char txt[DNAME_TXT_MAX], owner[DNAME_TXT_MAX + 16];

	export_name_txt(txt, n->labels, n->len);
	bind_rrs(x, txt, n, &n->it, ip_txt);
	if (n->len == 0)
		snprintf(owner, sizeof(owner), "*");
	else
		snprintf(owner, sizeof(owner), "*.%s", txt);
	bind_rrs(x, owner, n, &n->below, ip_txt);
	/* a name without data, so that no wildcard above it matches */
	if (n->above.n > 0 && n->it.n == 0 && n->below.n == 0)
		fprintf(x->out, "_excluded.%s 60 IN TXT \"excluded\"\n", txt);
}

static void
bind_prefix(struct export *x, const struct prefix *p,
    const struct export_values *v)
{
	put_pieces(x, p, v, bind_names);
}

static void
bind_name(struct export *x, const struct export_name *n)
{
	bind_names(x, n, NULL);
}

const struct export_format export_bind = {
    .name = "bind",
    .begin = bind_begin,
    .subzone = bind_subzone,
    .put_prefix = bind_prefix,
    .put_name = bind_name,
};

/* ---- rpz */

/* How many words are 0 from the one at i on, downwards. */
static int
count_zeros(const uint8_t *words, int i)
{
	int n = 0;

	while (i - n >= 0 && get_be16(words + 2 * (i - n)) == 0)
		n++;
	return n;
}

/* The last word first; `zz` for the longest run of zeros. */
static void
put_words(FILE *out, const uint8_t *words)
{
	int longest = 1, n;

	for (int i = 7; i >= 0; i--) {
		n = count_zeros(words, i);
		longest = n > longest ? n : longest;
	}
	for (int i = 7; i >= 0; i--) {
		n = count_zeros(words, i);
		if (n > 1 && n == longest) {
			fputs(".zz", out);
			i -= n - 1;
			longest = 9; /* once */
		} else {
			fprintf(out, ".%x", get_be16(words + 2 * i));
		}
	}
}

/* 24.0.2.0.192.rpz-ip, 32.zz.db8.2001.rpz-ip */
static void
rpz_prefix(struct export *x, const struct prefix *p,
    const struct export_values *v)
{
	const uint8_t *b = p->addr.bytes;

	(void)v;
	fprintf(x->out, "%u", p->len);
	if (p->addr.family == AF_INET)
		fprintf(x->out, ".%u.%u.%u.%u", b[3], b[2], b[1], b[0]);
	else
		put_words(x->out, b);
	fputs(".rpz-ip CNAME .\n", x->out);
}

static void
rpz_rule(struct export *x, const char *star, const char *txt,
    const struct export_values *v, bool is_excluded)
{
	if (v->n > 0)
		fprintf(x->out, "%s%s CNAME .\n", star, txt);
	else if (is_excluded)
		fprintf(x->out, "%s%s CNAME rpz-passthru.\n", star, txt);
}

static void
rpz_name(struct export *x, const struct export_name *n)
{
	char txt[DNAME_TXT_MAX];

	if (n->len == 0) {
		x->left_out++;
		return;
	}
	export_name_txt(txt, n->labels, n->len);
	rpz_rule(x, "", txt, &n->it, n->above.n > 0);
	rpz_rule(x, "*.", txt, &n->below, n->above.n > 0);
}

static void
rpz_begin(struct export *x)
{
	fprintf(x->out, "$TTL %u\n", x->soa_ns->negative_ttl);
	put_soa_and_ns(x, false);
}

const struct export_format export_rpz = {
    .name = "rpz",
    .begin = rpz_begin,
    .put_prefix = rpz_prefix,
    .put_name = rpz_name,
};

/* ---- unbound: a wildcard is a local-zone of the type redirect, which has the
 * name itself, too; within one, each name needs a zone of its own */

static void
unbound_begin(struct export *x)
{
	fprintf(x->out, "server:\nlocal-zone: \"%s.\" static\n", x->apex_txt);
}

/* Owners are absolute. */
static void
unbound_subzone(struct export *x)
{
	(void)x;
}

static void
unbound_zone(struct export *x, const char *owner, const char *type)
{
	fprintf(x->out, "local-zone: \"%s\" %s\n", owner, type);
}

static void
unbound_names(struct export *x, const struct export_name *n,
    const char *ip_txt)
{
	char txt[DNAME_TXT_MAX], owner[2 * DNAME_TXT_MAX + 2];
	char key_txt[DNAME_TXT_MAX];
	const struct export_values *v = n->below.n > 0 ? &n->below : &n->it;
	struct value_walk at;
	struct value_rr rr;

	export_name_txt(txt, n->labels, n->len);
	if (n->len == 0)
		snprintf(owner, sizeof(owner), "%s.", x->apex_txt);
	else
		snprintf(owner, sizeof(owner), "%s.%s.", txt, x->apex_txt);
	if (n->below.n > 0 && n->it.n == 0 && ip_txt == NULL) {
		x->left_out++; /* names below it, but not itself */
		if (n->above.n > 0)
			unbound_zone(x, owner, "static");
		return;
	}
	if (n->below.n > 0 && n->len > 0)
		unbound_zone(x, owner, "redirect");
	else if (n->above.n > 0)
		unbound_zone(x, owner, "static");
	for (unsigned i = 0; i < v->n; i++) {
		for (at.p = NULL;
		     export_next_rr(x, v->of[i].value, &at, &rr);) {
			if (is_repeated(x, v, i, &rr))
				continue;
			fprintf(x->out, "local-data: '%s %u IN ", owner,
			    rr.ttl);
			export_put_rdata(x->out, &rr,
			    key_of(key_txt, n, v->of[i].key_len, ip_txt));
			fputs("'\n", x->out);
		}
	}
}

static void
unbound_prefix(struct export *x, const struct prefix *p,
    const struct export_values *v)
{
	put_pieces(x, p, v, unbound_names);
}

static void
unbound_name(struct export *x, const struct export_name *n)
{
	if (n->says_it || n->says_below)
		unbound_names(x, n, NULL);
}

const struct export_format export_unbound = {
    .name = "unbound",
    .begin = unbound_begin,
    .subzone = unbound_subzone,
    .put_prefix = unbound_prefix,
    .put_name = unbound_name,
};
