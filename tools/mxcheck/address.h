/*
 * Addresses by what they are for: the special-purpose registries of IANA
 * (RFC 6890, https://www.iana.org/assignments/iana-ipv4-special-registry).
 */
#ifndef TOOLS_MXCHECK_ADDRESS_H
#define TOOLS_MXCHECK_ADDRESS_H

#include "lib/addr.h"

enum address_scope {
	ADDRESS_GLOBAL,
	ADDRESS_SELF,	 /* 127/8, 0/8, ::1, ::: the sender's own host */
	ADDRESS_NOWHERE, /* multicast, reserved */
	ADDRESS_PRIVATE, /* private, shared, ULA, link-local */
	ADDRESS_EXAMPLE, /* documentation, benchmarks */
};

enum address_scope address_scope(const struct addr *addr);
const char *address_scope_txt(enum address_scope scope); /* "loopback" */

/* The prefix of len bits that addr is in. */
void address_prefix(struct prefix *out, const struct addr *addr, unsigned len);

#endif
