/*
 * DNS cookies (RFC 7873): a server cookie in the form of RFC 9018, which every
 * server that has the same secret makes and understands.
 */
#ifndef RESOLVERD_COOKIE_H
#define RESOLVERD_COOKIE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/dns.h"

enum cookie_state {
	COOKIE_NONE, /* the client sent none */
	COOKIE_NEW,  /* the client's half only */
	COOKIE_BAD,  /* the server's half is not ours, or too old */
	COOKIE_GOOD, /* the client has had an answer of ours at its address */
};

#define COOKIE_WHY_MAX 256

/*
 * The supervisor, before it forks: reads the secrets of file, or makes one up
 * if file is NULL; those made up change once a day. A file has a secret per
 * line, 32 hexadecimal digits; the first makes cookies, the others, two at
 * most, are taken, too. Returns 0, or -errno with why filled: then the secrets
 * are as they were.
 */
int cookie_init(const char *file, char *why)
    __attribute__((warn_unused_result));

/*
 * Judges a cookie of len untrusted bytes, which are none (0), the client's half
 * (8), or both (16 to 40). Unless there was none, the whole cookie that goes
 * back is put into out: the client's half with a server's half, which is the
 * same while it is fresh. now: wall clock, seconds.
 */
enum cookie_state cookie_check(const uint8_t *cookie, size_t len,
    const struct addr *client, uint32_t now, uint8_t out[EDNS_COOKIE_LEN]);

#endif
