/*
 * Values by what is left of them. Most generations have none that expire, and
 * need no table.
 */
#include "zones/live.h"

#include <stdlib.h>

#include "zones/intern.h"
#include "zones/value.h"

struct live {
	struct buf of; /* u32 for each value, from 1 on */
};

static bool
any_expires(const struct generation *gen)
{
	const uint8_t *rrs;
	size_t len;

	for (uint32_t v = 1; generation_value(gen, v, &rrs, &len); v++)
		if (value_has_notes(rrs, len))
			return true;
	return false;
}

/* What of a value has not expired. */
static int
put_live(struct buf *out, const uint8_t *rrs, size_t len, uint64_t now)
{
	const uint8_t *end = rrs + len, *live;
	size_t live_len;
	int rc = 0;

	(void)value_alternative(&rrs, &end, now);
	while (rc == 0 && value_live(&rrs, end, now, &live, &live_len))
		rc = buf_put(out, live, live_len);
	return rc;
}

/* Values that come to the same get the same number, that of the first. */
static int
add_value(struct live *l, struct intern *seen, struct buf *firsts,
    uint32_t value, const struct buf *rrs)
{
	uint32_t id = 0, first = 0;
	int rc;

	if (rrs->len > 0) {
		rc = intern_add(seen, rrs->data, rrs->len, &id);
		if (rc == 0 && id * sizeof(first) > firsts->len)
			rc = buf_put(firsts, &value, sizeof(value));
		if (rc != 0)
			return rc;
		memcpy(&first, firsts->data + (id - 1) * sizeof(first),
		    sizeof(first));
	}
	return buf_put(&l->of, &first, sizeof(first));
}

static int
fill(struct live *l, const struct generation *gen, uint64_t now)
{
	struct buf rrs = {0}, firsts = {0};
	struct intern seen = {0};
	const uint8_t *p;
	size_t len;
	int rc = 0;

	for (uint32_t v = 1; rc == 0 && generation_value(gen, v, &p, &len);
	    v++) {
		rrs.len = 0;
		rc = put_live(&rrs, p, len, now);
		if (rc == 0)
			rc = add_value(l, &seen, &firsts, v, &rrs);
	}
	buf_free(&rrs);
	buf_free(&firsts);
	intern_free(&seen);
	return rc;
}

int
live_new(struct live **out, const struct generation *gen, uint64_t now)
{
	int rc;

	*out = NULL;
	if (!any_expires(gen))
		return 0;
	*out = calloc(1, sizeof(**out));
	rc = *out != NULL ? fill(*out, gen, now) : -ENOMEM;
	if (rc != 0) {
		live_free(*out);
		*out = NULL;
	}
	return rc;
}

void
live_free(struct live *live)
{
	if (live != NULL)
		buf_free(&live->of);
	free(live);
}

uint32_t
live_value(const struct live *live, uint32_t value)
{
	uint32_t v;

	if (live == NULL)
		return value;
	if (value == 0 || value > live->of.len / sizeof(v))
		return 0;
	memcpy(&v, live->of.data + (value - 1) * sizeof(v), sizeof(v));
	return v;
}
