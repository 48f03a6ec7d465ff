/*
 * What the entries of one dataset stand for, as it was written, until all of
 * its files are read: only then are $TTL, $0-$9 and $= known, which hold for
 * entries before them, too (rbldnsd puts them in when it answers).
 *
 * Values are named by numbers from 1; 0 is "not listed" and never in a pool.
 */
#ifndef ZONES_POOL_H
#define ZONES_POOL_H

#include <stdbool.h>

#include "zones/intern.h"

#define POOL_TEXT_MAX 255  /* bytes of an entry's text as written: rbldnsd's */
#define POOL_UNION_MAX 255 /* values of one key: rbldnsd's, too */
#define POOL_BASE 10	   /* subst[POOL_BASE] is `$=` */

/* Starts zeroed. */
struct pool {
	uint32_t ttl;	   /* of A and TXT */
	char *subst[11];   /* owned: $0-$9, $=; NULL where not set */
	uint32_t shared, shared_as; /* the first stands for the second, in the
				     * end; 0: none does */
	bool has_expiring; /* private */
	struct intern raw; /* private */
	struct buf final;  /* private */
};

/* An A record and a TXT as written; text of len 0 for none. */
int pool_a_txt(struct pool *p, uint32_t a, const char *text, size_t len,
    uint32_t *id) __attribute__((warn_unused_result));

/* The A and the text of what pool_a_txt() gave; borrowed until the next. */
const char *pool_get_a_txt(const struct pool *p, uint32_t id, uint32_t *a,
    size_t *len);

/* RRs that are ready, as zones/value.h has them. */
int pool_rrs(struct pool *p, const void *rrs, size_t len, uint32_t *id)
    __attribute__((warn_unused_result));

/* The same value up to a time, in seconds since the epoch. It cannot be given
 * to pool_get_a_txt(). */
int pool_expiring(struct pool *p, uint32_t value, uint32_t expires,
    uint32_t *id) __attribute__((warn_unused_result));

#define POOL_OVER_MAX 255 /* values that a key can have one after the other */

int pool_put_over(struct pool *p, uint32_t above, uint32_t below, uint32_t *id)
    __attribute__((warn_unused_result));

/*
 * One value until all of it has expired, then the other, which it hides (0:
 * nothing). What does not expire hides for ever. *id may be above or below.
 */
static inline int __attribute__((warn_unused_result))
pool_over(struct pool *p, uint32_t above, uint32_t below, uint32_t *id)
{
	*id = above;
	return p->has_expiring && above != 0 && below != 0 ?
	    pool_put_over(p, above, below, id) : 0;
}

/*
 * All of these values together, ids sorted by the way. Those beyond
 * POOL_UNION_MAX are left out.
 */
int pool_union(struct pool *p, uint32_t *ids, size_t n, uint32_t *id)
    __attribute__((warn_unused_result));

/*
 * The number of the value in the generation's table, to which it is added if
 * need be. 0 gives 0.
 */
int pool_final(struct pool *p, struct intern *values, uint32_t id,
    uint32_t *out) __attribute__((warn_unused_result));

void pool_free(struct pool *p);

#endif
