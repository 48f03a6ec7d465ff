/*
 * UDP: questions in batches from a socket, answers in batches back.
 */
#ifndef RESOLVERD_UDP_H
#define RESOLVERD_UDP_H

#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

#include "resolverd/handle.h"

struct event_base;
struct udp_socket;

/* Room for one IP_PKTINFO or IPV6_PKTINFO */
#define UDP_CONTROL_MAX 64

/* Where a late answer goes, and from which of our addresses. */
struct udp_return {
	struct sockaddr_in6 to; /* large enough for both families */
	socklen_t to_len;
	size_t control_len;
	_Alignas(16) uint8_t control[UDP_CONTROL_MAX];
};

/*
 * Serves a bound, non-blocking socket, which stays the caller's. wildcard: it
 * is bound to no address, and its packets carry the one they were sent to.
 */
struct udp_socket *udp_serve(struct event_base *base, int fd, bool wildcard,
    struct handler *h);
void udp_stop(struct udp_socket *s); /* reads no more, can still answer */
void udp_free(struct udp_socket *s); /* NULL is fine */

void udp_keep_return(struct udp_return *out, const struct msghdr *from);
void udp_answer(struct udp_socket *s, const struct udp_return *back,
    const uint8_t *msg, size_t len);

#endif
