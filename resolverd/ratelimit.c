/*
 * The generic cell rate algorithm: a bucket is the time at which it will be
 * empty, so that nothing has to leak. A bucket that is empty is as good as
 * none, thus the table forgets by itself; where all places of a slot are taken,
 * the one that is empty soonest goes.
 *
 * A bucket is one 64-bit word, read and written without a lock: of two workers
 * that count at the very same time, one may be lost. The hash is keyed, so that
 * nobody can aim at another's slot.
 */
#include "resolverd/ratelimit.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "lib/siphash.h"
#include "resolverd/shared.h"

#define SLOTS 32768
#define WAYS 4 /* half a cache line */

#define TIME_BITS 44 /* of microseconds: seven months, then it wraps */
#define TIME_MASK ((1ull << TIME_BITS) - 1)
#define SECOND_US 1000000

struct table {
	uint8_t key[SIPHASH_KEY_LEN]; /* first: shared_new() makes it */
	_Alignas(64) uint64_t slots[SLOTS][WAYS]; /* tag and time */
};

static struct table *table;

int
ratelimit_init(void)
{
	if (table == NULL)
		table = shared_new(sizeof(*table), sizeof(table->key));
	return table != NULL ? 0 : -errno;
}

/* The hash of the first len bits; each length has buckets of its own. */
static uint64_t
hash_prefix(const struct addr *a, unsigned len)
{
	uint8_t in[18] = {a->family, (uint8_t)len};

	memcpy(in + 2, a->bytes, len / 8); /* all lengths are whole bytes */
	return siphash24(table->key, in, sizeof(in));
}

/* How long until the bucket is empty; 0: it is. */
static int64_t
fill_of(uint64_t word, uint64_t now_us)
{
	uint64_t left = ((word & TIME_MASK) - now_us) & TIME_MASK;

	/* more than a second ahead can only be behind: the time has wrapped */
	return left > SECOND_US ? 0 : (int64_t)left;
}

/* The tag's bucket, or the one that is to be given up for it. */
static uint64_t *
find(uint64_t *slot, uint64_t tag, uint64_t now_us)
{
	uint64_t *best = &slot[0];

	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t word = __atomic_load_n(&slot[i], __ATOMIC_RELAXED);

		if (word >> TIME_BITS == tag)
			return &slot[i];
		if (fill_of(word, now_us) <
		    fill_of(__atomic_load_n(best, __ATOMIC_RELAXED), now_us))
			best = &slot[i];
	}
	return best;
}

/* A bucket and what it is going to be. */
struct claim {
	uint64_t *place;
	uint64_t word;
};

/* Returns whether there is room for one more at rate (0: always). */
static bool
claim(struct claim *out, const struct addr *a, unsigned len, unsigned rate,
    uint64_t now_us)
{
	uint64_t hash, tag, word;
	int64_t fill = 0;

	out->place = NULL;
	if (rate == 0)
		return true;
	hash = hash_prefix(a, len);
	tag = hash >> TIME_BITS;
	out->place = find(table->slots[hash % SLOTS], tag, now_us);
	word = __atomic_load_n(out->place, __ATOMIC_RELAXED);
	if (word >> TIME_BITS == tag)
		fill = fill_of(word, now_us);
	fill += SECOND_US / rate;
	if (fill > SECOND_US)
		return false;
	out->word = tag << TIME_BITS | ((now_us + (uint64_t)fill) & TIME_MASK);
	return true;
}

static void
settle(const struct claim *c)
{
	if (c->place != NULL)
		__atomic_store_n(c->place, c->word, __ATOMIC_RELAXED);
}

bool
ratelimit_take(const struct addr *client, uint64_t now_us,
    unsigned per_client, unsigned per_network)
{
	bool ip4 = client->family == AF_INET;
	struct claim one, all;

	if (table == NULL ||
	    (per_client == 0 && per_network == 0))
		return true;
	if (!claim(&one, client,
		ip4 ? RATELIMIT_CLIENT_IP4 : RATELIMIT_CLIENT_IP6, per_client,
		now_us) ||
	    !claim(&all, client,
		ip4 ? RATELIMIT_NETWORK_IP4 : RATELIMIT_NETWORK_IP6,
		per_network, now_us))
		return false;
	settle(&one);
	settle(&all);
	return true;
}
