/* lib/addr.c; inet_pton() is what it stands on, so the tables are by hand. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/dname.h"
#include "tests/unit/unit.h"

static const struct {
	const char *in;
	const char *want; /* as prefix_to_txt() gives it; NULL: error below */
	int rc;
} prefix_cases[] = {
    {"192.0.2.1", "192.0.2.1/32", 0},
    {"192.0.2.1/32", "192.0.2.1/32", 0},
    {"192.0.2.0/24", "192.0.2.0/24", 0},
    {"192.0.2.128/25", "192.0.2.128/25", 0},
    {"0.0.0.0/0", "0.0.0.0/0", 0},
    {"128.0.0.0/1", "128.0.0.0/1", 0},
    {"255.255.255.255", "255.255.255.255/32", 0},
    {"2001:db8::/32", "2001:db8::/32", 0},
    {"2001:DB8:0:0::1", "2001:db8::1/128", 0},
    {"::/0", "::/0", 0},
    {"8000::/1", "8000::/1", 0},
    {"::ffff:192.0.2.1", "::ffff:192.0.2.1/128", 0},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", 0},
    {"192.0.2.1/31", NULL, -ERANGE},
    {"192.0.2.1/0", NULL, -ERANGE},
    {"192.0.2.1/24", NULL, -ERANGE},
    {"2001:db8::1/127", NULL, -ERANGE},
    {"2001:db8::/28", NULL, -ERANGE},
    {"8000::/0", NULL, -ERANGE},
    {"192.0.2.0/33", NULL, -EINVAL},
    {"2001:db8::/129", NULL, -EINVAL},
    {"192.0.2.0/", NULL, -EINVAL},
    {"192.0.2.0/024", NULL, -EINVAL},
    {"192.0.2.0/+24", NULL, -EINVAL},
    {"192.0.2.0/ 24", NULL, -EINVAL},
    {"192.0.2.0/24 ", NULL, -EINVAL},
    {"192.0.2.0/24/24", NULL, -EINVAL},
    {"192.0.2.0/4294967320", NULL, -EINVAL}, /* 2^32 + 24 */
    {"/24", NULL, -EINVAL},
    {"", NULL, -EINVAL},
    {" 192.0.2.1", NULL, -EINVAL},
    {"192.0.2", NULL, -EINVAL},
    {"192.0.2.", NULL, -EINVAL},
    {"192.0.2.1.", NULL, -EINVAL},
    {"192.0.2.1.1", NULL, -EINVAL},
    {"192.0.2.256", NULL, -EINVAL},
    {"192.0.2.01", NULL, -EINVAL},
    {"192.0.2.00", NULL, -EINVAL},
    {"192.0.2.0x1", NULL, -EINVAL},
    {"192.0.2.-1", NULL, -EINVAL},
    {"3221225985", NULL, -EINVAL},
    {"fe80::1%lo", NULL, -EINVAL},
    {"1:2:3:4:5:6:7", NULL, -EINVAL},
    {"1:2:3:4:5:6:7:8:9", NULL, -EINVAL},
    {"1::2::3", NULL, -EINVAL},
    {":::", NULL, -EINVAL},
    {"12345::", NULL, -EINVAL},
    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd", NULL,
	-EINVAL},
};

START_TEST(prefixes)
{
	struct prefix p;
	char txt[ADDR_TXT_MAX];

	ck_assert_int_eq(prefix_parse(&p, prefix_cases[_i].in),
	    prefix_cases[_i].rc);
	if (prefix_cases[_i].rc == 0)
		ck_assert_str_eq(prefix_to_txt(txt, &p), prefix_cases[_i].want);
}
END_TEST

/* An address is what a prefix is without its length. */
START_TEST(addresses)
{
	struct addr a;
	struct prefix p;
	char txt[ADDR_TXT_MAX], with_len[ADDR_TXT_MAX + 8];
	const char *in = prefix_cases[_i].in;
	bool want = prefix_cases[_i].rc == 0 && strchr(in, '/') == NULL;

	ck_assert_int_eq(addr_parse(&a, in), want ? 0 : -EINVAL);
	if (!want)
		return;
	ck_assert_int_eq(prefix_parse(&p, in), 0);
	ck_assert_mem_eq(&a, &p.addr, sizeof(a)); /* bytes unused are 0 */
	snprintf(with_len, sizeof(with_len), "%s/%u", addr_to_txt(txt, &a),
	    p.len);
	ck_assert_str_eq(with_len, prefix_cases[_i].want);
}
END_TEST

static const struct {
	const char *prefix, *addr;
	bool want;
} contains_cases[] = {
    {"0.0.0.0/0", "255.255.255.255", true},
    {"0.0.0.0/0", "::", false},
    {"::/0", "0.0.0.0", false},
    {"::/0", "ffff::", true},
    {"127.0.0.0/8", "127.255.255.255", true},
    {"127.0.0.0/8", "128.0.0.0", false},
    {"127.0.0.0/8", "126.255.255.255", false},
    {"192.0.2.128/25", "192.0.2.128", true},
    {"192.0.2.128/25", "192.0.2.127", false},
    {"192.0.2.4/31", "192.0.2.5", true},
    {"192.0.2.4/31", "192.0.2.6", false},
    {"192.0.2.5", "192.0.2.5", true},
    {"192.0.2.5", "192.0.2.4", false},
    {"2001:db8::/33", "2001:db8:7fff:ffff::", true},
    {"2001:db8::/33", "2001:db8:8000::", false},
    {"2001:db8::1", "2001:db8::1", true},
    {"2001:db8::1", "2001:db8::", false},
};

START_TEST(contains)
{
	struct prefix p;
	struct addr a;

	ck_assert_int_eq(prefix_parse(&p, contains_cases[_i].prefix), 0);
	ck_assert_int_eq(addr_parse(&a, contains_cases[_i].addr), 0);
	ck_assert_int_eq(prefix_contains(&p, &a), contains_cases[_i].want);
}
END_TEST

static const struct {
	const char *in;
	const char *want; /* NULL: -EINVAL */
} port_cases[] = {
    {"192.0.2.1@53", "192.0.2.1@53"},
    {"192.0.2.1", "192.0.2.1@5353"},
    {"2001:db8::1@65535", "2001:db8::1@65535"},
    {"::1", "::1@5353"},
    {"::ffff:192.0.2.1@1", "::ffff:192.0.2.1@1"},
    {"192.0.2.1@", NULL},
    {"192.0.2.1@0", NULL},
    {"192.0.2.1@053", NULL},
    {"192.0.2.1@65536", NULL},
    {"192.0.2.1@53@53", NULL},
    {"192.0.2.1 @53", NULL},
    {"192.0.2.0/24@53", NULL},
    {"@53", NULL},
    {"localhost@53", NULL},
    {"", NULL},
};

START_TEST(address_at_port)
{
	struct sockaddr_storage ss;
	socklen_t len;
	char txt[ADDR_TXT_MAX];
	const char *want = port_cases[_i].want;

	ck_assert_int_eq(addr_parse_at_port(&ss, &len, port_cases[_i].in, 5353),
	    want != NULL ? 0 : -EINVAL);
	if (want == NULL)
		return;
	ck_assert_uint_eq(len, ss.ss_family == AF_INET
	    ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
	ck_assert_str_eq(sockaddr_to_txt(txt, (struct sockaddr *)&ss), want);
}
END_TEST

static const struct {
	const char *in, *want;
} sockaddr_cases[] = {
    {"192.0.2.1@53", "192.0.2.1"},
    {"2001:db8::1@53", "2001:db8::1"},
    {"::ffff:192.0.2.1@53", "192.0.2.1"},
    {"::fffe:192.0.2.1@53", "::fffe:c000:201"},
    {"::192.0.2.1@53", "::192.0.2.1"},
};

START_TEST(address_of_sockaddr)
{
	struct sockaddr_storage ss;
	socklen_t len;
	struct addr got, want;

	ck_assert_int_eq(addr_parse_at_port(&ss, &len, sockaddr_cases[_i].in,
			     0),
	    0);
	ck_assert_int_eq(addr_parse(&want, sockaddr_cases[_i].want), 0);
	ck_assert_int_eq(addr_from_sockaddr(&got, (struct sockaddr *)&ss), 0);
	ck_assert_mem_eq(&got, &want, sizeof(got));
}
END_TEST

START_TEST(other_families)
{
	struct sockaddr sa = {.sa_family = AF_UNIX};
	struct addr a;
	char txt[ADDR_TXT_MAX];

	ck_assert_int_eq(addr_from_sockaddr(&a, &sa), -EAFNOSUPPORT);
	ck_assert_str_eq(sockaddr_to_txt(txt, &sa), "?");
}
END_TEST

#define N8 "0.0.0.0.0.0.0.0."

static const struct {
	int family;
	const char *in;
	const char *want; /* NULL: -EINVAL */
} rev_cases[] = {
    {4, "1.2.0.192", "192.0.2.1/32"},
    {4, "255.255.255.255", "255.255.255.255/32"},
    {4, "0.0.0.0", "0.0.0.0/32"},
    {4, "2.0.192", "192.0.2.0/24"},
    {4, "2.1", "1.2.0.0/16"},
    {4, "127", "127.0.0.0/8"},
    {4, ".", "0.0.0.0/0"},
    {4, "1.2.3.4.5", NULL},
    {4, "256.2.0.192", NULL},
    {4, "1.2.0.1921", NULL},
    {4, "01.2.0.192", NULL},
    {4, "00.2.0.192", NULL},
    {4, "1.2.0.a", NULL},
    {4, "1.2.0.-1", NULL},
    {4, "1.2.0.\\0001", NULL},
    {4, "1.2.0.1\\000", NULL},
    {6, "1." N8 N8 N8 "8.b.d.0.1.0.0.2", NULL}, /* 33 nibbles */
    {6, "1.0.0.0.0.0.0.0." N8 N8 "8.B.D.0.1.0.0.2", "2001:db8::1/128"},
    {6, "f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0." N8 "8.b.d.0.1.0.0.2",
	"2001:db8::123:4567:89ab:cdef/128"},
    {6, "8.b.d.0.1.0.0.2", "2001:db8::/32"},
    {6, "d.0.1.0.0.2", "2001:d00::/24"},
    {6, "b.d.0.1.0.0.2", "2001:db0::/28"},
    {6, ".", "::/0"},
    {6, "g.b.d.0.1.0.0.2", NULL},
    {6, "G.b.d.0.1.0.0.2", NULL},
    {6, "`.b.d.0.1.0.0.2", NULL},
    {6, "\\016.b.d.0.1.0.0.2", NULL}, /* 0x10: '0' without its 0x20 */
    {6, "\\026.b.d.0.1.0.0.2", NULL},
    {6, "08.b.d.0.1.0.0.2", NULL},
    {6, "1.2.0.192", NULL},
};

START_TEST(reversed_forms)
{
	uint8_t labels[DNAME_MAX], back[64];
	char txt[ADDR_TXT_MAX];
	const char *in = rev_cases[_i].in, *want = rev_cases[_i].want;
	struct prefix p;
	int rc, len = dname_from_txt(labels, in, strlen(in));
	size_t n;

	ck_assert_int_gt(len, 0);
	rc = (rev_cases[_i].family == 4 ? prefix_from_rev4 : prefix_from_rev6)(
	    &p, labels, dname_labels(labels));
	ck_assert_int_eq(rc, want != NULL ? 0 : -EINVAL);
	if (want == NULL)
		return;
	ck_assert_str_eq(prefix_to_txt(txt, &p), want);
	if (p.len != (p.addr.family == AF_INET ? 32 : 128))
		return;
	n = addr_to_rev(back, &p.addr);
	ck_assert_uint_eq(n, (size_t)len - 1);
	dname_lower(labels, (size_t)len);
	ck_assert_mem_eq(back, labels, n);
}
END_TEST

#define NIBBLES "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0"

static const struct {
	const char *name;
	const char *zone; /* NULL: no list question */
} list_question_cases[] = {
    {"7.113.0.203.bl.example", "bl.example"},
    {"2.0.0.127.bl.example", "bl.example"},
    {"7.113.0.203.test", "test"},
    {"1.7.113.0.203.bl.example", "203.bl.example"},
    {NIBBLES ".2.bl.example", "bl.example"},
    {"7.113.0.203.in-addr.arpa", NULL},
    {"1.7.113.0.203.in-addr.arpa", NULL},
    {NIBBLES ".2.ip6.arpa", NULL},
    {NIBBLES ".bl.example", /* 31 of them, the first four decimal */
	"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.bl.example"},
    {"f.0.0.0.bl.example", NULL},
    {"7.113.0.203", NULL},
    {"256.113.0.203.bl.example", NULL},
    {"07.113.0.203.bl.example", NULL},
    {"113.0.203.bl.example", NULL},
    {"example.org.bl.example", NULL},
    {"bl.example", NULL},
    {".", NULL},
};

/* RFC 5782 2.1, 2.4 */
START_TEST(list_questions)
{
	const char *name = list_question_cases[_i].name;
	const char *want = list_question_cases[_i].zone;
	uint8_t wire[DNAME_MAX];
	char txt[DNAME_TXT_MAX];
	const uint8_t *zone;

	ck_assert_int_gt(dname_from_txt(wire, name, strlen(name)), 0);
	zone = addr_rev_zone(wire);
	if (want == NULL) {
		ck_assert_ptr_null(zone);
		return;
	}
	ck_assert_ptr_nonnull(zone);
	ck_assert_str_eq(dname_to_txt(txt, zone), want);
	ck_assert_ptr_eq(zone, wire + dname_len(wire) - dname_len(zone));
}
END_TEST

START_TEST(host_order)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, "192.0.2.1"), 0);
	ck_assert_uint_eq(addr_ip4(&a), 0xc0000201);
}
END_TEST

UNIT_MAIN("addr", UNIT_EACH(prefixes, prefix_cases),
    UNIT_EACH(addresses, prefix_cases), UNIT_EACH(contains, contains_cases),
    UNIT_EACH(address_at_port, port_cases),
    UNIT_EACH(address_of_sockaddr, sockaddr_cases), UNIT_ONCE(other_families),
    UNIT_EACH(reversed_forms, rev_cases),
    UNIT_EACH(list_questions, list_question_cases), UNIT_ONCE(host_order))
