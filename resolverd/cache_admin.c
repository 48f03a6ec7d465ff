/*
 * The cache for its administrator: entries in the order of their keys, which
 * are hashes, a batch at a time. Nobody who is slow holds a view of the file or
 * its write lock.
 */
#include "resolverd/cache_admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/store.h"
#include "resolverd/cache_file.h"
#include "resolverd/cache_pieces.h"

#define BATCH 256

struct cache_admin {
	struct store *store;
	uint64_t clock_base;
	uint8_t *whole; /* a long entry, put together */
};

int
cache_admin_open(struct cache_admin **out, const char *state_dir, uint64_t size,
    char *why)
{
	struct cache_admin *a = calloc(1, sizeof(*a));
	struct cache_meta meta;
	int rc;

	*out = NULL;
	if (a != NULL)
		a->whole = malloc(CACHE_ENTRY_MAX);
	if (a == NULL || a->whole == NULL) {
		snprintf(why, CACHE_WHY_MAX, "out of memory");
		rc = -ENOMEM;
	} else {
		rc = cache_file_open(&a->store, &meta, state_dir, size, why);
	}
	if (rc != 0) {
		cache_admin_close(a);
		return rc;
	}
	a->clock_base = meta.clock_base;
	*out = a;
	return 0;
}

void
cache_admin_close(struct cache_admin *a)
{
	if (a == NULL)
		return;
	store_close(a->store);
	free(a->whole);
	free(a);
}

uint64_t
cache_admin_now(const struct cache_admin *a)
{
	return clock_boot_s() + a->clock_base;
}

/* ---- a batch; the key behind the last one is where the next begins */

struct batch {
	cache_admin_fn *fn;
	void *arg;
	uint64_t keys[BATCH]; /* of those that were counted */
	unsigned n_keys;
};

/* The entry under a key. Returns false for none, or a later piece of one. */
static bool
read_entry(struct cache_admin *a, struct store_txn *t, uint64_t k,
    struct store_bytes data, struct cache_entry *e)
{
	size_t len;

	if (k == CACHE_META_KEY)
		return false;
	len = cache_entry_whole_len(data.data, data.len);
	if (data.len == CACHE_PIECE_MAX && len > CACHE_PIECE_MAX &&
	    cache_pieces_collect(t, k, &data, len, a->whole) != 0)
		return false;
	return cache_entry_read(e, data.data, data.len);
}

/* Returns 0, -ENOENT at the end, or -errno. */
static int
walk(struct cache_admin *a, struct store_txn *t, struct store_walk *w,
    uint64_t *hand, struct batch *b)
{
	struct store_bytes key, data;
	struct cache_entry e;
	uint64_t k;
	int rc;

	b->n_keys = 0;
	for (unsigned i = 0; i < BATCH; i++) {
		rc = store_walk_next(w, &key, &data);
		if (rc != 0)
			return rc;
		if (key.len != sizeof(k))
			return -EBADMSG;
		memcpy(&k, key.data, sizeof(k));
		*hand = k + 1;
		if (read_entry(a, t, k, data, &e) && b->fn(b->arg, &e))
			b->keys[b->n_keys++] = k;
		if (k == UINT64_MAX)
			return -ENOENT;
	}
	return 0;
}

static int
read_batch(struct cache_admin *a, uint64_t *hand, struct batch *b)
{
	struct store_txn *t;
	struct store_walk *w;
	int rc;

	rc = store_read_begin(a->store, &t);
	if (rc != 0)
		return rc;
	rc = store_walk_begin(t, 0, hand, sizeof(*hand), &w);
	if (rc == 0) {
		rc = walk(a, t, w, hand, b);
		store_walk_end(w);
	}
	store_read_end(t);
	return rc;
}

int
cache_admin_visit(struct cache_admin *a, uint64_t *hand, cache_admin_fn *fn,
    void *arg)
{
	struct batch b = { .fn = fn, .arg = arg };
	int rc = read_batch(a, hand, &b);

	if (rc == -ENOENT) {
		*hand = 0;
		rc = 0;
	}
	return rc == 0 ? (int)b.n_keys : rc;
}

/*
 * An entry that a worker has replaced meanwhile goes, too. Of a long one the
 * first piece is enough: the others expire.
 */
static int
delete_batch(struct cache_admin *a, const struct batch *b)
{
	struct store_txn *t;
	int rc;

	rc = store_write_begin(a->store, &t);
	if (rc != 0)
		return rc;
	for (unsigned i = 0; rc == 0 && i < b->n_keys; i++) {
		rc = store_del(t, 0, &b->keys[i], sizeof(b->keys[i]));
		if (rc == -ENOENT)
			rc = 0;
	}
	if (rc == 0)
		return store_write_commit(t);
	store_write_abort(t);
	return rc;
}

int64_t
cache_admin_remove(struct cache_admin *a, cache_admin_fn *fn, void *arg)
{
	struct batch b = { .fn = fn, .arg = arg };
	uint64_t hand = CACHE_META_KEY + 1;
	int64_t removed = 0;
	int rc, end;

	do {
		end = read_batch(a, &hand, &b);
		if (end != 0 && end != -ENOENT)
			return end;
		rc = b.n_keys > 0 ? delete_batch(a, &b) : 0;
		if (rc != 0)
			return rc;
		removed += b.n_keys;
	} while (end == 0);
	return removed;
}

int
cache_admin_usage(struct cache_admin *a, struct cache_admin_usage *out)
{
	struct store_usage usage;
	struct store_txn *t;
	int rc;

	rc = store_read_begin(a->store, &t);
	if (rc != 0)
		return rc;
	rc = store_usage(t, &usage);
	store_read_end(t);
	if (rc != 0)
		return rc;
	out->bytes_max = usage.bytes_max;
	out->bytes_used = usage.bytes_used;
	out->entries = usage.entries > 0 ? usage.entries - 1 : 0; /* meta */
	return 0;
}
