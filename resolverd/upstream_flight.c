/*
 * Questions under way, who waits for them, and for how long.
 *
 * One timer per flight: where its waiters have an expired answer it goes off
 * twice, when they take that (RFC 8767 5), and at the deadline. Then the
 * question has failed (RFC 9520), and its zone may be held for dead (reach.h).
 */
#include <sys/time.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "resolverd/counters.h"
#include "resolverd/upstream_impl.h"

#define ON_THE_WAY_MS 50 /* of a deadline: ours to the client, our delays */

static const struct timeval second = {.tv_sec = 1};

struct waiter {
	struct waiter *next;
	upstream_done_fn *done;
	void *arg;
};

/* ---- the table */

struct flight **
flight_slot(struct upstream *u, const struct cache_key *key)
{
	struct flight **slot = &u->buckets[key->hash & (UPSTREAM_BUCKETS - 1)];

	for (; *slot != NULL; slot = &(*slot)->next) {
		const struct cache_key *k = &(*slot)->key;

		if (k->hash == key->hash && k->qtype == key->qtype &&
		    k->dnssec_ok == key->dnssec_ok &&
		    k->checking_disabled == key->checking_disabled &&
		    k->qname_len == key->qname_len &&
		    memcmp(k->qname, key->qname, key->qname_len) == 0)
			break;
	}
	return slot;
}

static void on_timer(evutil_socket_t fd, short what, void *arg);

struct flight *
flight_new(
    struct upstream *u, const struct cache_key *key, struct flight **slot)
{
	struct flight *f;

	if (u->n_flights == u->max_flights)
		return NULL;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->ask.done = upstream_on_answer;
	f->up = u;
	f->key = *key;
	f->key.qname = memcpy(f->qname, key->qname, key->qname_len);
	f->course = upstream_course(u, f->qname);
	f->last = &f->waiters;
	evtimer_assign(&f->timer, u->base, on_timer, f);
	*slot = f;
	counter_set(COUNTER_UPSTREAM_FLIGHTS, ++u->n_flights);
	return f;
}

void
flight_free(struct flight *f)
{
	struct upstream *u = f->up;

	*flight_slot(u, &f->key) = f->next;
	counter_set(COUNTER_UPSTREAM_FLIGHTS, --u->n_flights);
	event_del(&f->timer);
	free(f);
}

/* ---- its timer */

/* When we give up, so that a client has its answer within the deadline. */
static unsigned
deadline_ms(const struct flight *f)
{
	return f->course.deadline_s * 1000 - ON_THE_WAY_MS;
}

static struct timeval
timeval_of(unsigned ms)
{
	return (struct timeval){
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

/* Few lengths, many timers: libevent keeps each length's as a queue. */
static bool
set_timer(struct flight *f, unsigned ms)
{
	const struct timeval tv = timeval_of(ms), *queue;

	queue = event_base_init_common_timeout(f->up->base, &tv);
	return event_add(&f->timer, queue != NULL ? queue : &tv) == 0;
}

bool
flight_wait(struct flight *f, bool has_stale)
{
	unsigned ms = deadline_ms(f);

	if (has_stale && ms > UPSTREAM_STALE_WAIT_MS)
		ms = UPSTREAM_STALE_WAIT_MS;
	f->asked_ms = reach_now_ms();
	f->has_stale = has_stale;
	f->stale_is_due = f->failed = f->is_probe = false;
	return set_timer(f, ms);
}

void
flight_is_silent(struct flight *f)
{
	struct upstream *u = f->up;

	if (u->pool == NULL)
		return;
	reach_silent(u->reach, f->course.zone, &f->key, f->asked_ms,
	    f->course.deadline_s);
	upstream_flush_soon(u);
	if (reach_has_dead(u->reach) && !evtimer_pending(u->probe, NULL))
		event_add(u->probe, &second);
}

/* ---- its waiters */

int
flight_join(
    struct flight *f, bool has_stale, upstream_done_fn *done, void *arg)
{
	struct upstream *u = f->up;
	bool waiting = evtimer_pending(&f->timer, NULL);
	struct waiter *w;

	if (waiting && has_stale &&
	    (f->stale_is_due ||
		reach_now_ms() - f->asked_ms >= UPSTREAM_STALE_WAIT_MS))
		return -ETIMEDOUT;
	if (u->n_waiting == u->max_flights * UPSTREAM_WAITERS)
		return -EBUSY;
	w = malloc(sizeof(*w));
	if (w == NULL)
		return -EBUSY;
	/* one that was asked for before the answer expired: from now on */
	if ((!waiting || (has_stale && !f->has_stale)) &&
	    !flight_wait(f, has_stale)) {
		free(w);
		return -EBUSY;
	}
	*w = (struct waiter){.done = done, .arg = arg};
	*f->last = w;
	f->last = &w->next;
	counter_set(COUNTER_UPSTREAM_WAITING, ++u->n_waiting);
	return 0;
}

static struct waiter *
flight_take_waiters(struct flight *f)
{
	struct waiter *first = f->waiters;

	f->waiters = NULL;
	f->last = &f->waiters;
	return first;
}

/* What is called may ask anew: nothing of the flight is touched here. */
static void
call_waiters(struct upstream *u, struct waiter *first, const struct answer *a)
{
	struct waiter *w;

	while ((w = first) != NULL) {
		upstream_done_fn *done = w->done;
		void *arg = w->arg;

		first = w->next;
		free(w);
		counter_set(COUNTER_UPSTREAM_WAITING, --u->n_waiting);
		done(arg, a);
	}
}

void
flight_end(struct flight *f, const struct answer *a)
{
	struct upstream *u = f->up;
	struct waiter *waiters = flight_take_waiters(f);

	flight_free(f);
	call_waiters(u, waiters, a);
}

/*
 * What is left of the deadline may be of any length, each a queue that stays,
 * of which libevent has 256: an ordinary timer.
 */
static void
set_rest(struct flight *f, unsigned ms)
{
	const struct timeval tv = timeval_of(ms);

	(void)event_add(&f->timer, &tv);
}

/* Its waiters get what there is; the flight goes on without them. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	const struct answer none = {.rcode = DNS_RCODE_SERVFAIL,
	    .ede = EDE_NO_REACHABLE_AUTHORITY,
	    .why = "no answer in time"};
	struct flight *f = arg;
	uint64_t waited_ms = reach_now_ms() - f->asked_ms;

	(void)fd, (void)what;
	/* a few milliseconds are the event loop's */
	if (f->has_stale && waited_ms + 10 < deadline_ms(f)) {
		f->stale_is_due = true;
		set_rest(f, deadline_ms(f) - (unsigned)waited_ms);
	} else {
		counter_inc(COUNTER_DEADLINES);
		flight_note_failure(f, none.ede);
		flight_is_silent(f);
	}
	call_waiters(f->up, flight_take_waiters(f), &none);
}

/* ---- asking */

int
flight_start(struct flight *f)
{
	struct upstream *u = f->up;
	struct waiter *w;
	int rc;

	rc = upstream_pool_ask(u->pool, f->qname, f->key.qtype, &f->ask);
	if (rc == 0)
		return 0;
	w = flight_take_waiters(f);
	if (w != NULL)
		counter_set(COUNTER_UPSTREAM_WAITING, --u->n_waiting);
	free(w);
	flight_free(f);
	return rc;
}
