/*
 * The answer cache: entries by key in one LMDB file, read by every worker on
 * the hot path, written in batches. resolverd/cache_entry.c has the form of an
 * entry, cache_file.c what becomes of the file as a whole, cache_room.c what
 * goes when it is full.
 *
 * cache_get() reads where the entry lies in the file; nothing is copied before
 * answer_put() does, but a long entry, whose pieces are put together.
 * cache_put() only queues, and what waits in the queue is found there.
 * cache_flush() writes, and makes room. LMDB copies each page that it changes,
 * and cannot delete without free pages, so a part of the file stays free.
 *
 * All errors end in a miss or a dropped answer.
 */
#include "resolverd/cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/store.h"
#include "resolverd/cache_entry.h"
#include "resolverd/cache_file.h"
#include "resolverd/cache_pieces.h"
#include "resolverd/cache_room.h"
#include "resolverd/cache_use.h"

#define SIZE_MIN (1 << 20)
#define PENDING_MAX 128 /* pieces; a larger batch makes a longer pause */
#define PENDING_BYTES (1 << 20)
#define PENDING_BITS 1024
#define ERROR_LOG_S 60 /* between two log lines about errors */
#define DUE_LIFETIME_MIN 10 /* s: a tenth of it is a second */

/*
 * RFC 9520 3.2: at least a second, at most five minutes. Seconds are counted
 * whole, so that two of them are one at least.
 */
#define BACK_OFF_MIN_S 2
#define BACK_OFF_MAX_S 300
/* a failure this long after the end of the last one is a new one */
#define BACK_OFF_MEMORY_S 600

struct pending {
	uint64_t key;
	uint32_t pos; /* in cache.bytes */
	uint32_t len; /* 0: the entry goes */
};

struct cache {
	struct store *store;
	struct store_txn *view;
	bool viewing; /* the view is taken, not paused */
	bool stopped; /* what comes is not kept */
	bool broken;  /* damage was met: neither read nor written any more */
	uint64_t salt;
	uint64_t clock_base;
	uint64_t view_now; /* when the view was taken */
	uint32_t max_stale_s;
	struct cache_use use;
	struct cache_room room;
	uint64_t error_logged;

	struct pending *pending;
	unsigned n_pending, n_pieces, max_pieces;
	uint64_t pending_bits[PENDING_BITS / 64]; /* whose keys may wait */
	uint8_t *bytes; /* the entries themselves */
	size_t bytes_used, bytes_cap;
	uint8_t *whole; /* CACHE_ENTRY_MAX: a long entry, put together */
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
 * The file's key for what is kept of a kind about a question; never the meta
 * entry's. The name's hash takes no secret, so whoever wants can make two names
 * share a key: they then push each other out, no more.
 */
static uint64_t
file_key(
    const struct cache *c, const struct cache_key *key, enum cache_kind kind)
{
	uint64_t qtype = kind == CACHE_CUT ? 0 : key->qtype;
	uint64_t rest = (uint64_t)kind << 18 | qtype << 2 |
	    (uint64_t)key->dnssec_ok << 1 | (uint64_t)key->checking_disabled;
	uint64_t k =
	    dname_hash_mix(key->hash ^ c->salt, rest ^ 0xa0761d6478bd642full);

	return k != CACHE_META_KEY ? k : CACHE_META_KEY + 1;
}

uint64_t
cache_now(const struct cache *c)
{
	return c->viewing ? c->view_now : clock_boot_s() + c->clock_base;
}

static int
take_view(struct cache *c, uint64_t now)
{
	uint64_t view_now = cache_now(c);
	int rc;

	rc = store_read_resume(c->view);
	if (rc != 0) {
		note_error(c, rc, "taking a view", now);
		return -ENOENT;
	}
	c->view_now = view_now;
	c->viewing = true;
	return 0;
}

/* The newest that waits to be written under k, or NULL. */
static const struct pending *
find_pending(const struct cache *c, uint64_t k)
{
	unsigned bit = k % PENDING_BITS;

	if (!(c->pending_bits[bit / 64] >> bit % 64 & 1))
		return NULL; /* mostly: hits shall not search the queue */
	for (unsigned i = c->n_pending; i-- > 0;)
		if (c->pending[i].key == k)
			return &c->pending[i];
	return NULL;
}

static int
find_in_file(
    struct cache *c, uint64_t k, uint64_t now, struct store_bytes *found)
{
	size_t whole;
	int rc;

	if (!c->viewing && take_view(c, now) != 0)
		return -ENOENT;
	rc = store_get(c->view, 0, &k, sizeof(k), found);
	if (rc == 0 && found->len == CACHE_PIECE_MAX) {
		whole = cache_entry_whole_len(found->data, found->len);
		if (whole > CACHE_PIECE_MAX)
			rc = cache_pieces_collect(
			    c->view, k, found, whole, c->whole);
	}
	if (rc != 0 && rc != -ENOENT)
		note_error(c, rc, "reading", now);
	return rc;
}

/* What is kept, live or not. Returns 0 or -ENOENT. */
static int
find(struct cache *c, uint64_t k, enum cache_kind kind,
    const struct cache_key *key, uint64_t now, struct cache_entry *e)
{
	const struct pending *p;
	struct store_bytes found;

	if (c->broken)
		return -ENOENT;
	p = find_pending(c, k);
	if (p != NULL)
		found = (struct store_bytes){
		    .data = c->bytes + p->pos, .len = p->len};
	else if (find_in_file(c, k, now, &found) != 0)
		return -ENOENT;
	if (!cache_entry_read(e, found.data, found.len) ||
	    !cache_entry_is_for(e, kind, key))
		return -ENOENT;
	e->answer.age = now > e->stored ? (uint32_t)(now - e->stored) : 0;
	return 0;
}

/* In the last tenth of its life; a brief one would be asked for all the time */
static bool
is_nearly_over(const struct cache_entry *e)
{
	return e->lifetime >= DUE_LIFETIME_MIN &&
	    e->answer.age >= e->lifetime - e->lifetime / 10;
}

int
cache_get(struct cache *c, const struct cache_key *key, uint64_t now,
    struct answer *a)
{
	uint64_t k = file_key(c, key, CACHE_ANSWER);
	struct cache_entry e;
	bool popular;

	if (find(c, k, CACHE_ANSWER, key, now, &e) != 0)
		return -ENOENT;
	switch (cache_entry_judge(&e, now, c->max_stale_s)) {
	case CACHE_ENTRY_LIVE:
		popular = cache_use_note(&c->use, k);
		*a = e.answer;
		a->due = popular && is_nearly_over(&e);
		return 0;
	case CACHE_ENTRY_STALE:
		*a = e.answer;
		a->stale = true;
		return -ESTALE;
	case CACHE_ENTRY_DEAD:
		break;
	}
	return -ENOENT;
}

int
cache_get_failure(struct cache *c, const struct cache_key *key, uint64_t now,
    struct answer *a)
{
	uint64_t k = file_key(c, key, CACHE_FAILURE);
	struct cache_entry e;

	if (find(c, k, CACHE_FAILURE, key, now, &e) != 0)
		return -ENOENT;
	switch (cache_entry_judge(&e, now, BACK_OFF_MEMORY_S)) {
	case CACHE_ENTRY_LIVE:
		*a = e.answer;
		return 0;
	case CACHE_ENTRY_STALE:
		return -ESTALE;
	case CACHE_ENTRY_DEAD:
		break;
	}
	return -ENOENT;
}

int
cache_get_cut(struct cache *c, const struct cache_key *key, uint64_t now,
    struct answer *a)
{
	uint64_t k = file_key(c, key, CACHE_CUT);
	struct cache_entry e;

	if (find(c, k, CACHE_CUT, key, now, &e) != 0 ||
	    cache_entry_judge(&e, now, 0) != CACHE_ENTRY_LIVE)
		return -ENOENT;
	*a = e.answer;
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

/* ---- writing */

/* The i-th piece of the entry, of which the first `at` bytes are written. */
static int
put_piece(struct store_txn *t, uint64_t k, const uint8_t *entry, size_t at,
    size_t len)
{
	uint8_t *piece;
	void *room;
	int rc;

	rc = store_reserve(t, 0, &k, sizeof(k), CACHE_PIECE_HEAD + len, &room);
	if (rc != 0)
		return rc;
	piece = room;
	memcpy(piece, entry, CACHE_PIECE_HEAD); /* its times */
	memcpy(piece + CACHE_PIECE_HEAD, entry + at, len);
	return 0;
}

static int
put_entry(struct store_txn *t, uint64_t k, const uint8_t *entry, size_t len)
{
	const size_t step = CACHE_PIECE_MAX - CACHE_PIECE_HEAD;
	size_t at = len < CACHE_PIECE_MAX ? len : CACHE_PIECE_MAX;
	int rc;

	rc = store_put(t, 0, &k, sizeof(k), entry, at);
	for (unsigned i = 1; rc == 0 && at < len; i++, at += step)
		rc = put_piece(t, cache_piece_key(k, i), entry, at,
		    len - at < step ? len - at : step);
	return rc;
}

static int
write_pending(struct cache *c, uint64_t now)
{
	struct store_txn *t;
	int rc;

	rc = store_write_begin(c->store, &t);
	if (rc != 0)
		return rc;
	rc = cache_make_room(&c->room, t, now, c->n_pieces, c->bytes_used);
	for (unsigned i = 0; rc == 0 && i < c->n_pending; i++) {
		const struct pending *p = &c->pending[i];

		if (p->len > 0)
			rc = put_entry(t, p->key, c->bytes + p->pos, p->len);
		else
			rc = store_del(t, 0, &p->key, sizeof(p->key));
		if (rc == -ENOENT)
			rc = 0;
	}
	if (rc == 0)
		return store_write_commit(t);
	store_write_abort(t);
	return rc;
}

static int
make_much_room(struct cache *c, uint64_t now)
{
	struct store_txn *t;
	int rc;

	rc = store_write_begin(c->store, &t);
	if (rc != 0)
		return rc;
	rc = cache_make_much_room(&c->room, t, now);
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
		rc = make_much_room(c, now);
		if (rc == 0)
			rc = write_pending(c, now);
	}
	if (rc != 0)
		note_error(c, rc, "writing", now);
	c->n_pending = c->n_pieces = 0;
	c->bytes_used = 0;
	memset(c->pending_bits, 0, sizeof(c->pending_bits));
}

static void
queue(struct cache *c, enum cache_kind kind, const struct cache_key *key,
    uint64_t now, const struct answer *a, uint32_t lifetime)
{
	size_t len = a != NULL ? cache_entry_len(key, a) : 0;
	unsigned pieces = 1 + (unsigned)(len / CACHE_PIECE_MAX);
	struct pending *p;
	unsigned bit;

	if (c->stopped || len > c->bytes_cap || pieces > c->max_pieces)
		return; /* or the cache is too small for it */
	if (c->n_pieces + pieces > c->max_pieces ||
	    c->bytes_cap - c->bytes_used < len)
		cache_flush(c, now);
	if (a != NULL)
		cache_entry_write(
		    c->bytes + c->bytes_used, kind, key, now, a, lifetime);
	p = &c->pending[c->n_pending++];
	p->key = file_key(c, key, kind);
	bit = p->key % PENDING_BITS;
	c->pending_bits[bit / 64] |= (uint64_t)1 << bit % 64;
	p->pos = (uint32_t)c->bytes_used;
	p->len = (uint32_t)len;
	c->n_pieces += pieces;
	c->bytes_used += len;
}

/* What is kept of the last failure, over or not. Returns false for nothing. */
static bool
last_failure(struct cache *c, const struct cache_key *key, uint64_t now,
    struct cache_entry *e)
{
	bool viewing = c->viewing;
	bool found = find(c, file_key(c, key, CACHE_FAILURE), CACHE_FAILURE,
			 key, now, e) == 0;

	if (!viewing)
		cache_pause(c);
	return found;
}

bool
cache_forget_failure(
    struct cache *c, const struct cache_key *key, uint64_t now)
{
	struct cache_entry e;

	if (c->broken || !last_failure(c, key, now, &e))
		return false;
	queue(c, CACHE_FAILURE, key, now, NULL, 0);
	return true;
}

void
cache_put(struct cache *c, const struct cache_key *key, uint64_t now,
    const struct answer *a, uint32_t lifetime)
{
	if (c->broken)
		return;
	(void)cache_forget_failure(c, key, now);
	if (lifetime == 0)
		return;
	if (lifetime > CACHE_LIFETIME_MAX)
		lifetime = CACHE_LIFETIME_MAX;
	queue(c, CACHE_ANSWER, key, now, a, lifetime);
	/* behind a CNAME it is another name that does not exist */
	if (a->secure && a->rcode == DNS_RCODE_NXDOMAIN && a->ancount == 0)
		queue(c, CACHE_CUT, key, now, a, lifetime);
}

/* 0: the last back-off has not ended yet, and goes on. */
static uint32_t
next_back_off(struct cache *c, const struct cache_key *key, uint64_t now)
{
	struct cache_entry e;

	if (!last_failure(c, key, now, &e))
		return BACK_OFF_MIN_S;
	switch (cache_entry_judge(&e, now, BACK_OFF_MEMORY_S)) {
	case CACHE_ENTRY_LIVE:
		return 0;
	case CACHE_ENTRY_STALE:
		return e.lifetime < BACK_OFF_MAX_S / 2 ? 2 * e.lifetime
						       : BACK_OFF_MAX_S;
	case CACHE_ENTRY_DEAD:
		break;
	}
	return BACK_OFF_MIN_S;
}

bool
cache_put_failure(struct cache *c, const struct cache_key *key, uint64_t now,
    uint8_t ede, uint32_t least_s, uint32_t most_s)
{
	const struct answer a = {.rcode = DNS_RCODE_SERVFAIL, .ede = ede};
	uint32_t back_off;

	if (c->broken)
		return false;
	back_off = next_back_off(c, key, now);
	if (back_off == 0)
		return false;
	if (back_off < least_s)
		back_off = least_s;
	if (most_s != 0 && back_off > most_s)
		back_off = most_s;
	queue(c, CACHE_FAILURE, key, now, &a, back_off);
	return true;
}

void
cache_stop(struct cache *c, uint64_t now)
{
	cache_flush(c, now);
	c->stopped = true;
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

	c->max_pieces = PENDING_MAX;
	if (size / page / 32 < PENDING_MAX)
		c->max_pieces = 1 + (unsigned)(size / page / 32);
	c->bytes_cap = size / 32 < PENDING_BYTES ? size / 32 : PENDING_BYTES;
	spare = 3 * (2 * c->max_pieces * page + c->bytes_cap);
	if (spare < size / 8)
		spare = size / 8;
	c->room.used_from = size - spare / 4 * 3;
	c->room.live_from = size - spare;
	c->room.expired_from = c->room.live_from - size / 8;
}

int
cache_open(struct cache **out, const char *state_dir, uint64_t size,
    uint32_t max_stale_s, char *why)
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
	c->pending = calloc(c->max_pieces, sizeof(*c->pending));
	c->bytes = malloc(c->bytes_cap);
	c->whole = malloc(CACHE_ENTRY_MAX);
	if (c->pending == NULL || c->bytes == NULL || c->whole == NULL)
		goto out;
	rc = cache_file_open(&c->store, &meta, state_dir, size, why);
	if (rc != 0)
		goto out;
	rc = cache_use_open(&c->use, state_dir, size);
	if (rc != 0)
		goto out;
	c->salt = meta.salt;
	c->clock_base = meta.clock_base;
	c->max_stale_s = max_stale_s;
	c->room.use = &c->use;
	c->room.max_stale_s = max_stale_s;
	/* elsewhere in each process, so that they share the work */
	c->room.hand = dname_hash_mix(c->salt, (uint64_t)getpid()) | 1;
	c->room.expired_hand = c->room.hand;
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
		cache_flush(c, cache_now(c));
	store_read_end(c->view);
	store_close(c->store);
	cache_use_close(&c->use);
	free(c->whole);
	free(c->bytes);
	free(c->pending);
	free(c);
}
