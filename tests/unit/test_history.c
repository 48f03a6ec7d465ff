/* zones/history.c: lines, what a crash or a full disk leaves of one. */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "tests/unit/zones.h"
#include "zones/history.h"

static const struct {
	const char *line;
	bool good;
	int64_t when;
	enum history_what what;
	uint64_t generation;
	const char *text;
} lines[] = {
    {"1 published 7 3 entries", true, 1, HISTORY_PUBLISHED, 7, "3 entries"},
    {"0 refused 0 a\tb\033c", true, 0, HISTORY_REFUSED, 0, "a?b?c"},
    {"1 failed 0 ", true, 1, HISTORY_FAILED, 0, ""},
    {"1 rollback 18446744073709551615 ", false, 0, 0, 0, NULL},
    {"922337203685477579 rollback 1 x", true, 922337203685477579,
	HISTORY_ROLLBACK, 1, "x"},
    {"99999999999999999999 published 1 x", false, 0, 0, 0, NULL},
    {"", false, 0, 0, 0, NULL},
    {"1", false, 0, 0, 0, NULL},
    {"1 ", false, 0, 0, 0, NULL},
    {"1 published", false, 0, 0, 0, NULL},
    {"1 published ", false, 0, 0, 0, NULL},
    {"1 published 7", false, 0, 0, 0, NULL},
    {"1 publishedx 7 x", false, 0, 0, 0, NULL},
    {"x published 7 x", false, 0, 0, 0, NULL},
    {"-1 published 7 x", false, 0, 0, 0, NULL},
    {" 1 published 7 x", false, 0, 0, 0, NULL},
    {"1  published 7 x", false, 0, 0, 0, NULL},
};

START_TEST(test_parse)
{
	size_t len = strlen(lines[_i].line);
	char *copy = malloc(len); /* no NUL: ASan sees what is read beyond */
	struct history_event e;

	memcpy(copy, lines[_i].line, len);
	ck_assert_int_eq(history_parse(&e, copy, len), lines[_i].good);
	if (lines[_i].good) {
		ck_assert_int_eq(e.when, lines[_i].when);
		ck_assert_int_eq(e.what, lines[_i].what);
		ck_assert_uint_eq(e.generation, lines[_i].generation);
		ck_assert_str_eq(e.text, lines[_i].text);
	}
	free(copy);
}
END_TEST

static void
count(void *arg, const struct history_event *e)
{
	(void)e;
	(*(unsigned *)arg)++;
}

static unsigned
events(void)
{
	unsigned n = 0;

	ck_assert_int_eq(history_each(unit_path("state"), "z", count, &n), 0);
	return n;
}

START_TEST(test_file)
{
	char long_text[2 * HISTORY_TEXT_MAX];
	struct history_event e;
	struct publish *p;
	char why[GENERATION_WHY_MAX];
	FILE *f;

	ck_assert_uint_eq(events(), 0);
	ck_assert_int_eq(history_last(unit_path("state"), "z", &e), -ENOENT);
	ck_assert_int_eq(history_add(unit_path("state"), "z", HISTORY_FAILED,
	    0, "no folder"), -ENOENT);
	ck_assert_int_eq(publish_begin(&p, unit_path("state"), "z", why), 0);
	publish_abort(p);
	ck_assert_int_eq(history_add(unit_path("state"), "z",
	    HISTORY_PUBLISHED, 1, "one\ntwo"), 0);
	ck_assert_int_eq(history_last(unit_path("state"), "z", &e), 0);
	ck_assert_str_eq(e.text, "one?two");
	ck_assert_uint_eq(events(), 1);

	/* a line that was cut: the last whole one counts, the next is whole */
	f = fopen(unit_path("state/zones/z/history"), "a");
	ck_assert_ptr_nonnull(f);
	fputs("123 refused 0 cut in mid-", f);
	fclose(f);
	ck_assert_int_eq(history_last(unit_path("state"), "z", &e), 0);
	ck_assert_str_eq(e.text, "one?two");
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	for (int i = 0; i < 9; i++)
		ck_assert_int_eq(history_add(unit_path("state"), "z",
		    HISTORY_REFUSED, 0, long_text), 0);
	ck_assert_int_eq(history_last(unit_path("state"), "z", &e), 0);
	ck_assert_int_eq(e.what, HISTORY_REFUSED);
	ck_assert_uint_eq(strlen(e.text), HISTORY_TEXT_MAX);
	ck_assert_uint_eq(events(), 11); /* what was cut reads as an event */
}
END_TEST

UNIT_MAIN("history", UNIT_EACH(test_parse, lines), UNIT_ONCE(test_file))
