/* Walks over generations: order, neighbours, exclusions, several datasets. */
#include "tests/unit/walk.h"

static const struct {
	const char *type, *text, *more_type, *more, *want;
} walks[] = {
    {"ip4set", "", NULL, NULL, ""},
    {"ip4set", "10.0.0.1\n10.0.0.2\n10.0.0.3 :3:\n10.0.0.5\n", NULL, NULL,
	"10.0.0.1-10.0.0.2 A 127.0.0.2\n"
	"10.0.0.3-10.0.0.3 A 127.0.0.3\n"
	"10.0.0.5-10.0.0.5 A 127.0.0.2\n"},
    {"ip4set", "10/8\n!10.1.2.3\n11.0/16\n", NULL, NULL,
	"10.0.0.0-10.1.2.2 A 127.0.0.2\n"
	"10.1.2.4-11.0.255.255 A 127.0.0.2\n"},
    {"ip4set", "0/1\n128/1\n", NULL, NULL,
	"0.0.0.0-255.255.255.255 A 127.0.0.2\n"},
    {"ip4set", "0.0.0.0\n255.255.255.255\n", NULL, NULL,
	"0.0.0.0-0.0.0.0 A 127.0.0.2\n"
	"255.255.255.255-255.255.255.255 A 127.0.0.2\n"},
    {"ip4set", "10.0.0.0/8\n", "ip4trie", "10.0.0.0/9 :3:\n11/8\n",
	"10.0.0.0-10.127.255.255 A 127.0.0.2 A 127.0.0.3\n"
	"10.128.0.0-11.255.255.255 A 127.0.0.2\n"},
    {"ip4set", /* every form that a cell has */
	"10.0.0.1-60 :3\n10.0.0.70 :4\n10.0.1.0-30\n10.0.1.40-99\n10.0.2.7\n"
	"10.0.2.9\n10.0.2.11\n10.0.2.13\n10.0.3.8 :3\n10.0.3.12 :3\n", NULL,
	NULL,
	"10.0.0.1-10.0.0.60 A 127.0.0.3\n10.0.0.70-10.0.0.70 A 127.0.0.4\n"
	"10.0.1.0-10.0.1.30 A 127.0.0.2\n10.0.1.40-10.0.1.99 A 127.0.0.2\n"
	"10.0.2.7-10.0.2.7 A 127.0.0.2\n10.0.2.9-10.0.2.9 A 127.0.0.2\n"
	"10.0.2.11-10.0.2.11 A 127.0.0.2\n10.0.2.13-10.0.2.13 A 127.0.0.2\n"
	"10.0.3.8-10.0.3.8 A 127.0.0.3\n10.0.3.12-10.0.3.12 A 127.0.0.3\n"},
    {"ip6trie", "::/0\n", NULL, NULL,
	"::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff A 127.0.0.2\n"},
    {"ip6trie", "2001:db8::/32\n!2001:db8::1\n2001:db8:0:0:8::/77 :3:\n", NULL,
	NULL,
	"2001:db8::-2001:db8:: A 127.0.0.2\n"
	"2001:db8::2-2001:db8::7:ffff:ffff:ffff A 127.0.0.2\n"
	"2001:db8:0:0:8::-2001:db8::f:ffff:ffff:ffff A 127.0.0.3\n"
	"2001:db8:0:0:10::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff "
	"A 127.0.0.2\n"},
    {"ip6trie", "2001:db8::/32\n", "ip6trie", "2001:db8::/33 :3:\n::1\n",
	"::1-::1 A 127.0.0.2\n"
	"2001:db8::-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff "
	"A 127.0.0.2 A 127.0.0.3\n"
	"2001:db8:8000::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff "
	"A 127.0.0.2\n"},
    {"dnset", "z.com\n.a.com :3:\n!no.a.com\n*.com :4:\nb.org\nx.a.com\n", NULL,
	NULL,
	"com below: A 127.0.0.4\n"
	"a.com it: A 127.0.0.3 below: A 127.0.0.3\n"
	"no.a.com it: -\n"
	"x.a.com it: A 127.0.0.2\n"
	"z.com it: A 127.0.0.2\n"
	"b.org it: A 127.0.0.2\n"},
    {"dnset", "\\255a.com\n\\254a.com\nab.com\na\\000.com\na.com\nx.a.com\n"
	"verylonglabel-b.com\nverylonglabel-a.com\n", NULL, NULL,
	"a.com it: A 127.0.0.2\n"
	"x.a.com it: A 127.0.0.2\n"
	"a\\000.com it: A 127.0.0.2\n"
	"ab.com it: A 127.0.0.2\n"
	"verylonglabel-a.com it: A 127.0.0.2\n"
	"verylonglabel-b.com it: A 127.0.0.2\n"
	"\\254a.com it: A 127.0.0.2\n"
	"\\255a.com it: A 127.0.0.2\n"},
    {"dnset", "x.com\n", "generic", "@ A 192.0.2.1\nx.com TXT hi\n",
	". it: A 192.0.2.1\n"
	"x.com it: A 127.0.0.2\n"
	"x.com it: TXT hi\n"},
};

START_TEST(test_walks)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, walks[_i].type, walks[_i].text);
	if (walks[_i].more_type != NULL)
		zones_add(&z, walks[_i].more_type, walks[_i].more);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	ck_assert_str_eq(z.reports, "");
	ck_assert_str_eq(walk_all(z.gen), walks[_i].want);
	zones_free(&z);
}
END_TEST

/* Many names, so that it is sorted by more than the first bytes. */
START_TEST(test_order_of_many_names)
{
	static char text[40000];
	struct test_zone z;
	struct generation_view view = {.datasets = 1};
	struct walk_name name;
	struct walk *w;
	uint8_t before[DNAME_MAX] = {0};
	unsigned n = 0;
	char *p = text;

	for (unsigned i = 0; i < 2000; i++)
		p += sprintf(p, "n%u.example.com\n", i * 7919 % 2000);
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "dnset", text);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_int_eq(walk_open(&w, z.gen, &view), 0);
	while (walk_name(w, &name)) {
		if ((name.in[0].flags & NAME_EXACT) == 0)
			continue;
		n++;
		ck_assert_int_lt(memcmp(before, name.labels + 1,
		    name.labels[0]), 0);
		memset(before, 0, sizeof(before));
		memcpy(before, name.labels + 1, name.labels[0]);
	}
	ck_assert_uint_eq(n, 2000);
	walk_close(w);
	zones_free(&z);
}
END_TEST

UNIT_MAIN("walk", UNIT_EACH(test_walks, walks),
    UNIT_ONCE(test_order_of_many_names))
