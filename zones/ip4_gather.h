/*
 * The entries of an IPv4 list, gathered and sorted, for the walk that makes the
 * index of them (zones/ip4_build.c).
 */
#ifndef ZONES_IP4_GATHER_H
#define ZONES_IP4_GATHER_H

#include "zones/ip4.h"

/* A piece is within one window of 256 units: of /8s, of /16s in a /8, of /24s
 * in a /16, of addresses in a /24. */
enum level { LEVEL_8, LEVEL_16, LEVEL_24, LEVEL_32, LEVELS };

/* Bits of an address below a unit, and below a window, of the level. */
#define UNIT_SHIFT(level) (24 - 8 * (level))

static inline uint32_t
window_of(enum level level, uint32_t ip)
{
	return level == LEVEL_8 ? 0 : ip >> (UNIT_SHIFT(level) + 8);
}

/*
 * When all is gathered: sorts what the walk takes, by window, and begins to
 * write down where it comes from. Returns 0 or -ENOMEM.
 */
int ip4_gather_sort(struct ip4_build *b) __attribute__((warn_unused_result));

#endif
