/* lib/prefix_table.c: the most specific prefix wins, in both families. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/prefix_table.h"
#include "tests/unit/unit.h"

#define NONE 99

static void
add(struct prefix_table *t, const char *txt, uint8_t value)
{
	struct prefix p;
	uint8_t there;

	ck_assert_int_eq(prefix_parse(&p, txt), 0);
	ck_assert_int_eq(prefix_table_add(t, &p, value, &there), 0);
}

static uint8_t
find(const struct prefix_table *t, const char *txt)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, txt), 0);
	return prefix_table_find(t, &a, NONE);
}

static const struct {
	const char *addr;
	uint8_t want;
} cases[] = {
    {"9.255.255.255", NONE},
    {"10.0.0.0", 1},
    {"10.0.255.255", 1},
    {"10.1.0.0", 2},
    {"10.1.2.2", 3},
    {"10.1.2.3", 4},
    {"10.1.2.4", 3},
    {"10.1.3.0", 2},
    {"10.1.255.255", 2},
    {"10.2.0.0", 1}, /* behind what is nested: the wide one again */
    {"10.255.255.255", 1},
    {"11.0.0.0", NONE},
    {"192.0.2.1", NONE},
    {"::", 5},
    {"2001:db8::", 6},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 6},
    {"2001:db9::", 5},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 5},
};

START_TEST(most_specific)
{
	struct prefix_table t = {0};

	add(&t, "10.1.2.3", 4);
	add(&t, "2001:db8::/32", 6);
	add(&t, "10.1.2.0/24", 3);
	add(&t, "10.0.0.0/8", 1);
	add(&t, "::/0", 5);
	add(&t, "10.1.0.0/16", 2);
	prefix_table_sort(&t);
	ck_assert_msg(find(&t, cases[_i].addr) == cases[_i].want, "%s: %u",
	    cases[_i].addr, find(&t, cases[_i].addr));
	prefix_table_clear(&t);
}
END_TEST

START_TEST(same_prefix)
{
	struct prefix_table t = {0};
	struct prefix p;
	uint8_t there = 0;

	add(&t, "192.0.2.0/24", 7);
	add(&t, "192.0.2.0/25", 8); /* the same address, another length */
	ck_assert_int_eq(prefix_parse(&p, "192.0.2.0/24"), 0);
	ck_assert_int_eq(prefix_table_add(&t, &p, 1, &there), -EEXIST);
	ck_assert_uint_eq(there, 7);
	prefix_table_sort(&t);
	ck_assert_uint_eq(find(&t, "192.0.2.127"), 8);
	ck_assert_uint_eq(find(&t, "192.0.2.128"), 7);
	prefix_table_clear(&t);
}
END_TEST

START_TEST(empty)
{
	struct prefix_table t = {0};

	prefix_table_sort(&t);
	ck_assert_uint_eq(find(&t, "127.0.0.1"), NONE);
	prefix_table_clear(&t);
}
END_TEST

/* A thousand prefixes at random in a narrow space, against a look at each. */
START_TEST(as_a_scan_finds_it)
{
	static struct prefix all[1024];
	static uint8_t values[1024];
	struct prefix_table t = {0};
	struct addr a = {.family = AF_INET};
	size_t n = 0;
	uint8_t there;

	srandom(1);
	while (n < UNIT_COUNT(all)) {
		struct prefix p = {.addr.family = AF_INET,
		    .len = (uint8_t)(random() % 33)};
		uint32_t bits = (uint32_t)(random() & 0x3f3f3f3f);

		bits &= p.len == 0 ? 0 : 0xffffffffu << (32 - p.len);
		for (int i = 0; i < 4; i++)
			p.addr.bytes[i] = (uint8_t)(bits >> (24 - 8 * i));
		if (prefix_table_add(&t, &p, (uint8_t)(n % 50), &there) != 0)
			continue;
		values[n] = (uint8_t)(n % 50);
		all[n++] = p;
	}
	prefix_table_sort(&t);
	for (int i = 0; i < 20000; i++) {
		int longest = -1;
		uint8_t want = NONE;

		for (int b = 0; b < 4; b++)
			a.bytes[b] = (uint8_t)(random() & 0x3f);
		for (n = 0; n < UNIT_COUNT(all); n++) {
			if (all[n].len > longest &&
			    prefix_contains(&all[n], &a)) {
				longest = all[n].len;
				want = values[n];
			}
		}
		ck_assert_uint_eq(prefix_table_find(&t, &a, NONE), want);
	}
	prefix_table_clear(&t);
}
END_TEST

UNIT_MAIN("prefix_table", UNIT_EACH(most_specific, cases),
    UNIT_ONCE(same_prefix), UNIT_ONCE(empty), UNIT_ONCE(as_a_scan_finds_it))
