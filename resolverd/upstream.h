/*
 * Resolution of everything that is not ours: libunbound on the worker's own
 * event base (upstream_context.h).
 *
 * Equal questions that are under way at the same time share one flight: one
 * libunbound query, any number of waiters, each with its own completion.
 */
#ifndef RESOLVERD_UPSTREAM_H
#define RESOLVERD_UPSTREAM_H

#include <stdint.h>

#include "lib/conf.h"
#include "resolverd/answer.h"
#include "resolverd/cache.h"
#include "resolverd/upstream_context.h"

#define UPSTREAM_FLIGHTS_MAX 5000  /* questions under way at once */
#define UPSTREAM_WAITERS_MAX 20000 /* clients that wait, in all */
#define UPSTREAM_DEADLINE_S 5	   /* then SERVFAIL: never silence */

struct event_base;
struct upstream;

/*
 * Called once for each upstream_resolve() that returned 0, from the event loop
 * or from inside the call itself. a is borrowed for the call; NULL: no answer
 * (time-out, bogus, no servers): SERVFAIL.
 */
typedef void upstream_done_fn(void *arg, const struct answer *a);

/*
 * Options, trust anchor, forwarders, self-test. Answers go into the cache
 * (borrowed; NULL: none) before the waiters are called. Returns 0 or -errno.
 */
int upstream_open(struct upstream **out, struct event_base *base,
    const struct conf *conf, struct cache *cache, char *why)
    __attribute__((warn_unused_result));

/*
 * Ends. Waiters are called with NULL; they must not resolve anew. Not from
 * inside a completion.
 */
void upstream_close(struct upstream *u); /* NULL is fine */

/*
 * Asks. Returns 0: done() will be, or already was, called; -EBUSY: a cap is
 * reached; -EINVAL: libunbound does not take the question.
 */
int upstream_resolve(struct upstream *u, const struct cache_key *key,
    upstream_done_fn *done, void *arg) __attribute__((warn_unused_result));

/* Clients that wait now: 0 means that a drain is over. */
unsigned upstream_waiting(const struct upstream *u);

#endif
