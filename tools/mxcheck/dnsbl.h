/*
 * What the answers of lists of addresses (DNSBL, RFC 5782) mean. Each list has
 * codes of its own, and an answer that says "you may not ask" is the one that
 * is most often taken for a listing.
 */
#ifndef TOOLS_MXCHECK_DNSBL_H
#define TOOLS_MXCHECK_DNSBL_H

#include "lib/dname.h"
#include "tools/mxcheck/facts.h"

/* When several answers come, the last of these counts. */
enum dnsbl_meaning {
	DNSBL_GOOD,   /* a list of the good, or a note */
	DNSBL_POLICY, /* not to send mail directly: weighs for senders */
	DNSBL_BAD,
	DNSBL_ERROR, /* nothing is said of the address */
};

/*
 * The meaning of one answer of the list at zone; *name is what the list calls
 * it, a literal, or NULL. A list that is not known counts by RFC 5782 2.1:
 * 127.0.0.2 and the like are a listing. 127.255.255.x and what is not in
 * 127.0.0.0/8 is an error of any list.
 */
enum dnsbl_meaning dnsbl_meaning(const char *zone, const struct addr *answer,
    const char **name);

/* The worst of all answers; *name is that of the one that counts. */
enum dnsbl_meaning dnsbl_sum(const char *zone,
    const struct facts_dnsbl_answer *answer, const char **name);

/* Its test points were answered as RFC 5782 5 has it: it lists what it must,
 * and not what it must not. */
bool dnsbl_is_alive(const struct facts_dnsbl *list, bool v6);

/* The name below the list's zone that asks for the address. */
void dnsbl_prefix(char out[DNAME_TXT_MAX], const struct addr *addr);

#endif
