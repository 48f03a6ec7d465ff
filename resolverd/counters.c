/*
 * The slots of all processes, in anonymous shared memory. A slot that falls
 * free keeps its counts for the next process, so that sums never go back.
 */
#include "resolverd/counters.h"

#include <errno.h>
#include <stddef.h>

#include "resolverd/shared.h"

const struct counter_row counter_rows[COUNTERS_N] = {
#define COUNTERS_ROW(name, kind, text, meaning)                                \
	[COUNTER_##name] = {text, meaning, COUNTER_##kind},
	COUNTERS(COUNTERS_ROW)
#undef COUNTERS_ROW
};

static struct counters unseen;
struct counters *counters_mine = &unseen;

static struct counters *slots; /* COUNTERS_SLOTS of them; NULL: not shared */

int
counters_init(void)
{
	slots = shared_new(COUNTERS_SLOTS * sizeof(*slots), 0);
	return slots != NULL ? 0 : -errno;
}

unsigned
counters_find_free(void)
{
	for (unsigned i = 0; i < COUNTERS_SLOTS; i++) {
		if (slots[i].pid == 0)
			return i;
	}
	return COUNTERS_SLOTS - 1;
}

void
counters_take(unsigned slot)
{
	counters_mine = &slots[slot];
}

void
counters_assign(unsigned slot, pid_t pid)
{
	slots[slot].pid = pid;
}

int
counters_release(pid_t pid)
{
	for (unsigned i = 0; i < COUNTERS_SLOTS; i++) {
		if (slots[i].pid != pid)
			continue;
		slots[i].pid = 0;
		for (unsigned c = 0; c < COUNTERS_N; c++) {
			if (counter_rows[c].kind == COUNTER_GAUGE)
				slots[i].value[c] = 0;
		}
		return (int)i;
	}
	return -ENOENT;
}

uint64_t
counters_sum(enum counter which)
{
	uint64_t sum = 0;

	for (unsigned i = 0; slots != NULL && i < COUNTERS_SLOTS; i++)
		sum += __atomic_load_n(
		    &slots[i].value[which], __ATOMIC_RELAXED);
	return sum;
}
