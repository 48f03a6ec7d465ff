/*
 * What is asked outside, and what is not: by the route that a name has, and
 * whether anything comes that way (reach.h).
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/addr.h"
#include "resolverd/counters.h"
#include "resolverd/upstream_impl.h"

/* In a tick, at most: one may fail at once, and its failure not be kept. */
#define PROBES_MAX 256

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

/*
 * A route may say how long its names are waited for. What asks a list on the
 * network has its own deadline, too, which nobody has to configure.
 */
struct course
upstream_course(const struct upstream *u, const uint8_t *qname)
{
	const struct conf_route *route = upstream_pool_route(u->pool, qname);
	const uint8_t *zone;

	if (route != NULL && route->deadline_s != 0) {
		zone = qname + dname_len(qname) - dname_len(route->apex);
		return (struct course){route->deadline_s, zone};
	}
	zone = addr_rev_zone(qname);
	if (zone != NULL)
		return (struct course){u->list_deadline_s, zone};
	return (struct course){u->deadline_s, NULL};
}

/* A question under way is given another deadline. */
static int
probe_again(struct flight *f)
{
	if (!evtimer_pending(&f->timer, NULL) && !flight_wait(f, false))
		return -EBUSY;
	f->is_probe = true;
	return 0;
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
	if (!flight_wait(f, false)) {
		flight_free(f);
		return -EBUSY;
	}
	f->is_probe = is_probe;
	return flight_start(f);
}

void
upstream_refresh(struct upstream *u, const struct cache_key *key)
{
	if (u->pool == NULL || u->n_flights > u->max_flights / 2 ||
	    reach_of(u->reach, upstream_course(u, key->qname).zone, key) !=
		REACH_ASK ||
	    *flight_slot(u, key) != NULL)
		return;
	counter_inc(COUNTER_PREFETCHES);
	(void)ask_alone(u, key, false);
}

/* Returns whether it is sent. */
static bool
probe(struct upstream *u, const struct cache_key *key)
{
	const uint8_t *zone = upstream_course(u, key->qname).zone;
	bool sent;

	/* before it is asked: its answer may come in the call */
	reach_probes(u->reach, zone, true);
	sent = ask_alone(u, key, true) == 0;
	if (!sent)
		reach_probes(u->reach, zone, false);
	return sent;
}

/* No client is to be the one that finds a zone back. */
static void
on_probe(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval second = {.tv_sec = 1};
	const struct cache_key *key;
	struct upstream *u = arg;
	unsigned n = 0;

	(void)fd, (void)what;
	while (n++ < PROBES_MAX && (key = reach_due(u->reach)) != NULL &&
	    probe(u, key))
		;
	cache_pause(u->cache);
	if (reach_has_dead(u->reach))
		event_add(u->probe, &second);
}

/* Returns 0 if the question may be asked and waited for, else -ETIMEDOUT. */
static int
consult_reach(struct upstream *u, const struct cache_key *key)
{
	switch (
	    reach_of(u->reach, upstream_course(u, key->qname).zone, key)) {
	case REACH_ASK:
		return 0;
	case REACH_PROBE:
		(void)probe(u, key);
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
	u->list_deadline_s = conf->upstream.list_deadline_s;
	if (u->list_deadline_s > u->deadline_s)
		u->list_deadline_s = u->deadline_s;
	u->reach = reach_new(cache);
	u->flush = evtimer_new(base, on_flush, u);
	u->probe = evtimer_new(base, on_probe, u);
	if (u->reach == NULL || u->flush == NULL || u->probe == NULL) {
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
	for (unsigned i = 0; i < UPSTREAM_BUCKETS; i++)
		while (u->buckets[i] != NULL)
			flight_fail(
			    u->buckets[i], EDE_NOT_READY, "the daemon ends");
	if (u->flush != NULL)
		event_free(u->flush);
	if (u->probe != NULL)
		event_free(u->probe);
	reach_free(u->reach);
	free(u);
}
