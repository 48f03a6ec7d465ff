/*
 * From a zone's dataset files to its next generation: read all, make the
 * arrays, write them into one file, have it judged, publish it. Until the last
 * step nothing changes for those who serve the zone.
 */
#include "zones/build_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "lib/dname.h"
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
		rc = build_write(b, path, publish_number(p), why);
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
		rc = build_write(&b, path, result->number, why);
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
