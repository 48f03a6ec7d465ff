/*
 * rr_txt.c: types and RDATA as text, in the forms of the RFCs of each type;
 * what is malformed as RFC 3597 5 has it.
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "lib/rr_txt.h"

static const struct {
	const char *txt;
	int type;
	const char *back; /* as it is written */
} type_cases[] = {
    {"A", 1, "A"},
    {"mx", 15, "MX"},
    {"TYPE15", 15, "MX"},
    {"type65280", 65280, "TYPE65280"},
    {"TYPE65535", 65535, "TYPE65535"},
    {"TYPE65536", -EINVAL, NULL},
    {"TYPE", -EINVAL, NULL},
    {"TYPE-1", -EINVAL, NULL},
    {"TYPE1x", -EINVAL, NULL},
    {"", -EINVAL, NULL},
    {"AA", -EINVAL, NULL},
};

START_TEST(test_types_rfc3597_5)
{
	char txt[RR_TYPE_TXT_MAX];
	int type = rr_type_from_txt(type_cases[_i].txt);

	ck_assert_int_eq(type, type_cases[_i].type);
	if (type >= 0)
		ck_assert_str_eq(rr_type_to_txt(txt, (uint16_t)type),
		    type_cases[_i].back);
}
END_TEST

/* The owner is ww.x., written before; \xc0\x0c points to it. */
#define P(s) s, sizeof(s) - 1
static const struct {
	uint16_t type;
	const char *rdata;
	size_t len;
	const char *want;
} rdata_cases[] = {
    {1, P("\x7f\0\0\2"), "A 127.0.0.2"},
    {1, P("\x7f\0\0"), "A \\# 3 7f0000"},
    {1, P("\x7f\0\0\2\0"), "A \\# 5 7f00000200"},
    {28, P("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"), "AAAA 2001:db8::1"},
    {2, P("\xc0\x0c"), "NS ww.x."},
    {5, P("\0"), "CNAME ."},
    {12, P("\1a\xc0\x0f"), "PTR a.x."},
    {15, P("\0\x0a\1m\xc0\x0c"), "MX 10 m.ww.x."},
    {15, P("\0"), "MX \\# 1 00"},
    {15, P("\0\x0a\xc0\xff"), "MX \\# 4 000ac0ff"},
    {16, P("\3a\"b\1\\"), "TXT \"a\\\"b\" \"\\\\\""},
    {16, P("\2\x1f\xff"), "TXT \"\\031\\255\""},
    {16, P("\0"), "TXT \"\""},
    {16, P("\4abc"), "TXT \\# 4 04616263"},
    {16, P(""), "TXT \\# 0"},
    {6, P("\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"),
	"SOA . . 1 2 3 4 5"},
    {33, P("\0\1\0\2\0\x19\xc0\x0c"), "SRV 1 2 25 ww.x."},
    {35, P("\0\1\0\2\1S\1b\0\0"), "NAPTR 1 2 \"S\" \"b\" \"\" ."},
    {52, P("\3\1\1\xab\xcd"), "TLSA 3 1 1 abcd"},
    {43, P("\x30\x39\x08\2\xff"), "DS 12345 8 2 ff"},
    {65280, P("\1\2"), "TYPE65280 \\# 2 0102"},
};

START_TEST(test_rdata)
{
	static const uint8_t owner[] = "\2ww\1x";
	uint8_t msg[512] = {0};
	struct wire_reader r;
	struct wire_rr rr;
	char *txt, want[256];
	size_t len, pos = DNS_HEADER_LEN;
	FILE *f;

	memcpy(msg + pos, owner, sizeof(owner));
	pos += sizeof(owner);
	put_be16(msg + pos, rdata_cases[_i].type);
	put_be16(msg + pos + 2, DNS_CLASS_IN);
	put_be32(msg + pos + 4, 300);
	put_be16(msg + pos + 8, (uint16_t)rdata_cases[_i].len);
	memcpy(msg + pos + 10, rdata_cases[_i].rdata, rdata_cases[_i].len);
	wire_reader_init(&r, msg, pos + 10 + rdata_cases[_i].len);
	r.pos = DNS_HEADER_LEN;
	ck_assert(wire_read_rr(&r, &rr));

	f = open_memstream(&txt, &len);
	rr_print(f, &r, &rr);
	fclose(f);
	snprintf(want, sizeof(want), "ww.x. 300 %s", rdata_cases[_i].want);
	ck_assert_str_eq(txt, want);
	free(txt);
}
END_TEST

UNIT_MAIN("rr_txt", UNIT_EACH(test_types_rfc3597_5, type_cases),
    UNIT_EACH(test_rdata, rdata_cases))
