/* The dataset type combined: sections and subzones. rbldnsd does the same with
 * all of these; where we differ, it says so. */
#include <errno.h>

#include "tests/unit/zones.h"
#include "zones/diff.h"
#include "zones/export.h"
#include "zones/subzones.h"

#define ONE_6 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
#define MAPPED                                                                 \
	"4.0.3.0.2.0.1.0.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"

#define MIXED                                                                  \
	"$TTL 100\n$1 global\n$DATASET ip4set:one a b.c @\n"                   \
	"1.2.3.4 one $ $1 $2\n1.2.3.5\n$1 local\n$2 own\n$TTL 50\n"            \
	"$DATASET dnset a\nx.y on $ $1 $2\n*.w\n.v\n"                          \
	"$DATASET generic:foo a @\n@ A 9.9.9.9\nwww A 8.8.8.8\n"               \
	"$DATASET ip6trie:v6 v6\n::1 $\n"                                      \
	"$DATASET ip4trie a.b\n1.2.3.0/24 trie\n"                              \
	"$DATASET ip4set:again A\n1.2.3.6 again\n"

static const struct {
	const char *text, *name, *want;
} cases[] = {
    {MIXED, "4.3.2.1", "A 127.0.0.2 (50) | TXT one 1.2.3.4 global own (50)"},
    {MIXED, "5.3.2.1", "A 127.0.0.2 (50)"},
    {MIXED, "6.3.2.1", "NXDOMAIN"},
    {MIXED, "4.3.2.1.a",
	"A 127.0.0.2 (50) | TXT one 1.2.3.4 global own (50)"},
    {MIXED, "6.3.2.1.a", "A 127.0.0.2 (100) | TXT again (100)"},
    {MIXED, "4.3.2.1.b.c",
	"A 127.0.0.2 (50) | TXT one 1.2.3.4 global own (50)"},
    {MIXED, "4.3.2.1.c", "NXDOMAIN"},
    {MIXED, "4.3.2.1.a.b", "A 127.0.0.2 (100) | TXT trie (100)"},
    /* what exists: subzones, and what is above them (rbldnsd: NXDOMAIN) */
    {MIXED, "b.c", "NODATA"},
    {MIXED, "c", "NODATA"},
    {MIXED, "b", "NODATA"},
    {MIXED, "a.b", "NODATA"},
    {MIXED, "v6", "NODATA"},
    {MIXED, "3.2.1.b.c", "NODATA"},
    {MIXED, "x.b", "NXDOMAIN"},
    {MIXED, "nope", "NXDOMAIN"},
    /* names */
    {MIXED, "", "A 9.9.9.9 (100)"},
    {MIXED, "a", "A 9.9.9.9 (100)"},
    {MIXED, "www", "A 8.8.8.8 (100)"},
    {MIXED, "www.a", "A 8.8.8.8 (100)"},
    {MIXED, "www.b.c", "NXDOMAIN"},
    {MIXED, "x.y.a", "A 127.0.0.2 (100) | TXT on x.y global $2 (100)"},
    {MIXED, "y.a", "NODATA"},
    {MIXED, "x.y", "NXDOMAIN"},
    {MIXED, "q.w.a", "A 127.0.0.2 (100)"},
    {MIXED, "w.a", "NODATA"},
    {MIXED, "v.a", "A 127.0.0.2 (100)"},
    {MIXED, "r.q.v.a", "A 127.0.0.2 (100)"},
    {MIXED, ONE_6 ".v6", "A 127.0.0.2 (100) | TXT ::1 (100)"},
    {MIXED, ONE_6, "NXDOMAIN"},
    /* a question goes to one subzone: that with the most labels */
    {"$DATASET ip4set @\n1.2.3.4\n$DATASET dnset sub\nfoo\n", "4.3.2.1.sub",
	"NXDOMAIN"},
    {"$DATASET dnset @\n.sub\nx.other\n$DATASET ip4set sub\n1.2.3.4\n",
	"y.sub", "NXDOMAIN"},
    {"$DATASET dnset @\n.sub\nx.other\n$DATASET ip4set sub\n1.2.3.4\n",
	"x.other", "A 127.0.0.2"},
    {"$DATASET dnset sub\n.x $\n$DATASET dnset y.sub\n.x of $\n", "x.y.sub",
	"A 127.0.0.2 | TXT of x"},
    {"$DATASET dnset sub\n.x $\n$DATASET dnset y.sub\n.x of $\n", "a.x.sub",
	"A 127.0.0.2 | TXT x"},
    /* an IPv4-mapped address, subzone by subzone */
    {"$DATASET ip4set a\n1.2.3.4 t\n$DATASET ip6trie @ a\n::/0 six\n", MAPPED,
	"A 127.0.0.2 | TXT six"},
    {"$DATASET ip4set a\n1.2.3.4 t\n$DATASET ip6trie @ a\n::/0 six\n",
	MAPPED ".a", "A 127.0.0.2 | TXT t"},
    /* spellings */
    {"#$DATASET ip4set a @\n1.2.3.4 t\n;$dataset ip4trie a\n1.2.3.4 u\n"
     ":$DATASET\tip4set:n:o @\n1.2.3.4 v\n", "4.3.2.1.a",
	"A 127.0.0.2 | TXT t | A 127.0.0.2 | TXT u"},
    {"#$DATASET ip4set a @\n1.2.3.4 t\n;$dataset ip4trie a\n1.2.3.4 u\n"
     ":$DATASET\tip4set:n:o @\n1.2.3.4 v\n", "4.3.2.1",
	"A 127.0.0.2 | TXT t | A 127.0.0.2 | TXT v"},
    {"$DATASET ip4set a. @ # b\n1.2.3.4\n", "4.3.2.1.a", "A 127.0.0.2"},
    {"$DATASET ip4set a. @ # b\n1.2.3.4\n", "4.3.2.1.b", "NXDOMAIN"},
    {"$DATASET ip4set a a\n1.2.3.4\n", "4.3.2.1.a", "A 127.0.0.2"},
    /* values: each section begins with 127.0.0.2, and inherits the rest */
    {"$DATASET ip4set a\n:3:first\n1.2.3.4\n$DATASET ip4set @\n1.2.3.4\n",
	"4.3.2.1", "A 127.0.0.2"},
    {"$= glob $=\n$DATASET ip4set @\n$= loc $=\n1.2.3.4 t\n", "4.3.2.1",
	"A 127.0.0.2 | TXT glob t"},
    {"$MAXRANGE4 /24\n$DATASET ip4set @\n1.2/16\n", "4.3.2.1", "NXDOMAIN"},
    {"$DATASET ip4set a\n$MAXRANGE4 /24\n$DATASET ip4set @\n1.2/16\n",
	"4.3.2.1", "A 127.0.0.2"}, /* rbldnsd: it goes on to hold */
    {"$DATASET ip4set @\n1.2.3.4\nxxx\n1.2.3.5\n", "5.3.2.1", "A 127.0.0.2"},
    /* types of others */
    {"$DATASET plain(text,127.0.0.9):drop @\n1.2.3.0/24 # why\n", "4.3.2.1",
	"A 127.0.0.9 | TXT why"},
    {"$DATASET csv(ip,why) @\nip,why\n1.2.3.4,w\n$DATASET ip4set a\n1.2.3.5\n",
	"4.3.2.1", "A 127.0.0.2 | TXT w"},
    {"$DATASET ip4tset @\n:4:one for all\n1.2.3.4\n", "4.3.2.1",
	"A 127.0.0.4 | TXT one for all"},
    {"", "4.3.2.1", "NXDOMAIN"},
};

START_TEST(lookups)
{
	struct test_zone z;
	const char *got;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "combined", cases[_i].text);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	got = zones_ask(&z, cases[_i].name);
	ck_assert_msg(strcmp(got, cases[_i].want) == 0, "%s: %s: %s, not %s",
	    cases[_i].text, cases[_i].name, got, cases[_i].want);
	zones_free(&z);
}
END_TEST

static const struct {
	const char *text, *want;
	int rc;
} reports[] = {
    {"1.2.3.4\n$DATASET ip4set @\n",
	"combined0:1: in front of the first $DATASET of the file; write "
	"$DATASET type subzone... before it\n", 0}, /* rbldnsd refuses it */
    {"$DATASET ip4set\n1.2.3.4\n",
	"combined0:1: no subzones: nobody can ask for this dataset; write "
	"them behind it, or @ for the zone\n", 0},
    {"$DATASET ip4set \\0"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx a\n",
	"combined0:1: not a subzone: write names below the zone, or @ for "
	"itself\n", 0},
    {"$DATASET ip4set @\n\n?\n", "combined0:3: not an IPv4 address or prefix; "
	"write 192.0.2.1 or 192.0.2.0/24\n", 0},
    {"$DATASET ip4set @\n$NOSUCH\n", "combined0:2: unknown $ line", 0},
    {"$TTL 1\n$DATASET ip4sex @\n", ":2: unknown dataset type ip4sex; see "
	"resolverd-dataset(5)", -EINVAL},
    {"$DATASET\n", ":1: unknown $ line", 0},
    {"$DATASET combined @\n", ":1: inside a combined dataset: the dataset "
	"type combined; see resolverd-dataset(5)", -EINVAL},
    {"$DATASET acl @\n", ":1: inside a combined dataset: the dataset type acl",
	-EINVAL},
    {"$DATASET bind @\n", ":1: inside a combined dataset: the dataset type "
	"bind", -EINVAL},
    {"$DATASET plain(wrong) @\n", "plain(wrong): not an option", -EINVAL},
    {"$DATASET csv(no) @\na,b\n", "it has no such column", -EINVAL},
};

START_TEST(bad_sections)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "combined", reports[_i].text);
	ck_assert_int_eq(zones_build(&z), reports[_i].rc);
	ck_assert_msg(strstr(reports[_i].rc == 0 ? z.reports : z.why,
	    reports[_i].want) != NULL, "%s: %s%s", reports[_i].text,
	    z.reports, z.why);
	zones_free(&z);
}
END_TEST

/* What stands in front of the first section of a further file is for that
 * file; rbldnsd takes it for the last section of the file before. */
START_TEST(files)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "combined", "$TTL 7\n$DATASET ip4set a\n1.2.3.4 $2\n");
	zones_add_file(&z, "$TTL 9\n$2 two\n1.2.3.9\n$DATASET ip4set @\n"
	    "1.2.3.4 $2\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_uint_eq(z.result.entries, 2);
	ck_assert_uint_eq(z.result.bad_lines, 1);
	ck_assert_str_eq(zones_ask(&z, "4.3.2.1.a"),
	    "A 127.0.0.2 (7) | TXT $2 (7)");
	ck_assert_str_eq(zones_ask(&z, "4.3.2.1"),
	    "A 127.0.0.2 (9) | TXT two (9)");
	zones_free(&z);
}
END_TEST

/* $SOA, $NS and $TIMESTAMP are the zone's, wherever they stand. */
START_TEST(of_the_zone)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "combined", "$DATASET ip4set a\n"
	    "$TIMESTAMP 2020:01:01 2037:01:01\n$SOA 60 a b 7 1 1 1 1\n"
	    "$NS 90 ns\n1.2.3.4\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_uint_eq(generation_apex(z.gen)->soa_ttl, 60);
	ck_assert_uint_eq(generation_apex(z.gen)->ns_ttl, 90);
	ck_assert_uint_eq(generation_info(z.gen)->expires, 2114380800);
	ck_assert_str_eq(zones_ask(&z, "4.3.2.1.a"), "A 127.0.0.2");
	zones_free(&z);
}
END_TEST

/* Beside other datasets, combined ones and an acl: each in its own way. */
START_TEST(beside_others)
{
	static const struct {
		const char *name, *want;
	} want[] = {
	    {"4.3.2.1", "A 127.0.0.2 | TXT plain"},
	    {"4.3.2.1.a", "A 127.0.0.2 | TXT first"},
	    {"4.3.2.1.b", "A 127.0.0.2 | TXT second b"},
	    {"4.3.2.1.a.b", "NXDOMAIN"},
	    {"extra", "A 7.7.7.7"},
	    {"extra.a", "A 7.7.7.6"},
	    {"a", "A 7.7.7.5"},
	    {"x.a", "A 127.0.0.2 | TXT name x.a"},
	    {"x.b", "A 127.0.0.2 | TXT name x"},
	};
	static const struct addr client = {.family = AF_INET};
	struct acl_verdict acl = {.action = ACL_EMPTY, .client = &client};
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "acl", "10/8 :refuse\n2001::/16\n");
	zones_add(&z, "combined", "$DATASET ip4set a\n1.2.3.4 first\n");
	zones_add(&z, "ip4set", "1.2.3.4 plain\n");
	zones_add(&z, "generic", "extra A 7.7.7.7\nextra.a A 7.7.7.6\n"
	    "a A 7.7.7.5\n");
	zones_add(&z, "combined", "$DATASET ip4set b\n1.2.3.4 second b\n"
	    "$DATASET dnset b @\nx name $\nx.a name $\n");
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	for (size_t i = 0; i < UNIT_COUNT(want); i++)
		ck_assert_str_eq(zones_ask(&z, want[i].name), want[i].want);
	ck_assert_str_eq(zones_ask_for(&z, "extra", &acl), "A 7.7.7.7");
	ck_assert_str_eq(zones_ask_for(&z, "x.b", &acl), "NXDOMAIN");
	acl.action = ACL_LISTED;
	acl.rrs = (const uint8_t *)"\1\0\4\0\5\0\0\0\1\2\3\4";
	acl.len = 12;
	ck_assert_str_eq(zones_ask_for(&z, "q.b", &acl), "A 1.2.3.4 (5)");
	ck_assert_str_eq(zones_ask_for(&z, "9.9.9.9.a", &acl), "A 1.2.3.4 (5)");
	ck_assert_str_eq(zones_ask_for(&z, "b", &acl), "NODATA");
	zones_free(&z);
}
END_TEST

/* ---- those who look at all of it */

/* subzone: a dname, or NULL for all. */
static char *
export_as(const struct test_zone *z, const char *format, const char *subzone,
    uint64_t *left_out, int want)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(export_write(z->gen, z->conf.apex, format,
	    (const uint8_t *)subzone, f, left_out), want);
	ck_assert_int_eq(fclose(f), 0);
	return text;
}

#define SMALL                                                                  \
	"$SOA 60 a b 7 1 1 1 1\n$NS 90 ns\n$DATASET ip4set a @ b\n"            \
	"1.2.3.4 x $\n$DATASET dnset a @\nfoo.bar\nin.c\n.c\n"                 \
	"$DATASET generic c\nw A 9.9.9.9\n"

static const struct {
	const char *format, *subzone, *want;
	unsigned left_out;
} exports[] = {
    {"plain", "", "1.2.3.4\nfoo.bar\n", 0}, /* c, in.c are not answered */
    {"plain", "\1a", "1.2.3.4\nfoo.bar\n.c\nin.c\n", 0},
    {"plain", "\1c", "w\n", 0},
    {"rpz", "\1b", "$TTL 1\n@ 60 IN SOA a. b. 7 1 1 1 1\n@ 90 IN NS ns.\n"
	"32.4.3.2.1.rpz-ip CNAME .\n", 0},
    {"postfix-cidr", "", "1.2.3.4\tREJECT x 1.2.3.4\n", 1},
    {"rbldnsd", "\1b", "# b.bl.test:ip4set\n$SOA 60 a b 7 1 1 1 1\n"
	"$NS 90 ns\n$TTL 2100\n:127.0.0.2:x $\n1.2.3.4\n", 0},
    {"bind", "\1c", "$ORIGIN c.bl.test.\n@ 60 IN SOA a. b. 7 1 1 1 1\n"
	"@ 90 IN NS ns.\nw 2100 IN A 9.9.9.9\n", 0},
    {"bind", NULL, "$ORIGIN bl.test.\n@ 60 IN SOA a. b. 7 1 1 1 1\n"
	"@ 90 IN NS ns.\n4.3.2.1 2100 IN A 127.0.0.2\n"
	"4.3.2.1 2100 IN TXT \"x 1.2.3.4\"\nfoo.bar 2100 IN A 127.0.0.2\n"
	"$ORIGIN a.bl.test.\n4.3.2.1 2100 IN A 127.0.0.2\n"
	"4.3.2.1 2100 IN TXT \"x 1.2.3.4\"\nfoo.bar 2100 IN A 127.0.0.2\n"
	"c 2100 IN A 127.0.0.2\n*.c 2100 IN A 127.0.0.2\n"
	"in.c 2100 IN A 127.0.0.2\n*.in.c 2100 IN A 127.0.0.2\n"
	"$ORIGIN b.bl.test.\n4.3.2.1 2100 IN A 127.0.0.2\n"
	"4.3.2.1 2100 IN TXT \"x 1.2.3.4\"\n"
	"$ORIGIN c.bl.test.\nw 2100 IN A 9.9.9.9\n", 0},
    {"rbldnsd", NULL, "# bl.test:combined\n$SOA 60 a b 7 1 1 1 1\n$NS 90 ns\n"
	"$TTL 2100\n$DATASET ip4set @ a\n:127.0.0.2:x $\n1.2.3.4\n"
	"$DATASET dnset @ a\n:127.0.0.2:\nfoo.bar\n"
	"$DATASET ip4set b\n:127.0.0.2:x $\n1.2.3.4\n"
	"$DATASET dnset c\n:9.9.9.9:\nw\n", 0},
};

/* Formats that cannot part subzones, and one that there is not. */
START_TEST(no_choice)
{
	static const char *const formats[] = {"plain", "rpz", "postfix-cidr"};
	struct test_zone z;
	uint64_t left_out;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "combined", SMALL);
	ck_assert_int_eq(zones_build(&z), 0);
	for (size_t i = 0; i < UNIT_COUNT(formats); i++)
		free(export_as(&z, formats[i], NULL, &left_out, -ENOTUNIQ));
	free(export_as(&z, "plain", "\1d", &left_out, -ENOENT));
	free(export_as(&z, "bind", "\1a\1a", &left_out, -ENOENT));
	zones_free(&z);
}
END_TEST

START_TEST(formats)
{
	struct test_zone z;
	uint64_t left_out;
	char *got;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "combined", SMALL);
	ck_assert_int_eq(zones_build(&z), 0);
	got = export_as(&z, exports[_i].format, exports[_i].subzone, &left_out,
	    0);
	ck_assert_msg(strcmp(got, exports[_i].want) == 0, "%s", got);
	ck_assert_uint_eq(left_out, exports[_i].left_out);
	free(got);
	zones_free(&z);
}
END_TEST

/* Exported and built from again, the zone answers as before. */
START_TEST(out_and_in)
{
	char was[256], *text, *mixed = strdup(MIXED), *p;
	const char *now;
	struct test_zone z, again;
	uint64_t left_out;

	while ((p = strstr(mixed, "$TTL 50")) != NULL)
		memcpy(p, "#......", 7); /* an export has one TTL */
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "combined", mixed);
	ck_assert_int_eq(zones_build(&z), 0);
	text = export_as(&z, "rbldnsd", NULL, &left_out, 0);
	ck_assert_uint_eq(left_out, 0);
	zones_init(&again, ZONES_APEX);
	zones_add(&again, "combined", text);
	ck_assert_int_eq(zones_build(&again), 0);
	ck_assert_uint_eq(again.result.bad_lines, 0);
	for (size_t i = 0; strcmp(cases[i].text, MIXED) == 0; i++) {
		snprintf(was, sizeof(was), "%s", zones_ask(&z, cases[i].name));
		now = zones_ask(&again, cases[i].name);
		ck_assert_msg(strcmp(now, was) == 0, "%s: %s, was %s\n%s",
		    cases[i].name, now, was, text);
	}
	free(text);
	free(mixed);
	zones_free(&z);
	zones_free(&again);
}
END_TEST

static void
on_change(void *arg, const struct diff_change *c)
{
	char *text = arg;

	sprintf(text + strlen(text), "%c%s %s>%s\n", "+-~"[c->what], c->key,
	    c->before, c->after);
}

/* Subzones that are the same, are new, are gone. */
START_TEST(differences)
{
	struct test_zone one, two;
	char text[1024] = "";

	zones_init(&one, ZONES_APEX);
	zones_add(&one, "combined", "$DATASET ip4set a old\n1.2.3.4\n"
	    "$DATASET dnset a @\nfoo\n");
	ck_assert_int_eq(zones_build(&one), 0);
	zones_init(&two, ZONES_APEX);
	zones_add(&two, "combined", "$DATASET ip4set a new\n1.2.3.5\n1.2.3.4\n"
	    "$DATASET dnset a @\nbar\nfoo\n");
	ck_assert_int_eq(zones_build(&two), 0);
	ck_assert_int_eq(diff_generations(one.gen, two.gen, on_change, text),
	    0);
	ck_assert_str_eq(text, "+bar >127.0.0.2\n+1.2.3.5 in a >127.0.0.2\n"
	    "+bar in a >127.0.0.2\n+1.2.3.4/31 in new >127.0.0.2\n"
	    "-1.2.3.4 in old 127.0.0.2>\n");
	zones_free(&one);
	zones_free(&two);
}
END_TEST

/* The gate: what a subzone lists is listed, names too. */
START_TEST(judged)
{
	static char txt[] = "x.y";
	struct conf_key key = {.txt = txt, .is_name = true, .name = "\1x\1y"};
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "combined", "$DATASET dnset sub\nx.y\n$DATASET ip4set a\n"
	    "1.2.3.4\n");
	z.conf.gate.must_not_list = (struct conf_keys){&key, 1};
	ck_assert_int_eq(zones_build(&z), -ECANCELED);
	ck_assert_ptr_nonnull(strstr(z.why, "must-not-list: lists x.y"));
	z.conf.gate.must_list = z.conf.gate.must_not_list;
	z.conf.gate.must_not_list.n = 0;
	ck_assert_int_eq(zones_build(&z), 0);
	key.name[1] = 'z';
	ck_assert_int_eq(zones_build(&z), -ECANCELED);
	zones_free(&z);
}
END_TEST

/* More sections than a generation has room for: said, nothing is built. */
START_TEST(too_many)
{
	char text[4096] = "", *p = text;
	struct test_zone z;

	for (int i = 0; i <= ZONE_DATASETS_MAX; i++)
		p += sprintf(p, "$DATASET ip4set s%d\n1.2.3.4\n", i);
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "combined", text);
	ck_assert_int_eq(zones_build(&z), -E2BIG);
	ck_assert_ptr_nonnull(strstr(z.why, ":65: a zone cannot have more than "
	    "32 sections"));
	zones_free(&z);

	p = text; /* 11 sections, each of three kinds of keys */
	for (int i = 0; i < 11; i++)
		p += sprintf(p, "$DATASET csv(1) s\n1.2.3.4\n::1\na.b\n");
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "combined", text);
	ck_assert_int_eq(zones_build(&z), -E2BIG);
	ck_assert_ptr_nonnull(strstr(z.why, "needs more than 32 indexes"));
	zones_free(&z);
}
END_TEST

/* What a file may hold instead of subzones. */
static const struct {
	const char *bytes;
	size_t len;
} damages[] = {
    {"\0", 1}, {"\0\0\0\0\0", 5}, {"\0\1\0\0\0\0", 6}, {"\0\2\0\0\0\0\1", 7},
    {"\0\2\0\0\0\0\2a", 8}, {"\0\2\0\0\0\0\0a", 8}, {"\0\4\0\0\0\0\1ab\1", 10},
};

START_TEST(damaged)
{
	struct subzone *out;
	size_t n;

	ck_assert_int_eq(subzones_read(&out, &n, damages[_i].bytes,
	    damages[_i].len), -EBADMSG);
}
END_TEST

UNIT_MAIN("combined", UNIT_EACH(lookups, cases),
    UNIT_EACH(bad_sections, reports), UNIT_ONCE(files), UNIT_ONCE(of_the_zone),
    UNIT_ONCE(beside_others), UNIT_EACH(formats, exports), UNIT_ONCE(no_choice),
    UNIT_ONCE(out_and_in), UNIT_ONCE(differences), UNIT_ONCE(judged),
    UNIT_ONCE(too_many), UNIT_EACH(damaged, damages))
