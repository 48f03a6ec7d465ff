/* tools/mxcheck/asn.c: who announces an address. */
#include <errno.h>

#include "tests/unit/unit.h"
#include "tools/mxcheck/asn.h"

static const struct {
	const char *txt;
	int rc;
	uint32_t asn;
	unsigned bits;
} txts[] = {
    {"23028 | 216.90.108.0/24 | US | arin | 1998-09-25", 0, 23028, 24},
    {"23028 16509 | 2001:db8::/32 | NL", 0, 23028, 32},
    {"AS64500", 0, 64500, 0},
    {"{64500,64501} | 192.0.2.0/24", 0, 64500, 24},
    {"4294967295|192.0.2.0/24|", 0, 4294967295u, 24},
    {"64500 | 192.0.2.1/24", 0, 64500, 0}, /* bits beyond the length */
    {"64500 |", 0, 64500, 0},
    {"4294967296", -EINVAL, 0, 0},
    {"99999999999999999999999", -EINVAL, 0, 0},
    {"", -EINVAL, 0, 0},
    {"|", -EINVAL, 0, 0},
    {"AS", -EINVAL, 0, 0},
    {"-1", -EINVAL, 0, 0},
    {"64500x", -EINVAL, 0, 0},
};

START_TEST(test_txt)
{
	uint32_t asn = 0;
	unsigned bits = 0;

	ck_assert_int_eq(asn_read_txt(&asn, &bits, txts[_i].txt,
	    strlen(txts[_i].txt)), txts[_i].rc);
	if (txts[_i].rc == 0) {
		ck_assert_uint_eq(asn, txts[_i].asn);
		ck_assert_uint_eq(bits, txts[_i].bits);
	}
}
END_TEST

static const struct {
	const char *line;
	int rc;
	uint32_t asn;
	unsigned bits;
} lines[] = {
    {"192.0.2.0/24\t64500\n", 0, 64500, 24},
    {" 2001:db8::/32  AS64501\r\n", 0, 64501, 32},
    {"192.0.2.1 64500", 0, 64500, 32},
    {"", -ENOENT, 0, 0},
    {"  \n", -ENOENT, 0, 0},
    {"; IP-ASN32-DAT file\n", -ENOENT, 0, 0},
    {"# a comment\n", -ENOENT, 0, 0},
    {"192.0.2.0/24\n", -EINVAL, 0, 0},
    {"192.0.2.0/33 64500\n", -EINVAL, 0, 0},
    {"192.0.2.1/24 64500\n", -EINVAL, 0, 0},
    {"64500 192.0.2.0/24\n", -EINVAL, 0, 0},
};

START_TEST(test_line)
{
	struct prefix prefix;
	uint32_t asn = 0;

	ck_assert_int_eq(asn_read_line(&prefix, &asn, lines[_i].line),
	    lines[_i].rc);
	if (lines[_i].rc == 0) {
		ck_assert_uint_eq(asn, lines[_i].asn);
		ck_assert_uint_eq(prefix.len, lines[_i].bits);
	}
}
END_TEST

static void
write_file(const char *text)
{
	FILE *f = fopen(unit_path("asn"), "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static uint32_t
asn_of(struct facts *facts, const char *txt)
{
	struct addr addr;

	ck_assert_int_eq(addr_parse(&addr, txt), 0);
	return facts_addr(facts, &addr)->asn;
}

/* The longest prefix counts, whatever order the lines are in. */
START_TEST(test_file)
{
	static const char text[] =
	    "192.0.2.128/25 3\n0.0.0.0/0 1\n192.0.2.0/24 2\n"
	    "192.0.2.130/32 4\n2001:db8::/32 6\n;\n192.0.2.130/31 5\n";
	static const struct {
		const char *addr;
		uint32_t asn;
	} want[] = {{"192.0.2.1", 2}, {"192.0.2.129", 3}, {"192.0.2.130", 4},
	    {"192.0.2.131", 5}, {"198.51.100.1", 1}, {"2001:db8::1", 6},
	    {"2001:db9::1", 0}};
	struct facts *facts = facts_new();
	char why[ASN_WHY_MAX] = "";

	for (size_t i = 0; i < 7; i++)
		(void)asn_of(facts, want[i].addr);
	write_file(text);
	ck_assert_int_eq(asn_read_file(facts, unit_path("asn"), why), 0);
	for (size_t i = 0; i < 7; i++)
		ck_assert_uint_eq(asn_of(facts, want[i].addr), want[i].asn);
	write_file("192.0.2.0/24 7\nhere\n");
	ck_assert_int_eq(asn_read_file(facts, unit_path("asn"), why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "asn:2: give a prefix"));
	ck_assert_int_eq(asn_read_file(facts, unit_path("none"), why),
	    -ENOENT);
	facts_free(facts);
}
END_TEST

START_TEST(test_name)
{
	static char longest[256];
	char out[DNAME_TXT_MAX];
	struct addr addr;

	addr_parse(&addr, "192.0.2.1");
	ck_assert(asn_name(out, &addr, "origin.asn.cymru.com"));
	ck_assert_str_eq(out, "1.2.0.192.origin.asn.cymru.com");
	addr_parse(&addr, "2001:db8::1");
	ck_assert(asn_name(out, &addr, "o.test."));
	ck_assert_str_eq(out, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	    "8.b.d.0.1.0.0.2.o.test");
	memset(longest, 'a', 251);
	for (size_t i = 50; i < 251; i += 50)
		longest[i] = '.';
	ck_assert(!asn_name(out, &addr, longest));
}
END_TEST

UNIT_MAIN("mx_asn", UNIT_EACH(test_txt, txts), UNIT_EACH(test_line, lines),
    UNIT_ONCE(test_file), UNIT_ONCE(test_name))
