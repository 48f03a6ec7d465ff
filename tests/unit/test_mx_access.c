/* tools/mxcheck/imap.c, pop.c: replies before login, whole and byte for byte,
 * and what is none. */
#include "tests/unit/unit.h"
#include "tools/mxcheck/imap.h"
#include "tools/mxcheck/pop.h"

static void
check_words(const struct lines *l, const char *want)
{
	char got[512] = "";
	size_t at = 0;

	for (size_t i = 0; i < l->n_words; i++) {
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%.*s",
		    i > 0 ? "|" : "", (int)(l->word_end[i] - at),
		    l->words + at);
		at = l->word_end[i];
	}
	ck_assert_str_eq(got, want);
}

static const struct {
	const char *tag, *text;
	enum reply_status status;
	unsigned code;
	const char *words, *left;
} imaps[] = { /* RFC 9051 7.1, 7.2.2 */
    {NULL, "* OK hello\r\n", REPLY_DONE, FACTS_REPLY_OK, "", ""},
    {NULL, "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n",
	REPLY_DONE, FACTS_REPLY_OK, "IMAP4rev1|STARTTLS|LOGINDISABLED", ""},
    {NULL, "* ok\r\n* more", REPLY_DONE, FACTS_REPLY_OK, "", "* more"},
    {NULL, "* PREAUTH hello\r\n", REPLY_DONE, FACTS_REPLY_OK, "", ""},
    {NULL, "* BYE too many\r\n", REPLY_DONE, FACTS_REPLY_NO, "", ""},
    {NULL, "* OK", REPLY_MORE, 0, "", ""},
    {NULL, "220 mx ESMTP\r\n", REPLY_BROKEN, 0, "", ""},
    {NULL, "* HELLO\r\n", REPLY_BROKEN, 0, "", ""},
    {NULL, "\r\n", REPLY_BROKEN, 0, "", ""},
    {"c", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nc OK done\r\n", REPLY_DONE,
	FACTS_REPLY_OK, "IMAP4rev1|AUTH=PLAIN", ""},
    {"c", "* CAPABILITY A B\r\n* CAPABILITY C\r\nc OK\r\n", REPLY_DONE,
	FACTS_REPLY_OK, "C", ""}, /* the last one counts */
    {"c", "* 3 EXISTS\r\n* CAPABILITY  A \r\nC ok\r\n", REPLY_DONE,
	FACTS_REPLY_OK, "A", ""},
    {"c", "c BAD what\r\n", REPLY_DONE, FACTS_REPLY_NO, "", ""},
    {"c", "c NO not now\r\n", REPLY_DONE, FACTS_REPLY_NO, "", ""},
    {"c", "x OK\r\n", REPLY_BROKEN, 0, "", ""},
    {"c", "+ go on\r\n", REPLY_BROKEN, 0, "", ""},
    {"c", "c\r\n", REPLY_BROKEN, 0, "", ""},
    {"q", "* BYE bye\r\nq OK\r\n", REPLY_DONE, FACTS_REPLY_OK, "", ""},
};

START_TEST(imap_replies)
{
	const char *text = imaps[_i].text;
	size_t len = strlen(text), used, n;
	struct imap_reply r;
	enum reply_status status;

	imap_reply_init(&r, imaps[_i].tag);
	status = imap_reply_feed(&r, (const uint8_t *)text, len, &used);
	ck_assert_int_eq(status, imaps[_i].status);
	if (status != REPLY_BROKEN)
		ck_assert_int_eq(r.code, imaps[_i].code);
	check_words(&r.lines, imaps[_i].words);
	if (status == REPLY_DONE)
		ck_assert_str_eq(text + used, imaps[_i].left);
	ck_assert_int_eq(r.preauth, strstr(text, "PREAUTH") != NULL);
	imap_reply_init(&r, imaps[_i].tag);
	status = REPLY_MORE;
	for (used = 0; used < len && status == REPLY_MORE; used += n)
		status = imap_reply_feed(&r, (const uint8_t *)text + used, 1,
		    &n);
	ck_assert_int_eq(status, imaps[_i].status);
	check_words(&r.lines, imaps[_i].words);
}
END_TEST

static const struct {
	bool is_list;
	const char *text;
	enum reply_status status;
	unsigned code;
	const char *words;
} pops[] = { /* RFC 1939 3, RFC 2449 5 */
    {false, "+OK hello <1.2@a>\r\n", REPLY_DONE, FACTS_REPLY_OK, ""},
    {false, "-ERR [SYS/TEMP] later\r\n", REPLY_DONE, FACTS_REPLY_NO, ""},
    {false, "+ok\n", REPLY_DONE, FACTS_REPLY_OK, ""},
    {false, "+OKAY\r\n", REPLY_BROKEN, 0, ""},
    {false, "* OK\r\n", REPLY_BROKEN, 0, ""},
    {false, "+OK", REPLY_MORE, 0, ""},
    {true, "+OK\r\nSTLS\r\nSASL PLAIN LOGIN\r\n.\r\n", REPLY_DONE,
	FACTS_REPLY_OK, "STLS|SASL PLAIN LOGIN"},
    {true, "+OK\r\n.\r\n", REPLY_DONE, FACTS_REPLY_OK, ""},
    {true, "+OK\r\nSTLS\r\n", REPLY_MORE, FACTS_REPLY_OK, "STLS"},
    {true, "-ERR unknown\r\n", REPLY_DONE, FACTS_REPLY_NO, ""},
};

START_TEST(pop_replies)
{
	const char *text = pops[_i].text;
	size_t len = strlen(text), used, n;
	struct pop_reply r;
	enum reply_status status;

	pop_reply_init(&r, pops[_i].is_list);
	status = pop_reply_feed(&r, (const uint8_t *)text, len, &used);
	ck_assert_int_eq(status, pops[_i].status);
	ck_assert_int_eq(r.code, pops[_i].code);
	check_words(&r.lines, pops[_i].words);
	pop_reply_init(&r, pops[_i].is_list);
	status = REPLY_MORE;
	for (used = 0; used < len && status == REPLY_MORE; used += n)
		status = pop_reply_feed(&r, (const uint8_t *)text + used, 1,
		    &n);
	ck_assert_int_eq(status, pops[_i].status);
	check_words(&r.lines, pops[_i].words);
}
END_TEST

START_TEST(limits)
{
	static char text[4 * REPLY_LINE_MAX];
	struct imap_reply r;
	struct pop_reply p;
	size_t used;

	memset(text, 'x', sizeof(text));
	imap_reply_init(&r, NULL);
	ck_assert_int_eq(imap_reply_feed(&r, (const uint8_t *)text,
	    sizeof(text), &used), REPLY_BROKEN);
	ck_assert_str_eq(r.lines.broken, "a line of more than 2048 octets");
	memset(text, '\n', sizeof(text));
	memcpy(text, "+OK\n", 4);
	pop_reply_init(&p, true);
	ck_assert_int_eq(pop_reply_feed(&p, (const uint8_t *)text,
	    sizeof(text), &used), REPLY_BROKEN);
	ck_assert_str_eq(p.lines.broken, "a reply of more than 100 lines");
	ck_assert_int_eq(p.lines.n_words, FACTS_EHLO_MAX);
	ck_assert(p.lines.faults & FACTS_REPLY_CUT);
}
END_TEST

UNIT_MAIN("mx_access", UNIT_EACH(imap_replies, imaps),
    UNIT_EACH(pop_replies, pops), UNIT_ONCE(limits))
