/* tools/mxcheck/reply.c: replies of RFC 5321 4.2, and what is none. */
#include "tests/unit/unit.h"
#include "tools/mxcheck/reply.h"

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X500 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50
#define LINES5 "220-a\r\n220-a\r\n220-a\r\n220-a\r\n220-a\r\n"
#define LINES10 LINES5 LINES5

static const struct {
	const char *in;
	enum reply_status status;
	size_t left; /* bytes behind the reply */
	unsigned code, faults;
	const char *text; /* as a fact; NULL: not looked at */
} cases[] = {
    {"220 mx ESMTP\r\n", REPLY_DONE, 0, 220, 0, "mx ESMTP"},
    {"250\r\n", REPLY_DONE, 0, 250, 0, ""},
    {"250 \r\n", REPLY_DONE, 0, 250, 0, ""},
    {"220-wait\r\n", REPLY_MORE, 0, 220, 0, NULL},
    {"220-wait\r\n220 go\r\n", REPLY_DONE, 0, 220, 0, "wait / go"},
    {"220 go\r\n250 injected\r\n", REPLY_DONE, 14, 220, 0, "go"},
    {"220 go", REPLY_MORE, 0, 0, 0, NULL},
    /* RFC 5321 4.2.1: one code in a reply */
    {"220-a\r\n221 b\r\n", REPLY_DONE, 0, 221, FACTS_REPLY_CODES_DIFFER,
	"a / b"},
    /* RFC 5321 2.3.8: lines end in CRLF */
    {"220 a\n", REPLY_DONE, 0, 220, FACTS_REPLY_BARE_LF, "a"},
    /* RFC 5321 4.5.3.1.5: 512 octets; 506 and "220 " and CRLF */
    {"220 " X500 "123456\r\n", REPLY_DONE, 0, 220, FACTS_REPLY_CUT, NULL},
    {"220 " X500 "1234567\r\n", REPLY_DONE, 0, 220,
	FACTS_REPLY_LONG_LINE | FACTS_REPLY_CUT, NULL},
    {"220 " X500 X500 X500 X500 X50 "\r\n", REPLY_BROKEN, 7, 0,
	FACTS_REPLY_CUT, NULL},
    {"HTTP/1.1 400 Bad\r\n", REPLY_BROKEN, 0, 0, 0, "HTTP/1.1 400 Bad"},
    {"\r\n", REPLY_BROKEN, 0, 0, 0, ""},
    {"199 x\r\n", REPLY_BROKEN, 0, 0, 0, "199 x"},
    {"600 x\r\n", REPLY_BROKEN, 0, 0, 0, "600 x"},
    {"220+x\r\n", REPLY_BROKEN, 0, 0, 0, "220+x"},
    {"554 \x1b[31m\xff\\\r\n", REPLY_DONE, 0, 554, 0,
	"\\x1b[31m\\xff\\x5c"},
    {LINES10 LINES10 LINES10 LINES10 LINES10 LINES10 LINES10 LINES10 LINES10
	LINES10 "220 end\r\n", REPLY_BROKEN, 9, 0, FACTS_REPLY_CUT, NULL},
};

START_TEST(test_reply)
{
	struct facts *facts = facts_new();
	static struct reply r;
	struct facts_reply got;
	size_t used, len = strlen(cases[_i].in);

	reply_init(&r);
	ck_assert_int_eq(reply_feed(&r, (const uint8_t *)cases[_i].in, len,
	    &used), cases[_i].status);
	ck_assert_uint_eq(len - used, cases[_i].left);
	reply_to_facts(&r, facts, &got);
	ck_assert_uint_eq(got.code, cases[_i].code);
	ck_assert_uint_eq(got.faults, cases[_i].faults);
	if (cases[_i].text != NULL)
		ck_assert_str_eq(got.text, cases[_i].text);
	facts_free(facts);
}
END_TEST

/* RFC 5321 4.1.1.1: the first line is the name, the others are keywords. */
START_TEST(test_ehlo)
{
	static const char in[] = "250-mx.example greets you\r\n"
	    "250-SIZE 10240000\r\n250-starttls\r\n250 AUTH=LOGIN\r\n";
	struct facts *facts = facts_new();
	static struct reply r;
	struct facts_ehlo ehlo;
	size_t used;

	reply_init(&r);
	ck_assert_int_eq(reply_feed(&r, (const uint8_t *)in, sizeof(in) - 1,
	    &used), REPLY_DONE);
	reply_to_ehlo(&r, facts, &ehlo);
	ck_assert_str_eq(ehlo.name, "mx.example");
	ck_assert_uint_eq(ehlo.n, 3);
	ck_assert_str_eq(facts_ehlo_keyword(&ehlo, "SIZE"), "SIZE 10240000");
	ck_assert_str_eq(facts_ehlo_keyword(&ehlo, "STARTTLS"), "starttls");
	ck_assert_str_eq(facts_ehlo_keyword(&ehlo, "AUTH"), "AUTH=LOGIN");
	ck_assert_ptr_null(facts_ehlo_keyword(&ehlo, "START"));
	facts_free(facts);
}
END_TEST

UNIT_MAIN("reply", UNIT_EACH(test_reply, cases), UNIT_ONCE(test_ehlo))
