/* zones/gate.c: each rule, on both sides of its limit. */
#include <errno.h>
#include <time.h>

#include "tests/unit/zones.h"
#include "zones/gate.h"

/* ---- rules that go by counts alone */

static const struct {
	const char *rule;
	struct conf_gate gate;
	struct gate_counts counts;
	bool refused;
} counted[] = {
    {"whole-file", {0}, {.cut_files = 0}, false},
    {"whole-file", {0}, {.cut_files = 1}, true},
    {"bad-lines", {.max_bad_lines = 10},
	{.entries = 90, .bad_lines = 10}, false},
    {"bad-lines", {.max_bad_lines = 10},
	{.entries = 0, .bad_lines = 10}, false},
    {"bad-lines", {.max_bad_lines = 10},
	{.entries = 0, .bad_lines = 11}, true},
    {"bad-lines", {.max_bad_lines = 10},
	{.entries = 99, .bad_lines = 11}, false},
    {"bad-lines", {.max_bad_lines = 10},
	{.entries = 98, .bad_lines = 11}, true},
    {"bad-lines", {.max_bad_lines = 100},
	{.entries = 0, .bad_lines = 1000}, false},
    {"bad-lines", {.max_bad_lines = 0},
	{.entries = 0, .bad_lines = 1000}, false},
    {"timestamp", {0}, {.stamp = 1000}, false},
    {"timestamp", {0}, {.stamp = 1001}, true},
    {"timestamp", {0}, {.expires = 1001}, false},
    {"timestamp", {0}, {.expires = 1000}, true},
    {"page", {0}, {.pages = 1}, true},
    {"page", {0}, {.pages = 0}, false},
    {"min-entries", {.min_entries = 0}, {0}, false},
    {"min-entries", {.min_entries = 1}, {0}, true},
    {"min-entries", {.min_entries = 1}, {.entries = 1}, false},
    {"min-entries", {.min_entries = 1000}, {.entries = 999}, true},
    /* nothing is served: relative rules pass */
    {"max-shrink", {.max_shrink = 50}, {.entries = 1}, false},
    {"max-growth", {.max_growth = 50}, {.entries = 1000000}, false},
};

static const struct gate_rule *
find_rule(const char *name)
{
	const struct gate_rule *r;

	for (size_t i = 0; (r = gate_rule(i)) != NULL; i++)
		if (strcmp(r->name, name) == 0)
			return r;
	ck_abort_msg("%s", name);
}

START_TEST(test_counted)
{
	struct conf_zone zone = {.gate = counted[_i].gate};
	struct gate_case c = {.zone = &zone, .counts = &counted[_i].counts,
	    .now = 1000};
	char why[GATE_WHY_MAX] = "";

	ck_assert_int_eq(find_rule(counted[_i].rule)->passes(&c, why),
	    !counted[_i].refused);
	ck_assert_int_eq(why[0] != '\0', counted[_i].refused);
}
END_TEST

/* ---- against what is served */

static const struct {
	unsigned max_shrink, max_growth;
	uint64_t old, new;
	const char *refused; /* rule and figures, or NULL */
} relative[] = {
    {50, 50, 1000, 500, NULL},
    {50, 50, 1000, 499, "1000: shrunk by 50 %, at most 50 % are allowed"},
    {50, 50, 1000, 1500, NULL},
    {50, 50, 1000, 1501, "1000: grown by 50 %, at most 50 % are allowed"},
    {50, 50, 1000, 10000, "1000: grown by 900 %"},
    {50, 50, 1000, 0, "1000: shrunk by 100 %"},
    {0, 0, 1000, 1, NULL},
    {100, 900, 1000, 0, NULL},
    {100, 900, 1000, 10000, NULL},
    {100, 900, 1000, 10001, "grown by 900 %"},
    {1, 1, 1000, 900, NULL}, /* the slack */
    {1, 1, 1000, 899, "shrunk by 10 %"},
    {50, 50, 10, 110, NULL},
    {50, 50, 10, 111, "10: grown by 1010 %"},
    {50, 50, 0, 100, NULL},
    {50, 50, 0, 101, "0: grown"},
    {50, 50, 100, 0, NULL},
};

START_TEST(test_relative)
{
	struct test_zone z;
	struct gate_counts counts = {.entries = relative[_i].new};
	struct gate_verdict v;
	char *text = calloc(relative[_i].old + 1, 16), *p = text;

	zones_init(&z, ZONES_APEX);
	for (uint64_t i = 0; i < relative[_i].old; i++)
		p += sprintf(p, "1.0.%u.%u\n", (unsigned)i >> 8,
		    (unsigned)i & 255);
	zones_add(&z, "ip4set", text);
	ck_assert_int_eq(zones_build(&z), 0);
	z.conf.gate.max_shrink = relative[_i].max_shrink;
	z.conf.gate.max_growth = relative[_i].max_growth;
	gate_judge(&v, &(struct gate_case){.zone = &z.conf, .counts = &counts,
	    .next = z.gen, .current = z.gen}, NULL);
	ck_assert_int_eq(v.passed, relative[_i].refused == NULL);
	if (relative[_i].refused != NULL)
		ck_assert_msg(strstr(v.why, relative[_i].refused) != NULL,
		    "%s", v.why);
	free(text);
	zones_free(&z);
}
END_TEST

/* ---- what is listed */

static char txt_0[] = "192.0.2.0/23", txt_1[] = "2001:db8::/34",
    txt_2[] = "own.test", txt_3[] = "2.0.0.2";
static struct conf_key mine[] = {
    {.txt = txt_0, .prefix = {{AF_INET, {192, 0, 2}}, 23}},
    {.txt = txt_1,
	.prefix = {{AF_INET6, {0x20, 1, 0xd, 0xb8}}, 34}},
    {.txt = txt_2, .is_name = true, .name = "\3own\4test"},
    {.txt = txt_3, .prefix = {{AF_INET, {2, 0, 0, 2}}, 32}},
};
static const struct conf_keys my_keys = {mine, UNIT_COUNT(mine)};

static const struct {
	const char *rule, *type, *text;
	const char *refused; /* part of the reason, or NULL */
	unsigned limit;
} listed[] = {
    {"widest-ip4", "ip4set", "10.0.0.0/8\n", NULL, 8},
    {"widest-ip4", "ip4set", "10.0.0.0/7\n", "lists 10.0.0.0/7, at most", 8},
    {"widest-ip4", "ip4set", "10.0.0.0/8\n11.0.0.0/8\n", "10.0.0.0/7", 8},
    {"widest-ip4", "ip4set", "11.0.0.0/8\n12.0.0.0/8\n", NULL, 8},
    {"widest-ip4", "ip4set", "9.128.0.0/9\n10.0.0.0/9\n", NULL, 9},
    {"widest-ip4", "ip4set", "9.128.0.0/9\n10.0.0.0/8\n", "10.0.0.0/8", 9},
    {"widest-ip4", "ip4set", "0.0.0.0/1\n128.0.0.0/1\n", "0.0.0.0/0", 8},
    {"widest-ip4", "ip4trie", "0.0.0.0/0\n", "0.0.0.0/0", 8},
    {"widest-ip4", "ip4trie", "0.0.0.0/0\n", "0.0.0.0/0", 1},
    {"widest-ip4", "ip4trie", "0.0.0.0/0\n", NULL, 0},
    {"widest-ip4", "ip4trie", "0.0.0.0/0\n!1.2.3.4\n", "128.0.0.0/1", 8},
    {"widest-ip4", "ip4trie", "!0.0.0.0/0\n1.2.3.4\n", NULL, 8},
    {"widest-ip4", "ip4set", "224.0.0.0/3\n", NULL, 8},
    {"widest-ip4", "ip4set", "10.0.0.0/24\n10.0.2.0/23\n", "10.0.2.0/23", 24},
    {"widest-ip4", "ip4set", "10.0.1.0/24\n10.0.2.0/24\n", NULL, 24},
    {"widest-ip4", "ip4set", "10.0.3.0/24\n10.0.4.0/24\n", NULL, 24},
    {"widest-ip4", "ip6trie", "2001:db8::/32\n", NULL, 24},
    {"widest-ip6", "ip6trie", "2001:db8::/32\n", NULL, 16},
    {"widest-ip6", "ip6trie", "2001:db8::/32\n", NULL, 32},
    {"widest-ip6", "ip6trie", "2001:db8::/32\n", "2001:db8::/32", 33},
    {"widest-ip6", "ip6trie", "::/0\n", "lists ::/0", 16},
    {"widest-ip6", "ip6trie", "8000::/2\n", NULL, 16},
    {"widest-ip6", "ip6trie", "::/2\n", "lists ::/2", 16},
    {"widest-ip6", "ip6trie", "::/1\n", "lists ::/1", 16},
    {"widest-ip6", "ip6trie", "!::/0\n2001::/64\n", NULL, 16},
    {"widest-ip6", "ip6trie", "fc00::/7\n", NULL, 16},
    {"widest-ip6", "ip6trie", "::/0\n", NULL, 0},

    {"test-points", "ip4set", "127.0.0.2\n", NULL, 0},
    {"test-points", "ip4set", "1.2.3.4\n", NULL, 0},
    {"test-points", "ip4set", "1.2.3.4\n", "does not list 127.0.0.2", 1},
    {"test-points", "ip4set", "127.0.0.2\n", NULL, 1},
    {"test-points", "ip4set", "127.0.0.0/8\n", "lists 127.0.0.1", 0},
    {"test-points", "ip4set", "127.0.0.0/8\n!127.0.0.1\n", NULL, 1},
    {"test-points", "ip6trie", "::ffff:7f00:1\n", "::ffff:7f00:1", 0},
    {"test-points", "ip6trie", "::ffff:7f00:2\n", NULL, 1},
    {"test-points", "ip6trie", "2001:db8::/32\n", "::ffff:7f00:2", 1},
    {"test-points", "dnset", "a.b\n", NULL, 0},
    {"test-points", "dnset", "a.b\n", "does not list test", 1},
    {"test-points", "dnset", "test\n", NULL, 1},
    {"test-points", "dnset", "invalid\n", "lists invalid", 0},
    {"test-points", "dnset", "a.invalid\n", NULL, 0},
    {"test-points", "generic", "a A 1.2.3.4\n", NULL, 1},

    {"protect", "ip4set", "192.0.1.255\n192.0.4.0\n", NULL, 0},
    {"protect", "ip4set", "192.0.3.255\n",
	"something within 192.0.2.0/23, which", 0},
    {"protect", "ip4set", "192.0.2.0\n", "192.0.2.0/23", 0},
    {"protect", "ip4trie", "192.0.0.0/16\n", "192.0.2.0/23", 0},
    {"protect", "ip4trie", "192.0.0.0/16\n!192.0.2.0/23\n", NULL, 0},
    {"protect", "ip6trie", "2001:db8:4000::/34\n", NULL, 0},
    {"protect", "ip6trie", "2001:db8:3fff::/48\n", "2001:db8::/34", 0},
    {"protect", "ip6trie", "2001::/16\n", "2001:db8::/34", 0},
    {"protect", "ip6trie", "::1\n", "lists ::1, which is", 0},
    {"protect", "ip6trie", "2002::/16\n", NULL, 0}, /* not 2.0.0.2 */
    {"protect", "ip4set", "2.0.0.2\n", "lists 2.0.0.2", 0},
    {"protect", "dnset", "other.test\ntest\nxown.test\n", NULL, 0},
    {"protect", "dnset", "own.test\n", "lists own.test", 0},
    {"protect", "dnset", "mx.own.test\n", "something within own.test", 0},
    {"protect", "dnset", "*.own.test\n", "something within own.test", 0},
    {"protect", "dnset", ".test\n", "lists own.test", 0},
    {"protect", "dnset", ".test\n!.own.test\n", NULL, 0},
    {"protect", "dnset", "localhost\n", "lists localhost", 0},
};

START_TEST(test_listed)
{
	struct test_zone z;
	struct gate_case c = {.zone = &z.conf};
	char why[GATE_WHY_MAX] = "";
	bool passed;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, listed[_i].type, listed[_i].text);
	ck_assert_int_eq(zones_build(&z), 0);
	z.conf.gate.widest_ip4 = (uint8_t)listed[_i].limit;
	z.conf.gate.widest_ip6 = (uint8_t)listed[_i].limit;
	z.conf.gate.all_test_points = listed[_i].limit == 1;
	z.conf.protect = &my_keys;
	c.next = z.gen;
	passed = find_rule(listed[_i].rule)->passes(&c, why);
	ck_assert_msg(passed == (listed[_i].refused == NULL), "%s", why);
	if (!passed)
		ck_assert_msg(strstr(why, listed[_i].refused) != NULL, "%s",
		    why);
	zones_free(&z);
}
END_TEST

/* What a prefix of any length covers, and what stands right beside it. */
START_TEST(test_protect_lengths)
{
	char prefix_txt[] = "p";
	struct conf_key key = {.txt = prefix_txt};
	struct conf_keys keys = {&key, 1};
	struct test_zone z;
	struct gate_case c = {.zone = &z.conf};
	char why[GATE_WHY_MAX], text[64];
	uint32_t ip = 0xc0a85a5a, first, size;

	for (unsigned bits = 1; bits <= 32; bits++) {
		size = (uint32_t)(1ull << (32 - bits));
		first = ip & ~(size - 1);
		for (int i = 0; i < 3; i++) {
			uint32_t at = i == 0 ? first - 1 :
			    i == 1 ? first + size - 1 : first + size;

			zones_init(&z, ZONES_APEX);
			snprintf(text, sizeof(text), "%u.%u.%u.%u\n", at >> 24,
			    at >> 16 & 255, at >> 8 & 255, at & 255);
			zones_add(&z, "ip4set", text);
			ck_assert_int_eq(zones_build(&z), 0);
			key.prefix = (struct prefix){{AF_INET, {(uint8_t)(first
			    >> 24), (uint8_t)(first >> 16), (uint8_t)(first >>
			    8), (uint8_t)first}}, (uint8_t)bits};
			z.conf.protect = &keys;
			c.next = z.gen;
			ck_assert_msg(find_rule("protect")->passes(&c, why) ==
			    (i != 1), "/%u: %s", bits, text);
			zones_free(&z);
		}
	}
}
END_TEST

/* All addresses of a family: whatever is listed. */
START_TEST(test_protect_all)
{
	static char txt[] = "all";
	struct conf_key key = {.txt = txt};
	struct conf_keys keys = {&key, 1};
	struct test_zone z;
	struct gate_case c = {.zone = &z.conf};
	char why[GATE_WHY_MAX];

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "203.0.113.9\n");
	zones_add(&z, "ip6trie", "# none\n");
	ck_assert_int_eq(zones_build(&z), 0);
	z.conf.protect = &keys;
	c.next = z.gen;
	key.prefix.addr.family = AF_INET;
	ck_assert(!find_rule("protect")->passes(&c, why));
	key.prefix.addr.family = AF_INET6;
	ck_assert_msg(find_rule("protect")->passes(&c, why), "%s", why);
	zones_free(&z);
}
END_TEST

/* ---- the whole of it */

START_TEST(test_kept_test_points)
{
	struct test_zone z;
	const char *path;

	zones_init(&z, ZONES_APEX);
	z.conf.gate.n_skip = 0;
	path = zones_add(&z, "ip4set", "1.2.3.4\n127.0.0.2\n");
	ck_assert_int_eq(zones_build(&z), 0);
	zones_write(path, "1.2.3.4\n", 8);
	ck_assert_int_eq(zones_build(&z), -ECANCELED);
	ck_assert_msg(strstr(z.why, "refused by test-points: does not list "
	    "127.0.0.2") != NULL, "%s", z.why);
	zones_write(path, "127.0.0.2\n", 10);
	ck_assert_int_eq(zones_build(&z), 0);
	zones_free(&z);
}
END_TEST

START_TEST(test_force)
{
	static const char *const one[] = {"whole-file", NULL};
	static const char *const both[] = {"min-entries", "whole-file", NULL};
	static const char *const none[] = {"whole-files", NULL};
	struct conf_zone zone = {.gate = {.min_entries = 9}};
	struct gate_counts counts = {.cut_files = 1};
	struct test_zone z;
	struct gate_verdict v;
	struct gate_case c = {.zone = &zone, .counts = &counts};

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "1.1.1.1\n");
	ck_assert_int_eq(zones_build(&z), 0);
	memcpy(zone.apex, z.conf.apex, sizeof(zone.apex));
	c.next = z.gen;
	gate_judge(&v, &c, NULL);
	ck_assert(!v.passed);
	ck_assert_str_eq(v.refused, "whole-file,min-entries");
	ck_assert_str_eq(v.forced, "");
	ck_assert_ptr_nonnull(strstr(v.why, "without a newline"));
	gate_judge(&v, &c, one);
	ck_assert(!v.passed);
	ck_assert_str_eq(v.refused, "min-entries");
	ck_assert_str_eq(v.why, "0 entries, at least 9 are wanted");
	gate_judge(&v, &c, both);
	ck_assert(v.passed);
	ck_assert_str_eq(v.forced, "whole-file,min-entries");
	ck_assert_ptr_null(gate_unknown_rule(both, 2));
	ck_assert_str_eq(gate_unknown_rule(none, 1), "whole-files");
	zones_free(&z);
}
END_TEST

/* ---- which line it is that lists what must not be */

static const struct {
	const char *rule, *type, *text, *want;
} blamed[] = {
    {"protect", "ip4set", "1.2.3.4\n192.0.0.0/16 a\n",
	"protected: 192.0.2.0, by 192.0.0.0/16 in ip4set0:2"},
    {"protect", "ip4set", "192.0.2.9\n192.0.3.255\n",
	"protected: 192.0.2.9, by 192.0.2.9 in ip4set0:1"},
    {"protect", "ip6trie", "::1:0:0:0\n2001:db8:3fff:1::/64\n",
	"protected: 2001:db8:3fff:1::, by 2001:db8:3fff:1::/64 in ip6trie0:2"},
    {"protect", "dnset", "a\nmx.own.test\n",
	"protected: mx.own.test, by mx.own.test in dnset0:2"},
    {"protect", "dnset", "*.own.test\n",
	"protected: own.test, by *.own.test in dnset0:1"},
    {"protect", "dnset", "a\n*.test\n",
	"protected: own.test, by *.test in dnset0:2"},
    {"protect", "combined", "$DATASET ip4set sub\n1.2.3.4\n192.0.2.1\n",
	"protected: 192.0.2.1, by 192.0.2.1 in combined0:3"},
    {"test-points", "ip4set", "127.0.0.0/24\n!127.0.0.2\n",
	"5782 5): 127.0.0.1, by 127.0.0.0/24 in ip4set0:1"},
};

START_TEST(test_blamed)
{
	struct test_zone z;
	struct gate_case c = {.zone = &z.conf};
	char why[GATE_WHY_MAX] = "", *folder;

	zones_init(&z, ZONES_APEX);
	z.conf.provenance = true;
	zones_add(&z, blamed[_i].type, blamed[_i].text);
	ck_assert_int_eq(zones_build(&z), 0);
	z.conf.protect = &my_keys;
	c.next = z.gen;
	ck_assert(!find_rule(blamed[_i].rule)->passes(&c, why));
	folder = strstr(why, " in /");
	ck_assert_msg(folder != NULL, "%s", why);
	memmove(folder + 4, strrchr(why, '/') + 1,
	    strlen(strrchr(why, '/') + 1) + 1);
	ck_assert_msg(strstr(why, blamed[_i].want) != NULL, "%s", why);
	zones_free(&z);
}
END_TEST

UNIT_MAIN("gate", UNIT_EACH(test_counted, counted),
    UNIT_EACH(test_relative, relative), UNIT_EACH(test_listed, listed),
    UNIT_EACH(test_blamed, blamed), UNIT_ONCE(test_protect_lengths),
    UNIT_ONCE(test_protect_all), UNIT_ONCE(test_kept_test_points),
    UNIT_ONCE(test_force))
