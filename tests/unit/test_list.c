/* Readers of foreign lists: what they list, and what is said of bad lines. */
#include <errno.h>

#include "tests/unit/walk.h"

#define IP4_A "192.0.2.1-192.0.2.1 A 127.0.0.2\n"

static const struct {
	const char *type, *text, *walk, *reports;
} lists[] = {
    /* plain: forms */
    {"plain", "192.0.2.1\n", IP4_A, ""},
    {"plain", "# head\r\n; head\r\n\r\n 192.0.2.1 \r\n", IP4_A, ""},
    {"plain", "10.0.0.0/8 ; SBL1\n11.0.0.0/8#x\n",
	"10.0.0.0-11.255.255.255 A 127.0.0.2\n", ""},
    {"plain", "10.0.0.5-10.0.1.6\n10.2.0.0 - 10.2.0.9\n",
	"10.0.0.5-10.0.1.6 A 127.0.0.2\n10.2.0.0-10.2.0.9 A 127.0.0.2\n", ""},
    {"plain", "2001:db8::/32 ; SBL2\n::1\n192.0.2.1\n",
	IP4_A "::1-::1 A 127.0.0.2\n"
	"2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff A 127.0.0.2\n", ""},
    {"plain(exact)", "2001:db8::5-2001:db8::1:6\n",
	"2001:db8::5-2001:db8::1:6 A 127.0.0.2\n", ""},
    /* a /64 or shorter, unless asked */
    {"plain", "\n2001:db8::5\n2001:db8:0:1:8000::/65\n2001:db8:1::/48\n"
	"2001:db8:0:3::/64\n2001:db8:0:5::5-2001:db8:0:6::5\n",
	"2001:db8::-2001:db8:0:1:ffff:ffff:ffff:ffff A 127.0.0.2\n"
	"2001:db8:0:3::-2001:db8:0:3:ffff:ffff:ffff:ffff A 127.0.0.2\n"
	"2001:db8:0:5::-2001:db8:0:6:ffff:ffff:ffff:ffff A 127.0.0.2\n"
	"2001:db8:1::-2001:db8:1:ffff:ffff:ffff:ffff:ffff A 127.0.0.2\n",
	"2: the first of 3 IPv6 entries that are smaller than a /64"},
    {"plain", "::ffff:7f00:2\nfe80::1\n4000::1\n",
	"::ffff:127.0.0.2-::ffff:127.0.0.2 A 127.0.0.2\n"
	"4000::1-4000::1 A 127.0.0.2\nfe80::1-fe80::1 A 127.0.0.2\n", ""},
    {"csv(1)", "2001:db8::5\n",
	"2001:db8::-2001:db8::ffff:ffff:ffff:ffff A 127.0.0.2\n",
	"1: the first of 1 IPv6"},
    {"csv(1,exact)", "2001:db8::5\n",
	"2001:db8::5-2001:db8::5 A 127.0.0.2\n", ""},
    {"rpz", "128.5.zz.db8.2001.rpz-ip 60 CNAME .\n"
	"128.6.zz.db8.2001.rpz-ip 60 CNAME rpz-passthru.\n",
	"2001:db8::-2001:db8::5 A 127.0.0.2\n"
	"2001:db8::7-2001:db8::ffff:ffff:ffff:ffff A 127.0.0.2\n",
	"1: the first of 1 IPv6"},
    {"ip6trie", "2001:db8::5\n", "2001:db8::5-2001:db8::5 A 127.0.0.2\n", ""},
    {"plain", "0.0.0.0-127.255.255.255\n128.0.0.0/1\n",
	"0.0.0.0-255.255.255.255 A 127.0.0.2\n", ""},
    {"plain", "255.255.255.255\n0.0.0.0\nffff::-ffff:ffff:ffff:ffff:ffff:"
	"ffff:ffff:ffff\n",
	"0.0.0.0-0.0.0.0 A 127.0.0.2\n"
	"255.255.255.255-255.255.255.255 A 127.0.0.2\n"
	"ffff::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff A 127.0.0.2\n", ""},
    /* plain: values */
    {"plain(127.0.0.9)", "192.0.2.1\n",
	"192.0.2.1-192.0.2.1 A 127.0.0.9\n", ""},
    {"plain(text,127.0.0.9)", "10.0.0.0/24 ; SBL1\n10.0.1.0/24\n",
	"10.0.0.0-10.0.0.255 A 127.0.0.9 TXT SBL1\n"
	"10.0.1.0-10.0.1.255 A 127.0.0.9\n", ""},
    {"plain(text)", "10.0.0.1 # costs $5 = much\n10.0.0.2 # = $=\n",
	"10.0.0.1-10.0.0.1 A 127.0.0.2 TXT costs $5 = much\n"
	"10.0.0.2-10.0.0.2 A 127.0.0.2 TXT $=\n", ""},
    {"plain(text)", "10.0.0.0/8 ; wide\n10.1.0.0/16 ; narrow\n10.1.0.0/16\n",
	"10.0.0.0-10.0.255.255 A 127.0.0.2 TXT wide\n"
	"10.1.0.0-10.1.255.255 A 127.0.0.2 TXT narrow\n"
	"10.2.0.0-10.255.255.255 A 127.0.0.2 TXT wide\n", ""},
    {"plain", ":4:own\n$TTL 5m\n192.0.2.1\n",
	"192.0.2.1-192.0.2.1 A 127.0.0.4 (300) TXT own (300)\n", ""},
    /* plain: bad lines */
    {"plain", "192.0.2\n192.0.2.1\n", IP4_A, "1: not an address"},
    {"plain", "192.0.2.1/33\n", "", "1: not an address"},
    {"plain", "192.0.2.1/24\n", "", "1: address bits are set"},
    {"plain", "2001:db8::1/64\n", "", "1: address bits are set"},
    {"plain", "192.0.2.01\n", "", "1: not an address"},
    {"plain", "192.0.2.1 text\n", "", "1: not an address"},
    {"plain", "192.0.2.9-192.0.2.1\n", "", "1: not a range"},
    {"plain", "192.0.2.9-2001:db8::1\n", "", "1: not a range"},
    {"plain", "0.0.0.0/0\n", "", "1: this would list every address"},
    {"plain", "0.0.0.0-255.255.255.255\n", "", "1: this would list every"},
    {"plain", "::/0\n", "", "1: this would list every address"},
    {"plain", "$MAXRANGE4 256\n10.0.0.0/16\n", "", "2: 65536 addresses are"},
    {"plain", "html>\n192.0.2.1\n", IP4_A, "1: not an address"},
    {"plain", "192.0.2.1\n192.0.2.7", IP4_A, "2: the last line does not end"},
    /* domains */
    {"domains", "Spam.Example\n# c\nb.example. ; x\n",
	"b.example it: A 127.0.0.2\nspam.example it: A 127.0.0.2\n", ""},
    {"domains", "*.a.example\n.b.example\n",
	"a.example below: A 127.0.0.2\n"
	"b.example it: A 127.0.0.2 below: A 127.0.0.2\n", ""},
    {"domains(below)", "a_b.example\n",
	"a_b.example it: A 127.0.0.2 below: A 127.0.0.2\n", ""},
    {"domains(text,127.0.1.2)", "a.example # phish\n",
	"a.example it: A 127.0.1.2 TXT phish\n", ""},
    {"domains", "a<html>\n", "", "1: not a domain name"},
    /* hosts */
    {"hosts", "127.0.0.1 localhost\n::1 ip6-localhost localhost\n"
	"0.0.0.0 a.example b.example # c\n0.0.0.0\tc.example\r\n",
	"a.example it: A 127.0.0.2\nb.example it: A 127.0.0.2\n"
	"c.example it: A 127.0.0.2\n", ""},
    {"hosts(below)", "127.0.0.1 a.example\n",
	"a.example it: A 127.0.0.2 below: A 127.0.0.2\n", ""},
    {"hosts", "192.0.2.1 router.example\n", "", "1: not a name that is sent"},
    {"hosts", "a.example\n", "", "1: not a name that is sent"},
    {"hosts", "0.0.0.0 <a>\n", "", "1: not a domain name"},
    /* csv */
    {"csv(ip)", "# comment\nid,IP,reason\n1,192.0.2.1,x\n", IP4_A, ""},
    {"csv(2)", "1,192.0.2.1,x\n", IP4_A, ""},
    {"csv(1)", "192.0.2.1\n", IP4_A, ""},
    {"csv(ip)", "\"id\", \"ip\"\n\"1\",\"192.0.2.1\"\n", IP4_A, ""},
    {"csv(ip,why)", "ip,why\n192.0.2.1,\"a \"\"b\"\", c\"\n",
	"192.0.2.1-192.0.2.1 A 127.0.0.2 TXT a \"b\", c\n", ""},
    {"csv(ip,why,127.0.0.7)", "ip,why\n192.0.2.1,\n",
	"192.0.2.1-192.0.2.1 A 127.0.0.7\n", ""},
    {"csv(host,below)", "host\na.example\n2001:db8::/33\n10.0.0.1-10.0.0.2\n",
	"10.0.0.1-10.0.0.2 A 127.0.0.2\n"
	"2001:db8::-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff A 127.0.0.2\n"
	"a.example it: A 127.0.0.2 below: A 127.0.0.2\n", ""},
    {"csv(ip)", "id,ip\n1\n2,192.0.2.1\n", IP4_A, "2: nothing in column ip"},
    {"csv(1)", "\"192.0.2.1\n", "", "1: a quote is not closed"},
    {"csv(1)", "\"192.0.2.1\"x\n", "", "1: a quote is not closed"},
    {"csv(1)", "192.0.2\n", "", "1: not an address"},
    {"csv(1)", "300.0.2.1\n", "", "1: not an address"},
    /* drop-json */
    {"drop-json", "{\"cidr\":\"192.0.2.1/32\",\"sblid\":\"SBL1\"}\n"
	"{\"type\":\"metadata\",\"timestamp\":1,\"size\":2,\"records\":1,"
	"\"copyright\":\"(c)\"}\n", IP4_A, ""},
    {"drop-json(text,127.0.0.9)",
	"{ \"rir\" : null, \"cidr\" : \"2001:db8::/32\" , "
	"\"sblid\":\"S\\u0042L\\/1\" }\r\n",
	"2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff "
	"A 127.0.0.9 TXT SBL/1\n", ""},
    {"drop-json", "{\"cidr\":[1]}\n", "", "1: not a flat JSON object"},
    {"drop-json", "{\"cidr\":\"192.0.2.1\"\n", "", "1: not a flat JSON"},
    {"drop-json", "{\"cidr\":\"192.0.2.1\"}x\n", "", "1: not a flat JSON"},
    {"drop-json", "{\"cidr\":\"192.0.2.1\n", "", "1: not a flat JSON object"},
    {"drop-json", "{\"cidr\":\"\\u12\"}\n", "", "1: not a flat JSON object"},
    {"drop-json", "{\"cidr\":\"\\\n", "", "1: not a flat JSON object"},
    {"drop-json", "{\n", "", "1: not a flat JSON object"},
    {"drop-json", "[]\n", "", "1: not a flat JSON object"},
    {"drop-json", "{\"sblid\":\"SBL1\"}\n", "", "1: no \"cidr\" in it"},
    {"drop-json", "{\"cidr\":\"192.0.2\"}\n", "", "1: not an address"},
    /* bind */
    {"bind", "$TTL 300\n@ IN SOA ns. h. 1 2 3 4 5\n@ NS ns.\n"
	"2.0.0.127 A 127.0.0.2\n\tTXT \"a b\"\n; c\n*.X 60 A 127.0.0.3\n"
	"m ( 60\n IN ) MX 10 mx\n@ A 192.0.2.1\n",
	". it: A 192.0.2.1 (300) below: -\n"
	"127 it: - below: -\n0.127 it: - below: -\n0.0.127 it: - below: -\n"
	"2.0.0.127 it: A 127.0.0.2 (300) TXT a b (300) below: -\n"
	"m it: MX 10 mx.bl.test (60) below: -\n"
	"x it: - below: A 127.0.0.3 (60)\n", ""},
    {"bind", "a.b 60 A 127.0.0.2\n",
	"a.b it: A 127.0.0.2 (60)\n", ""},
    {"bind", "$ORIGIN other.example.\n@ 60 SOA ns. h. 1 2 3 4 5\n"
	"x 60 A 127.0.0.2\nx.bl.test. 60 A 127.0.0.3\n",
	"x it: A 127.0.0.2 (60)\n", "4: the name is not below that of the"},
    {"bind", "x 60 CNAME y\n*.w 60 CNAME z.\nx 60 A 1.2.3.4\n",
	"w it: - below: CNAME z (60)\n"
	"x it: CNAME y.bl.test (60) A 1.2.3.4 (60) below: -\n", ""},
    {"bind", "@ 60 CNAME y\n", "", "1: a CNAME cannot stand beside"},
    {"bind", "x 60 DNAME y\n", "", "1: a list zone has no DNAME"},
    {"bind", "\nx 60 NS y\n", "", "2: a list zone delegates nothing"},
    {"bind", "* 60 A 127.0.0.2\n", "", "1: * would list every name"},
    {"bind", "x 60 RRSIG A 8 2 60 20300101000000 20200101000000 1 x. AAAA\n",
	"", ""},
    /* rpz */
    {"rpz(exact)", "$TTL 60\n@ SOA ns. h. 1 2 3 4 5\n@ NS ns.\n"
	"a.example CNAME .\n*.a.example CNAME *.\nb.example A 192.0.2.1\n"
	"ok.a.example CNAME rpz-passthru.\n"
	"32.1.2.0.192.rpz-ip CNAME .\n24.0.0.0.10.rpz-client-ip CNAME .\n"
	"32.9.0.0.10.rpz-ip CNAME rpz-passthru.\n"
	"32.zz.db8.2001.rpz-ip CNAME .\n128.1.zz.rpz-ip CNAME rpz-drop.\n"
	"128.7.zz.9.2001.rpz-ip CNAME .\n"
	"128.8.0.0.0.0.0.9.2001.rpz-ip CNAME .\n"
	"ns.example.rpz-nsdname CNAME .\n",
	"10.0.0.0-10.0.0.8 A 127.0.0.2\n"
	"10.0.0.10-10.0.0.255 A 127.0.0.2\n" IP4_A
	"::1-::1 A 127.0.0.2\n2001:9::7-2001:9::8 A 127.0.0.2\n"
	"2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff A 127.0.0.2\n"
	"a.example it: A 127.0.0.2 below: A 127.0.0.2\n"
	"ok.a.example it: -\nb.example it: A 127.0.0.2\n", ""},
    {"rpz(127.0.0.5)", "a 60 CNAME .\n", "a it: A 127.0.0.5\n", ""},
    {"rpz", "33.1.2.0.192.rpz-ip 60 CNAME .\n", "", "1: not an address"},
    {"rpz", "1.2.rpz-ip 60 CNAME .\n", "", "1: not an address"},
    {"rpz", "rpz-ip 60 CNAME .\n", "", "1: not an address"},
    {"rpz", "zz.zz.zz.zz.zz.zz.zz.zz.zz.rpz-ip 60 CNAME .\n", "",
	"1: not an address"},
};

START_TEST(test_lists)
{
	struct test_zone z;
	const char *colon;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, lists[_i].type, lists[_i].text);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	ck_assert_str_eq(walk_all(z.gen), lists[_i].walk);
	colon = strchr(z.reports, ':');
	if (lists[_i].reports[0] == '\0')
		ck_assert_str_eq(z.reports, "");
	else
		ck_assert_msg(colon != NULL && strncmp(colon + 1,
		    lists[_i].reports, strlen(lists[_i].reports)) == 0,
		    "%s", z.reports);
	zones_free(&z);
}
END_TEST

static const struct {
	const char *type, *text, *why;
} refused[] = {
    {"drop-json", "{\"cidr\":\"192.0.2.1/32\"}\n"
	"{\"type\":\"metadata\",\"records\":2}\n",
	"it should have 2 entries, there are 1; get it again"},
    {"csv(ip)", "id,address\n1,192.0.2.1\n", "it has no such column"},
    {"csv(ip)", "<html>\n", "it has no such column"},
    {"csv", "1,192.0.2.1\n", "it has no such column"},
    {"csv(a,b,c)", "a,b\n", "not an option"},
    {"csv(", "a,b\n", "not an option"},
    {"csv()", "a,b\n", "not an option"},
    {"plain(below,,text)", "", "not an option"},
    {"plain(txt)", "", "not an option"},
    {"ip4set(text)", "", "not an option"},
    {"bind", "x 60 A 127.0.0.2\ny 60 A 127.0.0\n", "bind0:2: "},
    {"bind", "x 60 A 127.0.0.2\n<html>\n", "bind0:2: "},
    {"bind", "x 60 A 127.0.0.2\n\ny 60 MX ten mx\n", "bind0:3: "},
    {"bind", "$INCLUDE /etc/passwd\n", "bind0:1: "},
    {"bind", "x 60 A 127.0.0.2\ny 60 A 127.0.0.2",
	"does not end in a newline"},
    {"rpz", "a 60 CNAME\n", "rpz0:1: "},
    {"plane(text)", "", "unknown dataset type"},
};

START_TEST(test_refused)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, refused[_i].type, refused[_i].text);
	ck_assert_int_eq(zones_build(&z), -EINVAL);
	ck_assert_msg(strstr(z.why, refused[_i].why) != NULL, "%s", z.why);
	zones_free(&z);
}
END_TEST

/* Each line of a table of bad names is bad; one is seen above. */
START_TEST(test_all_bad)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "domains", "a<html>\na b\na..b\n.\n\xc3\xa9.example\n"
	    "http://a.example/\n*\n*.\nx,y\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_uint_eq(z.result.bad_lines, 9);
	ck_assert_uint_eq(z.result.entries, 0);
	zones_free(&z);
}
END_TEST

/* What a file sets, the next one does not have: columns, counts. */
START_TEST(test_files)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "csv(ip)", "ip,x\n10.0.0.1,y\n");
	zones_add_file(&z, "x,ip\ny,10.0.0.2\n");
	zones_add(&z, "drop-json", "{\"cidr\":\"10.0.0.3\"}\n"
	    "{\"type\":\"metadata\",\"records\":1}\n");
	zones_add_file(&z, "{\"cidr\":\"10.0.0.4\"}\n");
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	ck_assert_str_eq(z.reports, "");
	ck_assert_str_eq(walk_all(z.gen), "10.0.0.1-10.0.0.4 A 127.0.0.2\n");
	zones_free(&z);
}
END_TEST

UNIT_MAIN("list", UNIT_EACH(test_lists, lists),
    UNIT_EACH(test_refused, refused), UNIT_ONCE(test_all_bad),
    UNIT_ONCE(test_files))
