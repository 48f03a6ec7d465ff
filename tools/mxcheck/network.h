/*
 * Do several servers stand in one network? One is a prefix of each family, for
 * who has both has them at the same place.
 */
#ifndef TOOLS_MXCHECK_NETWORK_H
#define TOOLS_MXCHECK_NETWORK_H

#include <stddef.h>

#include "lib/addr.h"

#define NETWORK_TXT_MAX (2 * ADDR_TXT_MAX + 8)

struct network { /* members private */
	unsigned len[2]; /* of a prefix: IPv4, IPv6 */
	struct prefix first[2];
	bool is_spread;	   /* an address is outside of the first */
	size_t n, n_of[2]; /* servers; those with an address of the family */
	bool has[2];	   /* the present server */
};

/* Prefixes of 24 and 48 bits are routed, and lost, as one; of 32 and 128 they
 * are addresses. */
void network_init(struct network *net, unsigned len4, unsigned len6);

/* The next server, and then each of its addresses. */
void network_server(struct network *net);
void network_addr(struct network *net, const struct addr *addr);

/*
 * Several servers, all of whose addresses are in one prefix of their family,
 * where one family is common to all of them.
 */
bool network_is_one(const struct network *net);

/* "192.0.2.0/24 and 2001:db8::/48" */
const char *network_txt(char out[NETWORK_TXT_MAX], const struct network *net);

#endif
