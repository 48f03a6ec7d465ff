/*
 * For tests of zones/: a zone from texts, built into the test's folder, and
 * what it answers, as text.
 */
#ifndef TESTS_UNIT_ZONES_H
#define TESTS_UNIT_ZONES_H

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>

#include "lib/dns.h"
#include "tests/unit/unit.h"
#include "zones/acl.h"
#include "zones/build.h"
#include "zones/generation.h"
#include "zones/publish.h"
#include "zones/value.h"

#define ZONES_APEX "bl.test"
#define ZONES_MAX 8

struct test_zone {
	struct conf_zone conf;
	struct conf_dataset datasets[ZONES_MAX];
	char *files[ZONES_MAX][ZONES_MAX];
	struct generation *gen; /* the one that was built last; or NULL */
	struct build_result result;
	char why[GENERATION_WHY_MAX];
	char reports[8192]; /* "file:line: text\n" each, file without folder */
};

__attribute__((unused)) static void
zones_write(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

__attribute__((unused)) static void
zones_init(struct test_zone *z, const char *apex)
{
	static char name[256];
	/* of the gate: test_gate.c has its own */
	static char file[] = "whole-file", page[] = "page",
	    points[] = "test-points", protect[] = "protect",
	    *skip[] = {file, page, points, protect};

	memset(z, 0, sizeof(*z));
	z->conf.gate.skip = skip;
	z->conf.gate.n_skip = UNIT_COUNT(skip);
	snprintf(name, sizeof(name), "%s", apex);
	z->conf.name = name;
	z->conf.datasets = z->datasets;
	ck_assert_int_gt(dname_from_txt(z->conf.apex, apex, strlen(apex)), 0);
}

/* A dataset of one type; its first file. Returns the path. */
__attribute__((unused)) static const char *
zones_add(struct test_zone *z, const char *type, const char *text)
{
	size_t n = z->conf.n_datasets++;
	struct conf_dataset *ds = &z->datasets[n];
	char name[64];

	ck_assert_uint_lt(n, ZONES_MAX);
	snprintf(name, sizeof(name), "%s%zu", type, n);
	ds->type = strdup(type);
	ds->files = z->files[n];
	ds->files[ds->n_files++] = strdup(unit_path(name));
	zones_write(ds->files[0], text, strlen(text));
	return ds->files[0];
}

/* A further file of the dataset that was added last. */
__attribute__((unused)) static void
zones_add_file(struct test_zone *z, const char *text)
{
	struct conf_dataset *ds = &z->datasets[z->conf.n_datasets - 1];
	char name[32];

	snprintf(name, sizeof(name), "%s%zu-%zu", ds->type, z->conf.n_datasets,
	    ds->n_files);
	ds->files[ds->n_files] = strdup(unit_path(name));
	zones_write(ds->files[ds->n_files++], text, strlen(text));
}

__attribute__((unused)) static void
zones_on_report(void *arg, const char *file, unsigned line, const char *text)
{
	struct test_zone *z = arg;
	size_t len = strlen(z->reports);

	file = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	snprintf(z->reports + len, sizeof(z->reports) - len, "%s:%u: %s\n",
	    file, line, text);
}

/* build_zone() into the test's folder; what is served is opened. */
__attribute__((unused)) static int
zones_build(struct test_zone *z)
{
	char path[PATH_MAX], why[GENERATION_WHY_MAX];
	int rc;

	z->reports[0] = '\0';
	rc = build_zone(&z->conf, unit_path("state"), zones_on_report, z,
	    &z->result, z->why);
	if (rc == 0)
		ck_assert_str_eq(z->why, "");
	else
		ck_assert_str_ne(z->why, "");
	generation_close(z->gen);
	z->gen = NULL;
	ck_assert_int_eq(publish_current(path, unit_path("state"),
	    z->conf.name), 0);
	if (rc == 0) {
		rc = generation_open(&z->gen, path, z->conf.apex, why);
		ck_assert_msg(rc == 0, "%s", why);
	}
	return rc;
}

__attribute__((unused)) static void
zones_free(struct test_zone *z)
{
	generation_close(z->gen);
	for (size_t i = 0; i < z->conf.n_datasets; i++) {
		free(z->datasets[i].type);
		for (size_t f = 0; f < z->datasets[i].n_files; f++)
			free(z->files[i][f]);
	}
}

/* ---- answers */

static void
zones_put_rr(char **p, const struct value_rr *rr, const char *key_txt)
{
	uint8_t rdata[256] = {0};
	char name[DNAME_TXT_MAX];
	size_t len = rr->len;

	if (rr->is_template)
		len = value_expand(rdata, rr, key_txt);
	else
		memcpy(rdata, rr->data, len < 256 ? len : 256);
	if (rr->type == DNS_TYPE_A)
		*p += sprintf(*p, "A %u.%u.%u.%u", rdata[0], rdata[1],
		    rdata[2], rdata[3]);
	else if (rr->type == DNS_TYPE_TXT)
		*p += sprintf(*p, "TXT %.*s", (int)(len - 1), rdata + 1);
	else if (rr->type == DNS_TYPE_MX)
		*p += sprintf(*p, "MX %u %s", rdata[0] << 8 | rdata[1],
		    dname_to_txt(name, rdata + 2));
	else if (rr->type == DNS_TYPE_SRV)
		*p += sprintf(*p, "SRV %u %u %u %s", get_be16(rdata),
		    get_be16(rdata + 2), get_be16(rdata + 4),
		    dname_to_txt(name, rdata + 6));
	else if (rr->type == DNS_TYPE_CNAME || rr->type == DNS_TYPE_NS ||
	    rr->type == DNS_TYPE_PTR)
		*p += sprintf(*p, "%s %s", rr->type == DNS_TYPE_NS ? "NS" :
		    rr->type == DNS_TYPE_PTR ? "PTR" : "CNAME",
		    dname_to_txt(name, rdata));
	else if (rr->type == DNS_TYPE_AAAA && len == 16)
		*p += sprintf(*p, "AAAA %x:%x..%x", get_be16(rdata),
		    get_be16(rdata + 2), get_be16(rdata + 14));
	else
		*p += sprintf(*p, "TYPE%u", rr->type);
	ck_assert(rr->type != DNS_TYPE_TXT || rdata[0] == len - 1);
}

/*
 * What is there at a name below the apex: "A 127.0.0.2 | TXT text | ...", in
 * the order of datasets and values, each with its TTL behind it if that is not
 * 2100; "NODATA"; or "NXDOMAIN". Borrowed until the next call.
 */
__attribute__((unused)) static const char *
zones_ask_for(const struct test_zone *z, const char *rel,
    const struct acl_verdict *acl)
{
	static char out[65536];
	char name[2048], key_txt[DNAME_TXT_MAX], *p = out;
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct zone_hits hits = {.n = 0};
	struct zone_key key;
	struct value_rr rr;
	int len;

	snprintf(name, sizeof(name), "%s%s%s", rel, *rel ? "." : "",
	    z->conf.name);
	len = dname_from_txt(dname, name, strlen(name));
	ck_assert_msg(len > 0, "%s", name);
	dname_lower(dname, (size_t)len);
	zone_key_init(&key, dname, dname_labels(z->conf.apex), off, hash);
	generation_lookup_for(z->gen, &key, acl, &hits);
	*p = '\0';
	for (unsigned i = 0; i < hits.n; i++) {
		const uint8_t *at = hits.hit[i].rrs;
		const uint8_t *end = at + hits.hit[i].len;

		zone_hit_txt(key_txt, &key, &hits.hit[i]);
		while (value_next(&at, end, &rr)) {
			if (p > out)
				p += sprintf(p, " | ");
			zones_put_rr(&p, &rr, key_txt);
			if (rr.ttl != 2100)
				p += sprintf(p, " (%" PRIu32 ")", rr.ttl);
		}
		ck_assert_ptr_eq(at, end);
	}
	ck_assert(hits.exists || hits.n == 0);
	return hits.n > 0 ? out : hits.exists ? "NODATA" : "NXDOMAIN";
}

/* The same for a client of whom no acl says anything. */
__attribute__((unused)) static const char *
zones_ask(const struct test_zone *z, const char *rel)
{
	static const struct acl_verdict none;

	return zones_ask_for(z, rel, &none);
}

#endif
