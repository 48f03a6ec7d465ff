/*
 * The libunbound contexts of a process: one for each kind that the routes need
 * (upstream_rules.h), made when it is first asked.
 */
#ifndef RESOLVERD_UPSTREAM_POOL_H
#define RESOLVERD_UPSTREAM_POOL_H

#include <stdint.h>

#include "lib/conf.h"
#include "resolverd/upstream_context.h"

struct upstream_pool;

/*
 * conf is borrowed until the pool is closed. With check, all contexts that conf
 * needs are made at once: what is wrong with it shows. Returns 0 or -errno, and
 * why (UPSTREAM_WHY_MAX) says what to do.
 */
int upstream_pool_open(struct upstream_pool **out, struct event_base *base,
    const struct conf *conf, bool check, char *why)
    __attribute__((warn_unused_result));

/* As upstream_context_close(), of all contexts. NULL is fine. */
void upstream_pool_close(struct upstream_pool *p);

/* As upstream_context_ask(), in the context of qname's route (lower case). */
int upstream_pool_ask(struct upstream_pool *p, const uint8_t *qname,
    uint16_t qtype, struct upstream_ask *ask)
    __attribute__((warn_unused_result));

/* The route that holds for qname (lower case), or NULL. */
const struct conf_route *upstream_pool_route(
    const struct upstream_pool *p, const uint8_t *qname);

/*
 * Makes the contexts anew, since what they were made from has changed.
 * Questions under way end in the old ones. Where one cannot be made, the old
 * one goes on.
 */
void upstream_pool_renew(struct upstream_pool *p);

#endif
