/* Exports: what each format says, and that ours reads back as it was. */
#include "tests/unit/walk.h"
#include "zones/export.h"

#define HEAD "$ORIGIN bl.test.\n@ 2100 IN SOA bl.test. nobody.invalid. 7 " \
    "3600 1200 604800 2100\n@ 2100 IN NS bl.test.\n"
#define RPZ "$TTL 2100\n@ 2100 IN SOA bl.test. nobody.invalid. 7 3600 1200 " \
    "604800 2100\n@ 2100 IN NS bl.test.\n"
#define SOA "$SOA 2100 bl.test nobody.invalid 7 3600 1200 604800 2100\n"
#define FIXED "$SOA 2100 bl.test nobody.invalid 7 3600 1200 604800 2100\n"
#define UNBOUND "server:\nlocal-zone: \"bl.test.\" static\n"

static char *
export_as(const struct test_zone *z, const char *format, uint64_t *left_out)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(export_write(z->gen, z->conf.apex, format, NULL,
	    f, left_out), 0);
	ck_assert_int_eq(fclose(f), 0);
	return text;
}

static const struct {
	const char *type, *text, *format, *want;
	unsigned left_out;
} exports[] = {
    {"ip4set", "10.0.0.1-10.0.0.6\n", "plain",
	"10.0.0.1\n10.0.0.2/31\n10.0.0.4/31\n10.0.0.6\n", 0},
    {"ip4set", "0/1\n128/1\n", "plain", "0.0.0.0/0\n", 0},
    {"ip4set", "255.255.255.254/31\n", "plain", "255.255.255.254/31\n", 0},
    {"ip6trie", "::/0\n", "plain", "::/0\n", 0},
    {"ip6trie", "2001:db8::/32\n!2001:db8:8000::/33\n", "plain",
	"2001:db8::/33\n", 0},
    {"dnset", "a.b\n*.c\n.d\n!e.d\nd.d\n", "plain",
	"a.b\n*.c\n.d\nd.d\n", 1},
    {"generic", "@ A 192.0.2.1\nx A 192.0.2.2\n", "plain", "x\n", 1},
    {"ip4set", "10/8 :2:$ is bad\n11.0.0.1\n", "postfix-cidr",
	"10.0.0.0/8\tREJECT 10.0.0.0/8 is bad\n"
	"11.0.0.1\tREJECT listed in bl.test\n", 0},
    {"dnset", "a.b\n*.c\n!x.c\n", "postfix-cidr", "", 2},
    {"plain", "10.0.0.0/8\n2001:db8::/32\n", "nftables",
	"#!/usr/sbin/nft -f\nadd table inet resolverd\n"
	"add set inet resolverd bl_test_4 { type ipv4_addr; flags interval; }\n"
	"flush set inet resolverd bl_test_4\n"
	"add set inet resolverd bl_test_6 { type ipv6_addr; flags interval; }\n"
	"flush set inet resolverd bl_test_6\n"
	"add element inet resolverd bl_test_4 { 10.0.0.0/8 }\n"
	"add element inet resolverd bl_test_6 { 2001:db8::/32 }\n", 0},
    /* zones */
    {"ip4set", "1.2.3.4 :2:$ \"x\" \\y\n10.0.0.0/15\n", "bind", HEAD
	"4.3.2.1 2100 IN A 127.0.0.2\n"
	"4.3.2.1 2100 IN TXT \"1.2.3.4 \\034x\\034 \\092y\"\n"
	"*.0.10 2100 IN A 127.0.0.2\n"
	"*.1.10 2100 IN A 127.0.0.2\n", 0},
    {"ip6trie", "2001:db8::/31\n", "bind", HEAD
	"*.8.b.d.0.1.0.0.2 2100 IN A 127.0.0.2\n"
	"*.9.b.d.0.1.0.0.2 2100 IN A 127.0.0.2\n", 0},
    {"ip6trie", "2001:da0::/27\n", "bind", HEAD
	"*.a.d.0.1.0.0.2 2100 IN A 127.0.0.2\n"
	"*.b.d.0.1.0.0.2 2100 IN A 127.0.0.2\n", 0},
    {"dnset", "*.x :3:below $\na.b.x\n", "bind", HEAD
	"*.x 2100 IN A 127.0.0.3\n"
	"*.x 2100 IN TXT \"below x\"\n"
	"b.x 2100 IN A 127.0.0.3\n"
	"b.x 2100 IN TXT \"below x\"\n"
	"*.b.x 2100 IN A 127.0.0.3\n"
	"*.b.x 2100 IN TXT \"below x\"\n"
	"a.b.x 2100 IN A 127.0.0.2\n"
	"*.a.b.x 2100 IN A 127.0.0.3\n"
	"*.a.b.x 2100 IN TXT \"below x\"\n", 0},
    {"dnset", ".x\n!.n.x\n!e.x\n", "bind", HEAD
	"x 2100 IN A 127.0.0.2\n"
	"*.x 2100 IN A 127.0.0.2\n"
	"*.e.x 2100 IN A 127.0.0.2\n"
	"_excluded.n.x 60 IN TXT \"excluded\"\n", 0},
    {"dnset", ".x\n!.b.a.x\n", "bind", HEAD /* a.x is between */
	"x 2100 IN A 127.0.0.2\n"
	"*.x 2100 IN A 127.0.0.2\n"
	"a.x 2100 IN A 127.0.0.2\n"
	"*.a.x 2100 IN A 127.0.0.2\n"
	"_excluded.b.a.x 60 IN TXT \"excluded\"\n", 0},
    {"generic", "@ A 192.0.2.1\nm 60 MX 10 mx\nn AAAA 2001:db8::1\n"
	"o CNAME a.b\np SRV 1 2 3 q\nq PTR it's\n", "bind", HEAD
	"@ 2100 IN A 192.0.2.1\nm 60 IN MX 10 mx.\n"
	"n 2100 IN AAAA 2001:db8::1\no 2100 IN CNAME a.b.\n"
	"p 2100 IN SRV 1 2 3 q.\n"
	"q 2100 IN TYPE12 \\# 6 046974277300\n", 0},
    {"dnset", "a\n.b\n!x.b\n!.y.b\n", "rpz", RPZ
	"a CNAME .\n"
	"b CNAME .\n*.b CNAME .\n"
	"x.b CNAME rpz-passthru.\n*.x.b CNAME .\n"
	"y.b CNAME rpz-passthru.\n*.y.b CNAME rpz-passthru.\n", 0},
    {"plain", "192.0.2.0/24\n2001:db8::/32\n2001:db8:0:1::1:0:0\n::1\n", "rpz",
	RPZ "24.0.2.0.192.rpz-ip CNAME .\n"
	"128.1.zz.rpz-ip CNAME .\n"
	"32.zz.db8.2001.rpz-ip CNAME .\n", 0},
    {"plain(exact)", "2001:db8:0:1::1:0:0\n", "rpz",
	RPZ "128.zz.1.0.1.0.db8.2001.rpz-ip CNAME .\n", 0},
    {"ip4set", "1.2.3.4 it's\n10/8\n", "unbound", UNBOUND
	"local-data: '4.3.2.1.bl.test. 2100 IN A 127.0.0.2'\n"
	"local-data: '4.3.2.1.bl.test. 2100 IN TXT \"it\\039s\"'\n"
	"local-zone: \"10.bl.test.\" redirect\n"
	"local-data: '10.bl.test. 2100 IN A 127.0.0.2'\n", 0},
    {"dnset", "a\n.b\n!.x.b\n*.c\n", "unbound", UNBOUND
	"local-data: 'a.bl.test. 2100 IN A 127.0.0.2'\n"
	"local-zone: \"b.bl.test.\" redirect\n"
	"local-data: 'b.bl.test. 2100 IN A 127.0.0.2'\n"
	"local-zone: \"x.b.bl.test.\" static\n", 1},
    /* rbldnsd */
    {"ip4set", "1.2.3.4 :3:a $$ $ =\n1.2.3.5 :3:a $$ $ =\n1.2.3.6\n", "rbldnsd",
	"# bl.test:ip4set\n" SOA "$NS 2100 bl.test\n$TTL 2100\n"
	":127.0.0.3:a $$ $ =\n1.2.3.4/31\n1.2.3.6 :127.0.0.2:\n", 0},
    {"dnset", ".x :3:$ is\n!.n.x\na.x\n", "rbldnsd",
	"# bl.test:dnset\n" SOA "$NS 2100 bl.test\n$TTL 2100\n"
	":127.0.0.3:$ is\n.x\na.x :127.0.0.2:\n!.n.x\n", 0},
    {"generic", "@ A 192.0.2.1\nm 60 MX 10 mx\nt TXT hi\n", "rbldnsd",
	"# bl.test:generic\n" SOA "$NS 2100 bl.test\n$TTL 2100\n"
	"@ 2100 A 192.0.2.1\nm 60 MX 10 mx\nt 2100 TXT \"hi\"\n", 0},
    {"plain", "10.0.0.1\n2001:db8::/32\n", "rbldnsd",
	"# bl.test:combined\n" SOA "$NS 2100 bl.test\n$TTL 2100\n"
	"$DATASET ip4set @\n:127.0.0.2:\n10.0.0.1\n"
	"$DATASET ip6trie @\n:127.0.0.2:\n2001:db8::/32\n", 0},
};

START_TEST(test_exports)
{
	struct test_zone z;
	uint64_t left_out;
	char *text;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", FIXED); /* the SOA: a serial that stays */
	zones_add(&z, exports[_i].type, exports[_i].text);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	text = export_as(&z, exports[_i].format, &left_out);
	ck_assert_str_eq(text, exports[_i].want);
	ck_assert_uint_eq(left_out, exports[_i].left_out);
	free(text);
	zones_free(&z);
}
END_TEST

static const struct {
	const char *type, *text;
} rounds[] = {
    {"ip4set", ":3:def $\n$TTL 5m\n10/8\n!10.1.2.3\n10.2.0.0-10.2.9.7 :9\n"
	"1.2.3.4 a\n1.2.3.4 b\n1.2.3.7 :7:\n1.2.3.7 :8:\n5.5.5.5 :6:\n"
	"5.5.5.6 ==eq $$1\n"},
    {"ip4trie", "10/8 wide\n10.1/16 narrow\n!10.1.1.0/24\n"},
    {"ip6trie", "2001:db8::/32 $\n!2001:db8:1::/48\n2001:db8:1:1::/64 own\n"},
    {"dnset", ":2:$\n.x\n!a.x\n*.b.x :4\nc.b.x\n!.n.b.x\ny \\$\nz\\.z\n"},
    {"generic", "@ A 192.0.2.1\na A 192.0.2.1\na 60 TXT \"two words\"\n"
	"b.a MX 10 mx.example\n"},
};

START_TEST(test_read_back)
{
	struct test_zone z, again;
	uint64_t left_out;
	char *text, *walked;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, rounds[_i].type, rounds[_i].text);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	text = export_as(&z, "rbldnsd", &left_out);
	ck_assert_uint_eq(left_out, 0);
	walked = strdup(walk_all(z.gen));
	zones_init(&again, ZONES_APEX);
	zones_add(&again, rounds[_i].type[2] == '4' ? "ip4set"
						    : rounds[_i].type, text);
	ck_assert_msg(zones_build(&again) == 0, "%s", again.why);
	ck_assert_str_eq(again.reports, "");
	ck_assert_str_eq(walk_all(again.gen), walked);
	free(text);
	free(walked);
	zones_free(&z);
	zones_free(&again);
}
END_TEST

START_TEST(test_no_such_format)
{
	struct test_zone z;
	uint64_t left_out;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "1.2.3.4\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_int_eq(export_write(z.gen, z.conf.apex, "bnd", NULL,
	    stdout, &left_out), -EINVAL);
	zones_free(&z);
}
END_TEST

UNIT_MAIN("export", UNIT_EACH(test_exports, exports),
    UNIT_EACH(test_read_back, rounds), UNIT_ONCE(test_no_such_format))
