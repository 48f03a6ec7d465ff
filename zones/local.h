/*
 * A local list zone: few entries, changed by blctl one at a time, live at the
 * next query. One LMDB file, STATE/local/ZONE.mdb, that workers only read.
 */
#ifndef ZONES_LOCAL_H
#define ZONES_LOCAL_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "zones/key.h"
#include "zones/local_key.h" /* LOCAL_KEY_TXT_MAX */

#define LOCAL_WHY_MAX 512
#define LOCAL_REASON_MAX 254 /* bytes; `$` stands for the listed key */
#define LOCAL_AUTHOR_MAX 32  /* bytes */
#define LOCAL_TTL 60	     /* seconds, of every answer */

struct local;

/*
 * Makes the store if it is missing, readable by group gid (the daemon's; -1:
 * leave as made), and opens it for reading and, if write, for changes. Returns
 * 0 or -errno with the reason in why (LOCAL_WHY_MAX bytes).
 */
int local_open(struct local **out, const char *state_dir, const char *zone,
    bool write, gid_t gid, char *why) __attribute__((warn_unused_result));
void local_close(struct local *l); /* NULL is fine */

/*
 * Are other files in the place of those that are open? Changes then go there,
 * unseen here: close, and open anew. false while one is missing.
 */
bool local_is_replaced(const struct local *l);

/*
 * An entry. key_txt is an address or prefix of either family, or a name:
 * `example.com` (that name), `*.example.com` (all below), `.example.com`
 * (both), as in rbldnsd's dnset. For an address the longest prefix wins.
 */
struct local_entry {
	char key_txt[LOCAL_KEY_TXT_MAX]; /* in its canonical form */
	uint32_t code;	  /* the A record, host order */
	char reason[LOCAL_REASON_MAX + 1]; /* the TXT record; "" for none */
	uint64_t added;	  /* seconds since the epoch */
	char author[LOCAL_AUTHOR_MAX + 1]; /* login name of who added it */
};

enum local_change { LOCAL_ADDED, LOCAL_CHANGED, LOCAL_SAME };

/*
 * Each change is one transaction, durable when the call returns. key_txt is
 * brought into canonical form in entry. local_add() gives in was what stood
 * there, unless nothing did (LOCAL_ADDED); with the same code and reason it
 * writes nothing. local_del() gives in entry what it deleted. Returns -EINVAL
 * (why says what is wrong with the entry), -ENOSPC, -errno; local_del() -ENOENT
 * (why names a listed key around or inside, if there is one).
 */
int local_add(struct local *l, struct local_entry *entry,
    struct local_entry *was, enum local_change *change, char *why)
    __attribute__((warn_unused_result));
int local_del(struct local *l, struct local_entry *entry, char *why)
    __attribute__((warn_unused_result));

/* Calls fn for each entry, addresses before names, in order. */
int local_list(struct local *l,
    void (*fn)(void *arg, const struct local_entry *entry), void *arg,
    char *why) __attribute__((warn_unused_result));

/*
 * Adds what is listed for the key to hits. The newest state is taken at the
 * first lookup after local_pause(); what hits points to is borrowed until then.
 * The worker pauses after each batch of queries. Errors read as "not listed"
 * and are returned (-errno), so that the caller can count and log them.
 */
int local_lookup(struct local *l, const struct zone_key *key,
    struct zone_hits *hits);
void local_pause(struct local *l);

/* SOA and NS, made up; the serial is the time of the last change. Borrowed
 * until local_pause(). */
const struct zone_apex *local_apex(struct local *l);

#endif
