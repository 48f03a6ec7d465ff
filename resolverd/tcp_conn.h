/*
 * One connection, and what its server keeps about all of them; for tcp.c and
 * tcp_conn.c only.
 */
#ifndef RESOLVERD_TCP_CONN_H
#define RESOLVERD_TCP_CONN_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolverd/client.h"
#include "resolverd/handle.h"
#include "resolverd/tcp.h"

struct event;
struct evconnlistener;

enum tcp_state {
	TCP_IDLE,    /* all its questions are answered, the answers sent */
	TCP_UNREAD,  /* it has not taken its answers yet */
	TCP_WAITING, /* questions are under way */
	TCP_STATES
};

struct tcp_conn {
	TAILQ_ENTRY(tcp_conn) entry; /* of its server's, in its state */
	enum tcp_state state;
	uint64_t since_s;	/* it is in this state, or last asked there */
	struct tcp_server *server;
	const struct tcp_stream *stream;
	struct bufferevent *bev; /* NULL: closed */
	struct client client;	/* who sits at the other end */
	unsigned held;		/* questions under way, and callbacks */
	bool eof;		/* the client has asked all it wants */
};

TAILQ_HEAD(tcp_conns, tcp_conn);

struct tcp_listener {
	SLIST_ENTRY(tcp_listener) entry;
	struct tcp_server *server;
	const struct tcp_stream *stream;
	struct evconnlistener *lev;
};

struct tcp_server {
	struct event_base *base;
	struct handler *h;
	SLIST_HEAD(, tcp_listener) listeners;
	struct event *resume; /* accept again after EMFILE */
	struct event *sweep;  /* while there are connections */
	struct tcp_conns conns[TCP_STATES]; /* each the longest there first */
	unsigned n_conns;
	size_t unsent; /* bytes, of all connections */
};

/*
 * Takes over the bufferevent, which has just begun, of a connection that was
 * counted (tcp_count.h). Returns NULL if memory is out; then both are the
 * caller's still.
 */
struct tcp_conn *tcp_conn_new(struct tcp_server *s, struct bufferevent *bev,
    const struct tcp_stream *stream, const struct client *client);

/* Ends it; what is under way for it is let go of when its answer comes. */
void tcp_conn_close(struct tcp_conn *c);

/* The transport of its questions. */
const struct transport *tcp_conn_transport(const struct tcp_stream *stream);

#endif
