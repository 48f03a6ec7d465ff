/*
 * Zone files (RFC 1035 5), read by ldns.
 */
#ifndef ZONES_ZONEFILE_H
#define ZONES_ZONEFILE_H

#include "zones/source.h"

#define ZONEFILE_RDATA_MAX 4096

struct zonefile_rr {
	const uint8_t *owner; /* dname, lower case; borrowed, as rdata is */
	unsigned owner_len;
	uint16_t type;
	uint32_t ttl;
	const uint8_t *rdata; /* names uncompressed */
	unsigned rdata_len;
	unsigned line; /* where it ends */
};

/* Returns 0, or -errno, which ends the reading. */
typedef int zonefile_rr_fn(void *arg, const struct zonefile_rr *rr);

/*
 * Gives each RR to the function. origin is what relative names are below until
 * an $ORIGIN. Returns 0, or -errno; -EINVAL with "path:line: ..." in why where
 * the file is not understood. $INCLUDE is refused.
 */
int zonefile_read(struct source *s, const char *path, const uint8_t *origin,
    zonefile_rr_fn *fn, void *arg, char *why)
    __attribute__((warn_unused_result));

/*
 * For the types that are zone files: names are those below the owner of the
 * file's SOA; without one, below the apex. */
struct dataset;
struct zonefile_name {
	const uint8_t *labels; /* below, no root byte, no `*` */
	unsigned len;
	bool is_wild;
};

/* Returns 1, or 0 for a bad line: a name that is not below. */
int zonefile_relative(struct dataset *ds, const struct zonefile_rr *rr,
    struct zonefile_name *out);

#endif
