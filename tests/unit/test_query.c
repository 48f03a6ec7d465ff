/*
 * query.c: what is refused and how, what goes back of the question, and the
 * size of answers. Packets are made by hand, from the RFCs.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "lib/bytes.h"
#include "resolverd/query.h"

#define HEADER(flags, qd, an, ns, ar)                                          \
	"\x12\x34" flags "\0" qd "\0" an "\0" ns "\0" ar
#define QUESTION "\3wWw\7ExamplE\0\0\1\0\1"
#define OPT(size, ext, version, flags, rdlen)                                  \
	"\0\0\x29" size ext version flags rdlen

static const struct {
	const char *name;
	const char *packet;
	size_t len;
	bool allowed;
	int verdict;
	unsigned rcode; /* of the answer, 12 bits */
	unsigned qdcount;
} cases[] = {
#define P(s) s, sizeof(s) - 1
#define RD "\1\0"
	{"empty", P(""), true, QUERY_DROP, 0, 0},
	{"cut in the header", P("\x12\x34\1\0\0\1\0\0\0\0\0"), true, QUERY_DROP,
	    0, 0},
	{"a response", P(HEADER("\x81\0", "\1", "\0", "\0", "\0") QUESTION),
	    true, QUERY_DROP, 0, 0},
	{"plain", P(HEADER(RD, "\1", "\0", "\0", "\0") QUESTION), true,
	    QUERY_ANSWER, 0, 1},
	{"not allowed", P(HEADER(RD, "\1", "\0", "\0", "\0") QUESTION), false,
	    QUERY_FINISH, DNS_RCODE_REFUSED, 1},
	{"opcode NOTIFY", P(HEADER("\x20\0", "\1", "\0", "\0", "\0") QUESTION),
	    true, QUERY_FINISH, DNS_RCODE_NOTIMP, 0},
	{"opcode 15", P(HEADER("\x78\0", "\1", "\0", "\0", "\0") QUESTION),
	    true, QUERY_FINISH, DNS_RCODE_NOTIMP, 0},
	{"no question", P(HEADER(RD, "\0", "\0", "\0", "\0")), true,
	    QUERY_FINISH, DNS_RCODE_FORMERR, 0},
	{"two questions",
	    P(HEADER(RD, "\2", "\0", "\0", "\0") QUESTION QUESTION), true,
	    QUERY_FINISH, DNS_RCODE_FORMERR, 0},
	{"cut in the name", P(HEADER(RD, "\1", "\0", "\0", "\0") "\3ww"), true,
	    QUERY_FINISH, DNS_RCODE_FORMERR, 0},
	{"cut in the class",
	    P(HEADER(RD, "\1", "\0", "\0", "\0") "\1a\0\0\1\0"), true,
	    QUERY_FINISH, DNS_RCODE_FORMERR, 0},
	{"a pointer to itself",
	    P(HEADER(RD, "\1", "\0", "\0", "\0") "\xc0\x0c\0\1\0\1"), true,
	    QUERY_FINISH, DNS_RCODE_FORMERR, 0},
	{"an extended label",
	    P(HEADER(RD, "\1", "\0", "\0", "\0") "\x41\1\0\0\1\0\1"), true,
	    QUERY_FINISH, DNS_RCODE_FORMERR, 0},
	{"an RR in the answer section",
	    P(HEADER(RD, "\1", "\1", "\0", "\0") QUESTION), true, QUERY_FINISH,
	    DNS_RCODE_FORMERR, 1},
	{"an RR in the authority section",
	    P(HEADER(RD, "\1", "\0", "\1", "\0") QUESTION), true, QUERY_FINISH,
	    DNS_RCODE_FORMERR, 1},
	{"an additional RR that is not there",
	    P(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION), true, QUERY_FINISH,
	    DNS_RCODE_FORMERR, 1},
	{"bytes behind the end",
	    P(HEADER(RD, "\1", "\0", "\0", "\0") QUESTION "x"), true,
	    QUERY_FINISH, DNS_RCODE_FORMERR, 1},
	{"EDNS",
	    P(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\x10\0", "\0",
		"\0", "\0\0", "\0\0")),
	    true, QUERY_ANSWER, 0, 1},
	{"EDNS version 1",
	    P(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\x10\0", "\0",
		"\1", "\0\0", "\0\0")),
	    true, QUERY_FINISH, DNS_RCODE_BADVERS, 1},
	{"EDNS version 1, not allowed",
	    P(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\x10\0", "\0",
		"\1", "\0\0", "\0\0")),
	    false, QUERY_FINISH, DNS_RCODE_REFUSED, 1},
	{"an unknown option",
	    P(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\x10\0", "\0",
		"\0", "\0\0", "\0\6") "\0\x64\0\2ab"),
	    true, QUERY_ANSWER, 0, 1},
	{"an option that runs past its RDATA",
	    P(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\x10\0", "\0",
		"\0", "\0\0", "\0\6") "\0\x64\0\3ab"),
	    true, QUERY_FINISH, DNS_RCODE_FORMERR, 1},
	{"an option without a length",
	    P(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\x10\0", "\0",
		"\0", "\0\0", "\0\3") "\0\x64\0"),
	    true, QUERY_FINISH, DNS_RCODE_FORMERR, 1},
	{"two OPTs",
	    P(HEADER(RD, "\1", "\0", "\0", "\2") QUESTION OPT("\x10\0", "\0",
		"\0", "\0\0", "\0\0") OPT("\x10\0", "\0", "\0", "\0\0",
		"\0\0")),
	    true, QUERY_FINISH, DNS_RCODE_FORMERR, 1},
	{"an OPT that is not at the root",
	    P(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION
		"\1a" OPT("\x10\0", "\0", "\0", "\0\0", "\0\0")),
	    true, QUERY_FINISH, DNS_RCODE_FORMERR, 1},
	{"another additional RR before the OPT",
	    P(HEADER(RD, "\1", "\0", "\0", "\2") QUESTION
		"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" OPT("\x10\0", "\0",
		    "\0", "\0\0", "\0\0")),
	    true, QUERY_ANSWER, 0, 1},
	{"QTYPE OPT",
	    P(HEADER(RD, "\1", "\0", "\0", "\0") "\1a\0\0\x29\0\1"), true,
	    QUERY_FINISH, DNS_RCODE_FORMERR, 1},
	{"QTYPE AXFR", P(HEADER(RD, "\1", "\0", "\0", "\0") "\1a\0\0\xfc\0\1"),
	    true, QUERY_FINISH, DNS_RCODE_NOTIMP, 1},
	{"QTYPE ANY", P(HEADER(RD, "\1", "\0", "\0", "\0") "\1a\0\0\xff\0\1"),
	    true, QUERY_ANSWER, 0, 1},
	{"class CH", P(HEADER(RD, "\1", "\0", "\0", "\0") "\1a\0\0\x10\0\3"),
	    true, QUERY_FINISH, DNS_RCODE_REFUSED, 1},
	{"the root", P(HEADER(RD, "\1", "\0", "\0", "\0") "\0\0\2\0\1"), true,
	    QUERY_ANSWER, 0, 1},
};

/* The OPT of an empty answer. */
static const uint8_t *
opt_of(const struct query *q)
{
	return q->reply + DNS_HEADER_LEN +
	    (q->has_question ? q->qname_len + 4 : 0);
}

START_TEST(test_begin)
{
	uint8_t reply[DNS_MESSAGE_MAX];
	struct query q;
	unsigned rcode;
	enum query_verdict v = query_begin(&q,
	    (const uint8_t *)cases[_i].packet, cases[_i].len,
	    cases[_i].allowed, true, reply, sizeof(reply));

	ck_assert_msg((int)v == cases[_i].verdict, "%s: verdict %d, want %d",
	    cases[_i].name, v, cases[_i].verdict);
	if (v == QUERY_DROP)
		return;
	query_finish(&q);
	rcode = get_be16(reply + 2) & DNS_FLAG_RCODE;
	if (q.has_edns)
		rcode |= (unsigned)opt_of(&q)[5] << 4;
	ck_assert_msg(rcode == cases[_i].rcode, "%s: rcode %u, want %u",
	    cases[_i].name, rcode, cases[_i].rcode);
	ck_assert_msg(get_be16(reply + 4) == cases[_i].qdcount,
	    "%s: qdcount %u", cases[_i].name, get_be16(reply + 4));
	ck_assert_uint_eq(get_be16(reply), 0x1234);
	/* QR is set, and the opcode and RD are the question's */
	ck_assert_uint_eq(get_be16(reply + 2) &
		(DNS_FLAG_QR | DNS_FLAG_OPCODE | DNS_FLAG_RD),
	    DNS_FLAG_QR | (get_be16((const uint8_t *)cases[_i].packet + 2) &
		(DNS_FLAG_OPCODE | DNS_FLAG_RD)));
}
END_TEST

/* The case of the question goes back, the name to look up is lower case. */
START_TEST(test_case)
{
	static const char packet[] =
	    HEADER(RD, "\1", "\0", "\0", "\0") QUESTION;
	uint8_t reply[512];
	struct query q;

	ck_assert_int_eq(query_begin(&q, (const uint8_t *)packet,
		sizeof(packet) - 1, true, true, reply, sizeof(reply)),
	    QUERY_ANSWER);
	ck_assert_mem_eq(q.qname, "\3www\7example", 13);
	ck_assert_uint_eq(q.qname_len, 13);
	ck_assert_uint_eq(q.n_labels, 2);
	ck_assert_uint_eq(q.off[1], 4);
	ck_assert_mem_eq(reply + 12, QUESTION, sizeof(QUESTION) - 1);
	query_hash_from(&q, 1);
	ck_assert_uint_eq(q.hashed, 1);
	query_hash_from(&q, 0);
	ck_assert(q.hash[0] == dname_hash(q.qname));
	ck_assert(q.hash[1] == dname_hash(q.qname + 4));
}
END_TEST

/* RFC 1035 3.1: 255 bytes are a name, 256 are none; 127 labels at most. */
START_TEST(test_long_names)
{
	uint8_t packet[600] = "\0\0\1\0\0\1", reply[512];
	struct query q;
	size_t n;

	for (n = 12; n < 12 + 254; n += 2) { /* 127 labels "a" and the root */
		packet[n] = 1;
		packet[n + 1] = 'a';
	}
	memcpy(packet + n, "\0\0\1\0\1", 5);
	ck_assert_int_eq(query_begin(&q, packet, n + 5, true, true, reply,
		sizeof(reply)), QUERY_ANSWER);
	ck_assert_uint_eq(q.n_labels, 127);
	ck_assert_uint_eq(q.qname_len, 255);
	query_hash_from(&q, 0);
	ck_assert(q.hash[0] == dname_hash(q.qname));
	query_finish(&q);
	ck_assert_uint_eq(q.reply_len, 12 + 255 + 4);

	memcpy(packet + n, "\1a\0\0\1\0\1", 7); /* one more */
	ck_assert_int_eq(query_begin(&q, packet, n + 7, true, true, reply,
		sizeof(reply)), QUERY_FINISH);
	ck_assert_uint_eq(q.rcode, DNS_RCODE_FORMERR);

	memset(packet + 12, 1, 510); /* 255 labels of one byte 0x01 */
	memcpy(packet + 12 + 510, "\0\0\1\0\1", 5);
	ck_assert_int_eq(query_begin(&q, packet, 12 + 515, true, true, reply,
		sizeof(reply)), QUERY_FINISH);
	ck_assert_uint_eq(q.rcode, DNS_RCODE_FORMERR);
}
END_TEST

/* RFC 6891 6.2.3 to 6.2.5; we send QUERY_UDP_MAX at most. */
static const struct {
	const char *name;
	bool edns, udp;
	unsigned size, want;
} limits[] = {
	{"UDP without EDNS", false, true, 0, 512},
	{"UDP, 0 means 512", true, true, 0, 512},
	{"UDP, 511 means 512", true, true, 511, 512},
	{"UDP, 600", true, true, 600, 600},
	{"UDP, 65535", true, true, 65535, QUERY_UDP_MAX},
	{"TCP", false, false, 0, 65535},
	{"TCP, the size of UDP does not matter", true, false, 512, 65535},
};

START_TEST(test_limit)
{
	uint8_t packet[] = HEADER(RD, "\1", "\0", "\0", "\1") QUESTION
	    OPT("\0\0", "\0", "\0", "\0\0", "\0\0");
	uint8_t reply[DNS_MESSAGE_MAX];
	size_t len = sizeof(packet) - 1;
	struct query q;

	put_be16(packet + len - 8, (uint16_t)limits[_i].size);
	if (!limits[_i].edns) {
		packet[11] = 0;
		len -= EDNS_OPT_LEN;
	}
	ck_assert_int_eq(query_begin(&q, packet, len, true, limits[_i].udp,
		reply, sizeof(reply)), QUERY_ANSWER);
	ck_assert_msg(q.reply_limit == limits[_i].want, "%s: %zu",
	    limits[_i].name, q.reply_limit);
	ck_assert_uint_eq(query_room(&q), limits[_i].want - q.reply_len -
		(limits[_i].edns ? EDNS_OPT_LEN : 0));
}
END_TEST

/* RFC 3225: DO goes back; RFC 4035 3.2.2: CD, too. */
START_TEST(test_flags)
{
	static const char packet[] = HEADER("\1\x10", "\1", "\0", "\0", "\1")
	    QUESTION OPT("\x04\xd0", "\0", "\0", "\x80\0", "\0\0");
	uint8_t reply[512];
	struct query q;

	ck_assert_int_eq(query_begin(&q, (const uint8_t *)packet,
		sizeof(packet) - 1, true, true, reply, sizeof(reply)),
	    QUERY_ANSWER);
	ck_assert(q.dnssec_ok);
	q.aa = true;
	query_finish(&q);
	ck_assert_uint_eq(get_be16(reply + 2), DNS_FLAG_QR | DNS_FLAG_AA |
		DNS_FLAG_RD | DNS_FLAG_RA | DNS_FLAG_CD);
	ck_assert_uint_eq(get_be16(reply + 10), 1);
	ck_assert_mem_eq(reply + q.reply_len - 11,
	    "\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11);
}
END_TEST

/* What waits comes back as it was, case included. */
START_TEST(test_save)
{
	static const char packet[] = HEADER(RD, "\1", "\0", "\0", "\1") QUESTION
	    OPT("\x04\xd0", "\0", "\0", "\x80\0", "\0\0");
	uint8_t reply[512], late[512];
	struct query_saved saved;
	struct query q, r;

	ck_assert_int_eq(query_begin(&q, (const uint8_t *)packet,
		sizeof(packet) - 1, true, true, reply, sizeof(reply)),
	    QUERY_ANSWER);
	query_save(&q, &saved);
	query_resume(&r, &saved, late, sizeof(late));
	query_finish(&q);
	query_finish(&r);
	ck_assert_uint_eq(r.reply_len, q.reply_len);
	ck_assert_mem_eq(late, reply, r.reply_len);
}
END_TEST

/*
 * RFC 8914 2: the option. 3: it may go to clients with EDNS only, and is
 * dropped before anything else is.
 */
#define EDE "\0\x0f\0"
static const struct {
	const char *name;
	bool edns;
	const char *text;
	size_t left; /* of the room, when the answer is there */
	const char *rdata;
	size_t rdata_len;
} edes[] = {
	{"without a text", true, NULL, 100, P(EDE "\2\0\x0e")},
	{"with a text", true, "gone", 100, P(EDE "\6\0\x0egone")},
	{"a text that just fits", true, "gone", 10, P(EDE "\6\0\x0egone")},
	{"a text that does not fit", true, "gone", 9, P(EDE "\2\0\x0e")},
	{"a code that just fits", true, "gone", 6, P(EDE "\2\0\x0e")},
	{"not even the code fits", true, "gone", 5, P("")},
	{"no room at all", true, "gone", 0, P("")},
	{"a client without EDNS", false, "gone", 100, NULL, 0},
};

START_TEST(test_ede)
{
	uint8_t packet[] = HEADER(RD, "\1", "\0", "\0", "\1") QUESTION
	    OPT("\x02\0", "\0", "\0", "\0\0", "\0\0");
	size_t len = sizeof(packet) - 1, body;
	uint8_t reply[512];
	struct query q;

	if (!edes[_i].edns) {
		packet[11] = 0;
		len -= EDNS_OPT_LEN;
	}
	ck_assert_int_eq(query_begin(&q, packet, len, true, true, reply,
		sizeof(reply)), QUERY_ANSWER);
	body = query_room(&q);
	query_set_ede(&q, EDE_NOT_READY, edes[_i].text);
	ck_assert_msg(query_room(&q) == body, "%s: it takes room",
	    edes[_i].name);
	body -= edes[_i].left;
	memset(reply + q.reply_len, 'a', body);
	q.reply_len += body;
	query_finish(&q);
	body += sizeof(packet) - 1 - EDNS_OPT_LEN;
	ck_assert_uint_eq(get_be16(reply + 10), edes[_i].edns);
	if (!edes[_i].edns) {
		ck_assert_uint_eq(q.reply_len, body);
		return;
	}
	ck_assert_msg(q.reply_len == body + EDNS_OPT_LEN + edes[_i].rdata_len,
	    "%s: %zu bytes", edes[_i].name, q.reply_len);
	ck_assert_uint_eq(get_be16(reply + body + 9), edes[_i].rdata_len);
	ck_assert_mem_eq(reply + body + EDNS_OPT_LEN, edes[_i].rdata,
	    edes[_i].rdata_len);
}
END_TEST

START_TEST(test_errors_are_empty)
{
	static const char packet[] =
	    HEADER(RD, "\1", "\0", "\0", "\0") QUESTION;
	uint8_t reply[512];
	struct query q;

	ck_assert_int_eq(query_begin(&q, (const uint8_t *)packet,
		sizeof(packet) - 1, true, true, reply, sizeof(reply)),
	    QUERY_ANSWER);
	q.reply_len += 100; /* a handler wrote something */
	q.ancount = 3;
	q.aa = true;
	query_set_truncated(&q);
	ck_assert_uint_eq(q.reply_len, sizeof(packet) - 1);
	q.reply_len += 100;
	query_set_error(&q, DNS_RCODE_SERVFAIL);
	query_finish(&q);
	ck_assert_uint_eq(q.reply_len, sizeof(packet) - 1);
	ck_assert_uint_eq(get_be16(reply + 2) & (DNS_FLAG_AA | DNS_FLAG_RCODE),
	    DNS_RCODE_SERVFAIL);
	ck_assert_uint_eq(get_be16(reply + 6), 0);
}
END_TEST

UNIT_MAIN("query", UNIT_EACH(test_begin, cases), UNIT_ONCE(test_case),
    UNIT_ONCE(test_long_names), UNIT_EACH(test_limit, limits),
    UNIT_ONCE(test_flags), UNIT_ONCE(test_save), UNIT_EACH(test_ede, edes),
    UNIT_ONCE(test_errors_are_empty))
