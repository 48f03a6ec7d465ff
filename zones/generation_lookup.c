/*
 * Lookups: which datasets of a generation a key is asked in, with all that acls
 * and subzones make of it.
 */
#include "zones/generation_impl.h"

#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "zones/acl.h"
#include "zones/value.h"

bool
generation_value(const struct generation *gen, uint32_t value,
    const uint8_t **rrs, size_t *len)
{
	uint32_t begin, end;

	if (value == 0 || value > gen->n_values)
		return false;
	begin = value > 1 ? get_le32(gen->ends + (size_t)(value - 2) * 4) : 0;
	end = get_le32(gen->ends + (size_t)(value - 1) * 4);
	if (begin >= end || end > gen->rrs_len)
		return false;
	*rrs = gen->rrs + begin;
	*len = end - begin;
	return true;
}

const union index *
generation_index(const struct generation *gen, unsigned i,
    const struct index_kind **kind)
{
	if (i >= gen->n_datasets)
		return NULL;
	*kind = gen->datasets[i].kind;
	return &gen->datasets[i].index;
}

bool
generation_has_names(const struct generation *gen)
{
	return (gen->names & gen->plain) != 0;
}

void
generation_fetch(const struct generation *gen, const struct zone_key *key,
    unsigned step)
{
	const struct dataset_index *d = gen->datasets;

	/* what is in subzones is asked by another key */
	for (uint32_t left = gen->plain; left != 0; left >>= 1, d++)
		if ((left & 1) != 0 && d->kind->fetch != NULL)
			d->kind->fetch(&d->index, key, step);
}

/* ---- datasets */

/* A lookup on its way. */
struct asking {
	const struct generation *gen;
	const struct zone_key *key; /* in the subzone at hand */
	const struct acl_verdict *acl;
	struct zone_hits *hits;
	unsigned subzone_labels; /* that the key in it is without */
	bool is_listable; /* something could list the key, whatever it does */
};

static void
add_hit(const struct asking *a, const struct index_hit *found,
    const uint8_t *rrs, size_t len)
{
	struct zone_hits *hits = a->hits;

	if (hits->n < ZONE_DATASETS_MAX)
		hits->hit[hits->n++] = (struct zone_hit){.rrs = rrs,
		    .len = len, .kind = found->kind,
		    .first_label = found->first_label,
		    .subzone_labels = a->subzone_labels};
	hits->exists = true;
}

/* Of a value that expires, or parts of which do: those that have not. False if
 * there are none. */
static bool
add_live_hits(const struct asking *a, const struct index_hit *found,
    const uint8_t *rrs, size_t len)
{
	const uint8_t *end = rrs + len, *live;
	uint64_t now = (uint64_t)time(NULL);
	bool any = false;
	size_t live_len;

	(void)value_alternative(&rrs, &end, now);
	for (; value_live(&rrs, end, now, &live, &live_len); any = true)
		add_hit(a, found, live, live_len);
	return any;
}

static void
ask_dataset(const struct asking *a, const struct dataset_index *d)
{
	struct index_hit found = {0};
	const uint8_t *rrs;
	size_t len;

	d->kind->lookup(&d->index, a->key, &found);
	a->hits->exists |= found.exists;
	while (generation_value(a->gen, found.value, &rrs, &len)) {
		if (!value_has_notes(rrs, len)) {
			add_hit(a, &found, rrs, len);
			return;
		}
		if (add_live_hits(a, &found, rrs, len) ||
		    d->kind->around == NULL)
			return;
		d->kind->around(&d->index, a->key, &found);
	}
}

static bool
could_list(const struct dataset_index *d, const struct zone_key *key)
{
	if (d->kind == &ip4_index_kind)
		return key->ip4_bits == 32;
	if (d->kind == &ip6_index_kind)
		return key->ip6_bits == 128;
	return key->n_labels > 0;
}

/*
 * In a zone that lists IPv4 addresses, the name of an IPv4-mapped address
 * stands for the IPv4 address only, as in rbldnsd.
 */
static bool
is_mapped_only(const struct generation *gen, uint32_t datasets,
    const struct zone_key *key)
{
	return (gen->ip4 & datasets) != 0 && key->ip6_bits == 128 &&
	    key->ip4_bits == 32 && key->ip6[0] == 0;
}

/* datasets: a bit each. */
static void
ask_datasets(struct asking *a, uint32_t datasets)
{
	bool mapped_only = is_mapped_only(a->gen, datasets, a->key);
	const struct dataset_index *d = a->gen->datasets;

	for (; datasets != 0; datasets >>= 1, d++) {
		if ((datasets & 1) == 0 ||
		    (mapped_only && d->kind == &ip6_index_kind))
			continue;
		if (a->acl->action == ACL_PASS || d->role == INDEX_RECORDS)
			ask_dataset(a, d);
		else
			a->is_listable |= could_list(d, a->key);
	}
}

/* ---- subzones */

static void
ask_subzone(struct asking *a, const struct subzone *s)
{
	bool has_names = (s->indexes & a->gen->names) != 0;
	uint64_t hash[DNAME_LABELS_MAX + 1];
	const struct zone_key *whole = a->key;
	struct zone_key key;

	subzone_narrow(s, whole, has_names, &key, hash);
	a->key = &key;
	a->subzone_labels = s->n_labels;
	a->hits->exists |= key.n_labels == 0;
	ask_datasets(a, s->indexes);
	a->key = whole;
	a->subzone_labels = 0;
}

/* Of each combined dataset the first subzone that holds the key: they stand in
 * the order of their labels. */
static void
ask_subzones(struct asking *a)
{
	const struct subzone *s = a->gen->subzones, *end;
	unsigned done = UINT32_MAX; /* a group */

	for (end = s + a->gen->n_subzones; s < end; s++) {
		if (subzone_is_below(s, a->key))
			a->hits->exists = true;
		if (s->group == done || !subzone_holds(s, a->key))
			continue;
		ask_subzone(a, s);
		done = s->group;
	}
}

/* The one in which a dataset is asked for the key; NULL if there is none. */
static const struct subzone *
subzone_of(const struct generation *gen, unsigned i,
    const struct zone_key *key)
{
	const struct subzone *s = gen->subzones, *end = s + gen->n_subzones;
	unsigned done = UINT32_MAX; /* a group */

	for (; s < end; s++) {
		if (s->group == done || !subzone_holds(s, key))
			continue;
		if ((s->indexes >> i & 1) != 0)
			return s;
		done = s->group;
	}
	return NULL;
}

bool
generation_key(const struct generation *gen, unsigned i,
    const struct zone_key *key, struct zone_key *out, uint64_t *hash)
{
	uint32_t datasets = gen->plain;
	const struct subzone *s;

	*out = *key;
	if (generation_is_nested(gen, i)) {
		s = subzone_of(gen, i, key);
		if (s == NULL)
			return false;
		subzone_narrow(s, key, true, out, hash);
		datasets = s->indexes;
	}
	return gen->datasets[i].kind != &ip6_index_kind ||
	    !is_mapped_only(gen, datasets, out);
}

/* ---- all of it */

static void
list_all(const struct acl_verdict *acl, struct zone_hits *hits)
{
	if (hits->n == ZONE_DATASETS_MAX)
		return;
	hits->hit[hits->n++] = (struct zone_hit){.rrs = acl->rrs,
	    .len = acl->len, .kind = ZONE_HIT_CLIENT, .client = acl->client};
	hits->exists = true;
}

void
generation_lookup_for(const struct generation *gen, const struct zone_key *key,
    const struct acl_verdict *acl, struct zone_hits *hits)
{
	struct asking a = {.gen = gen, .key = key, .acl = acl, .hits = hits};

	ask_datasets(&a, gen->plain);
	if (gen->n_subzones > 0)
		ask_subzones(&a);
	if (acl->action == ACL_LISTED && a.is_listable)
		list_all(acl, hits);
}

void
generation_lookup(const struct generation *gen, const struct zone_key *key,
    struct zone_hits *hits)
{
	static const struct acl_verdict none;

	generation_lookup_for(gen, key, &none, hits);
}

/* ---- access control */

bool
generation_has_acl(const struct generation *gen)
{
	return gen->n_acl > 0;
}

void
generation_acl(const struct generation *gen, struct acl_verdict *v)
{
	bool is_ip4 = v->client->family == AF_INET;
	struct zone_key key = {.n_labels = is_ip4 ? 4 : 32,
	    .ip4_bits = is_ip4 ? 32 : 0, .ip6_bits = is_ip4 ? 0 : 128};
	const uint8_t *rrs;
	size_t len;

	if (is_ip4)
		key.ip4 = get_be32(v->client->bytes);
	else
		memcpy(key.ip6, v->client->bytes, sizeof(key.ip6));
	for (unsigned i = 0; i < gen->n_acl; i++) {
		struct index_hit found = {0};

		gen->acl[i].kind->lookup(&gen->acl[i].index, &key, &found);
		if (generation_value(gen, found.value, &rrs, &len))
			acl_verdict_add(v, rrs, len);
	}
}
