/*
 * A generation file, opened: one read transaction for its life, and pointers
 * into its arrays. What is looked up in them is in generation_lookup.c.
 */
#include "zones/generation_impl.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/store.h"
#include "lib/why.h"
#include "zones/format.h"
#include "zones/prov.h"

#define refuse(why, rc, ...) why_fail(why, GENERATION_WHY_MAX, rc, __VA_ARGS__)

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
open_dataset(struct generation *gen, unsigned i, const uint8_t *kind)
{
	uint32_t bit = 1u << gen->n_datasets;
	struct dataset_index *d = &gen->datasets[gen->n_datasets++];
	int rc = open_index(gen, i, kind, d);

	if (d->kind == &ip4_index_kind)
		gen->ip4 |= bit;
	else if (d->kind == &name_index_kind)
		gen->names |= bit;
	gen->plain |= bit;
	gen->info.datasets = gen->n_datasets;
	return rc;
}

static int
open_acl(struct generation *gen, unsigned i, const uint8_t *kind)
{
	if (gen->n_acl == ACL_INDEXES_MAX)
		return -EBADMSG;
	return open_index(gen, i, kind, &gen->acl[gen->n_acl++]);
}

/* Acls are no datasets; *datasets is a bit for each index that is one. */
static int
open_indexes(struct generation *gen, unsigned n, const uint8_t *kinds,
    uint32_t *datasets)
{
	int rc = 0;

	*datasets = 0;
	for (unsigned i = 0; i < n && rc == 0; i++, kinds += FORMAT_KIND) {
		if (kinds[FORMAT_ROLE] == INDEX_ACL) {
			rc = open_acl(gen, i, kinds);
			continue;
		}
		*datasets |= 1u << i;
		rc = open_dataset(gen, i, kinds);
	}
	return rc;
}

/* Bits of indexes as bits of datasets. */
static uint32_t
renumber(uint32_t indexes, uint32_t datasets)
{
	uint32_t out = 0, bit = 1;

	for (; datasets != 0; datasets &= datasets - 1, bit <<= 1)
		if ((indexes & datasets & -datasets) != 0)
			out |= bit;
	return out;
}

/* A zone without combined datasets has none. */
static int
open_subzones(struct generation *gen, uint32_t datasets)
{
	struct store_bytes bytes;
	struct subzone *s;
	int rc;

	if (get(gen, SUBZONES_KEY, &bytes) != 0)
		return 0;
	rc = subzones_read(&gen->subzones, &gen->n_subzones, bytes.data,
	    bytes.len);
	for (size_t i = 0; i < gen->n_subzones && rc == 0; i++) {
		s = &gen->subzones[i];
		s->indexes = renumber(s->indexes, datasets);
		gen->plain &= ~s->indexes;
	}
	return rc;
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
	uint32_t n_indexes, datasets;
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
		rc = open_indexes(gen, n_indexes, h, &datasets);
	if (rc == 0)
		rc = open_subzones(gen, datasets);
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
	free(gen->subzones);
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
