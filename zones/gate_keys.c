/*
 * The rules of the gate that ask for keys: test points, canaries, what is
 * protected. What refuses a generation is named, with the line that lists it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "zones/gate_blame.h"
#include "zones/gate_impl.h"
#include "zones/ip4.h"

__attribute__((format(printf, 4, 5))) static bool
refuse_for(const struct gate_case *c, const struct conf_key *key, char *why,
    const char *fmt, ...)
{
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, GATE_WHY_MAX, fmt, ap);
	va_end(ap);
	len = strlen(why);
	gate_blame(c->next, c->zone, key, why + len, GATE_WHY_MAX - len);
	return false;
}

/* ---- what is listed */

enum listed {
	LISTED_NOT,
	LISTED_BELOW, /* something within it, not the whole */
	LISTED,
};

/*
 * Asks the indexes of one kind about a name below the apex, and below that of
 * each subzone: what one of them lists is listed.
 */
static enum listed
ask_kind(const struct generation *gen, const struct index_kind *kind,
    const struct zone_key *key)
{
	static const struct subzone whole;
	uint64_t hash[DNAME_LABELS_MAX + 1];
	const struct index_kind *of;
	const union index *ix;
	enum listed best = LISTED_NOT;
	struct index_hit hit;
	struct zone_key nested;

	subzone_narrow(&whole, key, true, &nested, hash);

	for (unsigned i = 0; (ix = generation_index(gen, i, &of)) != NULL;
	     i++) {
		if (of != kind)
			continue;
		hit = (struct index_hit){0};
		kind->lookup(ix, generation_is_nested(gen, i) ? &nested : key,
		    &hit);
		if (hit.value != 0)
			return LISTED;
		if (hit.exists)
			best = LISTED_BELOW;
	}
	return best;
}

static bool
has_kind(const struct generation *gen, const struct index_kind *kind)
{
	const struct index_kind *of;

	for (unsigned i = 0; generation_index(gen, i, &of) != NULL; i++)
		if (of == kind)
			return true;
	return false;
}

static enum listed
ask_labels(const struct generation *gen, const struct conf_zone *zone,
    const struct index_kind *kind, const uint8_t *labels, size_t len)
{
	size_t apex_len = dname_len(zone->apex);
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct zone_key key;

	if (len + apex_len > DNAME_MAX)
		return LISTED_NOT; /* nobody can ask for it */
	memcpy(dname, labels, len);
	memcpy(dname + len, zone->apex, apex_len);
	zone_key_init(&key, dname, dname_labels(zone->apex), off, hash);
	if (kind == &ip4_index_kind)
		key.ip6_bits = 0; /* 2.0.0.2 are nibbles, too */
	return ask_kind(gen, kind, &key);
}

/* A prefix whose length is a multiple of `unit`: reversed, a label a unit. */
static enum listed
ask_unit(const struct generation *gen, const struct conf_zone *zone,
    const struct prefix *p, unsigned unit)
{
	uint8_t labels[64];
	size_t len = addr_to_rev(labels, &p->addr), skip = 0;
	unsigned n = ((p->addr.family == AF_INET ? 32 : 128) - p->len) / unit;

	for (; n > 0; n--)
		skip += labels[skip] + 1u;
	return ask_labels(gen, zone, unit == 8 ? &ip4_index_kind :
	    &ip6_index_kind, labels + skip, len - skip);
}

/* Any prefix: what stands in the DNS are whole octets or nibbles. */
static enum listed
ask_prefix(const struct generation *gen, const struct conf_zone *zone,
    const struct prefix *p)
{
	unsigned unit = p->addr.family == AF_INET ? 8 : 4;
	unsigned more = p->len == 0 ? unit : (unit - p->len % unit) % unit;
	struct prefix part = *p;
	enum listed got, best = LISTED_NOT;

	part.len += more;
	for (unsigned i = 0; i < 1u << more; i++) {
		part.addr = p->addr;
		if (more > 0)
			part.addr.bytes[(part.len - 1) / 8] |=
			    i << (8 - part.len % 8) % 8;
		got = ask_unit(gen, zone, &part, unit);
		best = got > best ? got : best;
	}
	return best;
}

static enum listed
ask(const struct generation *gen, const struct conf_zone *zone,
    const struct conf_key *key)
{
	if (key->is_name)
		return ask_labels(gen, zone, &name_index_kind, key->name,
		    dname_len(key->name) - 1);
	return ask_prefix(gen, zone, &key->prefix);
}

/* ---- test points, RFC 5782 section 5 */

struct test_point {
	const struct index_kind *kind;
	struct conf_key listed, unlisted;
};

static char txt_ip4_in[] = "127.0.0.2", txt_ip4_out[] = "127.0.0.1",
    txt_ip6_in[] = "::ffff:7f00:2", txt_ip6_out[] = "::ffff:7f00:1",
    txt_name_in[] = "test", txt_name_out[] = "invalid";

static const struct test_point test_points[] = {
    {&ip4_index_kind,
	{.txt = txt_ip4_in, .prefix = {{AF_INET, {127, 0, 0, 2}}, 32}},
	{.txt = txt_ip4_out, .prefix = {{AF_INET, {127, 0, 0, 1}}, 32}}},
    {&ip6_index_kind,
	{.txt = txt_ip6_in, .prefix = {{AF_INET6,
	    {[10] = 0xff, 0xff, 127, 0, 0, 2}}, 128}},
	{.txt = txt_ip6_out, .prefix = {{AF_INET6,
	    {[10] = 0xff, 0xff, 127, 0, 0, 1}}, 128}}},
    {&name_index_kind, {.txt = txt_name_in, .is_name = true, .name = "\4test"},
	{.txt = txt_name_out, .is_name = true, .name = "\7invalid"}},
};
#define N_TEST_POINTS (sizeof(test_points) / sizeof(test_points[0]))

/* A generic dataset has names, but not those of a list of domains. */
static bool
is_wanted(const struct gate_case *c, const struct test_point *t)
{
	if (!has_kind(c->next, t->kind))
		return false;
	if (c->current != NULL &&
	    ask(c->current, c->zone, &t->listed) == LISTED)
		return true;
	if (!c->zone->gate.all_test_points)
		return false;
	for (size_t i = 0; i < c->zone->n_datasets; i++)
		if (t->kind != &name_index_kind ||
		    strcmp(c->zone->datasets[i].type, "dnset") == 0)
			return true;
	return false;
}

bool
gate_rfc5782(const struct gate_case *c, char *why)
{
	const struct test_point *t;

	for (t = test_points; t < test_points + N_TEST_POINTS; t++) {
		if (has_kind(c->next, t->kind) &&
		    ask(c->next, c->zone, &t->unlisted) == LISTED)
			return refuse_for(c, &t->unlisted, why, "lists %s, "
			    "which no list may (RFC 5782 5)", t->unlisted.txt);
		if (is_wanted(c, t) &&
		    ask(c->next, c->zone, &t->listed) != LISTED)
			return refuse(why, "does not list %s, the test point "
			    "of RFC 5782 5%s", t->listed.txt,
			    c->zone->gate.all_test_points ? "" :
			    ", which the current generation lists");
	}
	return true;
}

/* ---- canaries and protected keys */

bool
gate_must_list(const struct gate_case *c, char *why)
{
	const struct conf_keys *keys = &c->zone->gate.must_list;

	for (size_t i = 0; i < keys->n; i++)
		if (ask(c->next, c->zone, &keys->list[i]) != LISTED)
			return refuse(why, "does not list %s",
			    keys->list[i].txt);
	return true;
}

/* A prefix is listed if any of its addresses is. */
bool
gate_must_not_list(const struct gate_case *c, char *why)
{
	const struct conf_keys *keys = &c->zone->gate.must_not_list;
	enum listed got;

	for (size_t i = 0; i < keys->n; i++) {
		got = ask(c->next, c->zone, &keys->list[i]);
		if (got == LISTED ||
		    (got == LISTED_BELOW && !keys->list[i].is_name))
			return refuse_for(c, &keys->list[i], why, "lists %s%s",
			    got == LISTED ? "" : "addresses of ",
			    keys->list[i].txt);
	}
	return true;
}

static bool
none_of(const struct gate_case *c, const struct conf_key *keys, size_t n,
    char *why)
{
	enum listed got;

	for (size_t i = 0; i < n; i++) {
		got = ask(c->next, c->zone, &keys[i]);
		if (got != LISTED_NOT)
			return refuse_for(c, &keys[i], why, "lists %s%s, which "
			    "is protected", got == LISTED ? "" :
			    "something within ", keys[i].txt);
	}
	return true;
}

/* 127.0.0.1 is a test point; other addresses of 127.0.0.0/8 serve as such. */
static char txt_loopback[] = "::1", txt_localhost[] = "localhost";
static const struct conf_key always_protected[] = {
    {.txt = txt_loopback, .prefix = {{AF_INET6, {[15] = 1}}, 128}},
    {.txt = txt_localhost, .is_name = true, .name = "\11localhost"},
};

bool
gate_protect(const struct gate_case *c, char *why)
{
	const struct conf_keys *keys = c->zone->protect;

	return none_of(c, always_protected, sizeof(always_protected) /
	    sizeof(always_protected[0]), why) &&
	    (keys == NULL || none_of(c, keys->list, keys->n, why));
}
