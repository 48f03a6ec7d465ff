/*
 * For tests: all that a generation lists, as text, a line for each step of a
 * walk: "10.0.0.0-10.255.255.255 A 127.0.0.2", "name|exact|below".
 */
#ifndef TESTS_UNIT_WALK_H
#define TESTS_UNIT_WALK_H

#include "tests/unit/zones.h"
#include "zones/walk.h"

static char walk_text[1 << 16];

__attribute__((unused)) static char *
walk_put_value(char *p, const struct generation *gen, uint32_t value)
{
	const uint8_t *rrs;
	struct value_rr rr;
	size_t len;

	if (!generation_value(gen, value, &rrs, &len))
		return p + sprintf(p, " -");
	for (const uint8_t *at = rrs; value_next(&at, rrs + len, &rr);) {
		*p++ = ' ';
		zones_put_rr(&p, &rr, "$");
		if (rr.ttl != 2100)
			p += sprintf(p, " (%" PRIu32 ")", rr.ttl);
	}
	return p;
}

static char *
walk_put_values(char *p, const struct generation *gen,
    const struct walk_values *v)
{
	for (unsigned i = 0; i < v->n; i++)
		p = walk_put_value(p, gen, v->value[i]);
	return p + sprintf(p, "\n");
}

static char *
walk_put_ip6(char *p, struct ip6 ip)
{
	struct addr a = {.family = AF_INET6};
	char txt[ADDR_TXT_MAX];

	for (int i = 0; i < 8; i++) {
		a.bytes[i] = (uint8_t)(ip.high >> (56 - 8 * i));
		a.bytes[i + 8] = (uint8_t)(ip.low >> (56 - 8 * i));
	}
	return p + sprintf(p, "%s", addr_to_txt(txt, &a));
}

static char *
walk_put_name(char *p, const struct generation *gen, const struct walk_name *n)
{
	uint8_t dname[DNAME_MAX] = {0};
	char txt[DNAME_TXT_MAX];

	memcpy(dname, n->labels, n->len);
	for (unsigned i = 0; i < ZONE_DATASETS_MAX; i++) {
		const struct name_entry *e = &n->in[i];

		if ((e->flags & (NAME_EXACT | NAME_WILD)) == 0)
			continue;
		p += sprintf(p, "%s", dname_to_txt(txt, dname));
		if ((e->flags & NAME_EXACT) != 0)
			p = walk_put_value(p + sprintf(p, " it:"), gen,
			    e->exact);
		if ((e->flags & NAME_WILD) != 0)
			p = walk_put_value(p + sprintf(p, " below:"), gen,
			    e->wild);
		p += sprintf(p, "\n");
	}
	return p;
}

__attribute__((unused)) static const char *
walk_all(const struct generation *gen)
{
	struct generation_view view = {.datasets = UINT32_MAX};
	struct walk_ip4 ip4;
	struct walk_ip6 ip6;
	struct walk_name name;
	struct walk *w;
	char *p = walk_text;

	*p = '\0';
	ck_assert_int_eq(walk_open(&w, gen, &view), 0);
	while (walk_ip4(w, &ip4)) {
		p += sprintf(p, "%u.%u.%u.%u-%u.%u.%u.%u", ip4.first >> 24,
		    ip4.first >> 16 & 255, ip4.first >> 8 & 255,
		    ip4.first & 255, ip4.last >> 24, ip4.last >> 16 & 255,
		    ip4.last >> 8 & 255, ip4.last & 255);
		p = walk_put_values(p, gen, &ip4.values);
	}
	while (walk_ip6(w, &ip6)) {
		p = walk_put_ip6(p, ip6.first);
		*p++ = '-';
		p = walk_put_ip6(p, ip6.last);
		p = walk_put_values(p, gen, &ip6.values);
	}
	while (walk_name(w, &name))
		p = walk_put_name(p, gen, &name);
	walk_close(w);
	return walk_text;
}

#endif
