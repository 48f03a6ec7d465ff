/*
 * The inside of upstream.c, shared with its flights (upstream_flight.c) and
 * what becomes of their answers (upstream_answer.c).
 *
 * A flight is one question under way and the clients that wait for it. It stays
 * in the table until libunbound is done with it: after the deadline without
 * waiters, so that a late answer still reaches the cache, a client that asks
 * again joins it, and what libunbound holds for us stays below the cap. Its
 * answer may come while it is being asked, and from inside the context's end.
 */
#ifndef RESOLVERD_UPSTREAM_IMPL_H
#define RESOLVERD_UPSTREAM_IMPL_H

#include <event2/event_struct.h>
#include <time.h>

#include "resolverd/reach.h"
#include "resolverd/upstream.h"
#include "resolverd/upstream_pool.h"

#define UPSTREAM_BUCKETS 4096 /* a power of two */

struct waiter;

/* What is known of a question's way before it is asked. */
struct course {
	uint32_t deadline_s;
	const uint8_t *zone; /* for reach.h: in the qname; or NULL */
};

struct flight {
	struct upstream_ask ask; /* the first member: upstream_on_answer() */
	struct flight *next;    /* in its bucket */
	struct upstream *up;    /* borrowed */
	struct waiter *waiters; /* the first that came first; owned */
	struct waiter **last;
	struct course course;
	uint64_t asked_ms; /* by reach_now_ms() */
	struct event timer; /* pending until the deadline; then while there are
			     * waiters again */
	bool has_stale;     /* its waiters have an expired answer, */
	bool stale_is_due;  /* which they were told to take */
	bool is_probe;      /* of its zone, which is held for dead */
	bool failed;        /* since asked_ms, and it was noted */
	struct cache_key key; /* its qname is the next member */
	uint8_t qname[DNAME_MAX];
};

struct upstream {
	struct upstream_pool *pool; /* NULL once it ends */
	struct reach_table *reach;
	struct event_base *base; /* borrowed */
	struct cache *cache;     /* borrowed; may be NULL */
	struct event *flush;     /* a timer */
	struct event *probe;     /* a timer, while a zone is held for dead */
	uint32_t deadline_s;     /* where a route has no other */
	uint32_t list_deadline_s; /* of lists by their form, likewise */
	unsigned max_flights;
	struct conf_ttls ttls;
	unsigned n_flights, n_waiting;
	time_t bogus_logged; /* when the last line was written */
	unsigned bogus_unlogged;
	struct flight *buckets[UPSTREAM_BUCKETS];
};

/* qname: lower case; borrowed by what is returned. */
struct course upstream_course(const struct upstream *u, const uint8_t *qname);

/* Where the question's flight is in the table, or would be. */
struct flight **flight_slot(struct upstream *u, const struct cache_key *key);

/* In the table, not asked yet. NULL: too many, or memory is out. */
struct flight *flight_new(
    struct upstream *u, const struct cache_key *key, struct flight **slot);

/* One that was not asked, or is over. */
void flight_free(struct flight *f);

/* Whoever waits from now on waits for this long; without an expired answer
 * till the deadline, with it no longer than RFC 8767 5 says. */
bool flight_wait(struct flight *f, bool has_stale);

/*
 * Another waiter. Returns 0; -ETIMEDOUT for one that has an expired answer and
 * should take it now; -EBUSY.
 */
int flight_join(
    struct flight *f, bool has_stale, upstream_done_fn *done, void *arg);

/*
 * Asks. The answer may come inside the call, and then f is gone. On failure it
 * is gone, too, its one waiter is not called.
 */
int flight_start(struct flight *f);

/* It is over: the waiters are called, f is gone. */
void flight_end(struct flight *f, const struct answer *a);

/* Nothing came of it in time: its zone may be held for dead. */
void flight_is_silent(struct flight *f);

/* upstream_answer.c: what came of it. */
upstream_ask_done_fn upstream_on_answer;

/* What waits for the cache is written in a moment, much at once. */
void upstream_flush_soon(struct upstream *u);

/* The question has failed: for the cache (RFC 9520); then for the waiters,
 * who are told why (ASCII). */
void flight_note_failure(struct flight *f, uint8_t ede);
void flight_fail(struct flight *f, uint8_t ede, const char *why);

#endif
