/*
 * resolverd/upstream.c: what is asked, how often, and what the answer is. How
 * long anybody waits is in test_upstream_wait.c.
 */
#include <errno.h>

#include "tests/unit/upstreams.h"

static const struct {
	const char *name;
	uint16_t qtype;
	bool answered;
	uint8_t rcode;
	uint16_t ancount, nscount;
	uint32_t lifetime; /* in the cache */
} answer_cases[] = {
    {"mx.example", DNS_TYPE_A, true, DNS_RCODE_NOERROR, 1, 0, 300},
    {"no.example", DNS_TYPE_A, true, DNS_RCODE_NXDOMAIN, 0, 1, 120},
    {"nolonger.example", DNS_TYPE_A, true, DNS_RCODE_NXDOMAIN, 0, 1,
	NEGATIVE_MAX},
    {"mx.example", DNS_TYPE_TXT, true, DNS_RCODE_NOERROR, 0, 1, 120},
    {"servfail.example", DNS_TYPE_A, false, 0, 0, 0, 0},
    {"localhost", DNS_TYPE_A, true, DNS_RCODE_NOERROR, 1, 0, 10800},
    {".", DNS_TYPE_TXT, true, DNS_RCODE_NOERROR, 0, 1, 120},
    /* the site's own resolver knows these; libunbound says NXDOMAIN */
    {"1.1.168.192.in-addr.arpa", DNS_TYPE_A, true, DNS_RCODE_NOERROR, 1, 0,
	300},
};

START_TEST(test_answers)
{
	const char *name = answer_cases[_i].name;
	struct cache_key key = key_of(name, answer_cases[_i].qtype);
	struct told t;
	uint32_t lifetime;

	world_open(false, true);
	ck_assert_int_eq(ask(name, key.qtype, &t), 0);
	run(&t.called, 1, 20);
	ck_assert_uint_eq(t.called, 1);
	ck_assert_uint_eq(upstream_waiting(up), 0);
	ck_assert_int_eq(t.answered, answer_cases[_i].answered);
	ck_assert_uint_eq(t.rcode, answer_cases[_i].rcode);
	ck_assert_uint_eq(t.ancount, answer_cases[_i].ancount);
	ck_assert_uint_eq(t.nscount, answer_cases[_i].nscount);
	ck_assert(!t.secure);
	lifetime = cached_lifetime(&key);
	ck_assert_uint_le(lifetime, answer_cases[_i].lifetime);
	ck_assert_uint_ge(lifetime + 2, answer_cases[_i].lifetime);
	/* RFC 9520 3.1 */
	ck_assert_uint_eq(cached_failure(&key),
	    t.answered ? 0 : EDE_NO_REACHABLE_AUTHORITY);
	world_close();
}
END_TEST

START_TEST(test_shared_flight)
{
	struct told t[50];
	unsigned all = 0;

	world_open(false, true);
	for (unsigned i = 0; i < 50; i++)
		ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &t[i]), 0);
	ck_assert_uint_eq(upstream_waiting(up), 50);
	run(&t[49].called, 1, 10);
	for (unsigned i = 0; i < 50; i++)
		all += t[i].called == 1 && t[i].ancount == 1;
	ck_assert_uint_eq(all, 50);
	ck_assert_uint_eq(outside.packets, 1);
	ck_assert_uint_eq(upstream_waiting(up), 0);
	world_close();
}
END_TEST

/* libunbound answers some questions at once, by data of its own. */
START_TEST(test_inside_the_call)
{
	struct told t;

	world_open(false, true);
	ck_assert_int_eq(ask("localhost", DNS_TYPE_A, &t), 0);
	ck_assert_uint_eq(t.called, 1);
	ck_assert_uint_eq(t.ancount, 1);
	ck_assert_uint_eq(upstream_waiting(up), 0);
	ck_assert_uint_eq(outside.packets, 0);
	world_close();
}
END_TEST

/* What we ask for anew comes from the outside, not from its own cache. */
START_TEST(test_no_other_cache)
{
	struct told t;

	world_open(false, true);
	for (unsigned i = 1; i <= 3; i++) {
		ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &t), 0);
		run(&t.called, 1, 10);
		ck_assert_uint_eq(t.ancount, 1);
		ck_assert_uint_eq(outside.packets, i);
	}
	world_close();
}
END_TEST

START_TEST(test_dnssec_ok)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	struct told plain = {0}, with_do = {0};
	uint32_t lifetime;

	world_open(false, true);
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &plain), 0);
	key.dnssec_ok = true;
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &with_do),
	    0);
	run(&plain.called, 1, 10);
	run(&with_do.called, 1, 10);
	ck_assert_uint_eq(plain.ancount, 1);
	ck_assert_uint_eq(with_do.ancount, 2); /* the RRSIG */
	lifetime = cached_lifetime(&key);
	ck_assert_uint_le(lifetime, 60); /* its TTL */
	ck_assert_uint_ge(lifetime, 58);
	world_close();
}
END_TEST

START_TEST(test_waiters_cap)
{
	struct cache_key key = key_of("silent.example", DNS_TYPE_A);
	struct told t = {0}, beyond = {0};

	world_open(false, true);
	for (unsigned i = 0; i < FLIGHTS_MAX * UPSTREAM_WAITERS; i++)
		ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &t),
		    0);
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &beyond),
	    -EBUSY);
	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &beyond), -EBUSY);
	ck_assert_uint_eq(upstream_waiting(up), FLIGHTS_MAX * UPSTREAM_WAITERS);
	world_close();
	ck_assert_uint_eq(t.called, FLIGHTS_MAX * UPSTREAM_WAITERS);
	ck_assert(!t.answered);
	ck_assert_uint_eq(beyond.called, 0);
}
END_TEST

/* Also: closing with all of them under way. */
START_TEST(test_flights_cap)
{
	struct told t = {0}, beyond;
	char name[64];

	world_open(false, true);
	for (unsigned i = 0; i < FLIGHTS_MAX; i++) {
		struct cache_key key;

		snprintf(name, sizeof(name), "silent.%u.example", i);
		key = key_of(name, DNS_TYPE_A);
		ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &t),
		    0);
	}
	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &beyond), -EBUSY);
	/* to join one that is under way is fine */
	ck_assert_int_eq(ask("silent.0.example", DNS_TYPE_A, &beyond), 0);
	ck_assert_uint_eq(t.called, 0);
	world_close();
	ck_assert_uint_eq(t.called, FLIGHTS_MAX);
	ck_assert_uint_eq(beyond.called, 1);
	ck_assert(!t.answered && !beyond.answered);
}
END_TEST

/* A waiter that asks anew when it is told that there is no answer. */
struct stubborn {
	struct cache_key key;
	unsigned called, refused;
};

static void
on_done_ask_again(void *arg, const struct answer *a)
{
	struct stubborn *s = arg;

	(void)a;
	s->called++;
	if (upstream_resolve(up, &s->key, false, on_done_ask_again, s) != 0)
		s->refused++;
}

START_TEST(test_ask_from_completion)
{
	struct stubborn s = {.key = key_of("silent.example", DNS_TYPE_A)};

	world_open(false, true);
	ck_assert_int_eq(
	    upstream_resolve(up, &s.key, false, on_done_ask_again, &s), 0);
	run(&s.called, 1, DEADLINE_S + 2);
	ck_assert_uint_eq(s.called, 1);
	ck_assert_uint_eq(upstream_waiting(up), 1);
	world_close(); /* asks again, and is refused */
	ck_assert_uint_eq(s.called, 2);
	ck_assert_uint_eq(s.refused, 1);
}
END_TEST

/* One waiter asks for what libunbound answers at once, the other reads on. */
static void
on_done_ask_other(void *arg, const struct answer *a)
{
	struct cache_key key = key_of("localhost", DNS_TYPE_A);

	ck_assert_uint_eq(a->rcode, DNS_RCODE_NOERROR);
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, arg), 0);
}

START_TEST(test_answer_outlives_inner_one)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_TXT);
	struct told inner = {0}, outer = {0};

	world_open(false, true);
	ck_assert_int_eq(
	    upstream_resolve(up, &key, false, on_done_ask_other, &inner), 0);
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &outer), 0);
	run(&outer.called, 1, 10);
	ck_assert_uint_eq(inner.ancount, 1);
	ck_assert_uint_eq(outer.nscount, 1);
	ck_assert_uint_eq(outer.first_ttl, 120);
	world_close();
}
END_TEST

/* The bytes of a name reach the outside as they are. */
#define L63 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-012345678"
#define L61 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-0123456"
static const char *const name_cases[] = {
    "a\\.b.example",
    "a\\\\b.example",
    "\\000\\001\\255.example",
    "\\032\\\"\\;\\(\\)\\@\\$.example",
    "*.example",
    "_25._tcp.mx.example",
    "0/25.2.0.192.in-addr.arpa",
    "\\\\046.example",
    L63 "." L63 "." L63 "." L61,
    "a",
    ".",
};

START_TEST(test_names)
{
	struct cache_key key = key_of(name_cases[_i], DNS_TYPE_A);
	struct told t;

	world_open(false, true);
	ck_assert_int_eq(ask(name_cases[_i], DNS_TYPE_A, &t), 0);
	run(&t.called, 1, 10);
	ck_assert_uint_eq(t.called, 1);
	ck_assert(t.answered);
	ck_assert_uint_eq(t.ancount, 1);
	ck_assert_uint_ge(outside.n_names, 1);
	ck_assert_mem_eq(outside.names[0], key.qname, key.qname_len);
	world_close();
}
END_TEST

static const uint16_t refused_types[] = {0, DNS_TYPE_OPT, 128, 250,
    DNS_TYPE_IXFR, DNS_TYPE_AXFR, DNS_TYPE_MAILB, DNS_TYPE_MAILA};

START_TEST(test_refused)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	struct told t = {0};

	world_open(false, true);
	for (unsigned i = 0; i < UNIT_COUNT(refused_types); i++)
		ck_assert_int_eq(
		    ask("mx.example", refused_types[i], &t), -EINVAL);
	key.qname_len--;
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &t),
	    -EINVAL);
	key.qname_len = 0;
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &t),
	    -EINVAL);
	ck_assert_uint_eq(upstream_waiting(up), 0);
	world_close();
	ck_assert_uint_eq(t.called, 0);
	ck_assert_uint_eq(outside.packets, 0);
}
END_TEST

/* The outside is not signed, the root's anchor says that it should be. */
START_TEST(test_bogus)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	struct told checked = {0}, unchecked = {0};
	uint32_t lifetime;

	world_open(true, true);
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &checked),
	    0);
	run(&checked.called, 1, 20);
	ck_assert_uint_eq(checked.called, 1);
	ck_assert(!checked.answered);
	ck_assert_uint_eq(checked.ede, EDE_DNSKEY_MISSING);
	ck_assert_uint_eq(cached_lifetime(&key), 0);
	ck_assert_uint_eq(cached_failure(&key), EDE_DNSKEY_MISSING);

	key.checking_disabled = true;
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &unchecked),
	    0);
	run(&unchecked.called, 1, 20);
	ck_assert(unchecked.answered);
	ck_assert_uint_eq(unchecked.ancount, 1);
	ck_assert(!unchecked.secure);
	lifetime = cached_lifetime(&key);
	ck_assert_uint_le(lifetime, 60);
	ck_assert_uint_gt(lifetime, 0);
	world_close();
}
END_TEST

/* Full recursion starts and ends, and says nothing unasked. */
START_TEST(test_open_and_close)
{
	for (unsigned i = 0; i < 4; i++) {
		world_open(i & 1, i & 2);
		ck_assert_uint_eq(upstream_waiting(up), 0);
		world_close();
	}
	upstream_close(NULL);
}
END_TEST

UNIT_MAIN("upstream", UNIT_EACH(test_answers, answer_cases),
    UNIT_ONCE(test_shared_flight), UNIT_ONCE(test_inside_the_call),
    UNIT_ONCE(test_no_other_cache), UNIT_ONCE(test_dnssec_ok),
    UNIT_ONCE(test_waiters_cap), UNIT_ONCE(test_flights_cap),
    UNIT_ONCE(test_ask_from_completion),
    UNIT_ONCE(test_answer_outlives_inner_one),
    UNIT_EACH(test_names, name_cases), UNIT_ONCE(test_refused),
    UNIT_ONCE(test_bogus), UNIT_ONCE(test_open_and_close))
