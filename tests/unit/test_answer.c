/*
 * resolverd/answer.c; ldns makes the messages that come in and reads the
 * answers that go out.
 */
#include <ldns/ldns.h>

#include <errno.h>
#include <string.h>

#include "lib/bytes.h"
#include "resolverd/answer.h"
#include "tests/unit/unit.h"

#define NEGATIVE_MAX 3600
#define MAX 604800
#define SOA(ttl, minimum)                                                      \
	"example. " #ttl " IN SOA ns.example. host.example. 1 2 3 4 " #minimum
#define SIG(owner, type)                                                       \
	owner " 60 IN RRSIG " type                                             \
	      " 8 2 60 20300101000000 20200101000000 1 example. YWJj"

static const struct conf_ttls wide = {.max = MAX, .max_negative = NEGATIVE_MAX};

/* Sections are RRs in text form, one a line. */
struct sections {
	const char *answer, *authority, *additional;
};

static const struct message_case {
	const char *name;
	const char *qname;
	unsigned qtype, rcode;
	struct sections in;
	bool dnssec_ok;
	uint32_t lifetime;
	struct sections out; /* NULL: as in */
} message_cases[] = {
    {"one address", "mx.example.", 1, 0,
	{"mx.example. 300 IN A 192.0.2.1", "", ""}, false, 300, {0}},
    {"the smallest TTL counts", "mx.example.", 1, 0,
	{"mx.example. 300 IN A 192.0.2.1\nmx.example. 20 IN A 192.0.2.2", "",
	    ""},
	false, 20, {0}},
    {"TTLs of other sections do not count", "mx.example.", 1, 0,
	{"mx.example. 300 IN A 192.0.2.1", "example. 5 IN NS ns.example.",
	    "ns.example. 7 IN A 192.0.2.9"},
	false, 300, {0}},
    {"a TTL of 0", "mx.example.", 1, 0,
	{"mx.example. 0 IN A 192.0.2.1", "", ""}, false, 0, {0}},
    {"a TTL beyond 31 bits counts as 0", "mx.example.", 1, 0,
	{"mx.example. 2147483648 IN A 192.0.2.1", "", ""}, false, 0,
	{"mx.example. 0 IN A 192.0.2.1", NULL, NULL}},
    {"names in the RDATA", "example.", 15, 0,
	{"example. 60 IN MX 10 mx.example.\nexample. 60 IN MX 20 "
	 "mail.elsewhere.example.",
	    "", "mx.example. 60 IN A 192.0.2.1"},
	false, 60, {0}},
    {"a CNAME and its target", "www.example.", 1, 0,
	{"www.example. 30 IN CNAME web.example.\nweb.example. 300 IN A "
	 "192.0.2.1",
	    "", ""},
	false, 30, {0}},
    {"a question for the CNAME", "www.example.", 5, 0,
	{"www.example. 30 IN CNAME web.example.", "", ""}, false, 30, {0}},
    {"NXDOMAIN, by MINIMUM", "no.example.", 1, 3, {"", SOA(600, 120), ""},
	false, 120, {NULL, SOA(120, 120), NULL}},
    {"NXDOMAIN, by the SOA's TTL", "no.example.", 1, 3, {"", SOA(60, 120), ""},
	false, 60, {0}},
    {"NODATA", "mx.example.", 28, 0, {"", SOA(600, 120), ""}, false, 120,
	{NULL, SOA(120, 120), NULL}},
    {"NODATA, at most what is configured", "mx.example.", 28, 0,
	{"", SOA(90000, 86400), ""}, false, NEGATIVE_MAX,
	{NULL, SOA(3600, 86400), NULL}},
    {"a huge MINIMUM", "mx.example.", 28, 0, {"", SOA(90000, 4294967295), ""},
	false, NEGATIVE_MAX, {NULL, SOA(3600, 4294967295), NULL}},
    {"NXDOMAIN without SOA is not kept", "no.example.", 1, 3, {"", "", ""},
	false, 0, {0}},
    {"a referral is not kept", "no.example.", 1, 0,
	{"", "example. 300 IN NS ns.example.", ""}, false, 0, {0}},
    {"a SOA in the answer section is not a negative answer's", "mx.example.", 1,
	0, {SOA(600, 120), "", ""}, false, 0, {0}},
    {"a question for the SOA", "example.", 6, 0, {SOA(600, 120), "", ""}, false,
	600, {0}},
    {"a CNAME that ends in NXDOMAIN", "www.example.", 1, 3,
	{"www.example. 300 IN CNAME no.example.", SOA(600, 120), ""}, false,
	120, {NULL, SOA(120, 120), NULL}},
    {"a CNAME that ends in NODATA and holds shorter", "www.example.", 1, 0,
	{"www.example. 30 IN CNAME web.example.", SOA(600, 120), ""}, false, 30,
	{NULL, SOA(30, 120), NULL}},
    {"SERVFAIL is not kept", "mx.example.", 1, 2, {"", SOA(600, 120), ""},
	false, 0, {0}},
    {"REFUSED with an answer is not kept", "mx.example.", 1, 5,
	{"mx.example. 300 IN A 192.0.2.1", "", ""}, false, 0, {0}},
    {"no DO: what authenticates goes", "mx.example.", 1, 0,
	{"mx.example. 300 IN A 192.0.2.1\n" SIG("mx.example.", "A"),
	    "mx.example. 300 IN NSEC ns.example. A\n" SIG(
		"mx.example.", "NSEC"),
	    SIG("ns.example.", "A")},
	false, 300, {"mx.example. 300 IN A 192.0.2.1", "", ""}},
    {"no DO: NSEC3 goes, too", "no.example.", 1, 3,
	{"",
	    SOA(600, 120) "\nabcdefgh.example. 60 IN NSEC3 1 0 0 - "
			  "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A",
	    ""},
	false, 120, {NULL, SOA(120, 120), NULL}},
    {"DO: it stays", "mx.example.", 1, 0,
	{"mx.example. 300 IN A 192.0.2.1\n" SIG("mx.example.", "A"), "", ""},
	true, 60, {0}},
    {"no DO: but it was asked for", "mx.example.", 46, 0,
	{SIG("mx.example.", "A"), "", ""}, false, 60, {0}},
    {"a question for all types", "mx.example.", 255, 0,
	{"mx.example. 300 IN A 192.0.2.1\nmx.example. 50 IN MX 1 mx.example.",
	    "", ""},
	false, 50, {0}},
    {"an unknown type is copied as it is", "mx.example.", 65280, 0,
	{"mx.example. 300 IN TYPE65280 \\# 4 c00cc00c", "", ""}, false, 300,
	{0}},
    {"RRs out of place", "mx.example.", 1, 0,
	{"other.example. 200 IN A 192.0.2.1", "other.example. 1 IN A 192.0.2.1",
	    "a.b.c. 4 IN TXT \"x\""},
	false, 200, {0}},
    {"the root", ".", 2, 0, {". 60 IN NS a.root.\n. 60 IN NS b.root.", "", ""},
	false, 60, {0}},
};

/* ---- messages, by ldns */

static void
push_rrs(ldns_pkt *pkt, ldns_pkt_section section, const char *text)
{
	char *copy = strdup(text), *save = NULL, *line;
	ldns_rr *rr;

	for (line = strtok_r(copy, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		ck_assert_msg(ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) ==
			LDNS_STATUS_OK,
		    "test data: %s", line);
		ldns_pkt_push_rr(pkt, section, rr);
	}
	free(copy);
}

static size_t
make_message(uint8_t *out, const char *qname, unsigned qtype, unsigned rcode,
    const struct sections *s)
{
	ldns_pkt *pkt = ldns_pkt_new();
	ldns_rr *question = ldns_rr_new();
	uint8_t *wire;
	size_t len;

	ldns_rr_set_question(question, true);
	ldns_rr_set_owner(question, ldns_dname_new_frm_str(qname));
	ldns_rr_set_type(question, (ldns_rr_type)qtype);
	ldns_rr_set_class(question, LDNS_RR_CLASS_IN);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_QUESTION, question);
	push_rrs(pkt, LDNS_SECTION_ANSWER, s->answer);
	push_rrs(pkt, LDNS_SECTION_AUTHORITY, s->authority);
	push_rrs(pkt, LDNS_SECTION_ADDITIONAL, s->additional);
	ldns_pkt_set_qr(pkt, true);
	ldns_pkt_set_ra(pkt, true);
	ldns_pkt_set_rcode(pkt, (uint8_t)rcode);
	ldns_pkt_set_edns_udp_size(pkt, 1232); /* so there is an OPT */
	ck_assert(ldns_pkt2wire(&wire, pkt, &len) == LDNS_STATUS_OK);
	ck_assert(len <= DNS_MESSAGE_MAX);
	memcpy(out, wire, len);
	free(wire);
	ldns_pkt_free(pkt);
	return len;
}

/* ---- an answer and its buffers */

struct fixture {
	uint8_t msg[DNS_MESSAGE_MAX], body[DNS_MESSAGE_MAX];
	uint8_t ttl_off[2 * ANSWER_TTLS_MAX];
	uint8_t qname[DNAME_MAX];
	size_t len, qname_len;
	struct answer a;
	uint32_t lifetime;
};

static void
take_qname(struct fixture *f, const char *txt)
{
	f->qname_len = (size_t)dname_from_txt(f->qname, txt, strlen(txt));
	dname_lower(f->qname, f->qname_len);
}

static int
take_message(struct fixture *f, unsigned qtype, bool dnssec_ok)
{
	return answer_from_message(&f->a, f->msg, f->len, f->qname,
	    f->qname_len, (uint16_t)qtype, dnssec_ok, &wide, f->body,
	    sizeof(f->body), f->ttl_off, &f->lifetime);
}

static struct fixture *
fixture_new(const char *qname, unsigned qtype, unsigned rcode,
    const struct sections *s, bool dnssec_ok)
{
	struct fixture *f = calloc(1, sizeof(*f));

	take_qname(f, qname);
	f->len = make_message(f->msg, qname, qtype, rcode, s);
	ck_assert_int_eq(take_message(f, qtype, dnssec_ok), 0);
	return f;
}

/* ---- a client's question, and what it is answered */

struct ask {
	const char *qname;
	unsigned qtype;
	uint16_t flags;
	bool edns, dnssec_ok;
	uint16_t udp_size;
};

struct reply {
	struct query q;
	uint8_t buf[DNS_MESSAGE_MAX];
};

static void
begin(struct reply *r, const struct ask *ask)
{
	uint8_t packet[DNS_HEADER_LEN + QUERY_QUESTION_MAX + EDNS_OPT_LEN];
	uint8_t *p = packet + DNS_HEADER_LEN;

	memset(packet, 0, sizeof(packet));
	put_be16(packet + 2, ask->flags);
	packet[5] = 1;
	p += dname_from_txt(p, ask->qname, strlen(ask->qname));
	put_be16(p, (uint16_t)ask->qtype);
	put_be16(p + 2, DNS_CLASS_IN);
	p += 4;
	if (ask->edns) {
		packet[11] = 1;
		put_be16(p + 1, DNS_TYPE_OPT);
		put_be16(p + 3, ask->udp_size);
		put_be16(p + 7, ask->dnssec_ok ? EDNS_FLAG_DO : 0);
		p += EDNS_OPT_LEN;
	}
	ck_assert_int_eq(query_begin(&r->q, packet, (size_t)(p - packet), true,
			     true, r->buf, sizeof(r->buf)),
	    QUERY_ANSWER);
}

static ldns_pkt *
answered(struct reply *r, const struct ask *ask, const struct answer *a)
{
	ldns_pkt *pkt;

	begin(r, ask);
	answer_put(a, &r->q);
	query_finish(&r->q);
	ck_assert_int_eq(
	    ldns_wire2pkt(&pkt, r->buf, r->q.reply_len), LDNS_STATUS_OK);
	return pkt;
}

/* As the test data says it, brought into ldns's form. */
static char *
text_of(const char *rrs)
{
	ldns_pkt *pkt = ldns_pkt_new();
	char *txt;

	push_rrs(pkt, LDNS_SECTION_ANSWER, rrs);
	txt = ldns_rr_list2str(ldns_pkt_answer(pkt));
	ldns_pkt_free(pkt);
	return txt;
}

static void
section_is(const ldns_rr_list *got, const char *want, const char *in)
{
	char *got_txt = ldns_rr_list2str(got);
	char *want_txt = text_of(want != NULL ? want : in);

	ck_assert_str_eq(got_txt, want_txt);
	free(got_txt);
	free(want_txt);
}

static const struct ask roomy = {
    .flags = 0x0100, .edns = true, .udp_size = 1232};

START_TEST(test_message)
{
	const struct message_case *c = &message_cases[_i];
	struct fixture *f;
	struct reply *r = malloc(sizeof(*r));
	struct ask ask = roomy;
	ldns_pkt *pkt;

	f = fixture_new(c->qname, c->qtype, c->rcode, &c->in, c->dnssec_ok);
	ck_assert_msg(f->lifetime == c->lifetime, "%s: lifetime %u, not %u",
	    c->name, f->lifetime, c->lifetime);
	ask.qname = c->qname;
	ask.qtype = c->qtype;
	pkt = answered(r, &ask, &f->a);
	ck_assert_uint_eq(ldns_pkt_get_rcode(pkt), c->rcode);
	section_is(ldns_pkt_answer(pkt), c->out.answer, c->in.answer);
	section_is(ldns_pkt_authority(pkt), c->out.authority, c->in.authority);
	section_is(
	    ldns_pkt_additional(pkt), c->out.additional, c->in.additional);
	ldns_pkt_free(pkt);
	free(r);
	free(f);
}
END_TEST

/* The body is compressed against the question, whatever its case. */
START_TEST(test_case_of_question)
{
	static const struct sections s = {
	    "www.mail.example. 60 IN CNAME mail.example.\nmail.example. 60 IN "
	    "A 192.0.2.1",
	    "", ""};
	struct fixture *f = fixture_new("www.mail.example.", 1, 0, &s, false);
	struct reply *r = malloc(sizeof(*r));
	struct ask ask = {.qname = "wWw.MaIl.eXample.", .qtype = 1};
	ldns_pkt *pkt = answered(r, &ask, &f->a);
	char *txt = ldns_rr_list2str(ldns_pkt_answer(pkt));

	ck_assert_str_eq(txt,
	    "wWw.MaIl.eXample.\t60\tIN\tCNAME\t"
	    "MaIl.eXample.\nMaIl.eXample.\t60\tIN\tA\t"
	    "192.0.2.1\n");
	/* two pointers to the question, so no label was written twice */
	ck_assert_uint_eq(f->a.body_len, 2 + 10 + 2 + 2 + 10 + 4);
	free(txt);
	ldns_pkt_free(pkt);
	free(r);
	free(f);
}
END_TEST

static const struct {
	uint32_t age, want_a, want_ns;
} age_cases[] = {
    {0, 300, 20},
    {1, 299, 19},
    {20, 280, 0},
    {21, 279, 0},
    {300, 0, 0},
    {UINT32_MAX, 0, 0},
};

/* Floors and caps of both kinds; what a client sees is what is kept. */
static const struct {
	const char *name;
	struct conf_ttls bounds;
	unsigned rcode;
	struct sections in, out;
	uint32_t lifetime;
} bound_cases[] = {
    {"below the floor", {60, 300, 0, 3600}, 0,
	{"mx.example. 5 IN A 192.0.2.1\nmx.example. 70 IN A 192.0.2.2", "",
	    "a.example. 0 IN A 192.0.2.1"},
	{"mx.example. 60 IN A 192.0.2.1\nmx.example. 70 IN A 192.0.2.2", "",
	    "a.example. 60 IN A 192.0.2.1"},
	60},
    {"above the cap", {60, 300, 0, 3600}, 0,
	{"mx.example. 301 IN A 192.0.2.1", "", ""},
	{"mx.example. 300 IN A 192.0.2.1", "", ""}, 300},
    {"a TTL beyond 31 bits is 0, then raised (RFC 2181 8)", {60, 300, 0, 3600},
	0, {"mx.example. 2147483648 IN A 192.0.2.1", "", ""},
	{"mx.example. 60 IN A 192.0.2.1", "", ""}, 60},
    {"NODATA below its floor", {0, 300, 30, 3600}, 0, {"", SOA(600, 5), ""},
	{"", SOA(30, 5), ""}, 30},
    {"NODATA with MINIMUM 0", {0, 300, 30, 3600}, 0, {"", SOA(600, 0), ""},
	{"", SOA(30, 0), ""}, 30},
    {"NXDOMAIN is not held to the bounds of data", {60, 300, 1, 3600}, 3,
	{"", SOA(600, 10), ""}, {"", SOA(10, 10), ""}, 10},
    {"NXDOMAIN above its cap", {0, 30, 0, 40}, 3, {"", SOA(600, 500), ""},
	{"", SOA(40, 500), ""}, 40},
    {"a CNAME lasts as its own bounds say", {0, 20, 30, 40}, 3,
	{"mx.example. 50 IN CNAME no.example.", SOA(600, 500), ""},
	{"mx.example. 20 IN CNAME no.example.", SOA(20, 500), ""}, 20},
};

START_TEST(test_bounds)
{
	static struct fixture f;
	static struct reply r;
	struct ask ask = roomy;
	ldns_pkt *pkt;

	take_qname(&f, "mx.example.");
	f.len = make_message(f.msg, "mx.example.", 1, bound_cases[_i].rcode,
	    &bound_cases[_i].in);
	ck_assert_int_eq(answer_from_message(&f.a, f.msg, f.len, f.qname,
			     f.qname_len, 1, false, &bound_cases[_i].bounds,
			     f.body, sizeof(f.body), f.ttl_off, &f.lifetime),
	    0);
	ck_assert_msg(f.lifetime == bound_cases[_i].lifetime, "%s: %u",
	    bound_cases[_i].name, f.lifetime);
	ask.qname = "mx.example.";
	ask.qtype = 1;
	pkt = answered(&r, &ask, &f.a);
	section_is(ldns_pkt_answer(pkt), bound_cases[_i].out.answer, "");
	section_is(ldns_pkt_authority(pkt), bound_cases[_i].out.authority, "");
	section_is(ldns_pkt_additional(pkt), bound_cases[_i].out.additional,
	    "");
	ldns_pkt_free(pkt);
}
END_TEST

/* RFC 8767 4: whatever they were, and however long ago */
START_TEST(test_stale_ttl)
{
	static const struct sections s = {"mx.example. 300 IN A 192.0.2.1",
	    "example. 20 IN NS ns.example.", "ns.example. 0 IN A 192.0.2.2"};
	static const struct sections want = {"mx.example. 30 IN A 192.0.2.1",
	    "example. 30 IN NS ns.example.", "ns.example. 30 IN A 192.0.2.2"};
	struct fixture *f = fixture_new("mx.example.", 1, 0, &s, false);
	static struct reply r;
	struct ask ask = roomy;
	ldns_pkt *pkt;

	f->a.stale = true;
	f->a.age = 90000;
	ask.qname = "mx.example.";
	ask.qtype = 1;
	pkt = answered(&r, &ask, &f->a);
	section_is(ldns_pkt_answer(pkt), want.answer, "");
	section_is(ldns_pkt_authority(pkt), want.authority, "");
	section_is(ldns_pkt_additional(pkt), want.additional, "");
	ldns_pkt_free(pkt);
	free(f);
}
END_TEST

START_TEST(test_age)
{
	static const struct sections s = {"mx.example. 300 IN A 192.0.2.1",
	    "example. 20 IN NS ns.example.", ""};
	struct fixture *f = fixture_new("mx.example.", 1, 0, &s, false);
	struct reply *r = malloc(sizeof(*r));
	struct ask ask = {.qname = "mx.example.", .qtype = 1};
	ldns_pkt *pkt;

	f->a.age = age_cases[_i].age;
	pkt = answered(r, &ask, &f->a);
	ck_assert_uint_eq(ldns_rr_ttl(ldns_rr_list_rr(ldns_pkt_answer(pkt), 0)),
	    age_cases[_i].want_a);
	ck_assert_uint_eq(
	    ldns_rr_ttl(ldns_rr_list_rr(ldns_pkt_authority(pkt), 0)),
	    age_cases[_i].want_ns);
	ldns_pkt_free(pkt);
	free(r);
	free(f);
}
END_TEST

/* RFC 6840 5.7, 5.8 */
static const struct {
	bool secure, dnssec_ok, ad, want;
} ad_cases[] = {
    {true, false, false, false},
    {true, true, false, true},
    {true, false, true, true},
    {false, true, true, false},
};

START_TEST(test_ad)
{
	static const struct sections s = {
	    "mx.example. 300 IN A 192.0.2.1", "", ""};
	struct fixture *f = fixture_new("mx.example.", 1, 0, &s, false);
	struct reply *r = malloc(sizeof(*r));
	struct ask ask = {.qname = "mx.example.",
	    .qtype = 1,
	    .flags = ad_cases[_i].ad ? DNS_FLAG_AD : 0,
	    .edns = true,
	    .dnssec_ok = ad_cases[_i].dnssec_ok,
	    .udp_size = 1232};
	ldns_pkt *pkt;

	ck_assert(!f->a.secure); /* to say so is the caller's */
	f->a.secure = ad_cases[_i].secure;
	pkt = answered(r, &ask, &f->a);
	ck_assert_int_eq(ldns_pkt_ad(pkt), ad_cases[_i].want);
	ldns_pkt_free(pkt);
	free(r);
	free(f);
}
END_TEST

/* An answer of 40 addresses: 40 * 16 bytes. */
static struct fixture *
large_answer(void)
{
	char text[40 * 40] = "", *p = text;
	struct sections s = {text, "", ""};

	for (int i = 0; i < 40; i++)
		p += sprintf(p, "mx.example. 60 IN A 192.0.2.%d\n", i);
	return fixture_new("mx.example.", 1, 0, &s, false);
}

/* Header 12, question 16, body 640, OPT 11. */
static const struct {
	bool edns;
	uint16_t size;
	bool fits;
} room_cases[] = {
    {false, 0, false},
    {true, 512, false},
    {true, 678, false},
    {true, 679, true},
    {true, 65535, true},
};

START_TEST(test_room)
{
	struct fixture *f = large_answer();
	struct reply *r = malloc(sizeof(*r));
	struct ask ask = {.qname = "mx.example.",
	    .qtype = 1,
	    .edns = room_cases[_i].edns,
	    .udp_size = room_cases[_i].size};
	ldns_pkt *pkt = answered(r, &ask, &f->a);

	ck_assert_int_eq(ldns_pkt_tc(pkt), !room_cases[_i].fits);
	ck_assert_uint_eq(ldns_pkt_ancount(pkt), room_cases[_i].fits ? 40 : 0);
	ck_assert_uint_eq(r->q.reply_len,
	    room_cases[_i].fits ? 12 + 16 + 640 + 11
				: 12 + 16 + (ask.edns ? 11 : 0));
	ldns_pkt_free(pkt);
	free(r);
	free(f);
}
END_TEST

/*
 * RFC 2181 9: the additional section goes first, then the authority section,
 * each whole; TC only where what is required does not fit. Header 12, question
 * 16, then 16 for an address of mx.example., 16 for its NS, 19 for that one's
 * address, OPT 11.
 */
#define A_RR "mx.example. 60 IN A 192.0.2.1"
#define NS_RR "mx.example. 60 IN NS ns.mx.example."
#define GLUE_RR "ns.mx.example. 60 IN A 192.0.2.2"
static const struct {
	const char *name;
	struct sections in;
	unsigned rcode;
	bool dnssec_ok;
	unsigned left_out; /* bytes that are missing */
	bool truncated;
	unsigned counts[3];
} section_cases[] = {
    {"all fits", {A_RR, NS_RR, GLUE_RR}, 0, false, 0, false, {1, 1, 1}},
    {"without the additional section", {A_RR, NS_RR, GLUE_RR}, 0, false, 1,
	false, {1, 1, 0}},
    {"just without it", {A_RR, NS_RR, GLUE_RR}, 0, false, 16, false, {1, 1, 0}},
    {"without the authority section", {A_RR, NS_RR, GLUE_RR}, 0, false, 17,
	false, {1, 0, 0}},
    {"just without it", {A_RR, NS_RR, GLUE_RR}, 0, false, 33, false, {1, 0, 0}},
    {"the answer does not fit", {A_RR, NS_RR, GLUE_RR}, 0, false, 34, true,
	{0, 0, 0}},
    {"NODATA is its SOA", {"", SOA(60, 60), GLUE_RR}, 0, false, 20, true,
	{0, 0, 0}},
    {"NXDOMAIN behind a CNAME is its SOA",
	{"mx.example. 60 IN CNAME no.example.", SOA(60, 60), ""}, 3, false, 1,
	true, {0, 0, 0}},
    {"NODATA behind a CNAME is its SOA",
	{"mx.example. 60 IN CNAME no.example.", SOA(60, 60), ""}, 0, false, 1,
	true, {0, 0, 0}},
    {"DO: the authority section may prove it (RFC 4035 3.1.3.3)",
	{A_RR, NS_RR, GLUE_RR}, 0, true, 17, true, {0, 0, 0}},
    {"DO: the additional section proves nothing", {A_RR, NS_RR, GLUE_RR}, 0,
	true, 16, false, {1, 1, 0}},
};

START_TEST(test_sections)
{
	struct fixture *f = fixture_new("mx.example.", 1,
	    section_cases[_i].rcode, &section_cases[_i].in,
	    section_cases[_i].dnssec_ok);
	struct reply *r = malloc(sizeof(*r));
	struct ask ask = roomy;
	ldns_pkt *pkt;

	ask.qname = "mx.example.";
	ask.qtype = 1;
	begin(r, &ask);
	r->q.reply_limit = r->q.reply_len + f->a.body_len + EDNS_OPT_LEN -
	    section_cases[_i].left_out;
	answer_put(&f->a, &r->q);
	query_finish(&r->q);
	ck_assert_uint_le(r->q.reply_len, r->q.reply_limit);
	ck_assert_int_eq(
	    ldns_wire2pkt(&pkt, r->buf, r->q.reply_len), LDNS_STATUS_OK);
	ck_assert_msg(ldns_pkt_tc(pkt) == section_cases[_i].truncated &&
		ldns_pkt_ancount(pkt) == section_cases[_i].counts[0] &&
		ldns_pkt_nscount(pkt) == section_cases[_i].counts[1] &&
		/* the OPT is not in ldns's list */
		ldns_rr_list_rr_count(ldns_pkt_additional(pkt)) ==
		    section_cases[_i].counts[2],
	    "%s: TC %d, %u %u %zu", section_cases[_i].name, ldns_pkt_tc(pkt),
	    ldns_pkt_ancount(pkt), ldns_pkt_nscount(pkt),
	    ldns_rr_list_rr_count(ldns_pkt_additional(pkt)));
	ldns_pkt_free(pkt);
	free(r);
	free(f);
}
END_TEST

/* The offsets come from a file: one out of bounds touches nothing. */
START_TEST(test_wild_offset)
{
	static const struct sections s = {
	    "mx.example. 300 IN A 192.0.2.1", "", ""};
	static const uint16_t wild[] = {13, 16, 17, 0x7fff, 0xffff};
	struct fixture *f = fixture_new("mx.example.", 1, 0, &s, false);
	struct reply *r = malloc(sizeof(*r));
	struct ask ask = {.qname = "mx.example.", .qtype = 1};

	ck_assert_uint_eq(f->a.body_len, 16);
	f->a.age = 100;
	for (unsigned i = 0; i < UNIT_COUNT(wild); i++) {
		put_le16(f->ttl_off, wild[i]);
		begin(r, &ask);
		memset(r->buf + r->q.reply_len + 16, 0xee, 64);
		answer_put(&f->a, &r->q);
		ck_assert_mem_eq(r->buf + r->q.reply_len - 16, f->body, 16);
		ck_assert_uint_eq(r->buf[r->q.reply_len], 0xee);
	}
	free(r);
	free(f);
}
END_TEST

/* RFC 8020: an NXDOMAIN for a name, behind a question for one below it. */
static const char *const below_cases[] = {
    "a.no.mail.example.",
    "a.b.c.d.e.no.mail.example.",
    "x.example.no.mail.example.",
    ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.no.mail."
     "example."),
};

START_TEST(test_for_name)
{
	static const struct sections s = {"",
	    "mail.example. 600 IN SOA ns.no.mail.example. h.example. 1 2 3 4 "
	    "120\n" SIG("mail.example.", "A"),
	    ""};
	static const struct sections want = {"",
	    "mail.example. 110 IN SOA ns.no.mail.example. h.example. 1 2 3 4 "
	    "120\nmail.example. 50 IN RRSIG A 8 2 60 20300101000000 "
	    "20200101000000 1 example. YWJj",
	    ""};
	static uint8_t body[DNS_MESSAGE_MAX], ttl_off[2 * ANSWER_TTLS_MAX];
	struct fixture *f = fixture_new("no.mail.example.", 1, 3, &s, true);
	struct reply *r = malloc(sizeof(*r));
	struct ask ask = roomy;
	uint8_t to[DNAME_MAX];
	struct answer a;
	ldns_pkt *pkt;

	f->a.age = 10;
	f->a.secure = true;
	dname_from_txt(to, below_cases[_i], strlen(below_cases[_i]));
	ck_assert_int_eq(answer_for_name(&a, &f->a, f->qname, to, body,
			     sizeof(body), ttl_off),
	    0);
	ask.qname = below_cases[_i];
	ask.qtype = 28;
	ask.flags |= DNS_FLAG_AD;
	pkt = answered(r, &ask, &a);
	ck_assert_uint_eq(ldns_pkt_get_rcode(pkt), 3);
	ck_assert(ldns_pkt_ad(pkt));
	section_is(ldns_pkt_authority(pkt), want.authority, "");
	ldns_pkt_free(pkt);
	free(r);
	free(f);
}
END_TEST

/* ---- messages that are refused */

/* Offsets: header 12, question 12-27, RR 28: owner 2, type 2, class 2, ... */
static const struct {
	const char *name;
	unsigned at;
	uint8_t value;
} bad_cases[] = {
    {"not a response", 2, 0x01},
    {"cut short: TC", 2, 0x82},
    {"no question", 5, 0},
    {"two questions", 5, 2},
    {"another name", 13, 'n'},
    {"another type", 25, 28},
    {"another class", 27, 3},
    {"one RR too many", 7, 2},
    {"an owner that points to itself", 29, 28},
    {"an owner that points ahead", 29, 40},
    {"RDATA beyond the end", 39, 200},
    {"a bad label in the owner", 28, 0x80},
};

START_TEST(test_bad)
{
	static const struct sections s = {
	    "mx.example. 300 IN A 192.0.2.1", "", ""};
	struct fixture *f = fixture_new("mx.example.", 1, 0, &s, false);

	f->msg[bad_cases[_i].at] = bad_cases[_i].value;
	ck_assert_msg(
	    take_message(f, 1, false) == -EBADMSG, "%s", bad_cases[_i].name);
	free(f);
}
END_TEST

/* Every shorter part of a message is refused, from a buffer of its size. */
START_TEST(test_cut)
{
	static const struct sections s = {
	    "www.example. 30 IN CNAME web.example.", SOA(600, 120),
	    "web.example. 1 IN TXT \"x\""};
	struct fixture *f = fixture_new("www.example.", 1, 0, &s, false);
	struct fixture *cut = calloc(1, sizeof(*cut));

	take_qname(cut, "www.example.");
	for (size_t len = 0; len < f->len; len++) {
		uint8_t *exact = malloc(len > 0 ? len : 1);

		memcpy(exact, f->msg, len);
		ck_assert_int_eq(
		    answer_from_message(&cut->a, exact, len, cut->qname,
			cut->qname_len, 1, false, &wide, cut->body,
			sizeof(cut->body), cut->ttl_off, &cut->lifetime),
		    -EBADMSG);
		free(exact);
	}
	free(cut);
	free(f);
}
END_TEST

START_TEST(test_cap)
{
	struct fixture *f = large_answer();
	size_t need = f->a.body_len;

	ck_assert_uint_eq(need, 640);
	ck_assert_int_eq(answer_from_message(&f->a, f->msg, f->len, f->qname,
			     f->qname_len, 1, false, &wide, f->body,
			     need, f->ttl_off, &f->lifetime),
	    0);
	ck_assert_int_eq(answer_from_message(&f->a, f->msg, f->len, f->qname,
			     f->qname_len, 1, false, &wide, f->body,
			     need - 1, f->ttl_off, &f->lifetime),
	    -EBADMSG);
	free(f);
}
END_TEST

/* n RRs of the root with an empty RDATA: 11 bytes each. */
static void
many_rrs(struct fixture *f, unsigned n)
{
	uint8_t *p = f->msg + DNS_HEADER_LEN;

	memset(f->msg, 0, sizeof(f->msg));
	put_be16(f->msg + 2, DNS_FLAG_QR);
	put_be16(f->msg + 4, 1);
	put_be16(f->msg + 6, (uint16_t)n);
	take_qname(f, ".");
	put_be16(p + 1, DNS_TYPE_TXT);
	put_be16(p + 3, DNS_CLASS_IN);
	p += 5;
	for (; n > 0; n--, p += 11) {
		put_be16(p + 1, DNS_TYPE_TXT);
		put_be16(p + 3, DNS_CLASS_IN);
	}
	f->len = (size_t)(p - f->msg);
}

START_TEST(test_ttls_max)
{
	struct fixture *f = calloc(1, sizeof(*f));

	many_rrs(f, ANSWER_TTLS_MAX);
	ck_assert_int_eq(take_message(f, DNS_TYPE_TXT, false), 0);
	ck_assert_uint_eq(f->a.n_ttls, ANSWER_TTLS_MAX);
	many_rrs(f, ANSWER_TTLS_MAX + 1);
	ck_assert_int_eq(take_message(f, DNS_TYPE_TXT, false), -EBADMSG);
	free(f);
}
END_TEST

UNIT_MAIN("answer", UNIT_EACH(test_message, message_cases),
    UNIT_ONCE(test_case_of_question), UNIT_EACH(test_bounds, bound_cases),
    UNIT_ONCE(test_stale_ttl), UNIT_EACH(test_age, age_cases),
    UNIT_EACH(test_ad, ad_cases), UNIT_EACH(test_room, room_cases),
    UNIT_EACH(test_sections, section_cases),
    UNIT_EACH(test_for_name, below_cases),
    UNIT_ONCE(test_wild_offset), UNIT_EACH(test_bad, bad_cases),
    UNIT_ONCE(test_cut), UNIT_ONCE(test_cap), UNIT_ONCE(test_ttls_max))
