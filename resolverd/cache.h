/*
 * The answer cache: one LMDB file, STATE/cache/answers.mdb, that all workers
 * read and write. Positive and negative answers of the outside; never list
 * zones.
 */
#ifndef RESOLVERD_CACHE_H
#define RESOLVERD_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolverd/answer.h"

#define CACHE_WHY_MAX 512

/*
 * What an answer is kept under. Answers to DO and to CD questions differ (RFC
 * 4035 3.2.1, 3.2.2), so both are part of the key.
 */
struct cache_key {
	const uint8_t *qname; /* lower case; borrowed */
	size_t qname_len;
	uint64_t hash; /* dname_hash(qname) */
	uint16_t qtype;
	bool dnssec_ok, checking_disabled;
};

struct cache;

/*
 * Before the workers start: makes STATE/cache, and puts the file aside where
 * the machine went down with it open (its boot id differs and it was not closed
 * well), or where a process died over it and its pages are damaged. So call it,
 * too, before a worker is started anew that a signal ended; the others go on
 * with the old file. Called as the user that the workers run as, by a process
 * that has no cache open. Returns 0 or -errno with why (CACHE_WHY_MAX bytes).
 */
int cache_prepare(const char *state_dir, char *why)
    __attribute__((warn_unused_result));
/*
 * After the workers ended well: the file is synced, and trusted from now on.
 * Problems are logged.
 */
void cache_close_well(const char *state_dir);

/*
 * size in bytes holds for the file; what has expired is kept for max_stale_s
 * longer where there is room. Returns 0 or -errno with why.
 */
int cache_open(struct cache **out, const char *state_dir, uint64_t size,
    uint32_t max_stale_s, char *why) __attribute__((warn_unused_result));
void cache_close(struct cache *c); /* NULL is fine; writes what waits */

/*
 * The cache's time, for all `now` below, in seconds since the epoch: the wall
 * clock when the cache was first opened since the machine started, and from
 * then on the time that has passed, whatever the wall clock is set to. While a
 * view is held it stands still.
 */
uint64_t cache_now(const struct cache *c);

/*
 * Finds an answer. Fills a, whose pointers are borrowed until the next call
 * for c, and returns 0; or -ESTALE,
 * if it has expired, but not longer ago than max_stale_s (a->stale is set, RFC
 * 8767); -ENOENT if there is none.
 */
int cache_get(struct cache *c, const struct cache_key *key, uint64_t now,
    struct answer *a);

/*
 * Did it fail lately, so that it must not be asked for yet (RFC 9520)? Returns
 * 0 and fills a, a SERVFAIL; -ESTALE if it failed the last time, but may be
 * asked for again; else -ENOENT.
 */
int cache_get_failure(struct cache *c, const struct cache_key *key,
    uint64_t now, struct answer *a);

/*
 * Is there a secure NXDOMAIN for this name, of whatever type (RFC 8020)? Then
 * nothing exists below it. Returns 0 and fills a, made for the key's own
 * question; else -ENOENT.
 */
int cache_get_cut(struct cache *c, const struct cache_key *key, uint64_t now,
    struct answer *a);

/* Lets go of the view; after each batch of queries. Cheap when none is held. */
void cache_pause(struct cache *c);

/*
 * Keeps a copy of a (whose age is 0) for lifetime seconds, and forgets that the
 * question failed. It waits in memory for the next cache_flush(), where only c
 * itself finds it; it can be dropped, never fail.
 */
void cache_put(struct cache *c, const struct cache_key *key, uint64_t now,
    const struct answer *a, uint32_t lifetime);

/*
 * Notes that the question failed: for 2 s, twice as long at each failure that
 * follows, at most 5 minutes (RFC 9520 3.2); at least least_s, and at most
 * most_s if that is not 0. ede: the
 * extended error's INFO-CODE, 0 for none. Waits like cache_put(). Returns false
 * where this was noted already, and still holds.
 */
bool cache_put_failure(struct cache *c, const struct cache_key *key,
    uint64_t now, uint8_t ede, uint32_t least_s, uint32_t most_s);

/* As a cache_put() would do it. Returns true if there was a failure. */
bool cache_forget_failure(
    struct cache *c, const struct cache_key *key, uint64_t now);

/*
 * Writes what waits in one transaction, and makes room when the file is nearly
 * full. Cheap when nothing waits.
 */
void cache_flush(struct cache *c, uint64_t now);

/* Writes what waits, and from then on nothing: cache_put() does nothing. */
void cache_stop(struct cache *c, uint64_t now);

#endif
