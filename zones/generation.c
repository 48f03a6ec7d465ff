/*
 * A generation file, opened for lookups: one read transaction for its life, and
 * pointers into its arrays.
 */
#include "zones/generation.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/store.h"
#include "zones/acl.h"
#include "zones/format.h"
#include "zones/index.h"
#include "zones/prov.h"

struct dataset_index {
	const struct index_kind *kind;
	enum index_role role;
	unsigned number; /* in the names of its arrays */
	union index index;
};

#define ACL_INDEXES_MAX 2 /* one per family */

struct generation {
	struct dataset_index datasets[ZONE_DATASETS_MAX];
	unsigned n_datasets;
	struct dataset_index acl[ACL_INDEXES_MAX];
	unsigned n_acl;
	const uint8_t *ends, *rrs;
	uint32_t n_values, rrs_len;
	bool has_ip4, has_names;
	struct zone_apex apex;
	struct generation_info info;
	struct store *store;
	struct store_txn *txn;
};

__attribute__((format(printf, 3, 4))) static int
refuse(char *why, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, GENERATION_WHY_MAX, fmt, ap);
	va_end(ap);
	return rc;
}

/* ---- opening */

static int
get(const struct generation *gen, const char *key, struct store_bytes *out)
{
	return store_get(gen->txn, 0, key, strlen(key), out);
}

/* What a generation of before has not is 0. */
static void
read_counts(struct generation *gen)
{
	struct store_bytes counts;
	const uint8_t *le;

	if (get(gen, FORMAT_COUNTS, &counts) != 0 ||
	    counts.len != FORMAT_COUNTS_LEN)
		return;
	le = counts.data;
	gen->info.bad_lines = get_le64(le);
	gen->info.expires = get_le64(le + 8);
}

static int
open_values(struct generation *gen)
{
	struct store_bytes ends, rrs;
	int rc;

	rc = get(gen, FORMAT_VALUE_ENDS, &ends);
	if (rc == 0)
		rc = get(gen, FORMAT_VALUE_RRS, &rrs);
	if (rc != 0)
		return rc;
	if (rrs.len > UINT32_MAX || ends.len / 4 > UINT32_MAX)
		return -EBADMSG;
	gen->ends = ends.data;
	gen->n_values = ends.len / 4;
	gen->rrs = rrs.data;
	gen->rrs_len = rrs.len;
	return 0;
}

/* The arrays of index i. */
static int
open_index(struct generation *gen, unsigned i, const uint8_t *kind,
    struct dataset_index *d)
{
	struct store_bytes arrays[INDEX_ARRAYS_MAX];
	char name[FORMAT_KIND + 1] = "", key[ARRAY_NAME_MAX];
	int rc;

	memcpy(name, kind, FORMAT_ROLE);
	d->role = kind[FORMAT_ROLE];
	d->number = i;
	d->kind = index_kind_find(name);
	if (d->kind == NULL)
		return -EBADMSG;
	for (unsigned a = 0; a < INDEX_ARRAYS_MAX &&
	    d->kind->arrays[a] != NULL; a++) {
		array_name(key, i, d->kind->arrays[a]);
		rc = get(gen, key, &arrays[a]);
		if (rc != 0)
			return rc;
	}
	return d->kind->open(&d->index, arrays);
}

static int
open_indexes(struct generation *gen, unsigned n, const uint8_t *kinds)
{
	struct dataset_index *d;
	bool is_acl;
	int rc;

	for (unsigned i = 0; i < n; i++, kinds += FORMAT_KIND) {
		is_acl = kinds[FORMAT_ROLE] == INDEX_ACL;
		if (is_acl && gen->n_acl == ACL_INDEXES_MAX)
			return -EBADMSG;
		d = is_acl ? &gen->acl[gen->n_acl++]
			   : &gen->datasets[gen->n_datasets++];
		rc = open_index(gen, i, kinds, d);
		if (rc != 0)
			return rc;
		if (is_acl)
			continue;
		gen->has_ip4 |= d->kind == &ip4_index_kind;
		gen->has_names |= d->kind == &name_index_kind;
	}
	gen->info.datasets = gen->n_datasets;
	return 0;
}

/* Names one behind the other, nothing cut. */
static bool
are_dnames(const uint8_t *p, size_t len)
{
	size_t left = 0;

	while (len > 0) {
		for (left = len < DNAME_MAX ? len : DNAME_MAX; left > 0 &&
		    *p != 0 && *p <= DNAME_LABEL_MAX && *p + 1u < left;) {
			left -= *p + 1u;
			len -= *p + 1u;
			p += *p + 1u;
		}
		if (left == 0 || *p != 0)
			return false;
		p++;
		len--;
	}
	return true;
}

static bool
is_soa(const uint8_t *p, size_t len)
{
	return len > 20 && are_dnames(p, len - 20);
}

static int
open_header(struct generation *gen, const uint8_t *apex, const char *path,
    char *why)
{
	struct store_bytes header;
	const uint8_t *h;
	size_t apex_len, soa_len, ns_len;
	uint32_t n_indexes;
	int rc;

	rc = get(gen, FORMAT_HEADER, &header);
	h = header.data;
	if (rc != 0 || header.len < FORMAT_FIXED ||
	    memcmp(h, FORMAT_MAGIC, 8) != 0)
		return refuse(why, -EBADMSG, "%s: not a generation file", path);
	if (get_le32(h + 8) != FORMAT_VERSION)
		return refuse(why, -EBADMSG, "%s: of format version %u, this "
		    "program reads %u; build the zone again", path,
		    get_le32(h + 8), FORMAT_VERSION);
	n_indexes = get_le32(h + 12);
	gen->info.number = get_le64(h + 16);
	gen->info.built = get_le64(h + 24);
	gen->info.source_time = get_le64(h + 32);
	gen->info.entries = get_le64(h + 40);
	gen->apex.soa_ttl = get_le32(h + 48);
	gen->apex.negative_ttl = get_le32(h + 52);
	gen->apex.ns_ttl = get_le32(h + 56);
	apex_len = get_le32(h + 60);
	soa_len = get_le32(h + 64);
	ns_len = get_le32(h + 68);
	if (n_indexes > ZONE_DATASETS_MAX || soa_len > UINT16_MAX ||
	    header.len != FORMAT_FIXED + apex_len + soa_len + ns_len +
	    n_indexes * (size_t)FORMAT_KIND)
		return refuse(why, -EBADMSG, "%s: damaged header", path);
	h += FORMAT_FIXED;
	if (apex_len != dname_len(apex) || memcmp(h, apex, apex_len) != 0)
		return refuse(why, -EBADMSG, "%s: built for another zone",
		    path);
	gen->apex.soa = h + apex_len;
	gen->apex.soa_len = soa_len;
	gen->apex.ns = gen->apex.soa + soa_len;
	gen->apex.ns_len = ns_len;
	if (!is_soa(gen->apex.soa, soa_len) || ns_len == 0 ||
	    !are_dnames(gen->apex.ns, ns_len))
		return refuse(why, -EBADMSG, "%s: damaged SOA or NS", path);
	h = gen->apex.ns + ns_len;
	read_counts(gen);
	rc = open_values(gen);
	if (rc == 0)
		rc = open_indexes(gen, n_indexes, h);
	return rc == 0 ? 0 : refuse(why, -EBADMSG, "%s: damaged", path);
}

static int
open_file(struct generation *gen, const char *path, const uint8_t *apex,
    char *why)
{
	static const struct store_opts opts = {.mode = STORE_IMMUTABLE};
	char store_why[STORE_WHY_MAX] = "";
	struct stat st;
	int rc;

	rc = store_open(&gen->store, path, &opts, store_why);
	if (rc != 0)
		return refuse(why, rc, "%s", store_why);
	if (stat(path, &st) == 0)
		gen->info.file_bytes = st.st_size;
	rc = store_read_begin(gen->store, &gen->txn);
	if (rc != 0)
		return refuse(why, rc, "%s: %s", path, strerror(-rc));
	return open_header(gen, apex, path, why);
}

int
generation_open(struct generation **out, const char *path, const uint8_t *apex,
    char *why)
{
	struct generation *gen;
	int rc;

	*out = NULL;
	why[0] = '\0';
	gen = calloc(1, sizeof(*gen));
	if (gen == NULL)
		return refuse(why, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	rc = open_file(gen, path, apex, why);
	if (rc != 0) {
		generation_close(gen);
		return rc;
	}
	*out = gen;
	return 0;
}

void
generation_close(struct generation *gen)
{
	if (gen == NULL)
		return;
	store_read_end(gen->txn);
	store_close(gen->store);
	free(gen);
}

const struct zone_apex *
generation_apex(const struct generation *gen)
{
	return &gen->apex;
}

const struct generation_info *
generation_info(const struct generation *gen)
{
	return &gen->info;
}

/* ---- lookups */

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

/*
 * In a zone that lists IPv4 addresses, the name of an IPv4-mapped address
 * stands for the IPv4 address only, as in rbldnsd.
 */
static bool
is_mapped_only(const struct generation *gen, const struct zone_key *key)
{
	return gen->has_ip4 && key->ip6_bits == 128 && key->ip4_bits == 32 &&
	    key->ip6[0] == 0;
}

bool
generation_asks(const struct generation *gen, unsigned i,
    const struct zone_key *key)
{
	return gen->datasets[i].kind != &ip6_index_kind ||
	    !is_mapped_only(gen, key);
}

bool
generation_prov(const struct generation *gen, unsigned i, struct prov *out)
{
	struct store_bytes arrays[PROV_ARRAYS];
	char key[ARRAY_NAME_MAX];

	for (unsigned a = 0; a < PROV_ARRAYS; a++) {
		array_name(key, gen->datasets[i].number, prov_arrays[a]);
		if (get(gen, key, &arrays[a]) != 0)
			return false;
	}
	return prov_open(out, arrays) == 0;
}

void
generation_fetch(const struct generation *gen, const struct zone_key *key,
    unsigned step)
{
	const struct dataset_index *d = gen->datasets;
	const struct dataset_index *end = d + gen->n_datasets;

	for (; d < end; d++)
		if (d->kind->fetch != NULL)
			d->kind->fetch(&d->index, key, step);
}

bool
generation_has_names(const struct generation *gen)
{
	return gen->has_names;
}

static void
lookup_in(const struct generation *gen, const struct dataset_index *d,
    const struct zone_key *key, struct zone_hits *hits)
{
	struct zone_hit *hit = &hits->hit[hits->n];
	struct index_hit found = {0};

	if (hits->n == ZONE_DATASETS_MAX)
		return;
	d->kind->lookup(&d->index, key, &found);
	if (generation_value(gen, found.value, &hit->rrs, &hit->len)) {
		hit->kind = found.kind;
		hit->first_label = found.first_label;
		hits->n++;
		found.exists = true;
	}
	hits->exists |= found.exists;
}

void
generation_lookup(const struct generation *gen, const struct zone_key *key,
    struct zone_hits *hits)
{
	bool mapped_only = is_mapped_only(gen, key);
	const struct dataset_index *d = gen->datasets;
	const struct dataset_index *end = d + gen->n_datasets;

	for (; d < end; d++)
		if (!mapped_only || d->kind != &ip6_index_kind)
			lookup_in(gen, d, key, hits);
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

/* Could the dataset list the key, whatever it does list? */
static bool
is_listable(const struct dataset_index *d, const struct zone_key *key)
{
	if (d->kind == &ip4_index_kind)
		return key->ip4_bits == 32;
	if (d->kind == &ip6_index_kind)
		return key->ip6_bits == 128;
	return key->n_labels > 0;
}

/* As if every key were listed, with one value. */
static void
list_all(const struct generation *gen, const struct zone_key *key,
    const struct acl_verdict *v, struct zone_hits *hits)
{
	const struct dataset_index *d = gen->datasets;
	const struct dataset_index *end = d + gen->n_datasets;

	while (d < end && (d->role != INDEX_LIST || !is_listable(d, key)))
		d++;
	if (d == end || hits->n == ZONE_DATASETS_MAX)
		return;
	hits->hit[hits->n++] = (struct zone_hit){.rrs = v->rrs, .len = v->len,
	    .kind = ZONE_HIT_CLIENT, .client = v->client};
	hits->exists = true;
}

void
generation_lookup_for(const struct generation *gen, const struct zone_key *key,
    const struct acl_verdict *v, struct zone_hits *hits)
{
	const struct dataset_index *d = gen->datasets;
	const struct dataset_index *end = d + gen->n_datasets;

	if (v->action == ACL_PASS) {
		generation_lookup(gen, key, hits);
		return;
	}
	for (; d < end; d++)
		if (d->role == INDEX_RECORDS)
			lookup_in(gen, d, key, hits);
	if (v->action == ACL_LISTED)
		list_all(gen, key, v, hits);
}
