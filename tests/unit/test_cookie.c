/*
 * resolverd/cookie.c: the examples of RFC 9018, appendix A, then each reason to
 * refuse a cookie.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/bytes.h"
#include "resolverd/cookie.h"
#include "tests/unit/unit.h"

#define OLD "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define SECRET_A3 "dd3bdf9344b678b185a6f5cb60fca715"
#define SECRET_A4 "445536bcd2513298075a5d379663c962"

static int
use_secrets(const char *lines, char *why)
{
	const char *path = unit_path("secrets");
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(lines, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	return cookie_init(path, why);
}

static size_t
from_hex(uint8_t *out, const char *hex)
{
	size_t n = strlen(hex) / 2;
	unsigned byte;

	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return n;
}

static const struct {
	const char *name, *secrets, *client, *sent;
	uint32_t now;
	enum cookie_state state;
	const char *back;
} examples[] = {
    {"A.1: a new client", OLD, "198.51.100.100", "2464c4abcf10c957",
	1559731985, COOKIE_NEW,
	"2464c4abcf10c957010000005cf79f111f8130c3eee29480"},
    {"A.2: the same, renewed after 40 minutes", OLD, "198.51.100.100",
	"2464c4abcf10c957010000005cf79f111f8130c3eee29480", 1559734385,
	COOKIE_GOOD, "2464c4abcf10c957010000005cf7a871d4a564a1442aca77"},
    {"A.3: the reserved bytes are hashed, the renewed has none", OLD,
	"203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
	1559727985 + 600, COOKIE_GOOD,
	"fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"},
    {"A.4: IPv6, the secret that is rolled over",
	SECRET_A4 "\n" SECRET_A3 "\n", "2001:db8:220:1:59de:d0f4:8769:82b8",
	"22681ab97d52c298010000005cf7c57926556bd0934c72f8", 1559741961,
	COOKIE_GOOD, "22681ab97d52c298010000005cf7c609a6bb79d16625507a"},
};

START_TEST(rfc9018_appendix_a)
{
	uint8_t sent[EDNS_COOKIE_MAX], want[EDNS_COOKIE_LEN];
	uint8_t out[EDNS_COOKIE_LEN];
	char why[COOKIE_WHY_MAX];
	struct addr client;
	size_t len = from_hex(sent, examples[_i].sent);

	ck_assert_int_eq(use_secrets(examples[_i].secrets, why), 0);
	ck_assert_int_eq(addr_parse(&client, examples[_i].client), 0);
	ck_assert_int_eq(cookie_check(sent, len, &client, examples[_i].now,
			     out), examples[_i].state);
	from_hex(want, examples[_i].back);
	if (_i == 3) { /* fresh, so the same; made anew it is the RFC's */
		ck_assert_mem_eq(out, sent, sizeof(out));
		cookie_check(sent, 8, &client, examples[_i].now, out);
	}
	ck_assert_mem_eq(out, want, sizeof(want));
}
END_TEST

#define T0 1700000000u
static const struct {
	const char *name;
	int pos; /* of a byte that is changed; -1: none */
	size_t len;
	int32_t later; /* seconds since it was made */
	const char *client;
	enum cookie_state want;
	bool renewed;
} judged[] = {
    {"at once", -1, 24, 0, "192.0.2.1", COOKIE_GOOD, false},
    {"half an hour old", -1, 24, 1800, "192.0.2.1", COOKIE_GOOD, false},
    {"older: renewed", -1, 24, 1801, "192.0.2.1", COOKIE_GOOD, true},
    {"an hour old", -1, 24, 3600, "192.0.2.1", COOKIE_GOOD, true},
    {"older: bad", -1, 24, 3601, "192.0.2.1", COOKIE_BAD, true},
    {"five minutes ahead", -1, 24, -300, "192.0.2.1", COOKIE_GOOD, false},
    {"further ahead", -1, 24, -301, "192.0.2.1", COOKIE_BAD, true},
    {"another address", -1, 24, 0, "192.0.2.2", COOKIE_BAD, true},
    {"the other family", -1, 24, 0, "2001:db8::1", COOKIE_BAD, true},
    {"another client's half", 0, 24, 0, "192.0.2.1", COOKIE_BAD, true},
    {"another version", 8, 24, 0, "192.0.2.1", COOKIE_BAD, true},
    {"another reserved byte", 9, 24, 0, "192.0.2.1", COOKIE_BAD, true},
    {"another time", 15, 24, 0, "192.0.2.1", COOKIE_BAD, true},
    {"another hash", 23, 24, 0, "192.0.2.1", COOKIE_BAD, true},
    {"the client's half", -1, 8, 0, "192.0.2.1", COOKIE_NEW, false},
    {"a server's half that is too short", -1, 16, 0, "192.0.2.1", COOKIE_BAD,
	false},
    {"a server's half that is too long", -1, 40, 0, "192.0.2.1", COOKIE_BAD,
	false},
    {"none", -1, 0, 0, "192.0.2.1", COOKIE_NONE, false},
};

/* RFC 9018 4.3; RFC 7873 5.2.1 to 5.2.5 */
static void
judge(int i)
{
	uint8_t cookie[EDNS_COOKIE_MAX] = "clients ", sent[EDNS_COOKIE_MAX];
	uint8_t out[EDNS_COOKIE_LEN] = {0};
	struct addr maker, client;

	ck_assert_int_eq(addr_parse(&maker, "192.0.2.1"), 0);
	ck_assert_int_eq(addr_parse(&client, judged[i].client), 0);
	ck_assert_int_eq(cookie_check(cookie, 8, &maker, T0, cookie),
	    COOKIE_NEW);
	memcpy(sent, cookie, sizeof(sent));
	if (judged[i].pos >= 0)
		sent[judged[i].pos] ^= 1;
	ck_assert_msg(cookie_check(sent, judged[i].len, &client,
			  T0 + (uint32_t)judged[i].later, out) ==
		judged[i].want, "%s", judged[i].name);
	if (judged[i].len != EDNS_COOKIE_LEN)
		return;
	ck_assert_mem_eq(out, sent, 8);
	ck_assert_msg((memcmp(out + 8, sent + 8, 16) != 0) ==
		judged[i].renewed, "%s: renewed", judged[i].name);
	/* what goes back is good */
	ck_assert_int_eq(cookie_check(out, EDNS_COOKIE_LEN, &client,
			     T0 + (uint32_t)judged[i].later, out), COOKIE_GOOD);
}

START_TEST(with_a_file)
{
	char why[COOKIE_WHY_MAX];

	ck_assert_int_eq(use_secrets("# two\n" OLD "\n\n" SECRET_A3, why), 0);
	judge(_i);
}
END_TEST

START_TEST(made_up)
{
	char why[COOKIE_WHY_MAX];

	ck_assert_int_eq(cookie_init(NULL, why), 0);
	judge(_i);
}
END_TEST

/* Made before midnight, sent behind it: the secret is that of its day. */
START_TEST(over_midnight)
{
	const uint32_t midnight = 19676u * 86400;
	uint8_t cookie[EDNS_COOKIE_LEN] = "clients ", next[EDNS_COOKIE_LEN];
	char why[COOKIE_WHY_MAX];
	struct addr client;

	ck_assert_int_eq(addr_parse(&client, "192.0.2.1"), 0);
	ck_assert_int_eq(cookie_init(NULL, why), 0);
	cookie_check(cookie, 8, &client, midnight - 1, cookie);
	cookie_check(cookie, 8, &client, midnight, next);
	ck_assert_int_eq(cookie_check(cookie, EDNS_COOKIE_LEN, &client,
			     midnight + 60, cookie), COOKIE_GOOD);
	ck_assert_int_eq(cookie_check(next, EDNS_COOKIE_LEN, &client,
			     midnight + 60, next), COOKIE_GOOD);
	/* other secrets: all are void */
	ck_assert_int_eq(cookie_init(NULL, why), 0);
	ck_assert_int_eq(cookie_check(next, EDNS_COOKIE_LEN, &client,
			     midnight + 60, next), COOKIE_BAD);
}
END_TEST

static const struct {
	const char *text, *why;
} bad_files[] = {
    {"", "no secret in it"},
    {"# none\n", "no secret in it"},
    {"e5e973e5a6b2a43f48e7dc849e37bfc\n", ":1: write 32 hexadecimal"},
    {OLD "\n" OLD "0\n", ":2: write 32 hexadecimal"},
    {"g5e973e5a6b2a43f48e7dc849e37bfcf\n", ":1: write 32 hexadecimal"},
    {OLD "\n" OLD "\n" OLD "\n" OLD "\n", ":4: write 32 hexadecimal"},
};

START_TEST(bad_file)
{
	char why[COOKIE_WHY_MAX];

	ck_assert_int_eq(use_secrets(bad_files[_i].text, why), -EINVAL);
	ck_assert_msg(strstr(why, bad_files[_i].why) != NULL, "%s", why);
}
END_TEST

START_TEST(no_file)
{
	char why[COOKIE_WHY_MAX];

	ck_assert_int_eq(cookie_init("/nowhere/secrets", why), -ENOENT);
	ck_assert_str_eq(why, "/nowhere/secrets: No such file or directory");
}
END_TEST

UNIT_MAIN("cookie", UNIT_EACH(rfc9018_appendix_a, examples),
    UNIT_EACH(with_a_file, judged), UNIT_EACH(made_up, judged),
    UNIT_ONCE(over_midnight), UNIT_EACH(bad_file, bad_files),
    UNIT_ONCE(no_file))
