/*
 * The list zones of a worker: which one a qname belongs to, and the answer from
 * its generation or local store. Authoritative answers, without a system call.
 */
#ifndef RESOLVERD_LISTZONE_H
#define RESOLVERD_LISTZONE_H

#include <stdbool.h>

#include "lib/conf.h"
#include "resolverd/query.h"

struct listzone;
struct listzones;

/*
 * Opens every zone and local store of the configuration. One that cannot be
 * opened is logged and answers SERVFAIL until listzones_refresh() finds it
 * good. conf is borrowed.
 */
struct listzones *listzones_open(const struct conf *conf);
void listzones_close(struct listzones *zs); /* NULL is fine */

/*
 * The zone whose apex is the longest suffix of the qname, or NULL. Works out
 * the hashes of q that it needs.
 */
struct listzone *listzones_route(struct listzones *zs, struct query *q);

/* Writes the answer behind the question of q. */
void listzone_answer(struct listzone *z, struct query *q);

/* Lets go of the local stores' views; after each batch of queries. */
void listzones_pause(struct listzones *zs);

/*
 * Takes up every generation that has been published since, and gives up none
 * that serves; opens anew a local store whose file was replaced. Not while
 * answers point into one.
 */
void listzones_refresh(struct listzones *zs);

#endif
