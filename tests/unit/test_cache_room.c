/*
 * resolverd/cache_room.c and cache_use.c: the size limit, and who has to go;
 * with several processes, too. LMDB forbids to open a file twice in a process,
 * so what two workers do is done in two.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <time.h>

#include "resolverd/cache_use.h"
#include "tests/unit/caches.h"

/* ---- room */

static off_t
file_size(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path_of("answers.mdb"), &st), 0);
	ck_assert_int_le(st.st_blocks * 512, st.st_size + 65536);
	return st.st_size;
}

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static const struct {
	unsigned mib;
	size_t len; /* of an answer */
} load_cases[] = {{1, 100}, {1, 4000}, {4, 100}, {4, 1000}, {4, 3000}};

/* Ten times what fits: never larger, and the newest are there. */
START_TEST(test_size_limit)
{
	uint64_t size = load_cases[_i].mib * MIB;
	size_t len = load_cases[_i].len;
	unsigned n = (unsigned)(10 * size / len), last = 64;
	struct cache *c;
	double start, longest = 0;

	folder_make();
	c = open_sized(size);
	for (unsigned i = 0; i < n; i++) {
		start = cpu_ms();
		put(c, i, NOW, len, 3600);
		if (i % 100 == 99)
			cache_flush(c, NOW);
		if (cpu_ms() - start > longest)
			longest = cpu_ms() - start;
		if (i % 1000 == 999 || i == n - 1)
			ck_assert_int_le(file_size(), (off_t)size);
	}
	cache_flush(c, NOW);
	if (getenv("VERBOSE") != NULL)
		fprintf(stderr,
		    "%u MiB, %zu: %u hits of %u, %u of the last %u, pause %.2f "
		    "ms\n",
		    load_cases[_i].mib, len, hits(c, 0, n, NOW, len), n,
		    hits(c, n - last, n, NOW, len), last, longest);
	ck_assert_uint_ge(hits(c, n - last, n, NOW, len), last * 6 / 10);
	/* far more than the last batches: the file is used */
	ck_assert_uint_ge(hits(c, 0, n, NOW, len), n / 10 / 5);
	cache_close(c);
}
END_TEST

/* Live ones stay while there are expired ones to go. */
START_TEST(test_expired_first)
{
	unsigned live = 2000, rounds = 60, kept;
	struct cache *c;

	folder_make();
	c = open_sized(4 * MIB);
	for (unsigned i = 0; i < live; i++)
		put(c, i, NOW, 100, 86400);
	for (unsigned r = 1; r <= rounds; r++)
		for (unsigned i = 0; i < 1000; i++)
			put(c, live + 1000 * r + i, NOW + 100 * r, 100, 50);
	cache_flush(c, NOW + 100 * rounds);
	kept = hits(c, 0, live, NOW + 100 * rounds, 100);
	ck_assert_uint_ge(kept, live * 9 / 10);
	cache_close(c);
}
END_TEST

/* What is asked for stays while ten times what fits passes through. */
START_TEST(test_used_stay)
{
	unsigned used = 1000, rounds = 100, kept, others = 0;
	struct cache *c;

	folder_make();
	c = open_sized(4 * MIB);
	for (unsigned i = 0; i < 2 * used; i++)
		put(c, i, NOW, 100, 86400);
	for (unsigned r = 1; r <= rounds; r++) {
		cache_flush(c, NOW);
		hits(c, 0, used, NOW, 100);
		for (unsigned i = 0; i < 1000; i++)
			put(c, 1000000 + 1000 * r + i, NOW, 100, 86400);
	}
	cache_flush(c, NOW);
	kept = hits(c, 0, used, NOW, 100);
	others = hits(c, used, 2 * used, NOW, 100);
	ck_assert_msg(kept >= used * 95 / 100 && others <= used / 10,
	    "%u of %u that are used, %u that are not", kept, used, others);
	cache_close(c);
}
END_TEST

/* A disk without room for the counters of use: each process has its own. */
START_TEST(test_use_without_file)
{
	struct cache_use u = {0};

	folder_make();
	ck_assert_int_eq(cache_use_open(&u, "/nonexistent", MIB), 0);
	ck_assert(!cache_use_note(&u, 7));
	ck_assert(!cache_use_note(&u, 7));
	ck_assert(cache_use_note(&u, 7));
	ck_assert(cache_use_pass(&u, 7) && cache_use_pass(&u, 7));
	ck_assert(!cache_use_pass(&u, 7) && !cache_use_is_used(&u, 7));
	cache_use_close(&u);
	cache_use_close(&u);
}
END_TEST

START_TEST(test_smaller_size)
{
	struct cache *c;

	folder_make();
	c = open_sized(4 * MIB);
	put(c, 1, NOW, 16, 300);
	cache_close(c);
	c = open_sized(4 * MIB + 1); /* larger: kept */
	ck_assert(hit(c, 1, NOW, 16));
	cache_close(c);
	c = open_sized(2 * MIB);
	ck_assert_int_le(file_size(), 2 * MIB);
	ck_assert(!hit(c, 1, NOW, 16));
	put(c, 1, NOW, 16, 300);
	cache_flush(c, NOW);
	ck_assert(hit(c, 1, NOW, 16));
	cache_close(c);
}
END_TEST

START_TEST(test_bad_size)
{
	char why[CACHE_WHY_MAX];
	struct cache *c;

	folder_make();
	ck_assert_int_eq(cache_open(&c, state_dir, MIB - 1, 0, why), -EINVAL);
	ck_assert_ptr_null(c);
}
END_TEST

/* ---- several processes */

static void
reap(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "status %#x", (unsigned)status);
}

/* Room enough: a process that is stopped in a view must not cost a batch. */
START_TEST(test_two_writers)
{
	struct cache *c;
	pid_t pid[2];

	folder_make();
	for (unsigned p = 0; p < 2; p++) {
		pid[p] = fork();
		if (pid[p] != 0)
			continue;
		c = open_sized(32 * MIB);
		for (unsigned i = 0; i < 3000; i++) {
			put(c, 2 * i + p, NOW, 100, 3600);
			if (i % 10 == 0)
				cache_flush(c, NOW);
			hit(c, i, NOW, 100);
			cache_pause(c);
		}
		cache_close(c);
		_exit(0);
	}
	reap(pid[0]);
	reap(pid[1]);
	c = open_sized(32 * MIB);
	ck_assert_uint_eq(hits(c, 0, 6000, NOW, 100), 6000);
	cache_close(c);
}
END_TEST

/* A worker that sits on a view keeps pages from use, and we go on. */
START_TEST(test_stuck_reader)
{
	unsigned n = 20000;
	int ready[2], done[2];
	struct cache *c;
	char byte = 0;
	pid_t pid;

	folder_make();
	ck_assert(pipe(ready) == 0 && pipe(done) == 0);
	pid = fork();
	if (pid == 0) {
		close(done[1]); /* so that it ends with its parent */
		c = open_sized(MIB);
		put(c, 0, NOW, 100, 3600);
		cache_flush(c, NOW);
		ck_assert(hit(c, 0, NOW, 100)); /* and no pause */
		ck_assert_int_eq(write(ready[1], &byte, 1), 1);
		ck_assert_int_eq(read(done[0], &byte, 1), 1);
		ck_assert(hit(c, 0, NOW, 100)); /* its view is as it was */
		cache_close(c);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	c = open_sized(MIB);
	for (unsigned i = 1; i < n; i++)
		put(c, i, NOW, 100, 3600);
	ck_assert_int_le(file_size(), MIB);
	ck_assert_int_eq(write(done[1], &byte, 1), 1);
	reap(pid);
	for (unsigned i = n; i < n + 200; i++)
		put(c, i, NOW, 100, 3600);
	cache_flush(c, NOW);
	ck_assert_uint_ge(hits(c, n + 100, n + 200, NOW, 100), 80);
	cache_close(c);
}
END_TEST

/* Killed in the midst of it: the file is good, and the next one goes on. */
START_TEST(test_kill)
{
	struct cache *c;
	unsigned n;

	folder_make();
	for (unsigned round = 0; round < 20; round++) {
		pid_t pid;

		prepare();
		ck_assert(!is_there("answers.mdb.bad"));
		pid = fork();
		if (pid == 0) {
			c = open_sized(MIB);
			for (unsigned i = 0;; i++)
				put(c, i, NOW, 100, 3600);
		}
		usleep(5000 + 1000 * round);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	prepare();
	ck_assert(!is_there("answers.mdb.bad"));
	c = open_sized(MIB);
	n = hits(c, 0, 1000000, NOW, 100);
	ck_assert_uint_gt(n, 0);
	put(c, 1, NOW, 100, 3600);
	cache_flush(c, NOW);
	ck_assert(hit(c, 1, NOW, 100));
	cache_close(c);
}
END_TEST

UNIT_MAIN("cache_room", UNIT_EACH(test_size_limit, load_cases),
    UNIT_ONCE(test_expired_first), UNIT_ONCE(test_used_stay),
    UNIT_ONCE(test_use_without_file), UNIT_ONCE(test_smaller_size),
    UNIT_ONCE(test_bad_size), UNIT_ONCE(test_two_writers),
    UNIT_ONCE(test_stuck_reader), UNIT_ONCE(test_kill))
