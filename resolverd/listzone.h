/*
 * The list zones of a worker: which one a qname belongs to, and the answer from
 * its generation or local store. Authoritative answers, without a system call.
 */
#ifndef RESOLVERD_LISTZONE_H
#define RESOLVERD_LISTZONE_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>

#include "lib/conf.h"
#include "resolverd/query.h"
#include "zones/key.h"

struct listzone;
struct listzones;

/*
 * Opens every zone and local store of the configuration. One that cannot be
 * opened is logged and answers SERVFAIL until listzones_refresh() finds it
 * good. conf is borrowed.
 */
struct listzones *listzones_open(const struct conf *conf);
void listzones_close(struct listzones *zs); /* NULL is fine */

/* A question for a list zone. key points into the query. */
struct list_lookup {
	struct listzone *zone;
	struct zone_key key;
};

/*
 * Finds the zone whose apex is the longest suffix of the qname. Returns false
 * if there is none. Works out the hashes of q that are needed.
 */
bool listzones_route(struct listzones *zs, struct query *q,
    struct list_lookup *out);

/* Which section of the configuration it is: conf->zones[n]. */
size_t listzone_number(const struct listzone *z);

/* From now on positive answers have the NS RRset in the authority section,
 * where it fits. */
void listzones_add_ns(struct listzones *zs);

/*
 * Optional, for a batch of questions: each step for all of them, then the
 * answers. What they will read is then loaded for all at the same time.
 */
#define LISTZONE_FETCH_STEPS 3
void listzone_fetch(const struct list_lookup *l, unsigned step);

/*
 * Writes the answer behind the question of q. client is asked about in the acls
 * of the zone and of all zones. Returns false if one says that no answer is to
 * be sent.
 */
bool listzone_answer(const struct list_lookup *l, struct query *q,
    const struct addr *client);

/* "bl.example.net, generation gen-00000012.mdb", for people. Returns out. */
#define LISTZONE_WHERE_MAX 512
char *listzone_where(const struct list_lookup *l, char *out);

/*
 * What the acl for all zones says of v->client, for a server that asks it
 * before it looks for a zone; ACL_PASS if there is none. v starts zeroed but
 * for client. See zones/acl.h.
 */
struct acl_verdict;
void listzones_acl(const struct listzones *zs, struct acl_verdict *v);

/* Lets go of the local stores' views; after each batch of queries. */
void listzones_pause(struct listzones *zs);

/*
 * Takes up every generation that has been published since, and gives up none
 * that serves; opens anew a local store whose file was replaced. Not while
 * answers point into one.
 */
void listzones_refresh(struct listzones *zs);

#endif
