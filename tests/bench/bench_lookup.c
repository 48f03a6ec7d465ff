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

#define LABELS_MAX 40 /* of a question: 32 nibbles and an apex */

/* What a key points to; the keys stand apart from it, close together. */
struct question {
	uint64_t hash[LABELS_MAX];
	uint8_t off[LABELS_MAX];
	uint8_t dname[DNAME_MAX];
};

struct questions {
	struct question *q;
	struct zone_key *keys;
	size_t n;
};

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
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
	start = seconds(CLOCK_MONOTONIC);
	if (build_zone(&zone, dir, NULL, NULL, &r, why) != 0)
		errx(1, "%s", why);
	printf("build     %.2f s, %" PRIu64 " entries, %.2f bytes each, ",
	    seconds(CLOCK_MONOTONIC) - start, r.entries,
	    (double)r.file_bytes / (double)(r.entries ? r.entries : 1));
	getrusage(RUSAGE_SELF, &usage);
	printf("peak memory %ld MiB\n", usage.ru_maxrss / 1024);
	free(zone.name);
	free(files[0]);
	free(type_copy);
}

static bool
read_question(FILE *f, struct question *q)
{
	char line[1200];
	int len;

	while (fgets(line, sizeof(line), f) != NULL) {
		len = dname_from_txt(q->dname, line, strcspn(line, " \n"));
		if (len < 0 || dname_labels(q->dname) > LABELS_MAX)
			continue;
		dname_lower(q->dname, (size_t)len);
		return true;
	}
	return false;
}

static void *
array(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		err(1, NULL);
	return p;
}

static void
read_questions(struct questions *qs, const char *path, unsigned apex_labels)
{
	FILE *f = fopen(path, "r");
	struct question q;
	size_t i;

	if (f == NULL)
		err(1, "%s", path);
	for (qs->n = 0; read_question(f, &q);)
		qs->n++;
	rewind(f);
	qs->q = array(qs->n, sizeof(*qs->q));
	qs->keys = array(qs->n, sizeof(*qs->keys));
	for (i = 0; i < qs->n && read_question(f, &qs->q[i]); i++)
		zone_key_init(&qs->keys[i], qs->q[i].dname, apex_labels,
		    qs->q[i].off, qs->q[i].hash);
	fclose(f);
}

static void
lookups(const struct generation *gen, const struct questions *qs)
{
	struct zone_hits hits;
	size_t listed = 0, i;
	double start, keys, all, n = (double)qs->n;

	start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (i = 0; i < qs->n; i++)
		zone_key_addresses(&qs->keys[i]);
	keys = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
	start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (i = 0; i < qs->n; i++) {
		hits.n = 0;
		hits.exists = false;
		generation_lookup(gen, &qs->keys[i], &hits);
		listed += hits.n;
	}
	all = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
	printf("lookup    %.1f ns, %.1f %% listed; addresses of the key %.1f "
	       "ns\n", all / n * 1e9, 100.0 * (double)listed / n,
	    keys / n * 1e9);
}

int
main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	char dir[256], path[PATH_MAX], why[GENERATION_WHY_MAX];
	uint8_t apex[DNAME_MAX];
	struct generation *gen;
	struct questions qs;

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
	read_questions(&qs, argv[3], dname_labels(apex));
	for (int i = argc > 5 ? atoi(argv[5]) : 3; i > 0; i--)
		lookups(gen, &qs);
	generation_close(gen);
	free(qs.q);
	free(qs.keys);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}
