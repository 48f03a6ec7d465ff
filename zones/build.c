/*
 * From a zone's dataset files to its next generation: read all, make the
 * arrays, write them into one file, have it judged, publish it. Until the last
 * step nothing changes for those who serve the zone.
 */
#include "zones/build.h"

#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "lib/dname.h"
#include "lib/store.h"
#include "zones/dataset.h"
#include "zones/format.h"
#include "zones/generation.h"
#include "zones/history.h"
#include "zones/publish.h"

bool
build_type_is_known(const char *type)
{
	return dataset_type_find(type) != NULL;
}

static const struct dataset_type *
find_type(const char *type, char *why)
{
	const struct dataset_type *found = dataset_type_find(type);

	if (found == NULL)
		snprintf(why, GENERATION_WHY_MAX, "unknown dataset type %s; "
		    "known are ip4set, ip4trie, ip4tset, ip6trie, ip6tset, "
		    "dnset, generic, combined, acl, plain, domains, hosts, "
		    "csv, drop-json, bind, rpz", type);
	return found;
}

/* What is known of a zone while its datasets are read, one by one. */
struct build {
	const struct conf_zone *zone;
	struct intern values;
	struct arrays arrays;
	struct dataset_soa soa; /* of the first dataset that has one */
	struct dataset_ns ns;
	uint32_t min_ttl;
	int64_t modified;
	struct gate_counts counts;
	struct build_result *result;
};

/* ---- SOA and NS */

static int
put_name(struct buf *b, const uint8_t *name)
{
	return buf_put(b, name, dname_len(name));
}

/* What RFC 6303 3 gives to zones that nobody wrote an SOA for. */
static int
make_up_soa(struct build *b)
{
	static const uint8_t person[] = "\6nobody\7invalid";
	uint8_t numbers[20] = {0};
	int rc;

	put_be32(numbers + 4, 3600);
	put_be32(numbers + 8, 1200);
	put_be32(numbers + 12, 604800);
	put_be32(numbers + 16, b->min_ttl);
	rc = put_name(&b->soa.rdata, b->zone->apex);
	if (rc == 0)
		rc = put_name(&b->soa.rdata, person);
	if (rc == 0)
		rc = buf_put(&b->soa.rdata, numbers, sizeof(numbers));
	b->soa.ttl = b->min_ttl;
	return rc;
}

static int
settle_apex(struct build *b)
{
	uint8_t *serial;
	int rc = 0;

	if (!b->soa.is_set)
		rc = make_up_soa(b);
	if (rc == 0 && !b->ns.is_set) {
		rc = put_name(&b->ns.names, b->zone->apex);
		b->ns.ttl = b->min_ttl;
	}
	if (rc != 0)
		return rc;
	serial = b->soa.rdata.data + b->soa.rdata.len - 20;
	if (get_be32(serial) == 0)
		put_be32(serial, b->modified);
	return 0;
}

/* ---- reading */

static void
take_soa_and_ns(struct build *b, struct dataset *ds)
{
	if (!b->soa.is_set) {
		b->soa = ds->soa;
		ds->soa = (struct dataset_soa){0};
	}
	if (!b->ns.is_set) {
		b->ns = ds->ns;
		ds->ns = (struct dataset_ns){0};
	}
}

/* Clients of an acl are no entries; but in the zone of the acl for all. */
static bool
is_list(const struct build *b, const struct dataset *ds)
{
	return ds->type->role != INDEX_ACL || b->zone->apex[0] == 0;
}

static void
take_counts(struct build *b, const struct dataset *ds)
{
	struct gate_counts *c = &b->counts;

	c->entries += is_list(b, ds) ? ds->entries : 0;
	c->bad_lines += ds->bad_lines;
	c->cut_files += ds->cut_files;
	c->pages += ds->pages;
	if (c->stamp < ds->stamp)
		c->stamp = ds->stamp;
	if (ds->expires != 0 && (c->expires == 0 || c->expires > ds->expires))
		c->expires = ds->expires;
	b->result->entries = c->entries;
	b->result->bad_lines = c->bad_lines;
}

static int
read_dataset(struct build *b, struct dataset *ds, size_t i, char *why)
{
	const struct conf_dataset *conf = &b->zone->datasets[i];
	int rc = 0;

	ds->wants_build = true;
	if (b->zone->provenance)
		dataset_want_provenance(ds, conf->type);
	for (size_t f = 0; f < conf->n_files && rc == 0; f++)
		rc = dataset_read(ds, conf->files[f], why);
	take_counts(b, ds);
	if (rc == 0)
		rc = dataset_finish(ds, &b->values, &b->arrays, why);
	if (rc != 0 || !is_list(b, ds))
		return rc;
	if (b->min_ttl == 0 || ds->pool.ttl < b->min_ttl)
		b->min_ttl = ds->pool.ttl;
	if (ds->modified > b->modified)
		b->modified = ds->modified;
	take_soa_and_ns(b, ds);
	return 0;
}

/* All types are known, and there is at most one acl: beside lists, or alone in
 * the zone ".", whose acl is for all zones. */
static int
check_types(const struct conf_zone *zone, char *why)
{
	bool is_for_all = zone->apex[0] == 0;
	const struct dataset_type *type;
	size_t n_acl = 0;

	if (zone->n_datasets > ZONE_DATASETS_MAX) {
		snprintf(why, GENERATION_WHY_MAX, "%s: %zu datasets; at most "
		    "%d are possible, one may have many files", zone->name,
		    zone->n_datasets, ZONE_DATASETS_MAX);
		return -E2BIG;
	}
	for (size_t i = 0; i < zone->n_datasets; i++) {
		type = find_type(zone->datasets[i].type, why);
		if (type == NULL)
			return -EINVAL;
		n_acl += type->role == INDEX_ACL;
	}
	if (is_for_all ? n_acl == 1 && zone->n_datasets == 1 :
	    n_acl == 0 || (n_acl == 1 && zone->n_datasets > 1))
		return 0;
	snprintf(why, GENERATION_WHY_MAX, "%s: %s", zone->name,
	    n_acl > 1 ? "more than one acl; one may have many files" :
	    is_for_all ? "the zone . takes one dataset, an acl for all zones" :
	    "nothing but an acl; add what is listed, or name the zone . to "
	    "make it one for all zones");
	return -EINVAL;
}

static int
read_datasets(struct build *b, build_report_fn *report, void *arg, char *why)
{
	const struct conf_zone *zone = b->zone;
	const struct dataset_type *type;
	struct dataset ds;
	int rc;

	rc = check_types(zone, why);
	for (size_t i = 0; i < zone->n_datasets && rc == 0; i++) {
		type = find_type(zone->datasets[i].type, why);
		rc = dataset_begin(&ds, type, zone->apex, report, arg);
		dataset_reading(&ds, &zone->reading);
		if (rc == 0)
			rc = dataset_options(&ds, zone->datasets[i].type, why);
		if (rc == 0)
			rc = read_dataset(b, &ds, i, why);
		dataset_end(&ds);
	}
	return rc == 0 ? settle_apex(b) : rc;
}

/* ---- writing */

/* FORMAT_KIND bytes for each index; how many there are. */
static int
put_kinds(const struct build *b, struct buf *out, unsigned *n)
{
	const struct index_kind *kind;
	int rc = 0;

	for (*n = 0; rc == 0 && (kind = arrays_kind(&b->arrays, *n)) != NULL;
	     (*n)++) {
		char name[FORMAT_KIND] = "";

		memcpy(name, kind->name, strlen(kind->name));
		name[FORMAT_ROLE] = (char)arrays_role(&b->arrays, *n);
		rc = buf_put(out, name, sizeof(name));
	}
	return rc;
}

static int
make_header(const struct build *b, uint64_t number, struct buf *out)
{
	uint8_t h[FORMAT_FIXED];
	const uint8_t *soa_end = b->soa.rdata.data + b->soa.rdata.len;
	uint32_t minimum = get_be32(soa_end - 4);
	unsigned n_indexes = 0;
	int rc;

	memcpy(h, FORMAT_MAGIC, 8);
	put_le32(h + 8, FORMAT_VERSION);
	put_le32(h + 12, 0); /* counted below */
	put_le64(h + 16, number);
	put_le64(h + 24, time(NULL));
	put_le64(h + 32, b->modified);
	put_le64(h + 40, b->result->entries);
	put_le32(h + 48, b->soa.ttl);
	put_le32(h + 52, minimum < b->soa.ttl ? minimum : b->soa.ttl);
	put_le32(h + 56, b->ns.ttl);
	put_le32(h + 60, dname_len(b->zone->apex));
	put_le32(h + 64, b->soa.rdata.len);
	put_le32(h + 68, b->ns.names.len);
	rc = buf_put(out, h, sizeof(h));
	if (rc == 0)
		rc = put_name(out, b->zone->apex);
	if (rc == 0)
		rc = buf_put(out, b->soa.rdata.data, b->soa.rdata.len);
	if (rc == 0)
		rc = buf_put(out, b->ns.names.data, b->ns.names.len);
	if (rc == 0)
		rc = put_kinds(b, out, &n_indexes);
	if (rc == 0)
		put_le32(out->data + 12, n_indexes);
	return rc;
}

/* The file that is written. */
struct output {
	struct store_txn *txn;
	uint64_t sum; /* see FORMAT_SUM */
};

static int
put(struct output *o, const char *key, const struct buf *b)
{
	o->sum += format_sum(key, strlen(key), b->data, b->len);
	return store_put(o->txn, 0, key, strlen(key),
	    b->len > 0 ? b->data : (const uint8_t *)"", b->len);
}

static int
put_values(struct output *o, const struct build *b)
{
	const struct intern *values = &b->values;
	struct buf ends = {0};
	uint8_t le[4];
	size_t len, end = 0;
	int rc = 0;

	if (values->bytes.len > UINT32_MAX)
		return -EFBIG;
	for (uint32_t id = 1; id <= values->count && rc == 0; id++) {
		(void)intern_get(values, id, &len);
		end += len;
		put_le32(le, end);
		rc = buf_put(&ends, le, sizeof(le));
	}
	if (rc == 0)
		rc = put(o, FORMAT_VALUE_ENDS, &ends);
	if (rc == 0)
		rc = put(o, FORMAT_VALUE_RRS, &values->bytes);
	buf_free(&ends);
	return rc;
}

static int
put_counts(struct output *o, const struct build *b)
{
	uint8_t le[FORMAT_COUNTS_LEN];
	struct buf bytes = {.data = le, .len = sizeof(le)};

	put_le64(le, b->counts.bad_lines);
	put_le64(le + 8, (uint64_t)b->counts.expires);
	return put(o, FORMAT_COUNTS, &bytes);
}

/* Writes an array and lets go of it piece by piece, the last one first, so that
 * the memory of both is never needed. */
#define PIECE ((size_t)16 << 20)

static int
put_array(struct output *o, struct array *a)
{
	struct buf *b = &a->bytes;
	uint8_t *shorter;
	size_t left;
	void *to;
	int rc;

	if (b->len < PIECE)
		return put(o, a->name, b);
	o->sum += format_sum(a->name, strlen(a->name), b->data, b->len);
	rc = store_reserve(o->txn, 0, a->name, strlen(a->name), b->len, &to);
	for (left = b->len; rc == 0 && left > 0; left = b->len) {
		b->len = (left - 1) / PIECE * PIECE;
		memcpy((uint8_t *)to + b->len, b->data + b->len, left - b->len);
		shorter = realloc(b->data, b->len > 0 ? b->len : 1);
		if (shorter != NULL)
			b->data = shorter;
	}
	return rc;
}

/* Only where there are combined datasets. */
static int
put_subzones(struct output *o, struct build *b)
{
	struct buf bytes = {0};
	int rc = subzones_put(&b->arrays.subzones, &bytes);

	if (rc == 0 && bytes.len > 0)
		rc = put(o, SUBZONES_KEY, &bytes);
	buf_free(&bytes);
	return rc;
}

static int
put_sum(const struct output *o)
{
	uint8_t le[8];

	put_le64(le, o->sum);
	return store_put(o->txn, 0, FORMAT_SUM, strlen(FORMAT_SUM), le,
	    sizeof(le));
}

/* Each array is let go of when it is written. */
static int
put_all(struct output *o, struct build *b, uint64_t number)
{
	struct buf header = {0};
	struct array *list;
	size_t n;
	int rc;

	rc = make_header(b, number, &header);
	if (rc == 0)
		rc = put(o, FORMAT_HEADER, &header);
	buf_free(&header);
	if (rc == 0)
		rc = put_counts(o, b);
	if (rc == 0)
		rc = put_values(o, b);
	if (rc == 0)
		rc = put_subzones(o, b);
	list = arrays_list(&b->arrays, &n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = put_array(o, &list[i]);
		buf_free(&list[i].bytes);
	}
	return rc == 0 ? put_sum(o) : rc;
}

/* Room that the file may need: all arrays, and LMDB's own pages. */
static size_t
size_max(const struct build *b)
{
	size_t n, sum = b->values.bytes.len + b->values.ends.len +
	    b->arrays.subzones.list.len;
	const struct array *list = arrays_list(&b->arrays, &n);

	for (size_t i = 0; i < n; i++)
		sum += list[i].bytes.len + 2 * 4096;
	return sum + sum / 64 + (4 << 20);
}

static int
write_file(struct build *b, const char *path, uint64_t number, char *why)
{
	struct store_opts opts = {.mode = STORE_NEW, .file_mode = 0644,
	    .size_max = size_max(b)};
	char store_why[STORE_WHY_MAX];
	struct output o = {.sum = 0};
	struct store *store;
	struct stat st;
	int rc;

	rc = store_open(&store, path, &opts, store_why);
	if (rc != 0) {
		snprintf(why, GENERATION_WHY_MAX, "%s", store_why);
		return rc;
	}
	rc = store_write_begin(store, &o.txn);
	if (rc == 0) {
		rc = put_all(&o, b, number);
		if (rc == 0)
			rc = store_write_commit(o.txn);
		else
			store_write_abort(o.txn);
	}
	store_close(store);
	if (rc != 0)
		snprintf(why, GENERATION_WHY_MAX, "%s: %s", path,
		    strerror(-rc));
	else if (stat(path, &st) == 0)
		b->result->file_bytes = st.st_size;
	return rc;
}

/* ---- judging */

static int
check_rules(const char *const *names, size_t n, const char *where, char *why)
{
	const char *unknown = gate_unknown_rule(names, n);
	size_t len;

	if (unknown == NULL)
		return 0;
	snprintf(why, GENERATION_WHY_MAX, "%s: there is no rule %.40s; there "
	    "is", where, unknown);
	for (size_t i = 0; gate_rule(i) != NULL; i++) {
		len = strlen(why);
		snprintf(why + len, GENERATION_WHY_MAX - len, " %s",
		    gate_rule(i)->name);
	}
	return -EINVAL;
}

static int
check_all_rules(const struct conf_zone *zone, const char *const *force,
    char *why)
{
	size_t n = 0;
	int rc;

	while (force != NULL && force[n] != NULL)
		n++;
	rc = check_rules(force, n, "--force", why);
	return rc != 0 ? rc : check_rules(
	    (const char *const *)zone->gate.skip, zone->gate.n_skip,
	    "skip-rules", why);
}

/* A current generation that cannot be opened is none to compare with. */
static struct generation *
open_current(const struct conf_zone *zone, const char *state_dir)
{
	char path[PATH_MAX], ignored[GENERATION_WHY_MAX];
	struct generation *gen;

	if (publish_current(path, state_dir, zone->name) != 0 ||
	    generation_open(&gen, path, zone->apex, ignored) != 0)
		return NULL;
	return gen;
}

static int
judge(struct build *b, const char *state_dir, const char *path,
    const char *const *force, char *why)
{
	struct gate_verdict *v = &b->result->verdict;
	struct generation *next, *current;
	struct gate_case c = {.zone = b->zone, .counts = &b->counts,
	    .now = time(NULL)};
	int rc;

	rc = generation_open(&next, path, b->zone->apex, why);
	if (rc != 0)
		return rc;
	current = open_current(b->zone, state_dir);
	c.next = next;
	c.current = current;
	gate_judge(v, &c, force);
	generation_close(current);
	generation_close(next);
	if (v->passed)
		return 0;
	snprintf(why, GENERATION_WHY_MAX, "refused by %.*s: %s; --force %s "
	    "publishes it all the same", (int)strcspn(v->refused, ","),
	    v->refused, v->why, v->refused);
	return -ECANCELED;
}

/* ---- all of it */

static int
build(struct build *b, const char *state_dir, const char *const *force,
    build_report_fn *report, void *arg, char *why)
{
	const char *path;
	struct publish *p;
	int rc;

	rc = check_all_rules(b->zone, force, why);
	if (rc == 0)
		rc = publish_begin(&p, state_dir, b->zone->name, why);
	if (rc != 0)
		return rc;
	path = publish_temp_path(p);
	publish_keep(p, b->zone->keep);
	b->result->number = publish_number(p);
	rc = read_datasets(b, report, arg, why);
	if (rc == 0)
		rc = write_file(b, path, publish_number(p), why);
	if (rc == 0)
		rc = judge(b, state_dir, path, force, why);
	if (rc != 0) {
		publish_abort(p);
		return rc;
	}
	return publish_commit(p, why);
}

/* What cannot be written down, on a full disk, is no reason to fail. */
static void
write_history(const struct build *b, const char *state_dir, int rc,
    const char *why)
{
	const struct build_result *r = b->result;
	char text[HISTORY_TEXT_MAX];

	if (rc == 0) {
		snprintf(text, sizeof(text), "%" PRIu64 " entries, %" PRIu64
		    " bad lines, %" PRIu64 " bytes%s%s", r->entries,
		    r->bad_lines, r->file_bytes, r->verdict.forced[0] ?
		    ", forced past " : "", r->verdict.forced);
		why = text;
	}
	(void)history_add(state_dir, b->zone->name, rc == 0 ?
	    HISTORY_PUBLISHED : rc == -ECANCELED ? HISTORY_REFUSED :
	    HISTORY_FAILED, rc == 0 ? r->number : 0, why);
}

static void
explain(const struct conf_zone *zone, int rc, char *why)
{
	if (rc != 0 && why[0] == '\0')
		snprintf(why, GENERATION_WHY_MAX, "%s: %s", zone->name,
		    strerror(-rc));
}

static void
clear(struct build *b)
{
	intern_free(&b->values);
	arrays_free(&b->arrays);
	buf_free(&b->soa.rdata);
	buf_free(&b->ns.names);
}

int
build_zone_forced(const struct conf_zone *zone, const char *state_dir,
    const char *const *force, build_report_fn *report, void *arg,
    struct build_result *result, char *why)
{
	struct build b = {.zone = zone, .result = result};
	int rc;

	*result = (struct build_result){0};
	why[0] = '\0';
	rc = build(&b, state_dir, force, report, arg, why);
	explain(zone, rc, why);
	write_history(&b, state_dir, rc, why);
	clear(&b);
	return rc;
}

int
build_zone(const struct conf_zone *zone, const char *state_dir,
    build_report_fn *report, void *arg, struct build_result *result, char *why)
{
	return build_zone_forced(zone, state_dir, NULL, report, arg, result,
	    why);
}

int
build_file(const struct conf_zone *zone, const char *path,
    build_report_fn *report, void *arg, struct build_result *result, char *why)
{
	struct build b = {.zone = zone, .result = result};
	int rc;

	*result = (struct build_result){.number = 1};
	why[0] = '\0';
	rc = read_datasets(&b, report, arg, why);
	if (rc == 0)
		rc = write_file(&b, path, result->number, why);
	explain(zone, rc, why);
	clear(&b);
	return rc;
}

int
build_check(const char *type, const char *file, build_report_fn *report,
    void *arg, struct build_result *result, char *why)
{
	static const uint8_t root[1];
	const struct dataset_type *found;
	struct dataset ds;
	int rc;

	*result = (struct build_result){0};
	why[0] = '\0';
	found = find_type(type, why);
	if (found == NULL)
		return -EINVAL;
	rc = dataset_begin(&ds, found, root, report, arg);
	if (rc == 0)
		rc = dataset_options(&ds, type, why);
	if (rc == 0)
		rc = dataset_read(&ds, file, why);
	result->entries = ds.entries;
	result->bad_lines = ds.bad_lines;
	dataset_end(&ds);
	return rc;
}
