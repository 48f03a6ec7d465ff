/*
 * The values of acl entries: written by the builder, folded into a verdict.
 */
#include "zones/acl.h"

#include <time.h>

#include "zones/value.h"

size_t
acl_value_put(uint8_t out[ACL_VALUE_MAX], enum acl_action action)
{
	uint8_t byte = (uint8_t)action;

	return value_put(out, VALUE_NOTE, 1, &byte, 1, false);
}

/* What a damaged file says is not obeyed. */
static enum acl_action
action_of(const uint8_t *rrs, size_t len)
{
	struct value_rr rr;

	if (!value_next_any(&rrs, rrs + len, &rr))
		return ACL_PASS;
	if (rr.type != VALUE_NOTE)
		return ACL_LISTED;
	return rr.len == 1 && rr.data[0] <= ACL_IGNORE ? rr.data[0] : ACL_PASS;
}

/* Cuts a value that expires down to what counts now; false if nothing does. */
static bool
cut_to_live(const uint8_t **rrs, size_t *len)
{
	const uint8_t *p = *rrs, *end = p + *len;
	uint64_t now;

	if (!value_has_notes(p, *len) || get_le16(p + 2) == VALUE_ACTION_LEN)
		return true;
	now = (uint64_t)time(NULL);
	(void)value_alternative(&p, &end, now);
	return value_live(&p, end, now, rrs, len);
}

void
acl_verdict_add(struct acl_verdict *v, const uint8_t *rrs, size_t len)
{
	enum acl_action action;

	if (!cut_to_live(&rrs, &len))
		return;
	action = action_of(rrs, len);
	if (action <= v->action)
		return;
	v->action = action;
	v->rrs = rrs;
	v->len = len;
}
