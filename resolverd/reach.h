/*
 * Zones whose servers do not answer. A zone is held for dead when a question
 * for it reaches its deadline and nothing came from the zone since it was
 * asked. Then nobody waits for it any more: in back-off periods as for a failed
 * question (RFC 9520 3.2), of which all workers know by the cache, a question
 * at a time finds out whether it is back. Who held the zone for dead asks it as
 * soon as a period ends, so that no client has to.
 *
 * For whom that can be told, and after how long, is up to upstream.c: a route
 * that has a deadline of its own, or a list on the network.
 */
#ifndef RESOLVERD_REACH_H
#define RESOLVERD_REACH_H

#include <stdint.h>

#include "resolverd/cache.h"

/* Between two probes at most: so late a zone that is back is noticed. */
#define REACH_BACK_OFF_MAX_S 30

/* A zone that no client asked for so long is not probed any more. */
#define REACH_PROBE_S 3600

enum reach {
	REACH_ASK,   /* nothing speaks against it */
	REACH_PROBE, /* ask, but let nobody wait for it */
	REACH_DEAD   /* do not ask */
};

struct reach_table;

/* cache (borrowed) NULL: nothing is ever dead. */
struct reach_table *reach_new(struct cache *cache);
void reach_free(struct reach_table *t); /* NULL is fine */

/*
 * zone, in all of these: lower case; NULL: it is not for us to judge. The
 * question that somebody has is kept for a probe.
 */
enum reach reach_of(struct reach_table *t, const uint8_t *zone,
    const struct cache_key *question);

/* A probe is sent, and ends with one of the next two; or it could not be. */
void reach_probes(struct reach_table *t, const uint8_t *zone, bool is_sent);

/* Something came from the zone, whatever it says. */
void reach_answered(struct reach_table *t, const uint8_t *zone);

/*
 * A question that was asked at that time has reached its deadline. Where many
 * do, the caller sees to it that the cache is written, for the other workers.
 */
void reach_silent(struct reach_table *t, const uint8_t *zone,
    const struct cache_key *question, uint64_t asked_ms, unsigned deadline_s);

/*
 * The question for a zone that this process held for dead and that is to be
 * probed now; borrowed. NULL: none is due.
 */
const struct cache_key *reach_due(struct reach_table *t);

/* Is there a zone that will be due? */
bool reach_has_dead(const struct reach_table *t);

/* For asked_ms. */
uint64_t reach_now_ms(void);

#endif
