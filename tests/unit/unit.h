/*
 * What every unit test shares: the main program, which prints TAP, and a
 * temporary folder for each run of a test, gone afterwards.
 *
 *	UNIT_MAIN("module", UNIT_ONCE(test_x), UNIT_EACH(test_y, y_cases))
 *
 * UNIT_EACH runs the test once for each row of a table; the row is [_i].
 * UNIT_TIMES runs it so many times, _i from 0. Each run is a process and a TAP
 * line of its own.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <err.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNIT_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UNIT_ONCE(test) {test, 1}
#define UNIT_EACH(test, table) {test, (int)UNIT_COUNT(table)}
#define UNIT_TIMES(test, n) {test, n}
#define UNIT_MAIN(module, ...)                                                 \
	int main(void)                                                         \
	{                                                                      \
		const struct unit_test tests[] = {__VA_ARGS__};                \
                                                                               \
		return unit_run(module, tests, UNIT_COUNT(tests));             \
	}

struct unit_test {
	const TTest *test;
	int times;
};

static char unit_dir[256]; /* in the process of a test: its own folder */

/* A path in the temporary folder; the last four stay valid. */
__attribute__((unused)) static const char *
unit_path(const char *name)
{
	static char path[4][512];
	static unsigned next;
	char *p = path[next++ % UNIT_COUNT(path)];

	snprintf(p, sizeof(path[0]), "%s/%s", unit_dir, name);
	return p;
}

static int
unit_remove(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static void
unit_own_dir(void)
{
	strcat(unit_dir, "/XXXXXX");
	if (mkdtemp(unit_dir) == NULL)
		err(1, "%s", unit_dir);
}

static int
unit_run(const char *module, const struct unit_test *tests, size_t n)
{
	const char *tmp = getenv("TMPDIR");
	Suite *suite = suite_create(module);
	TCase *tc = tcase_create(module);
	SRunner *runner;
	size_t i;
	int failed;

	snprintf(unit_dir, sizeof(unit_dir) - 16, "%s/unit-%s-XXXXXX",
	    tmp != NULL ? tmp : "/tmp", module);
	if (mkdtemp(unit_dir) == NULL)
		err(1, "%s", unit_dir);
	for (i = 0; i < n; i++)
		tcase_add_loop_test(tc, tests[i].test, 0, tests[i].times);
	tcase_set_timeout(tc, 300); /* on a machine that is busy, too */
	tcase_add_checked_fixture(tc, unit_own_dir, NULL);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	nftw(unit_dir, unit_remove, 8, FTW_DEPTH | FTW_PHYS);
	return failed == 0 ? 0 : 1;
}

#endif
