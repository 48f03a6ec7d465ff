/*
 * A zone's own SOA and NS RRs in the form in which they are sent: names in them
 * compressed (RFC 1035 4.1.4) against the apex, which is in each question, and
 * against each other. Made once for a generation, copied for each answer.
 */
#ifndef RESOLVERD_APEX_H
#define RESOLVERD_APEX_H

#include <stdint.h>

#include "resolverd/query.h"
#include "zones/buf.h"
#include "zones/key.h"

struct apex_block {
	struct buf bytes;  /* RRs, one behind the other */
	struct buf fixups; /* of struct fixup: where their pointers stand */
	unsigned n_rrs;
};

/* Zeroed, it has no RRs. Members private, but for the TTLs. */
struct apex_rrs {
	size_t apex_len;
	struct apex_block soa, ns;
	uint32_t soa_ttl, negative_ttl; /* see struct zone_apex */
};

/*
 * Makes them, and lets go of what *a held. apex is the zone's name, lower case;
 * rrs is not borrowed. Returns 0, or -ENOMEM with *a as it was.
 */
int apex_rrs_make(struct apex_rrs *a, const uint8_t *apex,
    const struct zone_apex *rrs) __attribute__((warn_unused_result));
void apex_rrs_clear(struct apex_rrs *a);

/* Only the serial of the SOA has changed: now it is that of rrs. */
void apex_rrs_update(struct apex_rrs *a, const struct zone_apex *rrs);

/*
 * Put the RRs behind what is in the reply of a question at or below the apex.
 * Each returns how many there are, or -1 and puts none if they do not fit.
 */
int apex_put_soa(const struct apex_rrs *a, struct query *q, uint32_t ttl);
int apex_put_ns(const struct apex_rrs *a, struct query *q);

#endif
