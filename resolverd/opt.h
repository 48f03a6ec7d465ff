/*
 * The OPT RR (RFC 6891): what a client says with it, and the one that goes
 * back. For query.c; others see the fields in struct query.
 */
#ifndef RESOLVERD_OPT_H
#define RESOLVERD_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dns.h"

/* The options of a query, and what goes back of them. */
struct opt {
	/* --- as they came */
	uint8_t cookie_len; /* 0: none; 8, or 16 to 40 (RFC 7873 4) */
	bool wants_keepalive; /* RFC 7828; never over UDP */
	bool wants_padding;   /* RFC 7830 */
	/* --- as they go back */
	bool puts_cookie;   /* the first EDNS_COOKIE_LEN bytes of cookie */
	uint16_t keepalive; /* in 100 ms; 0: none */
	uint16_t pad_to;    /* a multiple of this; 0: no padding */
	uint8_t cookie[EDNS_COOKIE_MAX];
};

struct query;

/*
 * Reads the OPT at rr (its type; behind the owner) with its whole RDATA into q.
 * datagram: its size limit applies. Returns an rcode.
 */
uint16_t opt_read(struct query *q, const uint8_t *rr, bool datagram);

/* Without an extended error and padding. 0: there will be none. */
size_t opt_len(const struct query *q);

/* Puts it behind the answer of q; opt_len() fits. */
void opt_put(struct query *q);

#endif
