/*
 * Times of feeds, for zonectl sync --loop.
 */
#include "zones/feed_time.h"

#define FIRST_MAX_MS 60000

/* splitmix64, by Sebastiano Vigna: enough to spread some fetches. */
static uint64_t
draw(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t
feed_first_ms(uint32_t every_s, uint64_t *seed)
{
	uint64_t span = (uint64_t)every_s * 100;

	return draw(seed) % ((span < FIRST_MAX_MS ? span : FIRST_MAX_MS) + 1);
}

uint64_t
feed_next_ms(uint32_t every_s, unsigned failures, uint64_t *seed)
{
	uint64_t most = every_s > FEED_BACKOFF_MAX_S ? every_s :
	    FEED_BACKOFF_MAX_S;
	uint64_t s = every_s, tenth_ms;

	for (; failures > 1 && s < most; failures--)
		s *= 2;
	s = s < most ? s : most;
	tenth_ms = s * 100;
	return s * 1000 - tenth_ms + draw(seed) % (2 * tenth_ms + 1);
}
