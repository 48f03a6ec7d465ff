/*
 * When a feed is fetched next: pure functions of the interval, the failures so
 * far and a seed, which they move on.
 */
#ifndef ZONES_FEED_TIME_H
#define ZONES_FEED_TIME_H

#include <stdint.h>

#define FEED_BACKOFF_MAX_S (6 * 3600) /* or every, if that is longer */

/* After the start of the loop: soon, but not all at once. */
uint64_t feed_first_ms(uint32_t every_s, uint64_t *seed);

/*
 * After a fetch: every; after the second failure in a row twice that, and so on
 * up to FEED_BACKOFF_MAX_S; give or take a tenth.
 */
uint64_t feed_next_ms(uint32_t every_s, unsigned failures, uint64_t *seed);

#endif
