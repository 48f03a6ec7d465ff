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

#define TCP_CONNS_MAX 1000   /* of a worker; beyond it the idlest goes */
#define TCP_IDLE_S 10	     /* without a whole question, nothing under way */
#define TCP_PENDING_MAX 100  /* questions of a connection under way */
#define TCP_OUTPUT_MAX 262144 /* bytes unread by the client: no more is read */

struct event_base;
struct tcp_server;

/* All listeners of a worker share the limits. */
struct tcp_server *tcp_server_new(struct event_base *base, struct handler *h);
/* Serves a listening, non-blocking socket, which stays the caller's. */
void tcp_serve(struct tcp_server *s, int fd);
void tcp_stop(struct tcp_server *s); /* accepts no more */
bool tcp_is_sent(const struct tcp_server *s); /* no answer is on its way out */
bool tcp_is_idle(const struct tcp_server *s); /* there is no connection */
void tcp_server_free(struct tcp_server *s); /* NULL is fine */

#endif
