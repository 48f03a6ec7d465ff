/* lib/log.c and lib/xalloc.c: what reaches stderr, byte by byte. */
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "tests/unit/unit.h"

static char got[8192];

/* Runs fn with stderr going into `got`; returns its wait status. */
static int
run(void (*fn)(void))
{
	const char *path = unit_path("stderr");
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), status;
	ssize_t n;
	pid_t pid;

	ck_assert_int_ge(fd, 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(fd, STDERR_FILENO);
		fn();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	n = pread(fd, got, sizeof(got) - 1, 0);
	ck_assert_int_ge(n, 0);
	got[n] = '\0';
	close(fd);
	return status;
}

static void
say_levels(void)
{
	log_init("prog", true, false);
	log_warn("zone %s: %d", "a", 1);
	log_info("two");
	log_debug("not seen");
	log_procname("worker 0");
	log_info("three");
	log_procname("");
	log_init("prog", true, true);
	log_debug("four");
}

static void
say_controls(void)
{
	log_init("prog", true, false);
	log_warn("a\nprog: forged\r\t\033[2J\177\303\244");
}

static char long_text[5000];

static void
say_much(void)
{
	log_init("prog", true, false);
	memset(long_text, 'x', sizeof(long_text) - 1);
	log_warn("%s", long_text);
}

static void
say_errno(void)
{
	log_init("prog", true, false);
	errno = ENOENT;
	log_warn("first: %m");
	log_warn("kept: %d", errno == ENOENT);
}

static void
say_fatal(void)
{
	log_init("prog", true, false);
	fatal("the end: %s", "now");
}

static void
no_memory(void)
{
	log_init("prog", true, false);
	xreallocarray(NULL, SIZE_MAX / 2, 3);
}

static const struct {
	void (*fn)(void);
	int status;
	const char *want;
} line_cases[] = {
    {say_levels, 0,
	"prog: zone a: 1\nprog: two\nprog: worker 0: three\nprog: four\n"},
    {say_controls, 0, "prog: a?prog: forged???[2J?\303\244\n"},
    {say_errno, 0, "prog: first: No such file or directory\n"
		   "prog: kept: 1\n"},
    {say_fatal, 1, "prog: the end: now\n"},
};

START_TEST(lines)
{
	int status = run(line_cases[_i].fn);

	ck_assert_str_eq(got, line_cases[_i].want);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), line_cases[_i].status);
}
END_TEST

/* ASan ends a process by itself otherwise; it warns before our line. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

START_TEST(out_of_memory)
{
	static const char want[] = "prog: out of memory\n";
	int status = run(no_memory);

	ck_assert_uint_ge(strlen(got), strlen(want));
	ck_assert_str_eq(got + strlen(got) - strlen(want), want);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 1);
}
END_TEST

START_TEST(long_lines_are_cut)
{
	ck_assert_int_eq(run(say_much), 0);
	ck_assert_uint_gt(strlen(got), 1024);
	ck_assert_uint_lt(strlen(got), 4096);
	ck_assert_ptr_eq(strchr(got, '\n'), got + strlen(got) - 1);
}
END_TEST

START_TEST(allocation)
{
	char *p;

	free(xmalloc(0));
	free(xcalloc(0, 8));
	p = xreallocarray(NULL, 2, 4);
	memcpy(p, "1234567", 8);
	p = xreallocarray(p, 100, 4);
	ck_assert_str_eq(p, "1234567");
	p = xreallocarray(p, 0, 4); /* no free, no NULL */
	ck_assert_ptr_nonnull(p);
	free(p);
	p = xasprintf("%s-%d", "a", 1);
	ck_assert_str_eq(p, "a-1");
	free(p);
	p = xstrdup("");
	ck_assert_str_eq(p, "");
	free(p);
}
END_TEST

UNIT_MAIN("log", UNIT_EACH(lines, line_cases), UNIT_ONCE(out_of_memory),
    UNIT_ONCE(long_lines_are_cut), UNIT_ONCE(allocation))
