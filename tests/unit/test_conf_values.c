/*
 * lib/conf_values.c: sizes, durations and numbers, at both ends of their ranges
 * and beyond.
 */
#include <errno.h>

#include "tests/unit/conf.h"

#define NO_SIZE                                                                \
	"is refused; write a number with K, M or G behind, from 1M to 1024G\n"

/* Numbers at both ends of their ranges; 0: refused. */
static const struct {
	const char *name;
	const char *in;
	uint64_t want;
} size_cases[] = {
    {"least", "1M", 1ull << 20},
    {"least in K", "1024K", 1ull << 20},
    {"least in bytes", "1048576", 1ull << 20},
    {"below", "1048575", 0},
    {"below in K", "1023K", 0},
    {"most", "1024G", 1ull << 40},
    {"beyond", "1025G", 0},
    {"most in bytes", "1099511627776", 1ull << 40},
    {"beyond by a byte", "1099511627777", 0},
    {"64 bits", "18446744073709551616", 0},
    {"64 bits and the least", "18446744073710600192", 0},
    {"64 bits by the suffix", "99999999999999G", 0},
    {"64 bits by the suffix, and the least", "17592186044417M", 0},
    {"zero", "0", 0},
    {"no suffix we know", "256T", 0},
    {"small letter", "256m", 0},
    {"two suffixes", "1MM", 0},
    {"only a suffix", "M", 0},
    {"a space", "256 M", 0},
    {"a fraction", "1.5G", 0},
    {"hexadecimal", "0x1000000", 0},
    {"a sign", "-1M", 0},
    {"nothing", "", 0},
};

START_TEST(sizes)
{
	char text[128], want[256];
	struct out out = {0};
	struct conf *conf;
	int rc;

	snprintf(
	    text, sizeof(text), "cache { size = \"%s\" }", size_cases[_i].in);
	rc = parse(&conf, text, strlen(text), &out);
	if (size_cases[_i].want == 0) {
		snprintf(want, sizeof(want), "1: cache size: \"%s\" " NO_SIZE,
		    size_cases[_i].in);
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_str_eq(out.txt, want);
		return;
	}
	ck_assert_msg(rc == 0, "%s: %s", size_cases[_i].name, out.txt);
	ck_assert_uint_eq(conf->cache.size, size_cases[_i].want);
	conf_free(conf);
}
END_TEST

/* Each number of the table at, below and beyond its range. */
START_TEST(ranges)
{
	const struct conf_option *o;

	for (size_t i = 0; (o = conf_option(i)) != NULL; i++) {
		const uint64_t good[] = {o->least, o->most};
		const uint64_t bad[] = {o->least - 1, o->most + 1};

		if (o->type != CONF_NUMBER)
			continue;
		for (int j = 0; j < 4; j++) {
			struct out out = {0};
			struct conf *conf;
			char text[128];
			int rc;

			if (j >= 2 && bad[j - 2] == UINT64_MAX)
				continue; /* nothing is below 0 */
			snprintf(text, sizeof(text), "%s%s %s %s = %llu %s",
			    o->section, strcmp(o->section, "zone") == 0 ?
			    " z" : "", o->section[0] ? "{" : "", o->name,
			    (unsigned long long)(j < 2 ? good[j] : bad[j - 2]),
			    strcmp(o->section, "zone") == 0 ?
			    "datasets = t:f }" : o->section[0] ? "}" : "");
			rc = parse(&conf, text, strlen(text), &out);
			ck_assert_msg(rc == (j < 2 ? 0 : -EINVAL), "%s: %s",
			    text, out.txt);
			conf_free(conf);
		}
	}
}
END_TEST

/* Seconds of a duration; 0: refused. */
static const struct {
	const char *in;
	uint32_t want;
} duration_cases[] = {
    {"1s", 1}, {"60s", 60}, {"1m", 60}, {"1h", 3600}, {"7d", 604800},
    {"604800s", 604800}, {"0s", 0}, {"8d", 0}, {"604801s", 0}, {"", 0},
    {"s", 0}, {"30", 0}, {"1.5h", 0}, {"-1h", 0}, {"1 h", 0}, {"1M", 0},
    {"1hm", 0}, {"1h30m", 0}, {"0x1s", 0}, {"18446744073709551617s", 0},
    {"307445734561825861m", 0}, {"00000000000000000000001h", 3600},
    {"000000000000000000000000000000000000000001s", 0},
};

START_TEST(durations)
{
	char text[256], want[512];
	struct out out = {0};
	struct conf *conf;
	int rc;

	snprintf(text, sizeof(text),
	    "zone z { datasets = 'a:@feed/b' feed { source = '/x' "
	    "every = '%s' } }", duration_cases[_i].in);
	rc = parse(&conf, text, strlen(text), &out);
	if (duration_cases[_i].want == 0) {
		snprintf(want, sizeof(want),
		    "1: feed every: \"%s\" is refused; write a number with "
		    "s, m, h or d behind, from 1s to 7d\n",
		    duration_cases[_i].in);
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_str_eq(out.txt, want);
		return;
	}
	ck_assert_msg(rc == 0, "%s: %s", duration_cases[_i].in, out.txt);
	ck_assert_uint_eq(conf->zones[0].feed.every_s, duration_cases[_i].want);
	conf_free(conf);
}
END_TEST

START_TEST(duration_txt)
{
	static const struct {
		uint64_t s;
		const char *want;
	} cases[] = {{0, "0s"}, {1, "1s"}, {59, "59s"}, {60, "1m"}, {90, "90s"},
	    {5400, "90m"}, {86400, "1d"}, {90000, "25h"}};
	char out[CONF_DURATION_LEN];

	for (size_t i = 0; i < UNIT_COUNT(cases); i++)
		ck_assert_str_eq(
		    conf_duration_txt(out, cases[i].s), cases[i].want);
}
END_TEST

UNIT_MAIN("conf_values", UNIT_EACH(sizes, size_cases), UNIT_ONCE(ranges),
    UNIT_EACH(durations, duration_cases), UNIT_ONCE(duration_txt))
