/*
 * Four sums side by side, each over every fourth word of eight bytes, since a
 * multiplication takes as long as four loads. Each step can be undone, so that
 * no single change is lost on the way.
 */
#include "lib/checksum.h"

#include <string.h>

#include "lib/bytes.h"

#define LANES 4
#define STRIDE (8 * LANES)

static inline uint64_t
step(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
	return sum ^ sum >> 32;
}

uint64_t
checksum(uint64_t start, const void *data, size_t len)
{
	uint64_t lane[LANES] = {1, 2, 3, 4}, sum = step(start, len);
	uint8_t rest[STRIDE] = {0};
	const uint8_t *p = data;

	for (size_t left = len; left >= STRIDE; left -= STRIDE, p += STRIDE)
		for (unsigned i = 0; i < LANES; i++)
			lane[i] = step(lane[i], get_le64(p + 8 * i));
	if (len % STRIDE > 0)
		memcpy(rest, p, len % STRIDE);
	for (unsigned i = 0; i < LANES; i++)
		sum = step(step(sum, lane[i]), get_le64(rest + 8 * i));
	return sum;
}
