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
	const struct prov *prov; /* NULL: not known */
	const struct zone_key *key;
	why_fn *fn;
	void *arg;
	bool is_expired; /* all of the value that counts */
};

/* One whose key is written; place 0: not known. */
static void
tell(const struct why *w, struct why_entry *e, uint32_t place)
{
	unsigned rule;

	if (e->role == WHY_LISTS && w->is_expired)
		e->role = WHY_EXPIRED;
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

/* Of those with the highest rank all count, or the first one; an exclusion
 * among them is stronger than the others. */
static enum why_role
role_ip4(const struct prov_entry *all, size_t n, size_t i, uint32_t ip,
    unsigned rule)
{
	uint64_t rank = rank_ip4(&all[i], ip, rule), other;
	bool excluded = false;

	for (size_t j = 0; j < n; j++) {
		other = rank_ip4(&all[j], ip, rule);
		if (other > rank || (other == rank && j < i &&
		    rule == IP4_RULE_LONGEST))
			return WHY_COVERED;
		excluded |= other == rank && all[j].excludes;
	}
	if (all[i].excludes)
		return WHY_EXCLUDES;
	return excluded && rule == IP4_RULE_OCTETS ? WHY_COVERED : WHY_LISTS;
}

static int
why_ip4(const struct why *w, const union index *ix)
{
	uint32_t ip = w->key->ip4, last, value;
	struct prov_entry one = {.key = ip, .last = ip};
	const struct prov_entry *all;
	unsigned rule = IP4_RULE_OCTETS;
	struct prov_text type;
	struct buf buf = {0};
	struct why_entry e;
	size_t n;
	int rc;

	if (w->key->ip4_bits != 32)
		return 0;
	value = ip4_run(&ix->ip4, ip, &last);
	rc = gather(w, ip, &buf);
	all = entries_of(&buf, &n);
	if (w->prov != NULL)
		(void)prov_type(w->prov, &rule, &type);
	for (size_t i = 0; i < n && rc == 0; i++) {
		e.role = role_ip4(all, n, i, ip, rule);
		if (e.role == WHY_LISTS && value == 0)
			e.role = WHY_COVERED;
		write_ip4(&e, &all[i]);
		tell(w, &e, all[i].place);
	}
	if (rc == 0 && n == 0 && value != 0) {
		e.role = WHY_LISTS;
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

/* One prefix, which counts unless a longer one did: its entries, of which the
 * first gave the value. */
static int
why_prefix(const struct why *w, const struct ip6 *ip, unsigned bits,
    uint32_t number, uint32_t value, bool is_first)
{
	const struct prov_entry *all, none = {.excludes = value == 0};
	enum why_role role = !is_first ? WHY_COVERED :
	    value == 0 ? WHY_EXCLUDES : WHY_LISTS;
	struct buf buf = {0};
	struct why_entry e;
	size_t n;
	int rc;

	rc = gather(w, number, &buf);
	all = entries_of(&buf, &n);
	if (n == 0) {
		all = &none;
		n = is_first;
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		e.role = i == 0 ? role : WHY_COVERED;
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
	uint32_t number, value;
	bool is_first = true;
	unsigned bits;
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
		rc = why_prefix(w, &masked, bits, number, value, is_first);
		is_first = false;
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
	return flag == NAME_EXACT ? e->form != PROV_BELOW : e->form >= PROV_BELOW;
}

/*
 * One name, the key itself or one above it, which counts unless one nearer to
 * the key did: all of its entries count, but not if one of them is an
 * exclusion.
 */
static int
why_name(const struct why *w, unsigned first, uint32_t place, unsigned flag,
    uint32_t value, bool is_first)
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
		e.role = !is_first || (value == 0) != all[i].excludes ?
		    WHY_COVERED : value == 0 ? WHY_EXCLUDES : WHY_LISTS;
		write_name(&e, w->key, first, &all[i]);
		tell(w, &e, all[i].place);
		told++;
	}
	if (rc == 0 && told == 0 && is_first) {
		e.role = value == 0 ? WHY_EXCLUDES : WHY_LISTS;
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
	struct name_entry r;
	bool is_first = true;
	uint32_t place;
	int rc = 0;

	for (unsigned i = 0; (i == 0 || i < n) && rc == 0; i++) {
		flag = i == 0 ? NAME_EXACT : NAME_WILD;
		if (!name_find(&ix->name, w->key, i, &r, &place) ||
		    (r.flags & flag) == 0)
			continue;
		rc = why_name(w, i, place, flag,
		    flag == NAME_EXACT ? r.exact : r.wild, is_first);
		is_first = false;
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

/* Is there a value for the key, and nothing of it that has not expired? */
static bool
is_expired(const struct generation *gen, const struct index_kind *kind,
    const union index *ix, const struct zone_key *key)
{
	struct index_hit found = {0};
	const uint8_t *rrs, *live;
	size_t len, live_len;

	kind->lookup(ix, key, &found);
	return generation_value(gen, found.value, &rrs, &len) &&
	    value_has_notes(rrs, len) &&
	    !value_live(&(const uint8_t *){rrs}, rrs + len,
		(uint64_t)time(NULL), &live, &live_len);
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
			rc = run(&(struct why){.key = &own, .fn = fn,
			    .arg = arg,
			    .prov = generation_prov(gen, i, &prov) ? &prov : NULL,
			    .is_expired = is_expired(gen, kind, ix, &own)},
			    kind, ix);
	return rc;
}
