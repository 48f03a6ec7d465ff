/*
 * Two hands go round over the keys, which are hashes and so in no order: one
 * takes what has expired, the other what is of least use (a clock with a second
 * chance). Each flush moves them a little, so that no pause is long. An expired
 * entry that is popular and may still be served stale counts as a live one.
 *
 * How many entries are looked at bounds the work, but not the wait for those
 * that the page cache has not: so each hand stops after a time, too. What it
 * did not do is left to the next flush; the file has room for some.
 */
#include "resolverd/cache_room.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "resolverd/cache_entry.h"
#include "resolverd/cache_file.h"

#define LOOKS_EXPIRED 1024 /* entries that a flush looks at */
#define LOOKS_MIN 64
#define LOOKS_HARD 4096 /* when the file was full after all */
#define SWEEP_NS 1000000 /* a hand's turn in a flush, about */

enum mercy { MERCY_LIVE, MERCY_USED, MERCY_NONE };

struct sweep {
	uint64_t *hand;  /* where it starts, and where the next one does */
	unsigned looks;  /* entries to look at, at most */
	enum mercy mercy;
	size_t until; /* it is over once no more bytes than this are used */
	uint64_t end_ns; /* or at this time */
};

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bool
is_spared(const struct cache_room *r, enum mercy mercy, uint64_t key,
    const struct store_bytes *data, uint64_t now)
{
	switch (cache_entry_state(data->data, data->len, now, r->max_stale_s)) {
	case CACHE_ENTRY_DEAD:
		return false;
	case CACHE_ENTRY_STALE:
		if (mercy == MERCY_LIVE)
			return cache_use_is_used(r->use, key);
		break;
	case CACHE_ENTRY_LIVE:
		if (mercy == MERCY_LIVE)
			return true;
		break;
	}
	return mercy == MERCY_USED && cache_use_pass(r->use, key);
}

static bool
is_over(const struct sweep *s, struct store_txn *t)
{
	struct store_usage usage;

	return now_ns() >= s->end_ns ||
	    (s->until > 0 && store_usage(t, &usage) == 0 &&
		usage.bytes_used <= s->until);
}

/* At most to the end of the file. */
static int
sweep(
    struct cache_room *r, struct store_txn *t, uint64_t now, struct sweep s)
{
	struct store_bytes key, data;
	struct store_walk *w;
	uint64_t k;
	int rc;

	rc = store_walk_begin(t, 0, s.hand, sizeof(*s.hand), &w);
	if (rc != 0)
		return rc;
	for (; s.looks > 0 && !is_over(&s, t); s.looks--) {
		rc = store_walk_next(w, &key, &data);
		if (rc != 0 || key.len != sizeof(k))
			break;
		memcpy(&k, key.data, sizeof(k));
		*s.hand = k + 1;
		if (is_spared(r, s.mercy, k, &data, now))
			continue;
		rc = store_walk_del(w);
		if (rc != 0)
			break;
	}
	store_walk_end(w);
	if (rc == -ENOENT || *s.hand == CACHE_META_KEY) {
		*s.hand = CACHE_META_KEY + 1; /* round again */
		rc = 0;
	}
	return rc;
}

int
cache_make_room(struct cache_room *r, struct store_txn *t, uint64_t now,
    unsigned n, size_t bytes)
{
	struct sweep sweeps[] = {
	    {&r->expired_hand, LOOKS_EXPIRED, MERCY_LIVE, 0, 0},
	    {&r->hand, 4 * n + LOOKS_MIN, MERCY_USED, r->live_from - bytes, 0},
	    {&r->hand, 2 * n + LOOKS_MIN, MERCY_NONE, r->used_from - bytes, 0},
	};
	struct store_usage usage;
	int rc;

	rc = store_usage(t, &usage);
	if (rc != 0 || usage.bytes_used < r->expired_from)
		return rc;
	for (size_t i = 0; rc == 0 && i < 3; i++) {
		sweeps[i].end_ns = now_ns() + SWEEP_NS;
		rc = sweep(r, t, now, sweeps[i]);
	}
	return rc;
}

int
cache_make_much_room(struct cache_room *r, struct store_txn *t, uint64_t now)
{
	const struct sweep hard = {
	    &r->hand, LOOKS_HARD, MERCY_NONE, r->expired_from, UINT64_MAX};

	return sweep(r, t, now, hard);
}
