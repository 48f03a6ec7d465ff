/* The dataset type acl: what it says of a client, and what is answered then.
 * rbldnsd does the same; where we differ, it says so. */
#include <errno.h>

#include "tests/unit/zones.h"

#define CLIENT "192.0.2.1"
#define LISTED_4 "4.3.2.1"
#define SOME_6 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"

/* What the client would be answered, where the zone `all` is for all zones. */
static const char *
ask_under(const struct test_zone *all, const struct test_zone *z,
    const char *client_txt, const char *rel)
{
	struct acl_verdict acl = {0};
	struct addr client;

	ck_assert_int_eq(addr_parse(&client, client_txt), 0);
	acl.client = &client;
	if (all != NULL)
		generation_acl(all->gen, &acl);
	generation_acl(z->gen, &acl);
	return acl.action == ACL_IGNORE ? "IGNORE" :
	    acl.action == ACL_REFUSE ? "REFUSE" : zones_ask_for(z, rel, &acl);
}

static const char *
ask_as(const struct test_zone *z, const char *client, const char *rel)
{
	return ask_under(NULL, z, client, rel);
}

static const struct {
	const char *acl, *want;
	const char *client, *name; /* NULL: CLIENT, LISTED_4 */
} cases[] = {
    /* actions */
    {"192.0.2.1 :ignore\n", .want = "IGNORE"},
    {"192.0.2.1 :blackhole\n", .want = "IGNORE"},
    {"192.0.2.1 :Refuse\n", .want = "REFUSE"},
    {"192.0.2.1 :refuse and text\n", .want = "REFUSE"},
    {"192.0.2.1:refuse\n", .want = "REFUSE"},
    {"192.0.2.1 :refuse # text\n", .want = "REFUSE"},
    {"192.0.2.1 :refuse#\n", .want = "REFUSE"},
    {"192.0.2.1 :empty:\n", .want = "NXDOMAIN"},
    {"192.0.2.1 :empty\n", .want = "NXDOMAIN", .name = "9.9.9.9"},
    {"192.0.2.1 :empty\n", .want = "A 9.9.9.9", .name = ""},
    {"192.0.2.1 :pass\n", .want = "A 127.0.0.3"},
    {"192.0.2.1 :emptyx\n", .want = "A 127.0.0.3"},
    {"192.0.2.1 :5:see $ $$\n", .want = "A 127.0.0.5 | TXT see 192.0.2.1 $"},
    {"192.0.2.1 :5:see $\n",
	.want = "A 127.0.0.5 | TXT see 192.0.2.1", .name = "9.9.9.9"},
    {"192.0.2.1 text\n", .want = "A 127.0.0.2 | TXT text", .name = "9.9.9.9"},
    {"192.0.2.1 empty\n", .want = "A 127.0.0.2 | TXT empty", .name = "9.9.9.9"},
    {"$TTL 9\n$1 one\n$= b $=\n192.0.2.1 :5:$1\n",
	.want = "A 127.0.0.5 (9) | TXT b $1 (9)"},
    /* without a value */
    {"192.0.2.1\n", .want = "IGNORE"},
    {"192.0.2.1 # x\n", .want = "IGNORE"},
    {":refuse\n192.0.2.1\n", .want = "REFUSE"},
    {":refuse\n:empty\n192.0.2.1\n", .want = "NXDOMAIN"},
    {":6:all\n192.0.2.1\n", .want = "A 127.0.0.6 | TXT all"},
    {":6:all\n192.0.2.1 :7\n", .want = "A 127.0.0.7 | TXT all"},
    {":6:all\n:pass\n192.0.2.0/24 :empty\n192.0.2.1\n", .want = "A 127.0.0.3"},
    {":refuse\n192.0.2.1 text\n",
	.want = "A 127.0.0.2 | TXT text"}, /* rbldnsd crashes */
    {":refuse\n:wrong\n192.0.2.1\n", .want = "REFUSE"},
    /* which clients */
    {"192.0.2.1 :empty\n", .want = "A 127.0.0.3", .client = "192.0.2.2"},
    {"192.0.2 :empty\n", .want = "NXDOMAIN", .client = "192.0.2.200"},
    {"192.0.2.0/28 :empty\n", .want = "A 127.0.0.3", .client = "192.0.2.16"},
    {"0.0.0.0/0 :empty\n", .want = "NXDOMAIN", .client = "203.0.113.1"},
    {"192.0.2/24 :empty\n192.0.2.1 :pass\n", .want = "A 127.0.0.3"},
    {"192.0.2.1 :refuse\n192.0.2.0/24 :empty\n", .want = "REFUSE"},
    {"192.0.2.1 :refuse\n192.0.2.1 :pass\n", .want = "REFUSE"},
    {"2001:db8::1 :refuse\n", .want = "REFUSE", .client = "2001:db8::1"},
    {"2001:db8::/32 :refuse\n2001:db8::1 :pass\n",
	.want = "A 127.0.0.3", .client = "2001:db8::1"},
    {"2001:db8 :5:$\n",
	.want = "A 127.0.0.5 | TXT 2001:db8::1", .client = "2001:db8::1"},
    {"::/0 :refuse\n", .want = "A 127.0.0.3"},
    {"0/0 :refuse\n", .want = "A 127.0.0.3", .client = "2001:db8::1"},
    {"::1 :refuse\n", .want = "REFUSE", .client = "::1"},
    {"10:20::1 :refuse\n", .want = "REFUSE", .client = "10:20::1"},
    {"10:20::1\n", .want = "IGNORE", .client = "10:20::1"},
    {"1.2:3\n", .want = "A 127.0.0.3", .client = "1.2.0.1"},
    /* what is listed for whom everything is */
    {"192.0.2.1 :5\n", .want = "A 127.0.0.5", .name = SOME_6},
    {"192.0.2.1 :5\n", .want = "A 127.0.0.5", .name = "any.name"},
    {"192.0.2.1 :5\n", .want = "A 9.9.9.9", .name = ""},
    {"192.0.2.1 :5\n", .want = "A 9.9.9.8 | A 127.0.0.5", .name = "www"},
};

START_TEST(clients)
{
	struct test_zone z;
	const char *got;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "1.2.3.4 :3\n");
	zones_add(&z, "ip6trie", "2001:db8::5\n");
	zones_add(&z, "dnset", "some.name\n");
	zones_add(&z, "generic", "@ A 9.9.9.9\nwww A 9.9.9.8\n");
	zones_add(&z, "acl", cases[_i].acl);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert(generation_has_acl(z.gen));
	ck_assert_uint_eq(z.result.entries, 5);
	ck_assert_uint_eq(generation_info(z.gen)->datasets, 4);
	got = ask_as(&z, cases[_i].client != NULL ? cases[_i].client : CLIENT,
	    cases[_i].name != NULL ? cases[_i].name : LISTED_4);
	ck_assert_msg(strcmp(got, cases[_i].want) == 0, "%s: %s, not %s",
	    cases[_i].acl, got, cases[_i].want);
	zones_free(&z);
}
END_TEST

static const struct {
	const char *acl, *want; /* NULL: nothing is said */
} bad_lines[] = {
    {"192.0.2.1 :refuse\n2001:db8::/32\n# c\n\n:empty\n", NULL},
    {"!192.0.2.1\n", "acl1:1: an acl has no exclusions"},
    {"192.0.2.1-9 :refuse\n", "acl1:1: something stands behind"},
    {"192.0.2.1/24 :refuse\n", "acl1:1: address bits are set beyond"},
    {"2001:db8::1/32 :refuse\n", "acl1:1: address bits are set beyond"},
    {"192 :refuse\n", "acl1:1: a bare number"},
    {"example.com :refuse\n", "acl1:1: not an IPv4 address"},
    {"192.0.2.1 :wrong\n", "acl1:1: no address behind the colon"},
    {":wrong\n", "acl1:1: no address behind the colon"},
    {"$SOA 1 a b 1 1 1 1 1\n", "acl1:1: an acl has no $SOA"},
    {"$NS 1 a\n", "acl1:1: an acl has no $SOA"},
    {"$MAXRANGE4 /24\n10/8 :refuse\n", "acl1:2: a /8 is more"},
    {"$MAXRANGE6 /48\n2001::/16\n", "acl1:2: a /16 is more"},
    {"192.0.2.1\n192.0.2.1 :pass\n", "acl1:0: 1 prefixes are there more"},
    {"2001:db8::\n2001:db8:: :pass\n", "acl1:0: 1 prefixes are there more"},
};

START_TEST(reports)
{
	const char *want = bad_lines[_i].want;
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "1.2.3.4 :3\n");
	zones_add(&z, "acl", bad_lines[_i].acl);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_msg(want == NULL ? z.reports[0] == '\0' :
	    strncmp(z.reports, want, strlen(want)) == 0, "%s: %s",
	    bad_lines[_i].acl, z.reports);
	zones_free(&z);
}
END_TEST

/* The default holds up to the end of its file; then it is to ignore. */
START_TEST(files)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "1.2.3.4 :3\n");
	zones_add(&z, "acl", ":refuse\n192.0.2.1\n");
	zones_add_file(&z, "192.0.2.2\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_str_eq(ask_as(&z, "192.0.2.1", LISTED_4), "REFUSE");
	ck_assert_str_eq(ask_as(&z, "192.0.2.2", LISTED_4), "IGNORE");
	zones_free(&z);
}
END_TEST

/* An acl is no list: neither its clients nor its time stand for one. */
START_TEST(beside_lists)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "# nothing\n");
	zones_add(&z, "acl", "192.0.2.1 :refuse\n");
	z.conf.gate.min_entries = 1;
	ck_assert_int_eq(zones_build(&z), -ECANCELED);
	ck_assert_ptr_nonnull(strstr(z.why, "min-entries"));
	zones_free(&z);
}
END_TEST

START_TEST(not_allowed)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "acl", "192.0.2.1 :refuse\n");
	ck_assert_int_eq(zones_build(&z), -EINVAL);
	ck_assert_str_eq(z.why, "bl.test: nothing but an acl; add what is "
	    "listed, or name the zone . to make it one for all zones");
	zones_add(&z, "ip4set", "1.2.3.4\n");
	ck_assert_int_eq(zones_build(&z), 0);
	zones_add(&z, "acl", "192.0.2.2 :refuse\n");
	ck_assert_int_eq(zones_build(&z), -EINVAL);
	ck_assert_str_eq(z.why, "bl.test: more than one acl; one may have many "
	    "files");
	zones_free(&z);
}
END_TEST

/* The zone ".": an acl and nothing else. */
START_TEST(for_all_zones)
{
	struct acl_verdict acl = {0};
	struct addr client;
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	strcpy(z.conf.name, ".");
	z.conf.apex[0] = 0;
	zones_add(&z, "acl", "192.0.2.1 :refuse\n2001:db8::/32 :5:$\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_uint_eq(z.result.entries, 2);
	ck_assert_int_eq(addr_parse(&client, "2001:db8::1"), 0);
	acl.client = &client;
	generation_acl(z.gen, &acl);
	ck_assert_int_eq(acl.action, ACL_LISTED);
	ck_assert_uint_gt(acl.len, 0);
	zones_add(&z, "ip4set", "1.2.3.4\n");
	ck_assert_int_eq(zones_build(&z), -EINVAL);
	ck_assert_str_eq(z.why, ".: the zone . takes one dataset, an acl for "
	    "all zones");
	zones_free(&z);
}
END_TEST

/* Of two acls the stronger action counts; of two values the first. */
static const struct {
	const char *all, *own, *want;
} pairs[] = {
    {":empty", ":refuse", "REFUSE"}, {":refuse", ":ignore", "IGNORE"},
    {":ignore", ":pass", "IGNORE"}, {":refuse", ":pass", "REFUSE"},
    {":4", ":5", "A 127.0.0.4"}, {":empty", ":5", "NXDOMAIN"},
    {":5", ":empty", "NXDOMAIN"}, {":pass", ":5", "A 127.0.0.5"},
    {":5", ":pass", "A 127.0.0.5"}, {":pass", ":pass", "A 127.0.0.3"},
};

START_TEST(two_acls)
{
	struct test_zone all, own;
	const char *got;
	char text[64];

	zones_init(&all, ZONES_APEX);
	zones_add(&all, "ip4set", "9.9.9.9\n");
	snprintf(text, sizeof(text), "192.0.2.1 %s\n", pairs[_i].all);
	zones_add(&all, "acl", text);
	ck_assert_int_eq(zones_build(&all), 0);
	zones_init(&own, "own.test");
	zones_add(&own, "ip4trie", "1.2.3.4 :3\n");
	snprintf(text, sizeof(text), "192.0.2.0/24 %s\n", pairs[_i].own);
	zones_add(&own, "acl", text);
	ck_assert_int_eq(zones_build(&own), 0);
	got = ask_under(&all, &own, CLIENT, LISTED_4);
	ck_assert_msg(strcmp(got, pairs[_i].want) == 0, "%s %s: %s",
	    pairs[_i].all, pairs[_i].own, got);
	zones_free(&all);
	zones_free(&own);
}
END_TEST

/* What a damaged file says is not obeyed. */
static const uint8_t damages[][12] = {
	    {0, 0, 1, 0, 1, 0, 0, 0, 9},	 /* no such action */
	    {0, 0, 2, 0, 1, 0, 0, 0, 3, 3},	 /* two bytes */
	    {0, 0, 200, 0, 1, 0, 0, 0, 3, 3},	 /* cut */
	    {0, 0, 0, 0, 1, 0, 0, 0},
};

START_TEST(damaged)
{
	struct acl_verdict v = {0};

	acl_verdict_add(&v, damages[_i], 12);
	ck_assert_int_eq(v.action, ACL_PASS);
	acl_verdict_add(&v, damages[_i], 3);
	ck_assert_int_eq(v.action, ACL_PASS);
}
END_TEST

UNIT_MAIN("acl", UNIT_EACH(clients, cases), UNIT_EACH(reports, bad_lines),
    UNIT_ONCE(files), UNIT_ONCE(beside_lists), UNIT_ONCE(not_allowed),
    UNIT_ONCE(for_all_zones), UNIT_EACH(two_acls, pairs),
    UNIT_EACH(damaged, damages))
