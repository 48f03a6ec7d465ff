/*
 * lib/spawn.c: how a program starts, what is kept of what it prints, and that
 * it ends. /bin/sh stands for any program here.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "lib/spawn.h"
#include "tests/unit/unit.h"

static const char *const env[] = {"PATH=/usr/bin:/bin", "A=b", NULL};

struct output {
	char txt[256];
};

static void
on_output(void *arg, const char *text)
{
	struct output *o = arg;

	strncat(o->txt, text, sizeof(o->txt) - strlen(o->txt) - 1);
}

static int
run_sh(struct spawn *s, const char *script)
{
	const char *argv[] = {"sh", "-c", script, "sh", "a b;$X", NULL};

	s->argv = argv;
	s->env = env;
	if (s->limit_s == 0)
		s->limit_s = 20;
	return spawn_run(s);
}

static const struct {
	const char *script;
	int status;
	const char *said, *out;
} cases[] = {
    {"true", 0, "", ""},
    {"exit 3", 3, "", ""},
    {"kill -9 $$", -9, "", ""},
    {"printf %s \"$1\"", 0, "", "a b;$X"}, /* as it is */
    {"cat; pwd", 0, "", "/\n"}, /* nothing to read */
    {"env | grep -c =; echo $A", 0, "", "3\nb\n"}, /* and sh's PWD */
    {"echo one >&2; echo two >&2", 0, "one two", ""},
    {"printf '\\033[2J\\a one\\r\\n\\ttwo\\200\\n\\n' >&2", 0, "[2J one two",
	""},
    {"trap '' TERM; echo x; exit 5", 5, "", "x\n"},
    {"sleep 60 >&- 2>&- & exit 4", 4, "", ""}, /* its child ends with it */
};

START_TEST(endings)
{
	struct output o = {""};
	struct spawn s = {.on_output = on_output, .arg = &o};

	ck_assert_int_eq(run_sh(&s, cases[_i].script), 0);
	ck_assert_int_eq(s.status, cases[_i].status);
	ck_assert_str_eq(s.said, cases[_i].said);
	ck_assert_str_eq(o.txt, cases[_i].out);
}
END_TEST

START_TEST(no_such_program)
{
	const char *argv[] = {"no-such-program", NULL};
	struct spawn s = {.argv = argv, .env = env, .limit_s = 5};

	ck_assert_int_eq(spawn_run(&s), -ENOENT);
}
END_TEST

START_TEST(floods)
{
	struct output o = {""};
	struct spawn s = {.on_output = on_output, .arg = &o};

	ck_assert_int_eq(run_sh(&s, "head -c 3000000 /dev/zero | tr '\\0' x; "
	    "head -c 3000000 /dev/zero | tr '\\0' y >&2"), 0);
	ck_assert_uint_eq(strlen(o.txt), sizeof(o.txt) - 1);
	ck_assert_uint_ge(strlen(s.said), SPAWN_SAID_MAX - 3);
	ck_assert_uint_lt(strlen(s.said), SPAWN_SAID_MAX);
}
END_TEST

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of the process whose id a script has left in a file. */
static int
pid_in(const char *path)
{
	FILE *f = fopen(path, "r");
	int pid;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%d", &pid), 1);
	fclose(f);
	return pid;
}

/* These wait for seconds, so all rows wait at the same time. */
static void
each_at_once(void (*test)(const char *script, const char *path),
    const char *const *scripts, unsigned n)
{
	char name[16], path[512], script[1024];
	int status;

	for (unsigned i = 0; i < n; i++) {
		if (fork() != 0)
			continue;
		snprintf(name, sizeof(name), "pid%u", i);
		snprintf(path, sizeof(path), "%s", unit_path(name));
		snprintf(script, sizeof(script), "pid=%s; %s", path,
		    scripts[i]);
		test(script, path);
		_exit(0);
	}
	while (n-- > 0) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
}

static const char *const stuck[] = {
    "echo $$ >$pid; exec sleep 60",
    "sleep 60 & echo $! >$pid; wait",
    "trap '' TERM; echo $$ >$pid; while :; do sleep .1; done",
    "echo $$ >$pid; exec sleep 60 >&- 2>&-", /* prints no more */
};

static void
has_time_limit(const char *script, const char *path)
{
	struct spawn s = {.limit_s = 1};
	double from = seconds();
	int rc;

	rc = run_sh(&s, script);
	ck_assert_int_eq(rc, strstr(script, ">&-") ? 0 : -ETIMEDOUT);
	ck_assert_int_lt(s.status, 0);
	ck_assert(seconds() - from < 10);
	ck_assert_int_eq(kill(pid_in(path), 0), -1); /* at once */
}

START_TEST(time_limit)
{
	each_at_once(has_time_limit, stuck, UNIT_COUNT(stuck));
}
END_TEST

static volatile sig_atomic_t stop;

static void
on_alarm(int sig)
{
	stop = sig;
}

START_TEST(stops)
{
	struct sigaction act = {.sa_handler = on_alarm};
	struct spawn s = {.stop = &stop};
	double from = seconds();

	sigaction(SIGALRM, &act, NULL);
	alarm(1);
	ck_assert_int_eq(run_sh(&s, "sleep 60"), -EINTR);
	ck_assert_int_eq(s.status, -SIGTERM);
	ck_assert(seconds() - from < 10);
}
END_TEST

/* kill -9 of us must not leave the program behind, nor what it started. */
static const char *const orphans[] = {
    "echo $$ >$pid; exec sleep 60",
    "trap '' TERM; echo $$ >$pid; while :; do sleep .1; done",
    "(trap '' TERM; exec sleep 60) & echo $! >$pid; wait",
    "(trap '' TERM; exec sleep 60) >&- 2>&- & echo $! >$pid; wait",
};

static void
dies_with_us(const char *script, const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct spawn s = {.limit_s = 60};

		_exit(run_sh(&s, script) != 0);
	}
	for (int n = 0; access(path, F_OK) != 0 && n < 500; n++)
		usleep(10000);
	usleep(50000);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	/* init, not we, has to reap it */
	for (int n = 0; kill(pid_in(path), 0) == 0 && n < 200; n++)
		usleep(10000);
	ck_assert_int_eq(kill(pid_in(path), 0), -1);
}

START_TEST(dies_with_its_parent)
{
	each_at_once(dies_with_us, orphans, UNIT_COUNT(orphans));
}
END_TEST

UNIT_MAIN("spawn", UNIT_EACH(endings, cases), UNIT_ONCE(no_such_program),
    UNIT_ONCE(floods), UNIT_ONCE(time_limit), UNIT_ONCE(stops),
    UNIT_ONCE(dies_with_its_parent))
