/*
 * That a route is dead is kept in the cache as the failure of a question of type
 * 0, which nobody can ask, for the route's own name.
 */
#include "resolverd/reach.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "lib/dname.h"
#include "lib/log.h"
#include "resolverd/counters.h"

struct state {
	uint64_t answered_ms; /* when the last answer came; 0: none yet */
	bool probing;
	struct cache_key key;
};

struct reach_table {
	const struct conf *conf;
	struct cache *cache;
	struct state states[]; /* one for each route */
};

uint64_t
reach_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct reach_table *
reach_new(const struct conf *conf, struct cache *cache)
{
	struct reach_table *t;

	t = calloc(1, sizeof(*t) + conf->n_routes * sizeof(t->states[0]));
	if (t == NULL)
		return NULL;
	t->conf = conf;
	t->cache = cache;
	for (size_t i = 0; i < conf->n_routes; i++) {
		struct cache_key *key = &t->states[i].key;

		key->qname = conf->routes[i].apex;
		key->qname_len = dname_len(key->qname);
		key->hash = dname_hash(key->qname);
	}
	return t;
}

void
reach_free(struct reach_table *t)
{
	free(t);
}

/* NULL where it is not for us to judge. */
static struct state *
state_of(struct reach_table *t, const struct conf_route *route)
{
	if (t->cache == NULL || route == NULL || route->deadline_s == 0)
		return NULL;
	return &t->states[route - t->conf->routes];
}

enum reach
reach_of(struct reach_table *t, const struct conf_route *route)
{
	struct state *s = state_of(t, route);
	struct answer a;

	if (s == NULL)
		return REACH_ASK;
	switch (
	    cache_get_failure(t->cache, &s->key, cache_now(t->cache), &a)) {
	case 0:
		return REACH_DEAD;
	case -ESTALE:
		return s->probing ? REACH_DEAD : REACH_PROBE;
	default:
		return REACH_ASK;
	}
}

void
reach_probes(
    struct reach_table *t, const struct conf_route *route, bool is_sent)
{
	struct state *s = state_of(t, route);

	if (s != NULL)
		s->probing = is_sent;
}

void
reach_answered(struct reach_table *t, const struct conf_route *route)
{
	struct state *s = state_of(t, route);

	if (s == NULL)
		return;
	s->answered_ms = reach_now_ms();
	s->probing = false;
	if (cache_forget_failure(t->cache, &s->key, cache_now(t->cache)))
		log_info("%s: answers again", route->name);
}

void
reach_silent(struct reach_table *t, const struct conf_route *route,
    uint64_t asked_ms)
{
	struct state *s = state_of(t, route);
	uint64_t now;

	if (s == NULL || s->answered_ms >= asked_ms)
		return;
	s->probing = false;
	now = cache_now(t->cache);
	if (!cache_put_failure(
		t->cache, &s->key, now, EDE_NO_REACHABLE_AUTHORITY, 0))
		return;
	cache_flush(t->cache, now); /* the other workers are to know */
	counter_inc(COUNTER_ROUTES_SILENT);
	log_warn("%s: no answer within %u s: not waited for until one comes",
	    route->name, route->deadline_s);
}
