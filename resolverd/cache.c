/*
 * The answer cache: entries by key in one LMDB file, read by every worker on
 * the hot path, written in batches. resolverd/cache_entry.c has the form of an
 * entry, resolverd/cache_file.c what becomes of the file as a whole.
 *
 * cache_get() reads where the entry lies in the file; nothing is copied before
 * answer_put() does. cache_put() only queues. cache_flush() writes, and makes
 * room: a hand goes round over the keys and takes entries that have expired;
 * where the file is too full for that, a second one all that it meets. Keys are
 * hashes, so that is in no order, and what is new stays for about a round. LMDB
 * copies each page that it changes, and cannot delete without free pages, so a
 * part of the file stays free.
 *
 * All errors end in a miss or a dropped answer.
 */
#include "resolverd/cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/store.h"
#include "resolverd/cache_entry.h"
#include "resolverd/cache_file.h"

#define SIZE_MIN (1 << 20)
#define PENDING_MAX 256 /* entries; a larger batch makes a longer pause */
#define PENDING_BYTES (1 << 20)
#define SWEEP_EXPIRED 1024 /* entries that a flush looks at */
#define SWEEP_HARD 4096    /* when the file was full after all */
#define ERROR_LOG_S 60     /* between two log lines about errors */

struct pending {
	uint64_t key;
	uint32_t pos; /* in cache.bytes */
	uint32_t len;
};

struct cache {
	struct store *store;
	struct store_txn *view;
	bool viewing; /* the view is taken, not paused */
	bool broken;  /* damage was met: neither read nor written any more */
	uint64_t salt;
	/* keys where the next sweeps start: for all, for expired ones */
	uint64_t hand, expired_hand;
	size_t expired_from; /* bytes in use: from here expired ones go, */
	size_t all_from;     /* from here all that the hand meets */
	uint64_t error_logged;

	struct pending *pending;
	unsigned n_pending, max_pending;
	uint8_t *bytes; /* the entries themselves */
	size_t bytes_used, bytes_cap;
};

/* ---- errors */

/* rc != 0. Damage ends the use of the file until the next cache_prepare(). */
static void
note_error(struct cache *c, int rc, const char *what, uint64_t now)
{
	if (rc == -EBADMSG && !c->broken) {
		c->broken = true;
		log_warn("cache: damage met while %s: not used until the next "
			 "start",
		    what);
	} else if (!c->broken && now - c->error_logged >= ERROR_LOG_S) {
		c->error_logged = now;
		log_warn("cache: %s: %s", what, strerror(-rc));
	}
}

/* ---- reading */

/*
 * The file's key for a question; never the meta entry's. The name's hash takes
 * no secret, so whoever wants can make two names share a key: they then push
 * each other out, no more.
 */
static uint64_t
file_key(const struct cache *c, const struct cache_key *key)
{
	uint64_t rest = (uint64_t)key->qtype << 2 |
	    (uint64_t)key->dnssec_ok << 1 | (uint64_t)key->checking_disabled;
	uint64_t k =
	    dname_hash_mix(key->hash ^ c->salt, rest ^ 0xa0761d6478bd642full);

	return k != CACHE_META_KEY ? k : CACHE_META_KEY + 1;
}

static int
take_view(struct cache *c, uint64_t now)
{
	int rc;

	rc = store_read_resume(c->view);
	if (rc != 0) {
		note_error(c, rc, "taking a view", now);
		return -ENOENT;
	}
	c->viewing = true;
	return 0;
}

int
cache_get(struct cache *c, const struct cache_key *key, uint64_t now,
    struct answer *a)
{
	uint64_t k = file_key(c, key);
	struct store_bytes found;
	struct cache_entry e;
	int rc;

	if (c->broken || (!c->viewing && take_view(c, now) != 0))
		return -ENOENT;
	rc = store_get(c->view, 0, &k, sizeof(k), &found);
	if (rc != 0) {
		if (rc != -ENOENT)
			note_error(c, rc, "reading", now);
		return -ENOENT;
	}
	if (!cache_entry_read(&e, found.data, found.len) ||
	    !cache_entry_is_for(&e, key) || !cache_entry_is_live(&e, now))
		return -ENOENT;
	*a = e.answer;
	a->age = now > e.stored ? (uint32_t)(now - e.stored) : 0;
	return 0;
}

void
cache_pause(struct cache *c)
{
	if (!c->viewing)
		return;
	store_read_pause(c->view);
	c->viewing = false;
}

/* ---- making room */

struct sweep {
	uint64_t *hand;   /* where it starts, and where the next one does */
	unsigned entries; /* to look at, at most */
	bool all;         /* live ones, too, */
	size_t until;     /* but only until no more bytes than this are used */
};

static bool
sweep_is_over(const struct sweep *s, struct store_txn *t)
{
	struct store_usage usage;

	return s->all && store_usage(t, &usage) == 0 &&
	    usage.bytes_used <= s->until;
}

/* At most to the end of the file. */
static int
sweep(struct store_txn *t, uint64_t now, struct sweep s)
{
	struct store_bytes key, data;
	struct store_walk *w;
	uint64_t k;
	int rc;

	rc = store_walk_begin(t, 0, s.hand, sizeof(*s.hand), &w);
	if (rc != 0)
		return rc;
	for (; s.entries > 0 && !sweep_is_over(&s, t); s.entries--) {
		rc = store_walk_next(w, &key, &data);
		if (rc != 0 || key.len != sizeof(k))
			break;
		memcpy(&k, key.data, sizeof(k));
		*s.hand = k + 1;
		if (!s.all && cache_entry_looks_live(data.data, data.len, now))
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

/* In proportion to what is to be written, so that a pause stays short. */
static int
make_room(struct cache *c, struct store_txn *t, uint64_t now)
{
	const struct sweep expired = {
	    .hand = &c->expired_hand, .entries = SWEEP_EXPIRED};
	const struct sweep all = {.hand = &c->hand,
	    .entries = 2 * c->n_pending + 32,
	    .all = true,
	    .until = c->all_from - c->bytes_used};
	struct store_usage usage;
	int rc;

	rc = store_usage(t, &usage);
	if (rc != 0 || usage.bytes_used < c->expired_from)
		return rc;
	rc = sweep(t, now, expired);
	return rc != 0 ? rc : sweep(t, now, all);
}

/* ---- writing */

static int
write_pending(struct cache *c, uint64_t now)
{
	struct store_txn *t;
	int rc;

	rc = store_write_begin(c->store, &t);
	if (rc != 0)
		return rc;
	rc = make_room(c, t, now);
	for (unsigned i = 0; rc == 0 && i < c->n_pending; i++) {
		const struct pending *p = &c->pending[i];

		rc = store_put(
		    t, 0, &p->key, sizeof(p->key), c->bytes + p->pos, p->len);
	}
	if (rc == 0)
		return store_write_commit(t);
	store_write_abort(t);
	return rc;
}

/* The file was full after all: a good part of it goes. */
static int
sweep_hard(struct cache *c, uint64_t now)
{
	const struct sweep hard = {.hand = &c->hand,
	    .entries = SWEEP_HARD,
	    .all = true,
	    .until = c->expired_from};
	struct store_txn *t;
	int rc;

	rc = store_write_begin(c->store, &t);
	if (rc != 0)
		return rc;
	rc = sweep(t, now, hard);
	if (rc == 0)
		return store_write_commit(t);
	store_write_abort(t);
	return rc;
}

void
cache_flush(struct cache *c, uint64_t now)
{
	int rc;

	if (c->n_pending == 0)
		return;
	cache_pause(c); /* an old view would keep freed pages from use */
	rc = c->broken ? 0 : write_pending(c, now);
	if (rc == -ENOSPC) {
		rc = sweep_hard(c, now);
		if (rc == 0)
			rc = write_pending(c, now);
	}
	if (rc != 0)
		note_error(c, rc, "writing", now);
	c->n_pending = 0;
	c->bytes_used = 0;
}

void
cache_put(struct cache *c, const struct cache_key *key, uint64_t now,
    const struct answer *a, uint32_t lifetime)
{
	struct pending *p;
	size_t len;

	if (c->broken || lifetime == 0)
		return;
	if (lifetime > CACHE_LIFETIME_MAX)
		lifetime = CACHE_LIFETIME_MAX;
	if (c->n_pending == c->max_pending ||
	    c->bytes_cap - c->bytes_used < CACHE_ENTRY_MAX)
		cache_flush(c, now);
	len =
	    cache_entry_write(c->bytes + c->bytes_used, key, now, a, lifetime);
	if (len == 0)
		return;
	p = &c->pending[c->n_pending++];
	p->key = file_key(c, key);
	p->pos = (uint32_t)c->bytes_used;
	p->len = (uint32_t)len;
	c->bytes_used += len;
}

/* ---- open and close */

/*
 * A batch may copy a leaf page and, now and then, a branch page for each entry,
 * and needs pages for what does not fit into leaves. What it frees can be used
 * again by the next but one: three batches' worth stays free, at least an
 * eighth of the file.
 */
static void
set_limits(struct cache *c, uint64_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), spare;

	c->max_pending = PENDING_MAX;
	if (size / page / 32 < PENDING_MAX)
		c->max_pending = 1 + (unsigned)(size / page / 32);
	c->bytes_cap = size / 32 < PENDING_BYTES ? size / 32 : PENDING_BYTES;
	spare = 3 * (2 * c->max_pending * page + c->bytes_cap);
	if (spare < size / 8)
		spare = size / 8;
	c->all_from = size - spare;
	c->expired_from = c->all_from - size / 8;
}

int
cache_open(struct cache **out, const char *state_dir, uint64_t size, char *why)
{
	struct cache_meta meta;
	struct cache *c;
	int rc = -ENOMEM;

	*out = NULL;
	if (size < SIZE_MIN || size > SIZE_MAX / 2) {
		snprintf(why, CACHE_WHY_MAX, "cache size %llu: at least 1 MiB",
		    (unsigned long long)size);
		return -EINVAL;
	}
	snprintf(why, CACHE_WHY_MAX, "out of memory");
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return rc;
	set_limits(c, size);
	c->pending = calloc(c->max_pending, sizeof(*c->pending));
	c->bytes = malloc(c->bytes_cap);
	if (c->pending == NULL || c->bytes == NULL)
		goto out;
	rc = cache_file_open(&c->store, &meta, state_dir, size, why);
	if (rc != 0)
		goto out;
	c->salt = meta.salt;
	/* elsewhere in each process, so that they share the work */
	c->hand = dname_hash_mix(c->salt, (uint64_t)getpid()) | 1;
	c->expired_hand = c->hand;
	rc = store_read_begin(c->store, &c->view);
	if (rc != 0) {
		snprintf(why, CACHE_WHY_MAX, "answer cache: %s", strerror(-rc));
		goto out;
	}
	store_read_pause(c->view);
	*out = c;
	return 0;
out:
	cache_close(c);
	return rc;
}

void
cache_close(struct cache *c)
{
	if (c == NULL)
		return;
	if (c->store != NULL)
		cache_flush(c, (uint64_t)time(NULL));
	store_read_end(c->view);
	store_close(c->store);
	free(c->bytes);
	free(c->pending);
	free(c);
}
