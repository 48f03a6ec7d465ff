/*
 * From packet to answer: the one place that knows the order in which a question
 * is offered to list zones, cache and upstream. The transports call it.
 */
#ifndef RESOLVERD_HANDLE_H
#define RESOLVERD_HANDLE_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/conf.h"
#include "resolverd/client.h"
#include "resolverd/listzone.h"
#include "resolverd/made_up.h"
#include "resolverd/query.h"

struct cache;
struct localdata;
struct upstream;

struct handler;
struct handling;

/* Who answers for names that are in no list zone. */
struct outside {
	/* Returns false if the answer comes later. */
	bool (*answer)(struct handler *h, struct query *q,
	    const struct client *client);
	void (*batch_done)(struct handler *h); /* after each batch of packets */
};

struct handler {
	const struct conf *conf; /* all borrowed from the worker */
	struct listzones *zones;
	const struct outside *outside; /* NULL: nobody, REFUSED, RA 0 */
	struct localdata *localdata; /* of outside's */
	struct cache *cache; /* NULL: none that could be opened */
	struct upstream *upstream;
	struct made_up_server server; /* for version.bind and the like */
	/* Optional: told about each packet, when it is answered. len: of the
	 * answer; 0: there is none, or not yet. */
	void (*note)(void *arg, const struct handling *g,
	    const struct client *client, size_t len);
	void *note_arg;
};

/* A packet between handle_begin() and handle_end(); for note() to read. */
struct handling {
	size_t packet_len;
	struct query q;
	enum query_verdict verdict;
	bool is_list;
	struct list_lookup list;
};

/*
 * Reads len untrusted bytes and finds out who will answer. reply (cap bytes of
 * room, at least DNS_UDP_PLAIN_MAX) is borrowed until handle_end().
 */
void handle_begin(struct handler *h, struct handling *g,
    const struct client *client, const uint8_t *packet, size_t len,
    uint8_t *reply, size_t cap);

/*
 * Optional, between the two: in a batch, each step for all packets begins to
 * load what the answers will read, so that they wait for memory together.
 */
#define HANDLE_FETCH_STEPS LISTZONE_FETCH_STEPS
static inline void
handle_fetch(const struct handling *g, unsigned step)
{
	if (g->is_list)
		listzone_fetch(&g->list, step);
}

/*
 * Returns the length of the answer in reply, to be sent now; 0 where there is
 * none, or not yet: then the handler sends it through the client's transport
 * when it is there.
 */
size_t handle_end(struct handler *h, struct handling *g,
    const struct client *client);

/* After each batch of packets: lets go of what answers pointed to. */
void handle_batch_done(struct handler *h);

#endif
