/*
 * UDP: questions in batches from a socket, answers in batches back.
 */
#ifndef RESOLVERD_UDP_H
#define RESOLVERD_UDP_H

#include <stdbool.h>

#include "resolverd/handle.h"

struct event_base;
struct udp_socket;

/*
 * Serves a bound, non-blocking socket, which stays the caller's. wildcard: it
 * is bound to no address, and its packets carry the one they were sent to.
 */
struct udp_socket *udp_serve(struct event_base *base, int fd, bool wildcard,
    struct handler *h);
void udp_stop(struct udp_socket *s); /* reads no more, can still answer */
void udp_free(struct udp_socket *s); /* NULL is fine */

#endif
