/*
 * A word of the table is what one client has with one process: the tag of its
 * address, the process's slot and a count, or 0. Only the process itself
 * changes it, so that nothing is locked and a process may die anywhere; a free
 * word is taken by compare-and-swap. A client's words stand in one set, where
 * their sum is a matter of four cache lines. The hash is keyed: the addresses
 * are chosen by others.
 *
 * Where a set is full a client goes uncounted, not refused; with 60000 clients
 * at a time one in 10^5 meets that.
 */
#include "resolverd/tcp_count.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "lib/siphash.h"
#include "resolverd/counters.h"
#include "resolverd/shared.h"

#define SETS 4096
#define WAYS 32

#define COUNT_BITS 16
#define COUNT_MASK ((1u << COUNT_BITS) - 1)
#define SLOT_BITS 8
#define OWNER_MASK (~(uint64_t)COUNT_MASK) /* tag and slot */
#define TAG_MASK (OWNER_MASK << SLOT_BITS)

_Static_assert(COUNTERS_SLOTS <= 1 << SLOT_BITS, "a slot has its bits");

struct table {
	uint8_t key[SIPHASH_KEY_LEN]; /* first: shared_new() makes it */
	uint32_t wanted;
	uint32_t all[COUNTERS_SLOTS]; /* of each process */
	_Alignas(64) uint64_t words[SETS][WAYS];
};

static struct table *table;
static unsigned mine;

int
tcp_count_init(void)
{
	if (table == NULL)
		table = shared_new(sizeof(*table), sizeof(table->key));
	return table != NULL ? 0 : -errno;
}

void
tcp_count_take(unsigned slot)
{
	mine = slot;
}

/* All that is shared is read and written in one order by all. */
static uint64_t
load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void
store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static void
add_to_all(int n)
{
	(void)__atomic_add_fetch(
	    &table->all[mine], (uint32_t)n, __ATOMIC_SEQ_CST);
}

void
tcp_count_release(unsigned slot)
{
	if (table == NULL ||
	    __atomic_load_n(&table->all[slot], __ATOMIC_SEQ_CST) == 0)
		return; /* its words went before */
	for (unsigned i = 0; i < SETS * WAYS; i++) {
		uint64_t *word = &table->words[i / WAYS][i % WAYS];
		uint64_t was = load(word);

		/* a free one may be another's by now */
		if (was != 0 &&
		    (was >> COUNT_BITS & (COUNTERS_SLOTS - 1)) == slot)
			store(word, 0);
	}
	__atomic_store_n(&table->all[slot], 0, __ATOMIC_SEQ_CST);
}

/* The client's set; tag and slot go to *owner, for a word of this process. */
static uint64_t *
set_of(const struct addr *client, uint64_t *owner)
{
	uint8_t in[9] = {client->family};
	uint64_t hash;

	memcpy(in + 1, client->bytes, sizeof(in) - 1);
	hash = siphash24(table->key, in, sizeof(in));
	*owner = (hash & TAG_MASK) | (uint64_t)mine << COUNT_BITS;
	return table->words[hash % SETS];
}

/* This process's word; or NULL. */
static uint64_t *
find(uint64_t *set, uint64_t owner)
{
	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t word = load(&set[i]);

		if (word != 0 && (word & OWNER_MASK) == owner)
			return &set[i];
	}
	return NULL;
}

static void
count_first(uint64_t *set, uint64_t owner)
{
	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t none = 0;

		if (__atomic_compare_exchange_n(&set[i], &none, owner | 1,
			false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return;
	}
}

/* Of processes that share a slot one may leave what went with another. */
static unsigned
sum_all(void)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < COUNTERS_SLOTS; i++) {
		int32_t n = (int32_t)__atomic_load_n(
		    &table->all[i], __ATOMIC_SEQ_CST);

		sum += n > 0 ? (unsigned)n : 0;
	}
	return sum;
}

static unsigned
sum_of(const uint64_t *set, uint64_t owner)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t word = load(&set[i]);

		if (((word ^ owner) & TAG_MASK) == 0)
			sum += (unsigned)(word & COUNT_MASK);
	}
	return sum;
}

struct tcp_counts
tcp_count_enter(const struct addr *client)
{
	uint64_t owner, *set = set_of(client, &owner), *word;

	add_to_all(1);
	word = find(set, owner);
	if (word == NULL)
		count_first(set, owner);
	else if ((load(word) & COUNT_MASK) < COUNT_MASK)
		store(word, load(word) + 1);
	return (struct tcp_counts){sum_all(), sum_of(set, owner)};
}

void
tcp_count_leave(const struct addr *client)
{
	uint64_t owner, *set = set_of(client, &owner), *word, left;

	word = find(set, owner);
	if (word != NULL) {
		left = load(word) - 1;
		store(word, (left & COUNT_MASK) > 0 ? left : 0);
	}
	add_to_all(-1);
}

void
tcp_count_want(void)
{
	__atomic_store_n(&table->wanted, 1, __ATOMIC_RELAXED);
}

bool
tcp_count_is_wanted(void)
{
	return __atomic_exchange_n(&table->wanted, 0, __ATOMIC_RELAXED) != 0;
}
