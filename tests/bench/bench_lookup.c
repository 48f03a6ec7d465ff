/*
 * bench_lookup: how long a lookup in a generation takes, and a build; without
 * the network. For work on zones/; `make bench` compares the whole daemon.
 *
 *	bench_lookup [-p] TYPE DATA QUESTIONS APEX [ROUNDS]
 *
 * With -p, provenance is kept, too.
 *
 * At the end it prints the floor: what the machine takes for one random line
 * (64 bytes) of a file of that size; of lines each of which says which is the
 * next, as a lookup goes from array to array, and of lines that do not, as in a
 * batch.
 *
 * DATA and QUESTIONS are as tests/bench/gen makes them. Builds under a
 * temporary folder ($TMPDIR), which is gone afterwards.
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include <err.h>
#include <fcntl.h>
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

#define CHUNK 256 /* keys that are asked for in one go, and stay in the cache */
#define BATCH 64  /* questions that the daemon answers together at most */

/* Names one behind the other, as they come from the network: what makes them
 * keys must not take the room in the cache that the arrays want. */
struct questions {
	uint8_t *names;
	size_t names_len, n;
	unsigned apex_labels;
};

/* A key, and what it points to. */
struct chunk {
	struct zone_key key[CHUNK];
	uint8_t off[CHUNK][DNAME_LABELS_MAX];
	uint64_t hash[CHUNK][DNAME_LABELS_MAX];
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
build(const char *dir, bool provenance, const char *type, const char *file,
    const char *apex, uint8_t *apex_dname)
{
	char *type_copy = strdup(type), *files[1] = {strdup(file)};
	struct conf_dataset ds = {type_copy, files, 1};
	struct conf_zone zone = {.name = strdup(apex), .datasets = &ds,
	    .n_datasets = 1, .provenance = provenance};
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

static void
read_questions(struct questions *qs, const char *path, unsigned apex_labels)
{
	FILE *f = fopen(path, "r");
	size_t cap = 1 << 20;
	char line[1200];
	uint8_t *name;
	int len;

	*qs = (struct questions){.apex_labels = apex_labels};
	if (f == NULL || (qs->names = malloc(cap)) == NULL)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (cap - qs->names_len < DNAME_MAX &&
		    (qs->names = realloc(qs->names, cap *= 2)) == NULL)
			err(1, NULL);
		name = qs->names + qs->names_len;
		len = dname_from_txt(name, line, strcspn(line, " \n"));
		if (len < 0)
			continue;
		dname_lower(name, (size_t)len);
		qs->names_len += (size_t)len;
		qs->n++;
	}
	fclose(f);
}

/* The next keys; false at the end. */
static bool
next_chunk(const struct questions *qs, size_t *at, struct chunk *c)
{
	for (c->n = 0; c->n < CHUNK && *at < qs->names_len; c->n++) {
		const uint8_t *name = qs->names + *at;

		zone_key_init(&c->key[c->n], name, qs->apex_labels,
		    c->off[c->n], c->hash[c->n]);
		*at += dname_len(name);
	}
	return c->n > 0;
}

static size_t
look_up(const struct generation *gen, const struct zone_key *key)
{
	struct zone_hits hits;

	hits.n = 0;
	hits.exists = false;
	generation_lookup(gen, key, &hits);
	return hits.n;
}

static void
look_up_batch(const struct generation *gen, const struct zone_key *keys,
    size_t n)
{
	for (unsigned step = 0; step < GENERATION_FETCH_STEPS; step++)
		for (size_t i = 0; i < n; i++)
			generation_fetch(gen, &keys[i], step);
	for (size_t i = 0; i < n; i++)
		(void)look_up(gen, &keys[i]);
}

static void
lookups(const struct generation *gen, const struct questions *qs)
{
	static struct chunk c;
	double start, singly = 0, batched = 0, keys = 0, n = (double)qs->n;
	size_t listed = 0, i, at;

	for (at = 0; next_chunk(qs, &at, &c);) {
		start = seconds(CLOCK_THREAD_CPUTIME_ID);
		for (i = 0; i < c.n; i++)
			listed += look_up(gen, &c.key[i]);
		singly += seconds(CLOCK_THREAD_CPUTIME_ID) - start;
	}
	for (at = 0; next_chunk(qs, &at, &c);) {
		start = seconds(CLOCK_THREAD_CPUTIME_ID);
		for (i = 0; i < c.n; i++)
			zone_key_addresses(&c.key[i]);
		keys += seconds(CLOCK_THREAD_CPUTIME_ID) - start;
		start = seconds(CLOCK_THREAD_CPUTIME_ID);
		for (i = 0; i < c.n; i += BATCH)
			look_up_batch(gen, &c.key[i],
			    c.n - i < BATCH ? c.n - i : BATCH);
		batched += seconds(CLOCK_THREAD_CPUTIME_ID) - start;
	}
	printf("lookup    %.1f ns singly, %.1f ns in batches, %.1f %% listed; "
	       "addresses of the key %.1f ns\n", singly / n * 1e9,
	    batched / n * 1e9, 100.0 * (double)listed / n, keys / n * 1e9);
}

/* ---- the floor */

#define LINE 64
#define STEPS 2000000

/* ns a line; depends: the next line follows from what stands in this one. */
static double
walk_lines(const uint8_t *bytes, size_t n_lines, bool depends)
{
	volatile uint64_t sum = 0; /* lest the reads are left out */
	uint64_t x = 88172645463325252u, found = 0;
	double start = seconds(CLOCK_THREAD_CPUTIME_ID);

	for (unsigned i = 0; i < STEPS; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		if (depends)
			x += bytes[(x >> 32) % n_lines * LINE];
		else
			found += bytes[(x >> 32) % n_lines * LINE];
	}
	sum = x + found;
	(void)sum;
	return (seconds(CLOCK_THREAD_CPUTIME_ID) - start) / STEPS * 1e9;
}

static void
print_floor(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t len;
	uint8_t *bytes;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		err(1, "%s", path);
	len = (size_t)st.st_size;
	bytes = mmap(NULL, len, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		err(1, "%s", path);
	(void)walk_lines(bytes, len / LINE, true); /* warm */
	printf("floor     %.1f ns a line of %zu MiB that follows from the one "
	       "before, %.1f ns one that does not\n",
	    walk_lines(bytes, len / LINE, true), len >> 20,
	    walk_lines(bytes, len / LINE, false));
	munmap(bytes, len);
	close(fd);
}

int
main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	char dir[256], path[PATH_MAX], why[GENERATION_WHY_MAX];
	uint8_t apex[DNAME_MAX];
	struct generation *gen;
	struct questions qs;
	bool provenance = argc > 1 && strcmp(argv[1], "-p") == 0;

	argc -= provenance;
	argv += provenance;
	if (argc < 5)
		errx(2, "usage: bench_lookup [-p] TYPE DATA QUESTIONS APEX "
			"[ROUNDS]");
	snprintf(dir, sizeof(dir), "%s/bench-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	build(dir, provenance, argv[1], argv[2], argv[4], apex);
	if (publish_current(path, dir, argv[4]) != 0 ||
	    generation_open(&gen, path, apex, why) != 0)
		errx(1, "%s", why);
	read_questions(&qs, argv[3], dname_labels(apex));
	for (int i = argc > 5 ? atoi(argv[5]) : 3; i > 0; i--)
		lookups(gen, &qs);
	print_floor(path);
	generation_close(gen);
	free(qs.names);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}
