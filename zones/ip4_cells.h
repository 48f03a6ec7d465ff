/*
 * The cells of the IPv4 index and the heap in which they go on (see
 * zones/ip4.h), for the builder.
 */
#ifndef ZONES_IP4_CELLS_H
#define ZONES_IP4_CELLS_H

#include "zones/bits256.h"
#include "zones/ip4.h"

/* What is listed in a /24: n octets, and their values. */
struct ip4_cell {
	struct bits256 set;
	unsigned n;
	uint32_t only;	     /* the value of all of them; 0: they stand in... */
	uint32_t value[256]; /* ...here, undefined where nothing is listed */
};

/* Starts zeroed, but for common. */
struct ip4_cells {
	uint32_t common; /* the value that needs no saying */
	struct buf words, heap;
};

/* Appends a cell. Returns 0, -ENOMEM, or -EFBIG if the heap is full. */
int ip4_cells_put(struct ip4_cells *k, const struct ip4_cell *c)
    __attribute__((warn_unused_result));

/* The same for a /24 of one value, or of nothing. */
int ip4_cells_put_even(struct ip4_cells *k, uint32_t value)
    __attribute__((warn_unused_result));

#endif
