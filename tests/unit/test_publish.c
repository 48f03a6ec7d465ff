/* zones/publish.c: numbers, the turn of `current`, leftovers, kill -9. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "tests/unit/zones.h"

static struct publish *
begin(const char *zone)
{
	char why[GENERATION_WHY_MAX];
	struct publish *p;
	int rc = publish_begin(&p, unit_path("state"), zone, why);

	ck_assert_msg(rc == 0, "%s", why);
	return p;
}

static void
commit(struct publish *p, const char *content)
{
	char why[GENERATION_WHY_MAX];

	zones_write(publish_temp_path(p), content, strlen(content));
	ck_assert_msg(publish_commit(p, why) == 0, "%s", why);
}

/* What `current` names, and its first byte. */
static const char *
current(const char *zone)
{
	static char out[PATH_MAX];
	char path[PATH_MAX];
	ssize_t n;
	FILE *f;

	ck_assert_int_eq(publish_current(path, unit_path("state"), zone), 0);
	n = readlink(path, out, sizeof(out) - 3);
	if (n < 0)
		return strerror(errno);
	out[n++] = '=';
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	out[n++] = fgetc(f);
	out[n] = '\0';
	fclose(f);
	return out;
}

static bool
exists(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "state/zones/z/%s", name);
	return access(unit_path(path), F_OK) == 0;
}

START_TEST(test_publish)
{
	struct publish *p = begin("z");

	ck_assert_uint_eq(publish_number(p), 1);
	ck_assert_str_eq(current("z"), strerror(ENOENT));
	commit(p, "a");
	ck_assert_str_eq(current("z"), "gen-00000001.mdb=a");
	p = begin("z");
	ck_assert_uint_eq(publish_number(p), 2);
	ck_assert_str_eq(current("z"), "gen-00000001.mdb=a");
	commit(p, "b");
	ck_assert_str_eq(current("z"), "gen-00000002.mdb=b");
}
END_TEST

START_TEST(test_abort)
{
	char temp[PATH_MAX];
	struct publish *p = begin("z");

	commit(p, "a");
	p = begin("z");
	snprintf(temp, sizeof(temp), "%s", publish_temp_path(p));
	zones_write(temp, "b", 1);
	publish_abort(p);
	publish_abort(NULL);
	ck_assert_int_ne(access(temp, F_OK), 0);
	ck_assert_str_eq(current("z"), "gen-00000001.mdb=a");
	p = begin("z"); /* the lock is free, the number was not used */
	ck_assert_uint_eq(publish_number(p), 2);
	publish_abort(p);
}
END_TEST

START_TEST(test_keep)
{
	for (int i = 0; i < 12; i++)
		commit(begin("z"), "x");
	ck_assert_str_eq(current("z"), "gen-00000012.mdb=x");
	ck_assert(exists("gen-00000012.mdb"));
	ck_assert(exists("gen-00000011.mdb"));
	ck_assert(exists("gen-00000010.mdb"));
	ck_assert(!exists("gen-00000009.mdb"));
	ck_assert(!exists("gen-00000001.mdb"));
}
END_TEST

START_TEST(test_keep_some)
{
	struct publish *p;

	for (int i = 0; i < 9; i++) {
		p = begin("z");
		publish_keep(p, 5);
		commit(p, "x");
	}
	ck_assert(exists("gen-00000005.mdb"));
	ck_assert(!exists("gen-00000004.mdb"));
	p = begin("z");
	publish_keep(p, 0); /* the default */
	commit(p, "x");
	ck_assert(exists("gen-00000008.mdb"));
	ck_assert(!exists("gen-00000007.mdb"));
}
END_TEST

static void
expect_list(uint64_t first, size_t n, uint64_t now)
{
	struct publish_list list;

	ck_assert_int_eq(publish_list(&list, unit_path("state"), "z"), 0);
	ck_assert_uint_eq(list.n, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(list.numbers[i], first + i);
	ck_assert_uint_eq(list.current, now);
	free(list.numbers);
}

/* Back and forth; what is built then has a number of its own. */
START_TEST(test_turn)
{
	char why[GENERATION_WHY_MAX], path[PATH_MAX];
	struct publish *p;

	expect_list(0, 0, 0);
	for (int i = 0; i < 5; i++)
		commit(begin("z"), "x");
	expect_list(3, 3, 5);
	p = begin("z");
	ck_assert_int_eq(publish_turn(p, 3, why), 0);
	expect_list(3, 3, 3);
	ck_assert_int_eq(publish_turn(p, 2, why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "gen-00000002.mdb"));
	expect_list(3, 3, 3);
	publish_abort(p);
	p = begin("z");
	ck_assert_uint_eq(publish_number(p), 6);
	commit(p, "y");
	expect_list(4, 3, 6);
	ck_assert_int_eq(publish_path(path, "S", "z", 6), 0);
	ck_assert_str_eq(path, "S/zones/z/gen-00000006.mdb");
}
END_TEST

/* What a killed build leaves, and what is none of our business. */
START_TEST(test_leftovers)
{
	struct publish *p;

	commit(begin("z"), "a");
	zones_write(unit_path("state/zones/z/new-2.mdb"), "x", 1);
	ck_assert_int_eq(symlink("gone",
			     unit_path("state/zones/z/new-current")),
	    0);
	zones_write(unit_path("state/zones/z/gen-7.mdb"), "x", 1);
	zones_write(unit_path("state/zones/z/notes"), "x", 1);
	zones_write(unit_path("state/zones/z/gen-00000005.mdb"), "e", 1);
	p = begin("z");
	ck_assert_uint_eq(publish_number(p), 6); /* was never `current` */
	ck_assert(!exists("new-2.mdb"));
	ck_assert(access(unit_path("state/zones/z/new-current"), F_OK) != 0);
	commit(p, "f");
	ck_assert_str_eq(current("z"), "gen-00000006.mdb=f");
	ck_assert(exists("gen-7.mdb"));
	ck_assert(exists("notes"));
}
END_TEST

START_TEST(test_commit_without_file)
{
	char why[GENERATION_WHY_MAX] = "";
	struct publish *p;

	commit(begin("z"), "a");
	p = begin("z");
	ck_assert_int_eq(publish_commit(p, why), -ENOENT);
	ck_assert_str_ne(why, "");
	ck_assert_str_eq(current("z"), "gen-00000001.mdb=a");
	publish_abort(begin("z"));
}
END_TEST

static const struct {
	const char *zone, *dir;
} dirs[] = {
    {"bl.example.net", "S/zones/bl.example.net"},
    {"a-b_c.0", "S/zones/a-b_c.0"},
    {"0/25.2.0.192.in-addr.arpa", "S/zones/0%2f25.2.0.192.in-addr.arpa"},
    {"..", "S/zones/%2e."},
    {".hidden", "S/zones/%2ehidden"},
    {"a%2f", "S/zones/a%252f"},
    {"\\000", "S/zones/%5c000"},
    {"\xff", "S/zones/%ff"},
};

START_TEST(test_dir)
{
	char dir[PATH_MAX];

	ck_assert_int_eq(publish_dir(dir, "S", dirs[_i].zone), 0);
	ck_assert_str_eq(dir, dirs[_i].dir);
}
END_TEST

START_TEST(test_too_long)
{
	char *state = malloc(PATH_MAX), *out = malloc(PATH_MAX);
	char why[GENERATION_WHY_MAX];
	struct publish *p;

	for (size_t len = PATH_MAX - 60; len < PATH_MAX; len++) {
		memset(state, 'x', len);
		state[len] = '\0';
		if (publish_dir(out, state, "zone.example") == 0)
			ck_assert_uint_lt(strlen(out), PATH_MAX);
		if (publish_current(out, state, "zone.example") == 0)
			ck_assert_uint_lt(strlen(out), PATH_MAX);
	}
	ck_assert_int_eq(publish_dir(out, state, "z"), -ENAMETOOLONG);
	ck_assert_int_eq(publish_current(out, state, "z"), -ENAMETOOLONG);
	ck_assert_int_eq(publish_begin(&p, state, "z", why), -ENAMETOOLONG);
	free(state);
	free(out);
}
END_TEST

START_TEST(test_state_is_a_file)
{
	char why[GENERATION_WHY_MAX];
	struct publish *p;

	zones_write(unit_path("state"), "", 0);
	ck_assert_int_eq(publish_begin(&p, unit_path("state"), "z", why),
	    -ENOTDIR);
	ck_assert_ptr_nonnull(strstr(why, "state"));
}
END_TEST

/* Two builds of a zone: one after the other, each with its number. */
START_TEST(test_lock)
{
	struct publish *p;
	int go[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(go), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (read(go[0], &status, 1) != 1)
			_exit(1);
		p = begin("z");
		if (publish_number(p) != 2)
			_exit(1);
		commit(p, "b");
		_exit(0);
	}
	p = begin("z");
	ck_assert_int_eq(write(go[1], "x", 1), 1);
	usleep(50000);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	commit(p, "a");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_str_eq(current("z"), "gen-00000002.mdb=b");
}
END_TEST

/* ---- kill -9 at random points of builds, one after the other */

static void
build_forever(struct test_zone *z)
{
	struct build_result r;
	char why[GENERATION_WHY_MAX];

	for (;;)
		if (build_zone(&z->conf, unit_path("state"), NULL, NULL, &r,
		    why) != 0)
			_exit(1);
}

START_TEST(test_kill)
{
	struct timespec wait = {0};
	char path[PATH_MAX], why[GENERATION_WHY_MAX];
	struct generation *gen;
	struct test_zone z;
	uint64_t before = 1;
	long stretch = 1; /* a busy machine builds more slowly */
	int status, rc;
	pid_t pid;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "1.1.1.1\n2.2.2.2\n");
	zones_add(&z, "dnset", "a.b\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_int_eq(publish_current(path, unit_path("state"), ZONES_APEX),
	    0);
	for (int i = 0; i < 100; i++) {
		pid = fork();
		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			build_forever(&z);
		if (i % 20 == 19 && before == 1 && stretch < 64)
			stretch *= 2;
		wait.tv_nsec = (1000000 + i * 7919 % 100 * 100000) * stretch;
		nanosleep(&wait, NULL);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status));
		rc = generation_open(&gen, path, z.conf.apex, why);
		ck_assert_msg(rc == 0, "%s", why);
		ck_assert_uint_ge(generation_info(gen)->number, before);
		before = generation_info(gen)->number;
		ck_assert_uint_eq(generation_info(gen)->entries, 3);
		generation_close(gen);
	}
	ck_assert_uint_gt(before, 1);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_str_eq(zones_ask(&z, "1.1.1.1"), "A 127.0.0.2");
	zones_free(&z);
}
END_TEST

UNIT_MAIN("publish", UNIT_ONCE(test_publish), UNIT_ONCE(test_abort),
    UNIT_ONCE(test_keep), UNIT_ONCE(test_keep_some),
    UNIT_ONCE(test_turn), UNIT_ONCE(test_leftovers),
    UNIT_ONCE(test_commit_without_file), UNIT_EACH(test_dir, dirs),
    UNIT_ONCE(test_too_long), UNIT_ONCE(test_state_is_a_file),
    UNIT_ONCE(test_lock), UNIT_ONCE(test_kill))
