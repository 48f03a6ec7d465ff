/*
 * Questions to the outside: who waits for them, and for how long.
 *
 * A flight is one question under way and the clients that wait for it. It stays
 * in the table until libunbound is done with it: after the deadline without
 * waiters, so that a late answer still reaches the cache, a client that asks
 * again joins it, and what libunbound holds for us stays below the cap. Its
 * answer may come while it is being asked, and from inside the context's end.
 *
 * One timer per flight: where its waiters have an expired answer it goes off
 * twice, when they take that (RFC 8767 5), and at the deadline. Then the
 * question has failed (RFC 9520), and its route may be held for dead (reach.h).
 *
 * Answers come from the network by way of libunbound: untrusted.
 */
#include <sys/time.h>

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "resolverd/counters.h"
#include "resolverd/reach.h"
#include "resolverd/upstream.h"
#include "resolverd/upstream_pool.h"

#define BUCKETS 4096                          /* a power of two */
#define BOGUS_LIFETIME_S 60 /* RFC 4035 4.7: of bad data, for CD questions */
#define BOGUS_LOG_S 10      /* between two log lines about bogus answers */
#define ON_THE_WAY_MS 50    /* of a deadline: ours to the client, our delays */

struct waiter {
	struct waiter *next;
	upstream_done_fn *done;
	void *arg;
};

struct flight {
	struct upstream_ask ask; /* the first member: on_answer() */
	struct flight *next;    /* in its bucket */
	struct upstream *up;    /* borrowed */
	struct waiter *waiters; /* the first that came first; owned */
	struct waiter **last;
	const struct conf_route *route; /* borrowed; or NULL */
	uint64_t asked_ms;              /* by reach_now_ms() */
	struct event timer; /* pending until the deadline; then while there are
			     * waiters again */
	bool has_stale;     /* its waiters have an expired answer, */
	bool stale_is_due;  /* which they were told to take */
	bool is_probe;      /* of its route, which is held for dead */
	bool failed;        /* since asked_ms, and it was noted */
	struct cache_key key; /* its qname is the next member */
	uint8_t qname[DNAME_MAX];
};

/* What came goes into the cache this much later, many at once. */
#define FLUSH_MS 20

struct upstream {
	struct upstream_pool *pool;     /* NULL once it ends */
	struct reach_table *reach;
	struct event_base *base; /* borrowed */
	struct cache *cache;     /* borrowed; may be NULL */
	struct event *flush;     /* a timer */
	uint32_t deadline_s;     /* where a route has no other */
	unsigned max_flights;
	struct conf_ttls ttls;
	unsigned n_flights, n_waiting;
	time_t bogus_logged; /* when the last line was written */
	unsigned bogus_unlogged;
	struct flight *buckets[BUCKETS];
};

/* ---- flights */

static struct flight **
flight_slot(struct upstream *u, const struct cache_key *key)
{
	struct flight **slot = &u->buckets[key->hash & (BUCKETS - 1)];

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

static upstream_ask_done_fn on_answer;
static void on_timer(evutil_socket_t fd, short what, void *arg);

static struct flight *
flight_new(
    struct upstream *u, const struct cache_key *key, struct flight **slot)
{
	struct flight *f;

	if (u->n_flights == u->max_flights)
		return NULL;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->ask.done = on_answer;
	f->up = u;
	f->key = *key;
	f->key.qname = memcpy(f->qname, key->qname, key->qname_len);
	f->route = upstream_pool_route(u->pool, key->qname);
	f->last = &f->waiters;
	evtimer_assign(&f->timer, u->base, on_timer, f);
	*slot = f;
	counter_set(COUNTER_UPSTREAM_FLIGHTS, ++u->n_flights);
	return f;
}

static void
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
	uint32_t s = f->up->deadline_s;

	if (f->route != NULL && f->route->deadline_s != 0)
		s = f->route->deadline_s;
	return s * 1000 - ON_THE_WAY_MS;
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

/* Whoever waits from now on waits for this long; without an expired answer
 * till the deadline, with it no longer than RFC 8767 5 says. */
static bool
flight_wait(struct flight *f, bool has_stale)
{
	unsigned ms = deadline_ms(f);

	if (has_stale && ms > UPSTREAM_STALE_WAIT_MS)
		ms = UPSTREAM_STALE_WAIT_MS;
	f->asked_ms = reach_now_ms();
	f->has_stale = has_stale;
	f->stale_is_due = f->failed = false;
	return set_timer(f, ms);
}

/* ---- its waiters */

/*
 * Returns 0; -ETIMEDOUT for one that has an expired answer and should take it
 * now; -EBUSY.
 */
static int
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

/* The flight is over; f is gone. */
static void
flight_end(struct flight *f, const struct answer *a)
{
	struct upstream *u = f->up;
	struct waiter *waiters = flight_take_waiters(f);

	flight_free(f);
	call_waiters(u, waiters, a);
}

/* ---- failures */

static void
flush_soon(struct upstream *u)
{
	static const struct timeval soon = {.tv_usec = FLUSH_MS * 1000};

	if (u->cache != NULL && !evtimer_pending(u->flush, NULL))
		event_add(u->flush, &soon);
}

/* RFC 9520; RFC 8767 5 where there is an expired answer */
static void
note_failure(struct flight *f, uint8_t ede)
{
	struct upstream *u = f->up;
	struct answer a;
	uint64_t now;
	bool has_stale;

	if (f->failed || u->cache == NULL || u->pool == NULL)
		return;
	f->failed = true;
	now = cache_now(u->cache);
	has_stale = cache_get(u->cache, &f->key, now, &a) == -ESTALE;
	cache_pause(u->cache);
	(void)cache_put_failure(u->cache, &f->key, now, ede,
	    has_stale ? UPSTREAM_STALE_RETRY_S : 0);
	flush_soon(u);
}

static void
flight_fail(struct flight *f, uint8_t ede)
{
	const struct answer a = {.rcode = DNS_RCODE_SERVFAIL, .ede = ede};

	note_failure(f, ede);
	if (f->is_probe && f->up->pool != NULL)
		reach_silent(f->up->reach, f->route, f->asked_ms);
	flight_end(f, &a);
}

/* Its waiters get what there is; the flight goes on without them. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	const struct answer none = {.rcode = DNS_RCODE_SERVFAIL,
	    .ede = EDE_NO_REACHABLE_AUTHORITY};
	struct flight *f = arg;
	uint64_t waited_ms = reach_now_ms() - f->asked_ms;

	(void)fd, (void)what;
	/* a few milliseconds are the event loop's */
	if (f->has_stale && waited_ms + 10 < deadline_ms(f)) {
		f->stale_is_due = true;
		(void)set_timer(f, deadline_ms(f) - (unsigned)waited_ms);
	} else {
		counter_inc(COUNTER_DEADLINES);
		note_failure(f, none.ede);
		reach_silent(f->up->reach, f->route, f->asked_ms);
	}
	call_waiters(f->up, flight_take_waiters(f), &none);
}

/* ---- answers */

static void
log_bogus(struct upstream *u, const struct cache_key *key, const char *why)
{
	char txt[DNAME_TXT_MAX];
	time_t now = time(NULL);

	if (now - u->bogus_logged < BOGUS_LOG_S && now >= u->bogus_logged) {
		u->bogus_unlogged++;
		return;
	}
	log_info("%s/%u: DNSSEC validation failed: %s (%u more since the last "
		 "such line)",
	    dname_to_txt(txt, key->qname), key->qtype,
	    why != NULL ? why : "no reason given", u->bogus_unlogged);
	u->bogus_logged = now;
	u->bogus_unlogged = 0;
}

/* The buffers are this call's own: a waiter may ask anew, and so come here. */
static void
flight_answer(struct flight *f, const struct upstream_result *result)
{
	uint8_t body[DNS_MESSAGE_MAX], ttl_off[2 * ANSWER_TTLS_MAX];
	struct upstream *u = f->up;
	const struct cache_key *key = &f->key;
	struct answer a;
	uint32_t lifetime;

	if (answer_from_message(&a, result->message, result->len, key->qname,
		key->qname_len, key->qtype, key->dnssec_ok, &u->ttls, body,
		sizeof(body), ttl_off, &lifetime) != 0) {
		flight_fail(f, EDE_INVALID_DATA);
		return;
	}
	if (a.rcode == DNS_RCODE_SERVFAIL) {
		flight_fail(f, EDE_NO_REACHABLE_AUTHORITY);
		return;
	}
	reach_answered(u->reach, f->route);
	a.secure = result->security == UPSTREAM_SECURE;
	if (result->security == UPSTREAM_BOGUS && lifetime > BOGUS_LIFETIME_S)
		lifetime = BOGUS_LIFETIME_S;
	if (u->cache != NULL)
		cache_put(u->cache, key, cache_now(u->cache), &a, lifetime);
	/* nobody waits: it is for the cache, and was waited for there */
	if (u->cache != NULL && f->waiters == NULL)
		cache_flush(u->cache, cache_now(u->cache));
	else
		flush_soon(u);
	flight_end(f, &a);
}

/*
 * Bogus data comes as it is; to withhold it is our part (RFC 4035 5.5), unless
 * CD was set.
 */
static void
on_answer(struct upstream_ask *ask, const struct upstream_result *result)
{
	struct flight *f = (struct flight *)ask;
	bool bogus = result->security == UPSTREAM_BOGUS;

	if (bogus)
		log_bogus(f->up, &f->key, result->why_bogus);
	if (result->message == NULL)
		flight_fail(f, EDE_NO_REACHABLE_AUTHORITY);
	else if (bogus && !f->key.checking_disabled)
		flight_fail(f, result->ede);
	else
		flight_answer(f, result);
}

/* A start that libunbound rejects would leak there: only what it takes. */
static bool
key_is_taken(const struct cache_key *key)
{
	if (key->qtype == 0 || key->qtype == DNS_TYPE_OPT ||
	    (key->qtype >= DNS_TYPE_META_FIRST && key->qtype < DNS_TYPE_ANY))
		return false;
	return key->qname_len > 0 && key->qname_len <= DNAME_MAX &&
	    dname_len(key->qname) == key->qname_len;
}

/* The answer may come inside the call, and then f is gone. */
static int
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

/* A question under way is given another deadline. */
static int
probe_again(struct flight *f)
{
	f->is_probe = true;
	if (evtimer_pending(&f->timer, NULL))
		return 0;
	return flight_wait(f, false) ? 0 : -EBUSY;
}

/* A flight that nobody waits for. Returns 0 if it ends; maybe it has. */
static int
ask_alone(struct upstream *u, const struct cache_key *key, bool is_probe)
{
	struct flight **slot = flight_slot(u, key), *f;

	if (*slot != NULL)
		return is_probe ? probe_again(*slot) : 0;
	f = flight_new(u, key, slot);
	if (f == NULL)
		return -EBUSY;
	f->is_probe = is_probe;
	if (!flight_wait(f, false)) {
		flight_free(f);
		return -EBUSY;
	}
	return flight_start(f);
}

void
upstream_refresh(struct upstream *u, const struct cache_key *key)
{
	if (u->pool == NULL || u->n_flights > u->max_flights / 2 ||
	    reach_of(u->reach, upstream_pool_route(u->pool, key->qname)) !=
		REACH_ASK ||
	    *flight_slot(u, key) != NULL)
		return;
	counter_inc(COUNTER_PREFETCHES);
	(void)ask_alone(u, key, false);
}

/* Returns 0 if the question may be asked and waited for, else -ETIMEDOUT. */
static int
consult_reach(struct upstream *u, const struct cache_key *key)
{
	const struct conf_route *route =
	    upstream_pool_route(u->pool, key->qname);

	switch (reach_of(u->reach, route)) {
	case REACH_ASK:
		return 0;
	case REACH_PROBE:
		/* before it is asked: its answer may come in the call */
		reach_probes(u->reach, route, true);
		if (ask_alone(u, key, true) != 0)
			reach_probes(u->reach, route, false);
		break;
	case REACH_DEAD:
		break;
	}
	counter_inc(COUNTER_UNREACHABLE);
	return -ETIMEDOUT;
}

int
upstream_resolve(struct upstream *u, const struct cache_key *key,
    bool has_stale, upstream_done_fn *done, void *arg)
{
	struct flight **slot, *f;
	int rc;

	if (!key_is_taken(key))
		return -EINVAL;
	if (u->pool == NULL)
		return -EBUSY;
	rc = consult_reach(u, key);
	if (rc != 0)
		return rc;
	slot = flight_slot(u, key);
	if (*slot != NULL)
		return flight_join(*slot, has_stale, done, arg);
	f = flight_new(u, key, slot);
	if (f == NULL)
		return -EBUSY;
	rc = flight_join(f, has_stale, done, arg);
	if (rc != 0) {
		flight_free(f);
		return rc;
	}
	return flight_start(f);
}

unsigned
upstream_waiting(const struct upstream *u)
{
	return u->n_waiting;
}

/* ---- open and close */

static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct upstream *u = arg;

	(void)fd, (void)what;
	cache_flush(u->cache, cache_now(u->cache));
}

int
upstream_open(struct upstream **out, struct event_base *base,
    const struct conf *conf, struct cache *cache, char *why)
{
	struct upstream *u;
	int rc;

	*out = NULL;
	u = calloc(1, sizeof(*u));
	if (u == NULL) {
		snprintf(why, UPSTREAM_WHY_MAX, "out of memory");
		return -ENOMEM;
	}
	u->base = base;
	u->cache = cache;
	u->ttls = conf->cache.ttls;
	u->deadline_s = conf->upstream.deadline_s;
	u->max_flights = conf->upstream.max_in_flight;
	u->reach = reach_new(conf, cache);
	u->flush = evtimer_new(base, on_flush, u);
	if (u->reach == NULL || u->flush == NULL) {
		snprintf(why, UPSTREAM_WHY_MAX, "out of memory");
		rc = -ENOMEM;
	} else {
		rc = upstream_pool_open(&u->pool, base, conf, false, why);
	}
	if (rc != 0) {
		upstream_close(u);
		return rc;
	}
	*out = u;
	return 0;
}

void
upstream_close(struct upstream *u)
{
	struct upstream_pool *pool;

	if (u == NULL)
		return;
	pool = u->pool;
	u->pool = NULL;
	upstream_pool_close(pool); /* ends what is under way, mostly */
	for (unsigned i = 0; i < BUCKETS; i++)
		while (u->buckets[i] != NULL)
			flight_fail(u->buckets[i], EDE_NOT_READY);
	if (u->flush != NULL)
		event_free(u->flush);
	reach_free(u->reach);
	free(u);
}
