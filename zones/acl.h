/*
 * Access control: what a dataset of the type acl says of the client that asks.
 * It is built into a generation, gated and published with it; the daemon only
 * asks it (generation_acl()).
 *
 * The seam for a server: one verdict per question, that starts zeroed,
 *
 *	struct acl_verdict v = {.client = &client};
 *
 *	generation_acl(global, &v);  the generation of the zone ".", if any,
 *				     before any zone is looked for
 *	generation_acl(gen, &v);     the generation of the zone
 *	generation_lookup_for(gen, &key, &v, &hits);
 *
 * and before the last, ACL_IGNORE and ACL_REFUSE are for the server to obey.
 */
#ifndef ZONES_ACL_H
#define ZONES_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/* The strongest of several counts; of two ACL_LISTED the one that was first. */
enum acl_action {
	ACL_PASS,   /* as usual: also where nothing is said */
	ACL_LISTED, /* every key is listed, with the value of the acl */
	ACL_EMPTY,  /* nothing is listed */
	ACL_REFUSE, /* REFUSED */
	ACL_IGNORE, /* no answer at all */
};

/* Starts zeroed, but for client. */
struct acl_verdict {
	const struct addr *client; /* borrowed */
	enum acl_action action;
	const uint8_t *rrs; /* ACL_LISTED: as zones/value.h has them; `$` is the
			     * client; borrowed from the generation */
	size_t len;
};

/*
 * An action other than ACL_LISTED is kept as a note (zones/value.h) with the
 * action as its only byte.
 */
#define ACL_VALUE_MAX 16
size_t acl_value_put(uint8_t out[ACL_VALUE_MAX], enum acl_action action);

/* Works a value in that the client was found with. */
void acl_verdict_add(struct acl_verdict *v, const uint8_t *rrs, size_t len);

#endif
