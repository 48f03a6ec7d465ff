/* resolverd/ratelimit.c: buckets by client and network, time given by hand. */
#include <string.h>

#include "resolverd/ratelimit.h"
#include "tests/unit/unit.h"

#define S 1000000ull

static bool
take(const char *txt, uint64_t now, unsigned per_client, unsigned per_network)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, txt), 0);
	return ratelimit_take(&a, now, per_client, per_network);
}

static unsigned
take_many(const char *txt, uint64_t now, unsigned n, unsigned per_client,
    unsigned per_network)
{
	unsigned passed = 0;

	while (n-- > 0)
		passed += take(txt, now, per_client, per_network);
	return passed;
}

static const unsigned rates[] = {1, 2, 7, 100, 1000, 99999, RATELIMIT_MAX};

/* A second's worth at once, then so many a second, however many are sent. */
START_TEST(rate)
{
	unsigned r = rates[_i], passed;
	uint64_t now = 5 * S;

	ck_assert_int_eq(ratelimit_init(), 0);
	passed = take_many("192.0.2.1", now, 3 * r, r, 0);
	ck_assert_msg(passed >= r && passed <= r + r / 100 + 1,
	    "%u of a burst at %u", passed, r);
	ck_assert(!take("192.0.2.1", now, r, 0));
	passed = 0;
	for (unsigned i = 0; i < 100; i++)
		passed += take_many("192.0.2.1", now += S / 10, r / 5 + 1, r,
		    0);
	ck_assert_msg(passed >= 10 * r - r / 10 &&
		passed <= 10 * r + r / 10 + 1,
	    "%u in ten seconds at %u", passed, r);
	/* who waits for a second has it all again */
	ck_assert_uint_ge(take_many("192.0.2.1", now + S, 2 * r, r, 0), r);
}
END_TEST

static const struct {
	const char *name, *first, *second;
	bool same_client, same_network;
} pairs[] = {
    {"one IPv4 address", "192.0.2.1", "192.0.2.1", true, true},
    {"neighbours", "192.0.2.1", "192.0.2.2", false, true},
    {"the ends of a /24", "192.0.2.0", "192.0.2.255", false, true},
    {"the next /24", "192.0.2.255", "192.0.3.0", false, false},
    {"a /64", "2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true, true},
    {"the next /64", "2001:db8::", "2001:db8:0:1::", false, true},
    {"the ends of a /56", "2001:db8::", "2001:db8:0:ff::", false, true},
    {"the next /56", "2001:db8:0:ff::", "2001:db8:0:100::", false, false},
    {"IPv4 and IPv6 with the same first bytes", "32.1.13.184", "2001:db8::",
	false, false},
};

START_TEST(prefixes)
{
	const char *first = pairs[_i].first, *second = pairs[_i].second;

	ck_assert_int_eq(ratelimit_init(), 0);
	while (take(first, S, 50, 0))
		;
	ck_assert_msg(take(second, S, 50, 0) != pairs[_i].same_client,
	    "%s: client", pairs[_i].name);
	while (take(first, 9 * S, 0, 50))
		;
	ck_assert_msg(take(second, 9 * S, 0, 50) != pairs[_i].same_network,
	    "%s: network", pairs[_i].name);
}
END_TEST

/* One client's flood costs its network what the client may have, no more. */
START_TEST(refused_does_not_count)
{
	ck_assert_int_eq(ratelimit_init(), 0);
	ck_assert_uint_le(take_many("192.0.2.1", S, 10000, 10, 100), 11);
	ck_assert_uint_ge(take_many("192.0.2.2", S, 10, 10, 100), 10);
	for (unsigned i = 3; i < 20; i++) {
		char txt[32];

		snprintf(txt, sizeof(txt), "192.0.2.%u", i);
		(void)take_many(txt, S, 100, 10, 100);
	}
	ck_assert(!take("192.0.2.20", S, 10, 100)); /* now it is used up */
	ck_assert(take("192.0.3.20", S, 10, 100));
}
END_TEST

START_TEST(no_limit)
{
	ck_assert_uint_eq(take_many("192.0.2.1", S, 1000, 0, 0), 1000);
	ck_assert_int_eq(ratelimit_init(), 0);
	ck_assert_uint_eq(take_many("192.0.2.1", S, 200000, 0, 0), 200000);
}
END_TEST

/* More forged addresses than places: who floods is not forgotten for them. */
START_TEST(forged_addresses)
{
	struct addr a = {.family = AF_INET};
	unsigned passed = 0;
	uint64_t now = S;

	ck_assert_int_eq(ratelimit_init(), 0);
	while (take("192.0.2.1", now, 100, 0))
		;
	for (unsigned i = 0; i < 1000000; i++) {
		a.bytes[0] = 10;
		a.bytes[1] = (uint8_t)(i >> 16);
		a.bytes[2] = (uint8_t)(i >> 8);
		a.bytes[3] = (uint8_t)i;
		(void)ratelimit_take(&a, now, 100, 0);
		if (i % 100 == 0) {
			now += 100; /* a million in a second */
			passed += take("192.0.2.1", now, 100, 0);
		}
	}
	/* a hundred, and a little for what was forgotten */
	ck_assert_msg(passed <= 150, "%u passed", passed);
}
END_TEST

/* The time in a bucket wraps after 2^44 microseconds. */
START_TEST(wrapped)
{
	uint64_t end = 1ull << 44;

	ck_assert_int_eq(ratelimit_init(), 0);
	ck_assert_uint_le(take_many("192.0.2.1", end - S / 2, 100, 10, 0), 11);
	ck_assert_uint_le(take_many("192.0.2.1", end + S / 10, 100, 10, 0), 7);
	ck_assert_uint_ge(take_many("192.0.2.1", end + 2 * S, 100, 10, 0), 10);
	ck_assert_uint_ge(take_many("192.0.2.1", 2 * end + S, 100, 10, 0), 10);
}
END_TEST

UNIT_MAIN("ratelimit", UNIT_EACH(rate, rates), UNIT_EACH(prefixes, pairs),
    UNIT_ONCE(refused_does_not_count), UNIT_ONCE(no_limit),
    UNIT_ONCE(forged_addresses), UNIT_ONCE(wrapped))
