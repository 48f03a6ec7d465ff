/*
 * Questions to the outside: who waits for them, and for how long.
 *
 * A flight is one question under way and the clients that wait for it. It stays
 * in the table until libunbound is done with it: after the deadline without
 * waiters, so that a late answer still reaches the cache, a client that asks
 * again joins it, and what libunbound holds for us stays below the cap. Its
 * answer may come while it is being asked, and from inside the context's end.
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
#include "resolverd/upstream.h"
#include "resolverd/upstream_pool.h"

#define BUCKETS 4096                          /* a power of two */
#define BOGUS_LIFETIME_S 60 /* RFC 4035 4.7: of bad data, for CD questions */
#define BOGUS_LOG_S 10      /* between two log lines about bogus answers */

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
	struct event deadline; /* pending while there are waiters */
	struct cache_key key;  /* its qname is the next member */
	uint8_t qname[DNAME_MAX];
};

struct upstream {
	struct upstream_pool *pool;     /* NULL once it ends */
	struct event_base *base;        /* borrowed */
	const struct timeval *deadline; /* libevent's: a queue, not a heap */
	struct cache *cache;            /* borrowed; may be NULL */
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
static void on_deadline(evutil_socket_t fd, short what, void *arg);

static struct flight *
flight_new(
    struct upstream *u, const struct cache_key *key, struct flight **slot)
{
	struct flight *f;

	if (u->n_flights == UPSTREAM_FLIGHTS_MAX)
		return NULL;
	f = malloc(sizeof(*f));
	if (f == NULL)
		return NULL;
	f->ask.done = on_answer;
	f->up = u;
	f->key = *key;
	f->key.qname = memcpy(f->qname, key->qname, key->qname_len);
	f->waiters = NULL;
	f->last = &f->waiters;
	evtimer_assign(&f->deadline, u->base, on_deadline, f);
	f->next = NULL;
	*slot = f;
	u->n_flights++;
	return f;
}

static void
flight_free(struct flight *f)
{
	struct upstream *u = f->up;

	*flight_slot(u, &f->key) = f->next;
	u->n_flights--;
	event_del(&f->deadline);
	free(f);
}

static bool
flight_join(struct flight *f, upstream_done_fn *done, void *arg)
{
	struct upstream *u = f->up;
	struct waiter *w;

	if (u->n_waiting == UPSTREAM_WAITERS_MAX)
		return false;
	if (f->waiters == NULL && event_add(&f->deadline, u->deadline) != 0)
		return false;
	w = malloc(sizeof(*w));
	if (w == NULL)
		return false;
	*w = (struct waiter){.done = done, .arg = arg};
	*f->last = w;
	f->last = &w->next;
	counter_set(COUNTER_UPSTREAM_WAITING, ++u->n_waiting);
	return true;
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

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct flight *f = arg;

	(void)fd, (void)what;
	call_waiters(f->up, flight_take_waiters(f), NULL);
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
		sizeof(body), ttl_off, &lifetime) != 0 ||
	    a.rcode == DNS_RCODE_SERVFAIL) { /* what libunbound remembers */
		flight_end(f, NULL);
		return;
	}
	a.secure = result->security == UPSTREAM_SECURE;
	if (result->security == UPSTREAM_BOGUS && lifetime > BOGUS_LIFETIME_S)
		lifetime = BOGUS_LIFETIME_S;
	if (u->cache != NULL)
		cache_put(u->cache, key, cache_now(u->cache), &a, lifetime);
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
	if (result->message == NULL || (bogus && !f->key.checking_disabled))
		flight_end(f, NULL);
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
	int rc = upstream_pool_ask(
	    f->up->pool, f->qname, f->key.qtype, &f->ask);

	if (rc == 0)
		return 0;
	counter_set(COUNTER_UPSTREAM_WAITING, --f->up->n_waiting);
	free(flight_take_waiters(f));
	flight_free(f);
	return rc;
}

int
upstream_resolve(struct upstream *u, const struct cache_key *key,
    upstream_done_fn *done, void *arg)
{
	struct flight **slot, *f;

	if (!key_is_taken(key))
		return -EINVAL;
	if (u->pool == NULL)
		return -EBUSY;
	slot = flight_slot(u, key);
	if (*slot != NULL)
		return flight_join(*slot, done, arg) ? 0 : -EBUSY;
	f = flight_new(u, key, slot);
	if (f == NULL)
		return -EBUSY;
	if (!flight_join(f, done, arg)) {
		flight_free(f);
		return -EBUSY;
	}
	return flight_start(f);
}

unsigned
upstream_waiting(const struct upstream *u)
{
	return u->n_waiting;
}

/* ---- open and close */

int
upstream_open(struct upstream **out, struct event_base *base,
    const struct conf *conf, struct cache *cache, char *why)
{
	const struct timeval deadline = {.tv_sec = UPSTREAM_DEADLINE_S};
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
	u->deadline = event_base_init_common_timeout(base, &deadline);
	if (u->deadline == NULL) {
		snprintf(why, UPSTREAM_WHY_MAX, "libevent makes no queue");
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
			flight_end(u->buckets[i], NULL);
	free(u);
}
