/*
 * The local store: lookups, and the apex. Changes are in test_local_change.c,
 * the file and who has it open in test_local_file.c.
 */
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "tests/unit/locals.h"

/* ---- lookup */

#define Z22 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."

static const struct {
	const char *ask;
	const char *want; /* the key that answers, or NODATA or NXDOMAIN */
} lookup_cases[] = {
    /* the longest prefix wins */
    {"7.2.0.192", "192.0.2.7"},
    {"6.2.0.192", "192.0.2.0/24"},
    {"127.2.0.192", "192.0.2.0/24"},
    {"128.2.0.192", "192.0.2.128/25"},
    {"255.2.0.192", "192.0.2.128/25"},
    {"0.3.0.192", "NXDOMAIN"},
    {"255.1.0.192", "NXDOMAIN"},
    {"255.255.255.10", "10.0.0.0/8"},
    {"0.0.0.11", "NXDOMAIN"},
    {"1.0.51.198", "198.51.0.1"},
    {"2.0.51.198", "NXDOMAIN"},
    /* a part of an address, with something around or below */
    {"2.0.192", "NODATA"},
    {"0.192", "NODATA"},
    {"192", "NODATA"},
    {"3.0.192", "NXDOMAIN"},
    {"1.192", "NXDOMAIN"},
    {"193", "NXDOMAIN"},
    {"5.10", "NODATA"},
    {"0.51.198", "NODATA"},
    {"1.51.198", "NXDOMAIN"},
    /* no address */
    {"7.7.2.0.192", "NXDOMAIN"},
    {"07.2.0.192", "NXDOMAIN"},
    {"256.2.0.192", "NXDOMAIN"},
    /* nibbles */
    {"1." Z22 "0.0.8.b.d.0.1.0.0.2", "NXDOMAIN"}, /* 33 of them */
    {"1." Z22 "0.8.b.d.0.1.0.0.2", "2001:db8::1"},
    {"2." Z22 "0.8.b.d.0.1.0.0.2", "2001:db8::/32"},
    {"2." Z22 "9.8.b.d.0.1.0.0.2", "2001:db8:8000::/33"},
    {"2." Z22 "9.9.b.d.0.1.0.0.2", "NXDOMAIN"},
    {"8.b.d.0.1.0.0.2", "NODATA"},
    {"d.0.1.0.0.2", "NODATA"},
    {"1.8.b.d.0.1.0.0.2", "NODATA"},
    {"e.0.1.0.0.2", "NXDOMAIN"},
    {"b.a", "NODATA"},
    {"2", "NODATA"},
    {"3", "NXDOMAIN"},
    /* a whole address is no name */
    {"x.f", "*.f"},
    {"f.f", "*.f"},
    {"1." Z22 "0.0.0.0.0.0.0.0.f", "NXDOMAIN"},
    /* names */
    {"example.com", "example.com"},
    {"www.example.com", "NXDOMAIN"},
    {"com", "NODATA"},
    {"example", "NXDOMAIN"},
    {"xexample.com", "NXDOMAIN"},
    {"example.comm", "NXDOMAIN"},
    {"below.com", "NODATA"},
    {"x.below.com", "*.below.com"},
    {"a.b.c.below.com", "*.below.com"},
    {"both.com", ".both.com"},
    {"z.both.com", ".both.com"},
    {"y.both.com", "y.both.com"},
    {"z.y.both.com", ".both.com"},
    {"x.both.com", ".both.com"},
    {"z.x.both.com", "*.x.both.com"},
    {"z.z.x.both.com", "*.x.both.com"},
    {"mixed.com", "mixed.com"},
    {"x.mixed.com", "*.mixed.com"},
    {"deep.com", "NODATA"},
    {"c.deep.com", "NODATA"},
    {"b.c.deep.com", "NODATA"},
    {"a.b.c.deep.com", "a.b.c.deep.com"},
    {"x.b.c.deep.com", "NXDOMAIN"},
    {"x.c.deep.com", "NXDOMAIN"},
    {"net", "NODATA"},
    {"com.net", "NODATA"},
    {"a.com.net", "*.com.net"},
    {"localhost", "localhost"},
    {"x.localhost", "NXDOMAIN"},
    /* bytes that no key has */
    {"a\\000b.below.com", "*.below.com"},
    {"\\000.below.com", "*.below.com"},
    {"x.\\000.below.com", "*.below.com"},
    {"both\\000com", "NXDOMAIN"},
    {"both\\000y.com", "NXDOMAIN"},
    {"a.below\\000x.com", "NXDOMAIN"},
    {"\\001", "NXDOMAIN"},
    {"\\003.com", "NXDOMAIN"},
    {"\\001.both.com", ".both.com"},
    {"example\\000\\003.com", "NXDOMAIN"},
    {"", "NXDOMAIN"}, /* the apex is the caller's */
};

/* Whatever the order in which they were added. */
START_TEST(test_lookup)
{
	struct local *l = open_many(_i == 1);

	for (size_t i = 0; i < UNIT_COUNT(lookup_cases); i++) {
		const char *want = lookup_cases[i].want;
		char txt[ANSWER_MAX];

		snprintf(txt, sizeof(txt),
		    want[0] == 'N' ? "%s" : "A 127.0.0.2 TXT %s", want);
		ck_assert_msg(strcmp(ask(l, lookup_cases[i].ask), txt) == 0,
		    "%s: %s, want %s", lookup_cases[i].ask,
		    ask(l, lookup_cases[i].ask), txt);
	}
	local_close(l);
}
END_TEST

/* Where nothing of a kind is listed, nothing of it is found. */
START_TEST(test_lookup_in_empty)
{
	struct local *l = open_local("empty", true);

	for (size_t i = 0; i < UNIT_COUNT(lookup_cases); i++)
		ck_assert_str_eq(ask(l, lookup_cases[i].ask), "NXDOMAIN");
	add(l, "a.example", "");
	ck_assert_str_eq(ask(l, "1.2.0.192"), "NXDOMAIN");
	ck_assert_str_eq(ask(l, "a.example"), "A 127.0.0.2");
	local_close(l);
}
END_TEST

/* `$` in a reason, as in a dataset */
static const struct {
	const char *key, *reason, *ask, *want;
} reason_cases[] = {
    {"192.0.2.0/24", "see http://x/?$ now", "7.2.0.192",
	"A 127.0.0.2 TXT see http://x/?192.0.2.7 now"},
    {"2001:db8::/32", "$",
	"1." Z22 "0.8.b.d.0.1.0.0.2", "A 127.0.0.2 TXT 2001:db8::1"},
    {"*.example.com", "$ is bad", "a.b.example.com",
	"A 127.0.0.2 TXT example.com is bad"},
    {".example.com", "$ is bad", "b.example.com",
	"A 127.0.0.2 TXT example.com is bad"},
    {"a.example.com", "$ is bad", "a.example.com",
	"A 127.0.0.2 TXT a.example.com is bad"},
    {"192.0.2.1", "costs 5$$", "1.2.0.192", "A 127.0.0.2 TXT costs 5$"},
    {"192.0.2.1", "$$$", "1.2.0.192", "A 127.0.0.2 TXT $192.0.2.1"},
    {"192.0.2.1", "", "1.2.0.192", "A 127.0.0.2"},
    {"192.0.2.1", "\xc3\xbc", "1.2.0.192", "A 127.0.0.2 TXT \xc3\xbc"},
};

START_TEST(test_reason)
{
	char state[32];
	struct local *l;

	snprintf(state, sizeof(state), "reason%d", _i);
	l = open_local(state, true);
	add(l, reason_cases[_i].key, reason_cases[_i].reason);
	ck_assert_str_eq(ask(l, reason_cases[_i].ask), reason_cases[_i].want);
	local_close(l);
}
END_TEST

/* ---- the apex */

static uint32_t
serial(struct local *l)
{
	const struct zone_apex *apex = local_apex(l);
	uint32_t n = get_be32(apex->soa + apex->soa_len - 20);

	local_pause(l);
	return n;
}

START_TEST(test_apex)
{
	static const uint8_t soa[] = "\11blacklist\10internal\0"
				     "\6nobody\7invalid";
	static const uint8_t times[] = {0, 0, 0x0e, 0x10, 0, 0, 4, 0xb0, 0, 9,
	    0x3a, 0x80, 0, 0, 0, LOCAL_TTL};
	struct local *l = open_local("apex", true);
	const struct zone_apex *apex = local_apex(l);
	uint32_t first = serial(l), now = (uint32_t)time(NULL);

	ck_assert_uint_eq(apex->soa_len, sizeof(soa) + 20);
	ck_assert_mem_eq(apex->soa, soa, sizeof(soa));
	ck_assert_mem_eq(apex->soa + sizeof(soa) + 4, times, sizeof(times));
	ck_assert_uint_eq(apex->ns_len, 20);
	ck_assert_mem_eq(apex->ns, soa, 20);
	ck_assert_uint_eq(apex->negative_ttl, LOCAL_TTL);
	ck_assert_uint_le(first, now);
	ck_assert_uint_ge(first, now - 60);

	add(l, "192.0.2.1", ""); /* within the same second or not */
	ck_assert_uint_eq(first < serial(l), 1);
	first = serial(l);
	add(l, "192.0.2.1", ""); /* no change */
	ck_assert_uint_eq(serial(l), first);
	del(l, "192.0.2.1");
	ck_assert_uint_gt(serial(l), first);
	local_close(l);
}
END_TEST

UNIT_MAIN("local", {test_lookup, 2}, UNIT_ONCE(test_lookup_in_empty),
    UNIT_EACH(test_reason, reason_cases), UNIT_ONCE(test_apex))
