/*
 * resolverd/localdata.c and hosts.c: what is answered here, word for word as
 * ldns reads it, and what is left to others.
 */
#include <ldns/ldns.h>
#include <string.h>

#include "lib/wire.h"
#include "resolverd/localdata.h"
#include "tests/unit/unit.h"

static const char *const hosts[] = {
    "# a comment, then nothing\n",
    "\n",
    "192.0.2.1\tmail.Example.ORG mail   # and more\r\n",
    "2001:db8::1 mail.example.org\n",
    "192.0.2.2 mail.example.org second.example.org\n",
    "192.0.2.1 other.example.org\n", /* an address with a name already */
    "192.0.2.1 mail.example.org\n",  /* both are there */
    "127.0.1.1 box.example.org\n",
    "10.0.0.9 inside.example.org", /* no end of line */
};

static const struct {
	const char *text, *report;
} faults[] = {
    {"192.0.2.1", "an address without a name"},
    {"mail.example.org 192.0.2.1", "\"mail.example.org\" is no address"},
    {"192.0.2.1 a b..c", "\"b..c\" is no name"},
    {"192.0.2.1 .", "\".\" is no name"},
    {"192.0.2.1 a\\046b", "\"a\\046b\" is no name"},
    {"192.0.2.1/32 a", "\"192.0.2.1/32\" is no address"},
    {"fe80::1%lo a", "\"fe80::1%lo\" is no address"},
    {"192.0.2.01 a", "\"192.0.2.01\" is no address"},
};

/* ---- the file */

static void
on_report(void *arg, const char *path, unsigned line, const char *text)
{
	char *out = arg;

	(void)path;
	snprintf(out, 256, "%u: %s", line, text);
}

static struct localdata *
open_with(struct conf *conf, const char *text, char *report)
{
	char why[LOCALDATA_WHY_MAX], *path = strdup(unit_path("hosts"));
	FILE *f = fopen(path, "w");
	struct localdata *ld;

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	conf->hosts_file = path;
	ck_assert_msg(
	    localdata_open(&ld, conf, on_report, report, why) == 0, "%s", why);
	return ld;
}

START_TEST(test_faults)
{
	char report[256] = "", text[256], want[256];
	struct conf conf = {0};

	snprintf(text, sizeof(text), "192.0.2.9 a\n%s\n192.0.2.8 a\n",
	    faults[_i].text);
	localdata_close(open_with(&conf, text, report));
	snprintf(want, sizeof(want), "2: %s: the line is left out",
	    faults[_i].report);
	ck_assert_str_eq(report, want);
	free(conf.hosts_file);
}
END_TEST

START_TEST(test_no_file)
{
	char why[LOCALDATA_WHY_MAX], path[] = "/nowhere/hosts", dir[] = "/";
	struct conf conf = {.hosts_file = path};
	struct localdata *ld;

	ck_assert_int_lt(localdata_open(&ld, &conf, NULL, NULL, why), 0);
	ck_assert_ptr_nonnull(strstr(why, "hosts-file /nowhere/hosts: "));
	ck_assert_ptr_null(ld);
	conf.hosts_file = dir;
	ck_assert_int_lt(localdata_open(&ld, &conf, NULL, NULL, why), 0);
	localdata_close(NULL);
}
END_TEST

/* ---- answers */

static uint8_t reply[DNS_MESSAGE_MAX];

/* The question, as from a client without EDNS by TCP. */
static void
make_query(struct query *q, const char *name, uint16_t type, bool udp)
{
	struct wire_header h = {.id = 1, .qdcount = 1};
	uint8_t packet[512], dname[DNAME_MAX];
	struct wire_writer w;

	ck_assert_int_gt(dname_from_txt(dname, name, strlen(name)), 0);
	wire_writer_init(&w, packet, sizeof(packet));
	wire_write_header(&w, &h);
	wire_write_name(&w, dname, false);
	wire_write_u16(&w, type);
	wire_write_u16(&w, DNS_CLASS_IN);
	ck_assert_int_eq(query_begin(q, packet, w.len, true, udp, reply,
	    sizeof(reply)), QUERY_ANSWER);
}

/* RCODE, and the RRs of the answer and authority sections, on one line each */
static void
print_reply(char *out, size_t cap, const struct query *q)
{
	ldns_pkt *pkt;
	ldns_rr_list *all;
	size_t len = 0;

	ck_assert_int_eq(
	    ldns_wire2pkt(&pkt, q->reply, q->reply_len), LDNS_STATUS_OK);
	ck_assert(ldns_pkt_aa(pkt));
	len += (size_t)snprintf(out, cap, "%u%s\n",
	    (unsigned)ldns_pkt_get_rcode(pkt), ldns_pkt_tc(pkt) ? " TC" : "");
	all = ldns_pkt_get_section_clone(pkt, LDNS_SECTION_ANY_NOQUESTION);
	for (size_t i = 0; i < ldns_rr_list_rr_count(all); i++) {
		char *rr = ldns_rr2str(ldns_rr_list_rr(all, i));

		len += (size_t)snprintf(out + len, cap - len, "%s", rr);
		free(rr);
	}
	ldns_rr_list_deep_free(all);
	ldns_pkt_free(pkt);
	ck_assert_uint_lt(len, cap);
}

#define SOA(zone, ttl)                                                         \
	zone ".\t" ttl "\tIN\tSOA\t" zone ". nobody.invalid. 1 3600 1200 "     \
	     "604800 " ttl "\n"
#define IS(owner, type, data) owner ".\t60\tIN\t" type "\t" data "\n"
#define IN_ZONE(owner, type, data) owner ".\t10800\tIN\t" type "\t" data "\n"
#define ONE6 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0" \
	     ".ip6.arpa"

static const struct {
	const char *name;
	uint16_t type;
	const char *want; /* NULL: not ours */
} answers[] = {
    /* the hosts file */
    {"mail.example.org", DNS_TYPE_A,
	"0\n" IS("mail.example.org", "A", "192.0.2.1")
	    IS("mail.example.org", "A", "192.0.2.2")},
    {"MAIL.example.org", DNS_TYPE_AAAA,
	"0\n" IS("MAIL.example.org", "AAAA", "2001:db8::1")},
    {"mail", DNS_TYPE_A, "0\n" IS("mail", "A", "192.0.2.1")},
    {"mail", DNS_TYPE_AAAA, "0\n" SOA("mail", "60")},
    {"mail.example.org", DNS_TYPE_MX, NULL},
    {"x.mail.example.org", DNS_TYPE_A, NULL},
    {"example.org", DNS_TYPE_A, NULL},
    {"1.2.0.192.in-addr.arpa", DNS_TYPE_PTR,
	"0\n" IS("1.2.0.192.in-addr.arpa", "PTR", "mail.example.org.")},
    {"2.2.0.192.in-addr.arpa", DNS_TYPE_PTR,
	"0\n" IS("2.2.0.192.in-addr.arpa", "PTR", "mail.example.org.")},
    {"1.1.0.127.in-addr.arpa", DNS_TYPE_PTR,
	"0\n" IS("1.1.0.127.in-addr.arpa", "PTR", "box.example.org.")},
    {"9.0.0.10.in-addr.arpa", DNS_TYPE_PTR,
	"0\n" IS("9.0.0.10.in-addr.arpa", "PTR", "inside.example.org.")},
    /* RFC 6761 6.3: localhost */
    {"localhost", DNS_TYPE_A, "0\n" IN_ZONE("localhost", "A", "127.0.0.1")},
    {"localhost", DNS_TYPE_AAAA, "0\n" IN_ZONE("localhost", "AAAA", "::1")},
    {"a.b.localhost", DNS_TYPE_A,
	"0\n" IN_ZONE("a.b.localhost", "A", "127.0.0.1")},
    {"a.localhost", DNS_TYPE_MX, "0\n" SOA("localhost", "10800")},
    {"localhost.example", DNS_TYPE_A, NULL},
    {"xlocalhost", DNS_TYPE_A, NULL},
    /* RFC 6761 6.2, 6.4; RFC 7686 2; RFC 8375 4 */
    {"a.invalid", DNS_TYPE_A, "3\n" SOA("invalid", "10800")},
    {"invalid", DNS_TYPE_A, "0\n" SOA("invalid", "10800")},
    {"a.test", DNS_TYPE_MX, "3\n" SOA("test", "10800")},
    {"x.onion", DNS_TYPE_A, "3\n" SOA("onion", "10800")},
    {"box.home.arpa", DNS_TYPE_A, "3\n" SOA("home.arpa", "10800")},
    {"arpa", DNS_TYPE_NS, NULL},
    {"in-addr.arpa", DNS_TYPE_NS, NULL},
    /* RFC 6303 4.2: loopback */
    {"1.0.0.127.in-addr.arpa", DNS_TYPE_PTR,
	"0\n" IN_ZONE("1.0.0.127.in-addr.arpa", "PTR", "localhost.")},
    {"1.0.0.127.in-addr.arpa", DNS_TYPE_A, "0\n" SOA("127.in-addr.arpa",
	"10800")},
    {"0.127.in-addr.arpa", DNS_TYPE_PTR, "0\n" SOA("127.in-addr.arpa",
	"10800")}, /* an empty non-terminal */
    {"2.0.0.127.in-addr.arpa", DNS_TYPE_PTR,
	"3\n" SOA("127.in-addr.arpa", "10800")},
    {ONE6, DNS_TYPE_PTR, "0\n" IN_ZONE(ONE6, "PTR", "localhost.")},
    {"0." ONE6, DNS_TYPE_PTR, "3\n" SOA(ONE6, "10800")},
    /* RFC 6303 3 and 4 */
    {"10.in-addr.arpa", DNS_TYPE_SOA, "0\n" SOA("10.in-addr.arpa", "10800")},
    {"10.in-addr.arpa", DNS_TYPE_NS,
	"0\n" IN_ZONE("10.in-addr.arpa", "NS", "10.in-addr.arpa.")},
    {"10.in-addr.arpa", DNS_TYPE_PTR, "0\n" SOA("10.in-addr.arpa", "10800")},
    {"1.2.3.10.in-addr.arpa", DNS_TYPE_PTR,
	"3\n" SOA("10.in-addr.arpa", "10800")},
    {"1.16.172.in-addr.arpa", DNS_TYPE_PTR,
	"3\n" SOA("16.172.in-addr.arpa", "10800")},
    {"1.31.172.in-addr.arpa", DNS_TYPE_PTR,
	"3\n" SOA("31.172.in-addr.arpa", "10800")},
    {"1.15.172.in-addr.arpa", DNS_TYPE_PTR, NULL},
    {"1.32.172.in-addr.arpa", DNS_TYPE_PTR, NULL},
    {"1.168.192.in-addr.arpa", DNS_TYPE_PTR,
	"3\n" SOA("168.192.in-addr.arpa", "10800")},
    {"9.d.f.ip6.arpa", DNS_TYPE_PTR, "3\n" SOA("d.f.ip6.arpa", "10800")},
    {"c.e.f.ip6.arpa", DNS_TYPE_PTR, NULL},
    {"8.b.d.0.1.0.0.2.ip6.arpa", DNS_TYPE_PTR,
	"0\n" SOA("8.b.d.0.1.0.0.2.ip6.arpa", "10800")},
    /* RFC 7793 */
    {"1.64.100.in-addr.arpa", DNS_TYPE_PTR,
	"3\n" SOA("64.100.in-addr.arpa", "10800")},
    {"1.127.100.in-addr.arpa", DNS_TYPE_PTR,
	"3\n" SOA("127.100.in-addr.arpa", "10800")},
    {"1.63.100.in-addr.arpa", DNS_TYPE_PTR, NULL},
    {"1.128.100.in-addr.arpa", DNS_TYPE_PTR, NULL},
    {".", DNS_TYPE_NS, NULL},
    {"8.8.8.8.in-addr.arpa", DNS_TYPE_PTR, NULL},
};

static void
check_answer(const struct localdata *ld, const char *name, uint16_t type,
    const char *want)
{
	struct query q;
	char got[2048];
	bool ours;

	make_query(&q, name, type, false);
	ours = localdata_answer(ld, &q);
	ck_assert_msg(ours == (want != NULL), "%s: ours: %d", name, ours);
	ck_assert(ours || !q.aa);
	if (!ours)
		return;
	query_finish(&q);
	print_reply(got, sizeof(got), &q);
	ck_assert_str_eq(got, want);
}

static struct localdata *
open_hosts(struct conf *conf)
{
	char text[2048] = "", report[256] = "";
	struct localdata *ld;

	for (size_t i = 0; i < UNIT_COUNT(hosts); i++)
		strcat(text, hosts[i]);
	ld = open_with(conf, text, report);
	ck_assert_str_eq(report, "");
	return ld;
}

START_TEST(test_answers)
{
	struct conf conf = {0};
	struct localdata *ld = open_hosts(&conf);

	check_answer(ld, answers[_i].name, answers[_i].type, answers[_i].want);
	localdata_close(ld);
	free(conf.hosts_file);
}
END_TEST

/* Many addresses: by UDP, TC and none of them (RFC 2181 9). */
START_TEST(test_truncated)
{
	char text[4096] = "", report[256] = "", got[2048];
	struct conf conf = {0};
	struct localdata *ld;
	struct query q;

	for (int i = 0; i < 100; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "192.0.2.%d many\n", i);
	ld = open_with(&conf, text, report);
	make_query(&q, "many", DNS_TYPE_A, true);
	ck_assert(localdata_answer(ld, &q));
	query_finish(&q);
	print_reply(got, sizeof(got), &q);
	ck_assert_str_eq(got, "0 TC\n");
	make_query(&q, "many", DNS_TYPE_A, false);
	ck_assert(localdata_answer(ld, &q));
	ck_assert_uint_eq(q.ancount, 100);
	localdata_close(ld);
	free(conf.hosts_file);
}
END_TEST

/* ---- routes */

static void
on_error(void *arg, const char *path, unsigned line, const char *text)
{
	(void)arg;
	ck_abort_msg("%s:%u: %s", path, line, text);
}

static const struct {
	const char *conf;
	const char *name;
	bool ours;
} routes[] = {
    {"", "1.10.in-addr.arpa", true},
    {"route 10.in-addr.arpa { forward = 192.0.2.1 }", "1.10.in-addr.arpa",
	false},
    {"route 10.in-addr.arpa { forward = 192.0.2.1 }",
	"1.168.192.in-addr.arpa", true},
    {"route 10.in-addr.arpa { stub = 192.0.2.1 }", "10.in-addr.arpa", false},
    {"route 10.in-addr.arpa { recurse = yes }", "1.10.in-addr.arpa", false},
    {"route 10.in-addr.arpa { deadline = 2s }", "1.10.in-addr.arpa", true},
    {"route 1.10.in-addr.arpa { stub = 192.0.2.1 }", "1.1.10.in-addr.arpa",
	false},
    {"route 1.10.in-addr.arpa { stub = 192.0.2.1 }", "2.10.in-addr.arpa",
	true},
    /* one above: private zones only, and only where somebody may know them */
    {"route in-addr.arpa { forward = 192.0.2.1 }", "1.10.in-addr.arpa",
	false},
    {"route in-addr.arpa { forward = 192.0.2.1 }", "1.0.in-addr.arpa", true},
    {"route in-addr.arpa { recurse = yes }", "1.10.in-addr.arpa", true},
    {"upstream { forward = 192.0.2.1 }", "1.10.in-addr.arpa", false},
    {"upstream { forward = 192.0.2.1 }", "a.home.arpa", false},
    {"upstream { forward = 192.0.2.1 }", "1.127.in-addr.arpa", true},
    {"upstream { forward = 192.0.2.1 }", "a.invalid", true},
    {"upstream { forward = 192.0.2.1 } route in-addr.arpa { recurse = yes }",
	"1.10.in-addr.arpa", true},
    {"route test { forward = 192.0.2.1 }", "a.test", false},
    {"route test { forward = 192.0.2.1 }", "a.localhost", true},
    {"route localhost { forward = 192.0.2.1 }", "a.localhost", true},
};

START_TEST(test_routes)
{
	char text[256], why[LOCALDATA_WHY_MAX];
	struct localdata *ld;
	struct conf *conf;
	struct query q;

	snprintf(text, sizeof(text), "%s", routes[_i].conf);
	ck_assert_int_eq(
	    conf_parse(&conf, text, strlen(text), "/test", on_error, NULL), 0);
	ck_assert_int_eq(localdata_open(&ld, conf, NULL, NULL, why), 0);
	make_query(&q, routes[_i].name, DNS_TYPE_PTR, false);
	ck_assert_int_eq(localdata_answer(ld, &q), routes[_i].ours);
	localdata_close(ld);
	conf_free(conf);
}
END_TEST

UNIT_MAIN("localdata", UNIT_EACH(test_faults, faults), UNIT_ONCE(test_no_file),
    UNIT_EACH(test_answers, answers), UNIT_ONCE(test_truncated),
    UNIT_EACH(test_routes, routes))
