/*
 * How long the cache stops a worker: a file of the default size is filled
 * several times over, with a tenth of the questions for entries that are used
 * again and again, and each cache_flush() is timed: by the clock, less what was
 * waited for a core that another process had, and by CPU time.
 *
 *	bench_cache [MIB [TIMES]]
 */
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "resolverd/cache.h"

#define BATCH 100   /* answers that a flush writes: 20 ms of 5000 a second */
#define USED 10000  /* entries that are asked for all the time */
#define ENTRY 420   /* bytes in the file, about, for an answer of BODY bytes */
#define BODY 150
#define FLUSHES_MAX 2000000

static char dir[256];

static double
now_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* What this process has waited for a core so far (proc(5), schedstat). */
static double
waited_ms(void)
{
	static int fd = -1;
	unsigned long long waited = 0;
	char txt[80];
	ssize_t n;

	if (fd == -1)
		fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	n = pread(fd, txt, sizeof(txt) - 1, 0);
	txt[n > 0 ? n : 0] = '\0';
	(void)sscanf(txt, "%*u %llu", &waited);
	return (double)waited / 1e6;
}

static struct cache_key
key_of(unsigned i, uint8_t *qname)
{
	char txt[64];
	struct cache_key key = {.qname = qname, .qtype = 1};

	snprintf(txt, sizeof(txt), "host-%u.bench.example", i);
	key.qname_len = (size_t)dname_from_txt(qname, txt, strlen(txt));
	key.hash = dname_hash(qname);
	return key;
}

static void
put(struct cache *c, unsigned i, uint64_t now)
{
	static const uint8_t body[BODY], ttl_off[] = {6, 0};
	const struct answer a = {.ancount = 1,
	    .body = body,
	    .body_len = sizeof(body),
	    .ttl_off = ttl_off,
	    .n_ttls = 1};
	uint8_t qname[DNAME_MAX];
	struct cache_key key = key_of(i, qname);

	cache_put(c, &key, now, &a, 3600 + i % 3600);
}

static bool
hit(struct cache *c, unsigned i, uint64_t now)
{
	uint8_t qname[DNAME_MAX];
	struct cache_key key = key_of(i, qname);
	struct answer a;

	return cache_get(c, &key, now, &a) == 0;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print(const char *what, double *ms, unsigned n)
{
	qsort(ms, n, sizeof(*ms), by_size);
	printf("%s ms: median %.2f, 99 %% %.2f, 99.9 %% %.2f, longest %.2f\n",
	    what, ms[n / 2], ms[n - n / 100 - 1], ms[n - n / 1000 - 1],
	    ms[n - 1]);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

int
main(int argc, char **argv)
{
	uint64_t mib = argc > 1 ? strtoull(argv[1], NULL, 10) : 256;
	unsigned times = argc > 2 ? (unsigned)atoi(argv[2]) : 4;
	unsigned total = (unsigned)(times * (mib << 20) / ENTRY), n = 0;
	double *wall = calloc(FLUSHES_MAX, sizeof(*wall));
	double *without = calloc(FLUSHES_MAX, sizeof(*without));
	double *cpu = calloc(FLUSHES_MAX, sizeof(*cpu));
	unsigned used = 0, asked = 0, next_used = 0;
	char why[CACHE_WHY_MAX];
	struct cache *c;
	uint64_t now;

	snprintf(dir, sizeof(dir), "%s/bench-cache-XXXXXX",
	    getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	if (wall == NULL || without == NULL || cpu == NULL ||
	    mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	if (cache_prepare(dir, why) != 0 ||
	    cache_open(&c, dir, mib << 20, 86400, why) != 0)
		errx(1, "%s", why);
	now = cache_now(c);
	for (unsigned i = 0; i < total; i++) {
		double w, p, waited;

		put(c, i < USED ? i : USED + i, now);
		if (i % 10 == 0 && i > USED) {
			used += hit(c, next_used++ % USED, now);
			asked++;
		}
		if (i % BATCH != BATCH - 1 || n == FLUSHES_MAX)
			continue;
		now += i % (BATCH * 50) == BATCH - 1; /* 50 flushes a second */
		waited = waited_ms();
		w = now_ms(CLOCK_MONOTONIC);
		p = now_ms(CLOCK_PROCESS_CPUTIME_ID);
		cache_flush(c, now);
		wall[n] = now_ms(CLOCK_MONOTONIC) - w;
		cpu[n] = now_ms(CLOCK_PROCESS_CPUTIME_ID) - p;
		without[n] = wall[n] - (waited_ms() - waited);
		n++;
	}
	printf(
	    "%llu MiB, filled %u times: %u flushes of %d answers; %.1f %% of "
	    "what is used was there\n",
	    (unsigned long long)mib, times, n, BATCH,
	    100.0 * used / (asked > 0 ? asked : 1));
	print("time", wall, n);
	print("time on a core or for the disk", without, n);
	print("CPU ", cpu, n);
	cache_close(c);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(wall);
	free(without);
	free(cpu);
	return 0;
}
