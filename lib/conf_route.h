/*
 * Who is asked for the names below a suffix, and how: the route sections of the
 * configuration. Part of struct conf.
 */
#ifndef LIB_CONF_ROUTE_H
#define LIB_CONF_ROUTE_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/dname.h"

struct conf_endpoint {
	bool tls; /* listened on for DNS over TLS, and nothing else */
	struct sockaddr_storage sa;
	socklen_t len;
	char txt[ADDR_TXT_MAX]; /* as address@port */
};

enum conf_ask {
	CONF_ASK_UPSTREAM, /* as the section upstream has it */
	CONF_ASK_FORWARD,  /* these resolvers */
	CONF_ASK_STUB,     /* these authoritative servers, without RD */
	CONF_ASK_RECURSE   /* from the root, whatever upstream has */
};

/* What a route says itself, as bits. */
enum conf_route_own {
	CONF_ROUTE_ASK = 1,
	CONF_ROUTE_MINIMISE = 2,
	CONF_ROUTE_VALIDATE = 4,
	CONF_ROUTE_DEADLINE = 8
};

/*
 * What a route leaves out is already filled in: as the next shorter route that
 * holds for its names has it, at last as the section upstream does.
 */
struct conf_route {
	char *name;              /* text, lower case, no final dot */
	uint8_t apex[DNAME_MAX]; /* the same, wire form, lower case */
	unsigned own;            /* of enum conf_route_own */
	enum conf_ask ask;
	struct conf_endpoint *servers; /* to forward to, or pinned */
	size_t n_servers;
	bool minimise; /* RFC 9156: servers see of a name what they need */
	bool validate;
	uint32_t deadline_s; /* 0: as upstream has it */
	unsigned line;       /* where its section starts */
};

#endif
