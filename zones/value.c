/*
 * RRs as bytes: written by the builder and the local store, expanded by the
 * daemon. Nothing here allocates.
 */
#include "zones/value.h"

size_t
value_expand(uint8_t *out, const struct value_rr *rr, const char *key_txt)
{
	size_t key_len = strlen(key_txt), left = VALUE_TXT_MAX, n;
	const uint8_t *p = rr->data, *end = p + rr->len, *mark;
	uint8_t *to = out + 1;

	while (p < end && left > 0) {
		mark = memchr(p, 0, end - p);
		n = (mark != NULL ? mark : end) - p;
		n = n < left ? n : left;
		memcpy(to, p, n);
		to += n;
		left -= n;
		if (mark == NULL)
			break;
		n = key_len < left ? key_len : left;
		memcpy(to, key_txt, n);
		to += n;
		left -= n;
		p = mark + 1;
	}
	out[0] = to - (out + 1);
	return to - out;
}

size_t
value_put(uint8_t *out, uint16_t type, uint32_t ttl, const void *data,
    uint16_t len, bool is_template)
{
	put_le16(out, type);
	put_le16(out + 2, len | (is_template ? VALUE_TEMPLATE : 0));
	put_le32(out + 4, ttl);
	memcpy(out + VALUE_RR_HEADER, data, len);
	return VALUE_RR_HEADER + len;
}

size_t
value_put_expiry(uint8_t *out, uint32_t expires)
{
	uint8_t le[VALUE_EXPIRY_LEN];

	put_le32(le, expires);
	return value_put(out, VALUE_NOTE, 1, le, sizeof(le), false);
}

static bool
is_over(const struct value_rr *note, uint64_t now)
{
	uint32_t expires;

	if (note->len != VALUE_EXPIRY_LEN)
		return true; /* not ours, or damaged: not listed */
	expires = get_le32(note->data);
	return expires != 0 && expires <= now;
}

bool
value_live(const uint8_t **p, const uint8_t *end, uint64_t now,
    const uint8_t **rrs, size_t *len)
{
	const uint8_t *start = *p, *before = *p;
	bool over = false;
	struct value_rr rr;

	for (; value_next_any(p, end, &rr); before = *p) {
		if (rr.type != VALUE_NOTE)
			continue;
		if (!over && before > start) {
			*p = before; /* the note is for the next call */
			break;
		}
		over = is_over(&rr, now);
		start = *p;
	}
	*rrs = start;
	*len = (size_t)(before - start);
	return !over && before > start;
}
