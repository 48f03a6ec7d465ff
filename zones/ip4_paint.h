/*
 * Which of the entries that cover an address counts: a window of 256 units, and
 * the pieces of entries that go over it. For the builder of the IPv4 index.
 */
#ifndef ZONES_IP4_PAINT_H
#define ZONES_IP4_PAINT_H

#include "zones/ip4.h"

/* What each of 256 units stands for: a value of the pool, 0 for none. */
struct window {
	uint32_t value[256];
};

void window_fill(struct window *w, uint32_t value);

/*
 * Paints n pieces, which lie within the window, by b's rule. A unit is
 * 1 << shift addresses. Notes prefixes that are repeated in b.
 */
int window_paint(struct window *w, unsigned shift, struct ip4_build *b,
    struct pool *pool, const struct ip4_piece *pieces, size_t n)
    __attribute__((warn_unused_result));

/* From the pool's values to the generation's. */
int window_final(struct window *w, struct pool *pool, struct intern *values)
    __attribute__((warn_unused_result));

/* The value that most units have, if there is one; else any of them. */
uint32_t window_majority(const struct window *w);

#endif
