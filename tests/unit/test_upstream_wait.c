/*
 * resolverd/upstream_flight.c and reach.c: deadlines, expired answers, and
 * lists that are dead.
 */
#include <errno.h>

#include "resolverd/counters.h"
#include "tests/unit/clock.h"
#include "tests/unit/upstreams.h"

/*
 * One question all the way: the deadline, a client that asks again, and the
 * late answer, which reaches that client and the cache.
 */
START_TEST(test_deadline)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	struct told first, again;
	double start;

	world_open(false, true);
	start = now_s();
	outside.deaf = true;
	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &first), 0);
	run(&first.called, 1, DEADLINE_S + 2);
	ck_assert_uint_eq(first.called, 1);
	ck_assert(!first.answered);
	ck_assert_uint_eq(first.ede, EDE_NO_REACHABLE_AUTHORITY);
	ck_assert_uint_eq(cached_failure(&key), EDE_NO_REACHABLE_AUTHORITY);
	ck_assert(now_s() - start > DEADLINE_S - 0.1);
	ck_assert(now_s() - start < DEADLINE_S + 1);
	ck_assert_uint_eq(upstream_waiting(up), 0);

	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &again), 0);
	ck_assert_uint_eq(upstream_waiting(up), 1);
	answer_held();
	run(&again.called, 1, 2);
	ck_assert_uint_eq(again.called, 1);
	ck_assert_uint_eq(again.ancount, 1);
	ck_assert_uint_eq(first.called, 1);
	ck_assert_uint_ge(cached_lifetime(&key), 298);
	ck_assert_uint_eq(cached_failure(&key), 0);
	world_close();
}
END_TEST

/*
 * RFC 8767 5: who has an expired answer takes it after 1.8 s, others at once
 * then; the question goes on till the deadline, and failed for 30 s.
 */
START_TEST(test_stale)
{
	struct cache_key key = key_of("silent.example", DNS_TYPE_A);
	struct answer old = {.rcode = DNS_RCODE_NOERROR, .ancount = 1};
	struct told first = {0}, again = {0};
	unsigned never = 0;
	double start;

	world_open(false, true);
	cache_put(cache, &key, cache_now(cache), &old, 1);
	cache_flush(cache, cache_now(cache));
	move_clock(10, 0);
	ck_assert_int_eq(
	    cache_get(cache, &key, cache_now(cache), &old), -ESTALE);
	start = now_s();
	ck_assert_int_eq(
	    upstream_resolve(up, &key, true, on_done, &first), 0);
	run(&first.called, 1, DEADLINE_S + 2);
	ck_assert(first.called == 1 && !first.answered);
	ck_assert(now_s() - start > 1.7 && now_s() - start < DEADLINE_S);
	ck_assert_uint_eq(cached_failure(&key), 0);
	ck_assert_int_eq(upstream_resolve(up, &key, true, on_done, &again),
	    -ETIMEDOUT);
	run(&never, 1, DEADLINE_S + 0.5 - (now_s() - start));
	ck_assert_uint_eq(cached_failure(&key), EDE_NO_REACHABLE_AUTHORITY);
	move_clock(10 + UPSTREAM_STALE_RETRY_S - 2, 0);
	ck_assert_uint_eq(cached_failure(&key), EDE_NO_REACHABLE_AUTHORITY);
	move_clock(10 + UPSTREAM_STALE_RETRY_S + 1, 0);
	ck_assert_uint_eq(cached_failure(&key), 0);
	world_close();
	ck_assert_uint_eq(again.called, 0);
}
END_TEST

/* Prefetch: nobody waits, the cache gets it. */
START_TEST(test_refresh)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	unsigned never = 0;

	world_open(false, true);
	upstream_refresh(up, &key);
	upstream_refresh(up, &key);
	ck_assert_uint_eq(upstream_waiting(up), 0);
	run(&never, 1, 0.3);
	ck_assert_uint_eq(outside.packets, 1);
	ck_assert_uint_ge(cached_lifetime(&key), 298);
	world_close();
}
END_TEST

/* A dead list: one wait, then nobody waits till a probe is answered. */
START_TEST(test_dead_route)
{
	struct cache_key one = key_of("one.list.example", DNS_TYPE_A),
			 two = key_of("two.list.example", DNS_TYPE_A),
			 list;
	struct told t, other;
	unsigned never = 0, packets;
	double start;

	world_open(false, true);
	outside.deaf = true;
	start = now_s();
	ck_assert_int_eq(ask("one.list.example", DNS_TYPE_A, &t), 0);
	run(&t.called, 1, DEADLINE_S);
	ck_assert(t.called == 1 && !t.answered);
	ck_assert(now_s() - start > LIST_DEADLINE_S - 0.1);
	ck_assert(now_s() - start < DEADLINE_S);

	/* whatever the name below; and the same by its own failure */
	packets = outside.packets;
	ck_assert_int_eq(
	    ask("two.list.example", DNS_TYPE_A, &t), -ETIMEDOUT);
	ck_assert_uint_eq(cached_failure(&one), EDE_NO_REACHABLE_AUTHORITY);
	ck_assert_uint_eq(cached_failure(&two), 0);
	/* others are not held for dead */
	ck_assert_int_eq(ask("silent.example", DNS_TYPE_A, &other), 0);
	run(&never, 1, 0.1);
	ck_assert_uint_ge(outside.packets, packets + 1);

	move_clock(3, 0); /* the back-off has passed: a probe, no wait */
	ck_assert_int_eq(
	    ask("two.list.example", DNS_TYPE_A, &t), -ETIMEDOUT);
	packets = outside.packets;
	run(&never, 1, LIST_DEADLINE_S + 0.5);
	ck_assert_uint_ge(outside.packets, packets + 1);
	move_clock(5, 0); /* it failed: four seconds now */
	ck_assert_int_eq(
	    ask("three.list.example", DNS_TYPE_A, &t), -ETIMEDOUT);

	list = key_of("list.example", 0); /* what says that it is dead */
	move_clock(40, 0); /* a probe that joins a question under way */
	ck_assert_int_eq(
	    ask("one.list.example", DNS_TYPE_A, &t), -ETIMEDOUT);
	ck_assert_uint_eq(cached_failure(&list), 0);
	run(&never, 1, LIST_DEADLINE_S + 0.5);
	ck_assert_uint_eq(cached_failure(&list), EDE_NO_REACHABLE_AUTHORITY);

	move_clock(200, 0);
	outside.deaf = false;
	ck_assert_int_eq(
	    ask("four.list.example", DNS_TYPE_A, &t), -ETIMEDOUT);
	for (unsigned i = 0; i < 200 && cached_lifetime(&two) == 0; i++)
		run(&never, 1, 0.1);
	t.called = 0;
	for (unsigned i = 0; i < 100 && t.called == 0; i++) {
		(void)ask("five.list.example", DNS_TYPE_A, &t);
		run(&never, 1, 0.1);
	}
	ck_assert(t.called == 1 && t.answered);
	world_close();
}
END_TEST

/*
 * A list on the network is known by the form of its questions (RFC 5782 2.1),
 * has its own deadline, and is back before a client asks again.
 */
START_TEST(test_dead_list)
{
	const uint64_t *silent = &counters_mine->value[COUNTER_ROUTES_SILENT];
	struct cache_key list = key_of("bl.example", 0);
	struct told t, other;
	unsigned never = 0;
	double start;

	world_open(false, true);
	outside.deaf = true;
	start = now_s();
	ck_assert_int_eq(ask("7.113.0.203.bl.example", DNS_TYPE_A, &t), 0);
	ck_assert_int_eq(ask("7.113.0.203.in-addr.arpa", 12, &other), 0);
	run(&t.called, 1, DEADLINE_S);
	ck_assert(t.called == 1 && !t.answered);
	ck_assert(now_s() - start > LIST_DEADLINE_S - 0.1);
	ck_assert(now_s() - start < DEADLINE_S - 0.5);
	ck_assert_uint_eq(other.called, 0);
	ck_assert_uint_eq(cached_failure(&list), EDE_NO_REACHABLE_AUTHORITY);
	ck_assert_int_eq(
	    ask("8.113.0.203.bl.example", DNS_TYPE_A, &t), -ETIMEDOUT);
	/* the back-off ends: it is probed without a client, in vain */
	move_clock(3, 0);
	for (unsigned i = 0; i < 100 && *silent < 2; i++)
		run(&never, 1, 0.1);
	ck_assert_uint_eq(*silent, 2);
	/* another list, and what is no list */
	ck_assert_int_eq(ask("8.113.0.203.l.example", DNS_TYPE_A, &other), 0);
	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &other), 0);
	outside.deaf = false;
	move_clock(10, 0);
	for (unsigned i = 0; i < 100 && last_failed(&list); i++)
		run(&never, 1, 0.1);
	ck_assert_int_eq(ask("9.113.0.203.bl.example", DNS_TYPE_A, &t), 0);
	run(&t.called, 1, DEADLINE_S);
	ck_assert(t.called == 1 && t.answered);
	world_close();
}
END_TEST

/* One silent name of a list that answers others is no reason. */
START_TEST(test_live_route)
{
	struct told t, other;
	unsigned never = 0;

	world_open(false, true);
	ck_assert_int_eq(ask("silent.list.example", DNS_TYPE_A, &t), 0);
	run(&never, 1, 0.2);
	ck_assert_int_eq(ask("mx.list.example", DNS_TYPE_A, &other), 0);
	run(&t.called, 1, DEADLINE_S);
	ck_assert(t.called == 1 && !t.answered);
	ck_assert(other.called == 1 && other.answered);
	ck_assert_int_eq(ask("ns.list.example", DNS_TYPE_A, &other), 0);
	world_close();
}
END_TEST

/* Nobody waits any more, but the cache gets it. */
START_TEST(test_late_answer)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	struct told t;
	unsigned never = 0;

	world_open(false, true);
	outside.deaf = true;
	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &t), 0);
	run(&t.called, 1, DEADLINE_S + 2);
	ck_assert(t.called == 1 && !t.answered);
	ck_assert_uint_eq(cached_lifetime(&key), 0);
	answer_held();
	run(&never, 1, 0.3);
	ck_assert_uint_ge(cached_lifetime(&key), 298);
	ck_assert_uint_eq(t.called, 1);
	world_close();
}
END_TEST

UNIT_MAIN("upstream_wait", UNIT_ONCE(test_deadline), UNIT_ONCE(test_stale),
    UNIT_ONCE(test_refresh), UNIT_ONCE(test_dead_route),
    UNIT_ONCE(test_dead_list), UNIT_ONCE(test_live_route),
    UNIT_ONCE(test_late_answer))
