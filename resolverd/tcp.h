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

/* Bytes that clients have not taken: of one, beyond the first no question is
 * read, beyond the second it is cut off; of all, beyond the third those that
 * have any are. */
#define TCP_OUTPUT_MAX 131072
#define TCP_OUTPUT_ANSWERS_MAX (1 << 20)
#define TCP_OUTPUT_ALL_MAX (64 << 20)

struct event_base;
struct tcp_server;

/* All listeners of a worker share the limits of h->conf->clients. */
struct tcp_server *tcp_server_new(struct event_base *base, struct handler *h);
/* Serves a listening, non-blocking socket, which stays the caller's. */
void tcp_serve(struct tcp_server *s, int fd);
void tcp_stop(struct tcp_server *s); /* accepts no more */
bool tcp_is_sent(const struct tcp_server *s); /* no answer is on its way out */
bool tcp_is_idle(const struct tcp_server *s); /* there is no connection */
void tcp_server_free(struct tcp_server *s); /* NULL is fine */

#endif
