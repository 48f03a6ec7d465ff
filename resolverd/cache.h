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

/* size in bytes holds for the file. Returns 0 or -errno with why. */
int cache_open(struct cache **out, const char *state_dir, uint64_t size,
    char *why) __attribute__((warn_unused_result));
void cache_close(struct cache *c); /* NULL is fine; writes what waits */

/*
 * Finds a live answer. Returns 0 and fills a, whose pointers are borrowed until
 * cache_pause(), cache_put() or cache_flush(); -ENOENT if there is none or it
 * has expired. now in seconds since the epoch.
 */
int cache_get(struct cache *c, const struct cache_key *key, uint64_t now,
    struct answer *a);

/* Lets go of the view; after each batch of queries. Cheap when none is held. */
void cache_pause(struct cache *c);

/*
 * Keeps a copy of a (whose age is 0) for lifetime seconds. It waits in memory
 * for the next cache_flush(); it can be dropped, never fail.
 */
void cache_put(struct cache *c, const struct cache_key *key, uint64_t now,
    const struct answer *a, uint32_t lifetime);

/*
 * Writes what waits in one transaction, and makes room (expired entries first)
 * when the file is nearly full. Cheap when nothing waits.
 */
void cache_flush(struct cache *c, uint64_t now);

#endif
