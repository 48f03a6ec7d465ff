/*
 * TCP (RFC 7766): length-prefixed messages, any number in a connection,
 * answered in the order in which the answers come.
 */
#ifndef RESOLVERD_TCP_H
#define RESOLVERD_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolverd/handle.h"

#define TCP_PENDING_MAX 100 /* questions of a connection under way */
#define TCP_UNREAD_S 30	    /* for a client to take its answers */

/* Bytes that clients have not taken: beyond the first, no more questions are
 * read from one; when all have more than the second, who is beyond the first
 * is cut off. */
#define TCP_OUTPUT_MAX 131072
#define TCP_OUTPUT_ALL_MAX (64 << 20)

struct bufferevent;
struct event_base;
struct tcp_server;

/* What a connection's bytes go through. */
struct tcp_stream {
	bool is_encrypted;
	/* Makes a stream of an accepted socket, which it then owns; NULL: it
	 * could not, and the socket is the caller's still. */
	struct bufferevent *(*open)(struct event_base *base, int fd);
	/* Optional: before it is freed. */
	void (*say_end)(struct bufferevent *bev);
};
extern const struct tcp_stream tcp_plain;

/* All listeners of all workers share the limits of h->conf->clients; before
 * the first, tcp_count_init(). */
struct tcp_server *tcp_server_new(struct event_base *base, struct handler *h);
/* Serves a listening, non-blocking socket, which stays the caller's. */
void tcp_serve(struct tcp_server *s, int fd, const struct tcp_stream *stream);
void tcp_stop(struct tcp_server *s); /* accepts no more */
bool tcp_is_sent(const struct tcp_server *s); /* no answer is on its way out */
bool tcp_is_idle(const struct tcp_server *s); /* there is no connection */
void tcp_server_free(struct tcp_server *s); /* NULL is fine */

#endif
