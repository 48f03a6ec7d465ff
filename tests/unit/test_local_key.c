/* zones/local_key.c; what a key may be is documented in blctl(8). */
#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "zones/local_key.h"

#define APEX_LEN 20 /* "blacklist.internal." in wire form */
#define L10 "abcdefghi." /* ten bytes of a name */
#define L50 L10 L10 L10 L10 L10
#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static const struct {
	const char *in;
	const char *want; /* canonical; NULL: refused */
	const char *why;  /* then a part of the reason */
} cases[] = {
    /* IPv4 */
    {"192.0.2.1", "192.0.2.1", NULL},
    {"192.0.2.1/32", "192.0.2.1", NULL},
    {"192.0.2.0/24", "192.0.2.0/24", NULL},
    {"128.0.0.0/1", "128.0.0.0/1", NULL},
    {"0.0.0.0/1", "0.0.0.0/1", NULL},
    {"255.255.255.255", "255.255.255.255", NULL},
    {"0.0.0.0/0", NULL, "every address"},
    {"192.0.2.7/24", NULL, "did you mean 192.0.2.0/24?"},
    {"192.0.2.1/31", NULL, "did you mean 192.0.2.0/31?"},
    {"192.0.2.1/0", NULL, "did you mean 0.0.0.0/0?"},
    {"192.0.2", NULL, "did you mean 192.0.2.0/24?"},
    {"192.0.2.", NULL, "did you mean 192.0.2.0/24?"},
    {"10", NULL, "did you mean 10.0.0.0/8?"},
    {"192.0.2.007", NULL, "did you mean 192.0.2.7?"},
    {"192.0.2.256", NULL, "no IPv4 address"},
    {"192.0.2.1.1", NULL, "no IPv4 address"},
    {"4294967297", NULL, "no IPv4 address"},
    {"192.0.2.0/33", NULL, "no IPv4 address or prefix"},
    {"192.0.2.0/", NULL, "no IPv4 address or prefix"},
    {"192.0.2.0/024", NULL, "no IPv4 address or prefix"},
    {"192.0.2.1-9", NULL, "no IPv4 address or prefix"},
    {"192.0.2.1-192.0.2.9", NULL, "no IPv4 address or prefix"},
    {".10", NULL, "no IPv4 address"},
    /* IPv6 */
    {"2001:db8::1", "2001:db8::1", NULL},
    {"2001:DB8:0:0::1/128", "2001:db8::1", NULL},
    {"2001:db8::/32", "2001:db8::/32", NULL},
    {"8000::/1", "8000::/1", NULL},
    {"::1", "::1", NULL},
    {"::/0", NULL, "every address"},
    {"2001:db8::1/32", NULL, "did you mean 2001:db8::/32?"},
    {"2001:db8::/129", NULL, "no IPv6"},
    {"2001:db8:::", NULL, "no IPv6"},
    {"fe80::1%lo", NULL, "no address and no name"},
    /* IPv4-mapped is IPv4 */
    {"::ffff:192.0.2.1", "192.0.2.1", NULL},
    {"::ffff:c000:200/120", "192.0.2.0/24", NULL},
    {"::ffff:0:0/96", NULL, "every address"},
    {"::fffe:0:0/95", "::fffe:0:0/95", NULL},
    /* names */
    {"example.com", "example.com", NULL},
    {"Example.COM.", "example.com", NULL},
    {".example.com", ".example.com", NULL},
    {"*.example.com", "*.example.com", NULL},
    {"*.Example.com.", "*.example.com", NULL},
    {"com", "com", NULL},
    {"*.com", "*.com", NULL},
    {"a", "a", NULL},
    {"_dmarc.xn--bcher-kva.example", "_dmarc.xn--bcher-kva.example", NULL},
    {"1.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa", NULL},
    {"3com", "3com", NULL},
    {L63 ".x", L63 ".x", NULL},
    {L63 "x", NULL, "63 bytes"},
    {L50 L50 L50 L50 L10 L10 "abcdefghijklmn", /* 255 with the apex */
	L50 L50 L50 L50 L10 L10 "abcdefghijklmn", NULL},
    {L50 L50 L50 L50 L10 L10 "abcdefghijklmno", NULL, "zone's name"},
    {"*." L50 L50 L50 L50 L10 L10 "abcdefghijklm", NULL, "zone's name"},
    {"*." L50 L50 L50 L50 L10 L10 "abcdefghijkl",
	"*." L50 L50 L50 L50 L10 L10 "abcdefghijkl", NULL},
    {"", NULL, "empty"},
    {".", NULL, "every name"},
    {"*.", NULL, "every name"},
    {"*", NULL, "no address and no name"},
    {"..", NULL, "every name"},
    {"..com", NULL, "label is empty"},
    {"a..b", NULL, "label is empty"},
    {"a.b..", NULL, "label is empty"},
    {"*.*.com", NULL, "no address and no name"},
    {"a.*.com", NULL, "no address and no name"},
    {"!example.com", NULL, "no address and no name"},
    {"user@example.com", NULL, "no address and no name"},
    {"http://example.com/", NULL, "no address and no name"},
    {"exa mple.com", NULL, "no address and no name"},
    {"exa\\109ple.com", NULL, "no address and no name"},
    {"example.com\n", NULL, "no address and no name"},
    {"exam\x1b[31mple.com", NULL, "exam?[31mple.com: "},
    {"b\xc3\xbc" "cher.example", NULL, "xn--"},
    {"foo.10", NULL, "ends in a number"},
    {"*.10", NULL, "ends in a number"},
    {"*.2.0.192", NULL, "ends in a number"},
};

START_TEST(test_parse)
{
	char why[LOCAL_KEY_WHY_MAX] = "", txt[LOCAL_KEY_TXT_MAX];
	struct local_key key, again;
	int rc = local_key_parse(&key, cases[_i].in, APEX_LEN, why);

	if (cases[_i].want == NULL) {
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_msg(strstr(why, cases[_i].why) != NULL,
		    "%s: the reason is: %s", cases[_i].in, why);
		return;
	}
	ck_assert_msg(rc == 0, "%s: %s", cases[_i].in, why);
	ck_assert_str_eq(local_key_to_txt(txt, &key), cases[_i].want);
	ck_assert_int_eq(local_key_load(&again, key.bytes, key.len), 0);
	ck_assert_int_eq(local_key_parse(&again, txt, APEX_LEN, why), 0);
	ck_assert_uint_eq(again.len, key.len);
	ck_assert_int_eq(memcmp(again.bytes, key.bytes, key.len), 0);
}
END_TEST

/* In the order in which the file has them. */
static const char *const ordered[] = {
    "1.2.3.4",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.0.0.0",
    "10.0.0.1",
    "10.0.1.0/24",
    "255.0.0.0/8",
    "::1",
    "2001:db8::/32",
    "2001:db8::",
    "*.com",
    ".com",
    "com",
    "*.a.com",
    "a.com",
    "b.a.com",
    "aa.com",
    "com-a",
    "comm",
};

static int
compare(const struct local_key *a, const struct local_key *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int rc = memcmp(a->bytes, b->bytes, len);

	return rc != 0 ? rc : (int)a->len - (int)b->len;
}

START_TEST(test_order)
{
	char why[LOCAL_KEY_WHY_MAX];
	struct local_key a, b;

	if (_i == 0)
		return;
	ck_assert_int_eq(
	    local_key_parse(&a, ordered[_i - 1], APEX_LEN, why), 0);
	ck_assert_int_eq(local_key_parse(&b, ordered[_i], APEX_LEN, why), 0);
	ck_assert_int_lt(compare(&a, &b), 0);
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
} damaged[] = {
    {"", 0},
    {"\4", 1},
    {"\4\300\0\2\1", 5},
    {"\4\300\0\2\1\41", 6},	/* length 33 */
    {"\4\300\0\2\1\30", 6},	/* bits beyond 24 */
    {"\4\0\0\0\0\0", 6},	/* length 0 */
    {"\4\300\0\2\1\40\0", 7},
    {"\5\300\0\2\1\40", 6},
    {"n", 1},
    {"n\3", 2},
    {"n\0\3", 3},		/* an empty label */
    {"ncom", 4},
    {"ncom\0", 5},
    {"ncom\0\4", 6},
    {"ncom\0\0\3", 7},
    {"nc m\0\3", 6},
    {"ncom\3", 5},
    {"n" L63 "x\0\3", 67},
};

START_TEST(test_load_damaged)
{
	struct local_key key;

	ck_assert_int_eq(
	    local_key_load(&key, damaged[_i].bytes, damaged[_i].len),
	    -EBADMSG);
}
END_TEST

static const struct {
	const char *outer, *inner;
	bool want;
} contains_cases[] = {
    {"192.0.2.0/24", "192.0.2.7", true},
    {"192.0.2.0/24", "192.0.2.0/24", true},
    {"192.0.2.0/24", "192.0.2.128/25", true},
    {"192.0.2.128/25", "192.0.2.0/24", false},
    {"192.0.2.0/24", "192.0.3.7", false},
    {"192.0.2.128/25", "192.0.2.127", false},
    {"2001:db8::/32", "2001:db8::1", true},
    {"2001:db8::/33", "2001:db8:8000::1", false},
    {"32.1.0.0/16", "2001::", false}, /* same bytes, other family */
};

START_TEST(test_contains)
{
	char why[LOCAL_KEY_WHY_MAX];
	struct local_key a, b;

	ck_assert_int_eq(local_key_parse(&a, contains_cases[_i].outer, APEX_LEN,
			     why), 0);
	ck_assert_int_eq(local_key_parse(&b, contains_cases[_i].inner, APEX_LEN,
			     why), 0);
	ck_assert_int_eq(local_key_contains(&a, &b), contains_cases[_i].want);
}
END_TEST

UNIT_MAIN("local_key", UNIT_EACH(test_parse, cases),
    UNIT_EACH(test_order, ordered), UNIT_EACH(test_load_damaged, damaged),
    UNIT_EACH(test_contains, contains_cases))
