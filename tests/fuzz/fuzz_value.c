/*
 * Values of a generation, which may be damaged: the bytes are RRs and notes.
 * The first four are the time.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "zones/acl.h"
#include "zones/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is live has whole RRs and no notes but actions. */
static void
check_live(const uint8_t *rrs, size_t len)
{
	const uint8_t *p = rrs;
	struct value_rr rr;

	assert(len > 0);
	while (value_next_any(&p, rrs + len, &rr))
		assert(rr.type != VALUE_NOTE || rr.len == VALUE_ACTION_LEN);
	assert(p == rrs + len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acl_verdict acl = {0};
	struct value_walk walk = {0};
	struct value_rr rr;
	const uint8_t *p, *end, *live;
	uint8_t *bytes;
	size_t len;

	if (size < 4)
		return 0;
	bytes = malloc(size - 4 + 1);
	memcpy(bytes, data + 4, size - 4);
	p = bytes;
	end = p + (size - 4);
	(void)value_alternative(&p, &end, get_le32(data));
	while (value_live(&p, end, get_le32(data), &live, &len))
		check_live(live, len);
	while (value_next_live(&walk, bytes, size - 4, get_le32(data), &rr))
		assert(rr.type != VALUE_NOTE && rr.data + rr.len <=
		    bytes + size - 4);
	acl_verdict_add(&acl, bytes, size - 4);
	assert(acl.action <= ACL_IGNORE);
	free(bytes);
	return 0;
}
