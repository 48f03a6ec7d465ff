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

size_t
value_put_parting(uint8_t *out)
{
	return value_put(out, VALUE_NOTE, 1, "", VALUE_PARTING_LEN, false);
}

/* ---- what has expired */

static bool
is_content(const struct value_rr *rr)
{
	return rr->type != VALUE_NOTE || rr->len == VALUE_ACTION_LEN;
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
		if (is_content(&rr))
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

/* Where the alternative ends; *next is where another begins, or NULL. */
static const uint8_t *
alternative_end(const uint8_t *p, const uint8_t *end, const uint8_t **next)
{
	const uint8_t *before = p;
	struct value_rr rr;

	for (; value_next_any(&p, end, &rr); before = p) {
		if (rr.type == VALUE_NOTE && rr.len == VALUE_PARTING_LEN) {
			*next = p;
			return before;
		}
	}
	*next = NULL;
	return end;
}

unsigned
value_alternative(const uint8_t **p, const uint8_t **end, uint64_t now)
{
	const uint8_t *stop, *next, *at, *live;
	unsigned passed = 0;
	size_t len;

	for (;; passed++, *p = next) {
		stop = alternative_end(*p, *end, &next);
		at = *p;
		if (value_live(&at, stop, now, &live, &len)) {
			*end = stop;
			return passed;
		}
		if (next == NULL) {
			*p = *end;
			return passed + 1;
		}
	}
}

bool
value_next_live(struct value_walk *w, const uint8_t *rrs, size_t len,
    uint64_t now, struct value_rr *rr)
{
	size_t live_len;

	if (w->p == NULL) {
		w->p = rrs;
		w->end = rrs + len;
		if (value_has_notes(rrs, len))
			(void)value_alternative(&w->p, &w->end, now);
	}
	for (;;) {
		if (w->live != NULL && value_next(&w->live, w->live_end, rr))
			return true;
		if (!value_live(&w->p, w->end, now, &w->live, &live_len))
			return false;
		w->live_end = w->live + live_len;
	}
}
