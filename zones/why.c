/*
 * The rules by which one entry of a dataset counts before another, applied to
 * what zones/prov.h has of them: those of zones/ip4_paint.c, ip6.c and names.c.
 * What an index gives has the last word, should a file be damaged.
 */
#include "zones/why.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/addr.h"
#include "zones/buf.h"
#include "zones/ip4.h"
#include "zones/ip6.h"
#include "zones/names.h"
#include "zones/value.h"

struct why {
	const struct generation *gen; /* of the values; NULL: none expire */
	const struct prov *prov; /* NULL: not known */
	const struct zone_key *key;
	why_fn *fn;
	void *arg;
};

/*
 * How many of the entries that would count, one after the other, have expired:
 * alternatives of the value (zones/value.h). *is_over: all of them have.
 */
static unsigned
count_expired(const struct why *w, uint32_t value, bool *is_over)
{
	const uint8_t *rrs, *end;
	unsigned n;
	size_t len;

	*is_over = false;
	if (w->gen == NULL || !generation_value(w->gen, value, &rrs, &len) ||
	    !value_has_notes(rrs, len))
		return 0;
	end = rrs + len;
	n = value_alternative(&rrs, &end, (uint64_t)time(NULL));
	*is_over = rrs == end;
	return n;
}

/* One whose key is written; place 0: not known. */
static void
tell(const struct why *w, struct why_entry *e, uint32_t place)
{
	unsigned rule;

	e->type.len = e->file.len = 0;
	e->line = 0;
	if (w->prov != NULL && place != 0 &&
	    prov_type(w->prov, &rule, &e->type) &&
	    !prov_line(w->prov, place, &e->file, &e->line))
		e->file.len = 0;
	w->fn(w->arg, e);
}

static int
gather(const struct why *w, uint32_t key, struct buf *out)
{
	struct prov_search s;
	struct prov_entry e;
	int rc = 0;

	out->len = 0;
	if (w->prov == NULL)
		return 0;
	prov_search(&s, w->prov, key);
	while (rc == 0 && prov_next(&s, &e))
		rc = buf_put(out, &e, sizeof(e));
	return rc;
}

static const struct prov_entry *
entries_of(const struct buf *b, size_t *n)
{
	*n = b->len / sizeof(struct prov_entry);
	return (const struct prov_entry *)(const void *)b->data;
}

/* ---- IPv4 */

static void
write_ip4(struct why_entry *e, const struct prov_entry *p)
{
	uint64_t n = (uint64_t)p->last - p->key + 1;
	struct prefix prefix = {.addr = {.family = AF_INET}};
	char first[ADDR_TXT_MAX], last[ADDR_TXT_MAX];
	const char *mark = p->excludes ? "!" : "";

	put_be32(prefix.addr.bytes, p->key);
	addr_to_txt(first, &prefix.addr);
	if (n == 1) {
		snprintf(e->key, sizeof(e->key), "%s%s", mark, first);
	} else if ((n & (n - 1)) == 0 && (p->key & (n - 1)) == 0) {
		prefix.len = 32 - __builtin_ctzll(n);
		snprintf(e->key, sizeof(e->key), "%s%s", mark,
		    prefix_to_txt(last, &prefix));
	} else {
		put_be32(prefix.addr.bytes, p->last);
		snprintf(e->key, sizeof(e->key), "%s%s-%s", mark, first,
		    addr_to_txt(last, &prefix.addr));
	}
}

/* Are all addresses that agree with ip but for the lowest bits covered? */
static bool
covers(const struct prov_entry *e, uint32_t ip, unsigned bits)
{
	uint32_t host = bits < 32 ? (1u << bits) - 1 : UINT32_MAX;

	return e->key <= (ip & ~host) && e->last >= (ip | host);
}

/*
 * The larger, the sooner it counts: by IP4_RULE_OCTETS, the smallest of
 * the octet-aligned windows around the address that it does not fill; by
 * IP4_RULE_LONGEST, the length of the prefix.
 */
static uint64_t
rank_ip4(const struct prov_entry *e, uint32_t ip, unsigned rule)
{
	if (rule == IP4_RULE_LONGEST)
		return UINT32_MAX - (uint64_t)(e->last - e->key);
	return covers(e, ip, 24) ? 0 : covers(e, ip, 16) ? 1 :
	    covers(e, ip, 8) ? 2 : 3;
}

/* The entries around an address, and which of them count. */
struct around {
	const struct prov_entry *all;
	size_t n;
	uint32_t ip;
	unsigned rule;
	unsigned expired; /* turns that are over, see turn_ip4() */
};

static bool
is_before(const struct around *a, size_t j, size_t i)
{
	uint64_t x = rank_ip4(&a->all[j], a->ip, a->rule);
	uint64_t y = rank_ip4(&a->all[i], a->ip, a->rule);

	return x > y || (x == y && j < i && a->rule == IP4_RULE_LONGEST);
}

/* How many turns an entry has to wait for: by IP4_RULE_OCTETS, those of a rank
 * have theirs together. */
static unsigned
turn_ip4(const struct around *a, size_t i)
{
	bool ranks[4] = {false};
	unsigned n = 0;

	for (size_t j = 0; j < a->n; j++) {
		if (!is_before(a, j, i))
			continue;
		if (a->rule == IP4_RULE_LONGEST)
			n++;
		else
			ranks[rank_ip4(&a->all[j], a->ip, a->rule) & 3] = true;
	}
	return n + ranks[0] + ranks[1] + ranks[2] + ranks[3];
}

/* Of those whose turn it is all count; an exclusion among them is stronger than
 * the others. */
static enum why_role
role_ip4(const struct around *a, size_t i)
{
	uint64_t rank = rank_ip4(&a->all[i], a->ip, a->rule);
	unsigned turn = turn_ip4(a, i);

	if (turn < a->expired)
		return WHY_EXPIRED;
	if (turn > a->expired)
		return WHY_COVERED;
	if (a->all[i].excludes)
		return WHY_EXCLUDES;
	for (size_t j = 0; j < a->n && a->rule == IP4_RULE_OCTETS; j++)
		if (a->all[j].excludes &&
		    rank_ip4(&a->all[j], a->ip, a->rule) == rank)
			return WHY_COVERED;
	return WHY_LISTS;
}

static int
why_ip4(const struct why *w, const union index *ix)
{
	uint32_t ip = w->key->ip4, last, value;
	struct prov_entry one = {.key = ip, .last = ip};
	struct around a = {.ip = ip, .rule = IP4_RULE_OCTETS};
	struct prov_text type;
	struct buf buf = {0};
	struct why_entry e;
	bool is_over;
	int rc;

	if (w->key->ip4_bits != 32)
		return 0;
	value = ip4_run(&ix->ip4, ip, &last);
	rc = gather(w, ip, &buf);
	a.all = entries_of(&buf, &a.n);
	a.expired = count_expired(w, value, &is_over);
	if (w->prov != NULL)
		(void)prov_type(w->prov, &a.rule, &type);
	for (size_t i = 0; i < a.n && rc == 0; i++) {
		e.role = role_ip4(&a, i);
		if (e.role == WHY_LISTS && (value == 0 || is_over))
			e.role = WHY_COVERED;
		write_ip4(&e, &a.all[i]);
		tell(w, &e, a.all[i].place);
	}
	if (rc == 0 && a.n == 0 && value != 0) {
		e.role = is_over ? WHY_EXPIRED : WHY_LISTS;
		write_ip4(&e, &one);
		tell(w, &e, 0);
	}
	buf_free(&buf);
	return rc;
}

/* ---- IPv6 */

static void
write_ip6(struct why_entry *e, const struct ip6 *ip, unsigned bits,
    bool excludes)
{
	struct prefix prefix = {.addr = {.family = AF_INET6}, .len = bits};
	char txt[ADDR_TXT_MAX];

	put_be32(prefix.addr.bytes, ip->high >> 32);
	put_be32(prefix.addr.bytes + 4, ip->high);
	put_be32(prefix.addr.bytes + 8, ip->low >> 32);
	put_be32(prefix.addr.bytes + 12, ip->low);
	snprintf(e->key, sizeof(e->key), "%s%s", excludes ? "!" : "",
	    bits == 128 ? addr_to_txt(txt, &prefix.addr)
			: prefix_to_txt(txt, &prefix));
}

/*
 * One prefix: its entries, of which the first gave the value. Their turns come
 * behind those of longer prefixes: *turn, which moves on; the one that is as
 * many as have expired counts.
 */
static int
why_prefix(const struct why *w, const struct ip6 *ip, unsigned bits,
    uint32_t number, uint32_t value, unsigned *turn, unsigned expired)
{
	const struct prov_entry *all, none = {.excludes = value == 0};
	struct buf buf = {0};
	struct why_entry e;
	size_t n;
	int rc;

	rc = gather(w, number, &buf);
	all = entries_of(&buf, &n);
	if (n == 0) {
		all = &none;
		n = *turn <= expired;
	}
	for (size_t i = 0; i < n && rc == 0; i++, ++*turn) {
		e.role = *turn < expired ? WHY_EXPIRED :
		    *turn > expired ? WHY_COVERED :
		    all[i].excludes ? WHY_EXCLUDES : WHY_LISTS;
		write_ip6(&e, ip, bits, all[i].excludes);
		tell(w, &e, all[i].place);
	}
	buf_free(&buf);
	return rc;
}

static int
why_ip6(const struct why *w, const union index *u)
{
	const struct ip6_index *ix = &u->ip6;
	struct ip6 ip = ip6_read(w->key->ip6), masked;
	unsigned bits, turn = 0, expired = 0;
	uint32_t number, value;
	bool is_first = true, is_over;
	int rc = 0;

	if (w->key->ip6_bits != 128)
		return 0;
	for (unsigned i = 0; i < ix->n_lengths && rc == 0; i++) {
		bits = ix->lengths[i];
		if (bits > 128)
			continue;
		masked = ip6_mask(ip, bits);
		if (!ip6_find(ix, &masked, bits, &number, &value))
			continue;
		if (is_first)
			expired = count_expired(w, value, &is_over);
		is_first = false;
		rc = why_prefix(w, &masked, bits, number, value, &turn,
		    expired);
	}
	return rc;
}

/* ---- names */

static void
write_name(struct why_entry *e, const struct zone_key *key, unsigned first,
    const struct prov_entry *p)
{
	static const char *const starts[] = {[PROV_BELOW] = "*.",
	    [PROV_BOTH] = "."};
	const struct zone_hit hit = {.kind = ZONE_HIT_NAME,
	    .first_label = first};
	char name[DNAME_TXT_MAX];

	zone_hit_txt(name, key, &hit);
	snprintf(e->key, sizeof(e->key), "%s%s%s", p->excludes ? "!" : "",
	    starts[p->form] != NULL ? starts[p->form] : "",
	    name[0] != '\0' ? name : "@");
}

/* Does the entry say anything of the name itself, or of those below it? */
static bool
is_about(const struct prov_entry *e, unsigned flag)
{
	return flag == NAME_EXACT ? e->form != PROV_BELOW
				  : e->form >= PROV_BELOW;
}

/*
 * One name, the key itself or one above it: all of its entries count if it
 * does, but not if one is an exclusion. role is that of an entry that counts.
 */
static int
why_name(const struct why *w, unsigned first, uint32_t place, unsigned flag,
    uint32_t value, enum why_role role)
{
	struct prov_entry none = {.excludes = value == 0,
	    .form = flag == NAME_WILD ? PROV_BELOW : PROV_ONE};
	const struct prov_entry *all;
	struct buf buf = {0};
	struct why_entry e;
	unsigned told = 0;
	size_t n;
	int rc;

	rc = gather(w, place, &buf);
	all = entries_of(&buf, &n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (!is_about(&all[i], flag))
			continue;
		e.role = (value == 0) != all[i].excludes ? WHY_COVERED : role;
		write_name(&e, w->key, first, &all[i]);
		tell(w, &e, all[i].place);
		told++;
	}
	if (rc == 0 && told == 0 && role != WHY_COVERED) {
		e.role = role;
		write_name(&e, w->key, first, &none);
		tell(w, &e, 0);
	}
	buf_free(&buf);
	return rc;
}

static int
why_names(const struct why *w, const union index *ix)
{
	unsigned n = w->key->n_labels, flag;
	bool is_done = false, is_over;
	uint32_t place, value;
	struct name_entry r;
	enum why_role role;
	int rc = 0;

	for (unsigned i = 0; (i == 0 || i < n) && rc == 0; i++) {
		flag = i == 0 ? NAME_EXACT : NAME_WILD;
		if (!name_find(&ix->name, w->key, i, &r, &place) ||
		    (r.flags & flag) == 0)
			continue;
		value = flag == NAME_EXACT ? r.exact : r.wild;
		(void)count_expired(w, value, &is_over);
		role = is_done ? WHY_COVERED : value == 0 ? WHY_EXCLUDES :
		    is_over ? WHY_EXPIRED : WHY_LISTS;
		is_done |= !is_over;
		rc = why_name(w, i, place, flag, value, role);
	}
	return rc;
}

/* ---- all datasets */

static int
run(const struct why *w, const struct index_kind *kind, const union index *ix)
{
	static const struct {
		const struct index_kind *kind;
		int (*why)(const struct why *w, const union index *ix);
	} kinds[] = {{&ip4_index_kind, why_ip4}, {&ip6_index_kind, why_ip6},
	    {&name_index_kind, why_names}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == kind)
			return kinds[i].why(w, ix);
	return 0;
}

int
why_index(const struct index_kind *kind, const union index *ix,
    const struct prov *prov, const struct zone_key *key, why_fn *fn, void *arg)
{
	struct why w = {.prov = prov, .key = key, .fn = fn, .arg = arg};

	return run(&w, kind, ix);
}

int
why_generation(const struct generation *gen, const struct zone_key *key,
    why_fn *fn, void *arg)
{
	uint64_t hash[DNAME_LABELS_MAX + 1];
	const struct index_kind *kind;
	const union index *ix;
	struct zone_key own;
	struct prov prov;
	int rc = 0;

	for (unsigned i = 0; rc == 0 &&
	    (ix = generation_index(gen, i, &kind)) != NULL; i++)
		if (generation_key(gen, i, key, &own, hash))
			rc = run(&(struct why){.gen = gen, .key = &own,
			    .fn = fn, .arg = arg,
			    .prov = generation_prov(gen, i, &prov) ? &prov :
				NULL}, kind, ix);
	return rc;
}
