/*
 * Answers that stand nowhere: who we are, and the least to say to ANY.
 */
#ifndef RESOLVERD_MADE_UP_H
#define RESOLVERD_MADE_UP_H

#include <stdbool.h>

#include "resolverd/query.h"

/* What is told about a server; NULL: it is hidden. Each at most 255 bytes. */
struct made_up_server {
	const char *version;  /* version.bind, version.server */
	const char *identity; /* hostname.bind, id.server (RFC 4892) */
};

/*
 * If q, which was refused for its class, CH, asks for one of these that is not
 * hidden: answers it. Returns whether it did.
 */
bool made_up_server_answer(struct query *q, const struct made_up_server *s);

/* RFC 8482 4.2: one HINFO for QTYPE ANY, whatever is at the name. */
void made_up_any_answer(struct query *q);

#endif
