/*
 * Key records of DKIM as text (RFC 6376 3.6.1, RFC 8301, RFC 8463): untrusted
 * bytes in, plain values out.
 */
#ifndef TOOLS_MXCHECK_DKIM_H
#define TOOLS_MXCHECK_DKIM_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/mxcheck/text.h"

#define DKIM_KEY_MAX 2048 /* bytes of a public key, decoded */

enum dkim_type { DKIM_RSA, DKIM_ED25519 };

struct dkim_key {
	enum dkim_type type;
	unsigned bits;	 /* of an RSA key */
	bool is_revoked; /* p= is empty */
	bool is_testing; /* t=y: receivers treat it as no signature */
	bool no_sha256;	 /* h= leaves out the only hash that counts */
	bool not_for_mail; /* s= is for other services */
};

/*
 * One TXT RR at SELECTOR._domainkey, its strings joined. Returns 0; -ENOENT if
 * it is about something else; -EINVAL with why if no receiver can use it.
 */
int dkim_read(struct dkim_key *out, const char *txt, size_t len,
    char why[TEXT_WHY_MAX]);

#endif
