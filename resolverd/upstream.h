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

#define UPSTREAM_WAITERS 4 /* times max-in-flight: clients that wait, in all */

/* RFC 8767 5: who has an expired answer at hand waits no longer than this for a
 * newer one, and asks again after a failure not sooner than that. */
#define UPSTREAM_STALE_WAIT_MS 1800
#define UPSTREAM_STALE_RETRY_S 30

struct event_base;
struct upstream;

/*
 * Called once for each upstream_resolve() that returned 0, from the event loop
 * or from inside the call itself. a is borrowed for the call. Where there is
 * none (nothing within the deadline, bogus, no servers) its rcode is SERVFAIL,
 * and its ede says why.
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
 * Ends. Waiters are called with SERVFAIL; they must not resolve anew. Not from
 * inside a completion.
 */
void upstream_close(struct upstream *u); /* NULL is fine */

/*
 * Asks. Answers and failures go into the cache. With has_stale the caller has
 * an expired answer to give when done() is called without one, which is then
 * soon. Returns 0: done() will be, or already was, called; -EBUSY: a cap is
 * reached; -EINVAL: libunbound does not take the question; -ETIMEDOUT: it makes
 * no sense to wait, since others did in vain; it is asked for all the same,
 * where that is due.
 */
int upstream_resolve(struct upstream *u, const struct cache_key *key,
    bool has_stale, upstream_done_fn *done, void *arg)
    __attribute__((warn_unused_result));

/* Asks for what is about to expire, if there is room for it. */
void upstream_refresh(struct upstream *u, const struct cache_key *key);

/* Clients that wait now: 0 means that a drain is over. */
unsigned upstream_waiting(const struct upstream *u);

#endif
