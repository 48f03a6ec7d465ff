/*
 * bench_lookup: how long a lookup in a generation takes, and a build; without
 * the network. For work on zones/; `make bench` compares the whole daemon.
 *
 *	bench_lookup TYPE DATA QUESTIONS APEX [ROUNDS]
 *
 * DATA and QUESTIONS are as tests/bench/gen makes them. Builds under a
 * temporary folder ($TMPDIR), which is gone afterwards.
 */
#include <sys/resource.h>

#include <err.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "zones/build.h"
#include "zones/generation.h"
#include "zones/publish.h"

struct question {
	uint8_t dname[DNAME_MAX];
	uint8_t off[DNAME_LABELS_MAX];
	uint64_t hash[16];
	struct zone_key key;
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static void
build(const char *dir, const char *type, const char *file, const char *apex,
    uint8_t *apex_dname)
{
	char *type_copy = strdup(type), *files[1] = {strdup(file)};
	struct conf_dataset ds = {type_copy, files, 1};
	struct conf_zone zone = {.name = strdup(apex), .datasets = &ds,
	    .n_datasets = 1};
	char why[GENERATION_WHY_MAX];
	struct build_result r;
	struct rusage usage;
	double start;
	int len;

	len = dname_from_txt(zone.apex, apex, strlen(apex));
	if (len < 0)
		errx(2, "%s: not a domain name", apex);
	memcpy(apex_dname, zone.apex, sizeof(zone.apex));
	start = seconds();
	if (build_zone(&zone, dir, NULL, NULL, &r, why) != 0)
		errx(1, "%s", why);
	printf("build     %.2f s, %" PRIu64 " entries, %.2f bytes each, ",
	    seconds() - start, r.entries,
	    (double)r.file_bytes / (double)(r.entries ? r.entries : 1));
	getrusage(RUSAGE_SELF, &usage);
	printf("peak memory %ld MiB\n", usage.ru_maxrss / 1024);
	free(zone.name);
	free(files[0]);
	free(type_copy);
}

static struct question *
read_questions(const char *path, unsigned apex_labels, size_t *n)
{
	struct question *q = NULL;
	char line[1200], *end;
	size_t cap = 0;
	FILE *f = fopen(path, "r");
	int len;

	if (f == NULL)
		err(1, "%s", path);
	for (*n = 0; fgets(line, sizeof(line), f) != NULL;) {
		if (*n == cap) {
			cap = cap ? cap * 2 : 1 << 20;
			q = realloc(q, cap * sizeof(*q));
			if (q == NULL)
				err(1, NULL);
		}
		end = line + strcspn(line, " \n");
		len = dname_from_txt(q[*n].dname, line, (size_t)(end - line));
		if (len < 0 || dname_labels(q[*n].dname) > 16)
			continue;
		dname_lower(q[*n].dname, (size_t)len);
		(*n)++;
	}
	fclose(f);
	for (size_t i = 0; i < *n; i++)
		zone_key_init(&q[i].key, q[i].dname, apex_labels, q[i].off,
		    q[i].hash);
	return q;
}

static void
lookups(const struct generation *gen, struct question *q, size_t n)
{
	struct zone_hits hits;
	size_t listed = 0;
	double start, keys, all;

	start = seconds();
	for (size_t i = 0; i < n; i++)
		zone_key_addresses(&q[i].key);
	keys = seconds() - start;
	start = seconds();
	for (size_t i = 0; i < n; i++) {
		hits.n = 0;
		hits.exists = false;
		generation_lookup(gen, &q[i].key, &hits);
		listed += hits.n;
	}
	all = seconds() - start;
	printf("lookup    %.1f ns, %.1f %% listed; addresses of the key %.1f "
	       "ns\n", all / (double)n * 1e9,
	    100.0 * (double)listed / (double)n, keys / (double)n * 1e9);
}

int
main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	char dir[256], path[PATH_MAX], why[GENERATION_WHY_MAX];
	uint8_t apex[DNAME_MAX];
	struct generation *gen;
	struct question *q;
	size_t n;

	if (argc < 5)
		errx(2, "usage: bench_lookup TYPE DATA QUESTIONS APEX "
			"[ROUNDS]");
	snprintf(dir, sizeof(dir), "%s/bench-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	build(dir, argv[1], argv[2], argv[4], apex);
	if (publish_current(path, dir, argv[4]) != 0 ||
	    generation_open(&gen, path, apex, why) != 0)
		errx(1, "%s", why);
	q = read_questions(argv[3], dname_labels(apex), &n);
	for (int i = argc > 5 ? atoi(argv[5]) : 3; i > 0; i--)
		lookups(gen, q, n);
	generation_close(gen);
	free(q);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}
