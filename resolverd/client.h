/*
 * Who asked, as the handler sees it: the transport fills it in for each packet,
 * and takes back an answer that comes later.
 */
#ifndef RESOLVERD_CLIENT_H
#define RESOLVERD_CLIENT_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/conf.h"

struct client;

struct transport {
	bool is_datagram;  /* the client's limit of size applies */
	bool is_encrypted; /* the length of an answer may tell something */
	/* Keeps the way back to a client whose answer comes later; NULL if
	 * memory is out. */
	void *(*keep)(const struct client *client);
	/* Sends the answer, if the client is still there, and lets go of what
	 * was kept. Once for each keep(); len 0: there is nothing to send. */
	void (*answer)(void *kept, const uint8_t *msg, size_t len);
};

struct client {
	const struct transport *transport;
	void *endpoint;		   /* the transport's own; borrowed, */
	const struct msghdr *from; /* and so is this, for the call */
	struct addr addr;	   /* IPv4 mapped into IPv6 is IPv4 */
	enum conf_acl acl;	   /* what becomes of its questions */
};

#endif
