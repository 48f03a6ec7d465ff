/*
 * Routes whose servers do not answer. A route that has a deadline of its own (a
 * list zone on the network, say) is held for dead when a question reaches its
 * deadline and nothing came from the route since it was asked. Then nobody
 * waits for it any more: in back-off periods as for a failed question (RFC 9520
 * 3.2), of which all workers know by the cache, a question at a time finds out
 * whether it is back.
 */
#ifndef RESOLVERD_REACH_H
#define RESOLVERD_REACH_H

#include <stdint.h>

#include "lib/conf.h"
#include "resolverd/cache.h"

enum reach {
	REACH_ASK,   /* nothing speaks against it */
	REACH_PROBE, /* ask, but let nobody wait for it */
	REACH_DEAD   /* do not ask */
};

struct reach_table;

/* For the routes of conf; both borrowed. cache NULL: nothing is ever dead. */
struct reach_table *reach_new(const struct conf *conf, struct cache *cache);
void reach_free(struct reach_table *t); /* NULL is fine */

/* route may be NULL in all of these: no route holds for the name. */
enum reach reach_of(struct reach_table *t, const struct conf_route *route);

/* A probe is sent, and ends with one of the next two; or it could not be. */
void reach_probes(
    struct reach_table *t, const struct conf_route *route, bool is_sent);

/* Something came from the route, whatever it says. */
void reach_answered(struct reach_table *t, const struct conf_route *route);

/* A question that was asked at that time has reached its deadline. */
void reach_silent(struct reach_table *t, const struct conf_route *route,
    uint64_t asked_ms);

/* For asked_ms. */
uint64_t reach_now_ms(void);

#endif
