/*
 * The RRs that a list entry stands for, as bytes in a generation file or in the
 * local store: any number of
 *
 *	type	u16 little-endian
 *	len	u16 little-endian: bytes of data; top bit: data is a template
 *	ttl	u32 little-endian
 *	data	RDATA in wire form, or a TXT template
 *
 * Where RRs expire, notes stand between them (VALUE_NOTE), one of them first.
 * What is listed when all of that has expired stands behind it, as another
 * alternative.
 *
 * A TXT template is text in which a byte 0 stands for the listed key (`$`).
 * Text that needs no key is stored as ready RDATA.
 */
#ifndef ZONES_VALUE_H
#define ZONES_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"

#define VALUE_RR_HEADER 8
#define VALUE_TEMPLATE 0x8000u
#define VALUE_TXT_MAX 254 /* bytes of text in an answer: rbldnsd's limit */

struct value_rr {
	uint16_t type;
	uint32_t ttl;
	bool is_template;
	const uint8_t *data; /* borrowed */
	uint16_t len;
};

/*
 * What is of this type is no RR, but a note of ours (RFC 6895 3.1 reserves the
 * type). Its length tells what it says: without data, that another alternative
 * begins; one byte is the action of an acl (zones/acl.h), which is content as
 * RRs are; four are when what is behind it expires, in seconds since the epoch
 * (0: never).
 */
#define VALUE_NOTE 0
#define VALUE_PARTING_LEN 0
#define VALUE_ACTION_LEN 1
#define VALUE_EXPIRY_LEN 4

/*
 * Takes the RR or note at *p, which moves behind it. Returns false at the end,
 * and where what is left is no whole one (a damaged file).
 */
static inline bool
value_next_any(const uint8_t **p, const uint8_t *end, struct value_rr *rr)
{
	uint16_t len;

	if (end - *p < VALUE_RR_HEADER)
		return false;
	rr->type = get_le16(*p);
	len = get_le16(*p + 2);
	rr->ttl = get_le32(*p + 4);
	rr->is_template = len & VALUE_TEMPLATE;
	rr->len = len & ~VALUE_TEMPLATE;
	rr->data = *p + VALUE_RR_HEADER;
	if (end - rr->data < rr->len)
		return false;
	*p = rr->data + rr->len;
	return true;
}

/* The same, but passes over notes. */
static inline bool
value_next(const uint8_t **p, const uint8_t *end, struct value_rr *rr)
{
	while (value_next_any(p, end, rr))
		if (rr->type != VALUE_NOTE)
			return true;
	return false;
}

/* Does it begin with a note? Most values do not. */
static inline bool
value_has_notes(const uint8_t *rrs, size_t len)
{
	return len >= VALUE_RR_HEADER && get_le16(rrs) == VALUE_NOTE;
}

/*
 * Of a value from *p to *end, which move: the first alternative of which
 * something has not expired; nothing if there is none. Returns how many were
 * passed over.
 */
unsigned value_alternative(const uint8_t **p, const uint8_t **end,
    uint64_t now);

/*
 * The next RRs from *p on, of an alternative, that stand under one expiry and
 * have not expired: *rrs, *len. *p moves behind them. Returns false at the end.
 */
bool value_live(const uint8_t **p, const uint8_t *end, uint64_t now,
    const uint8_t **rrs, size_t *len);

/*
 * The RRs that count now, one by one. Starts zeroed, and borrows the value;
 * returns false at the end.
 */
struct value_walk {
	const uint8_t *p, *end;	       /* what is left of the alternative */
	const uint8_t *live, *live_end; /* and of what is under one expiry */
};
bool value_next_live(struct value_walk *w, const uint8_t *rrs, size_t len,
    uint64_t now, struct value_rr *rr);

/* Append a note of an expiry, or one that parts alternatives, at out
 * (VALUE_RR_HEADER + VALUE_EXPIRY_LEN bytes). Return its size. */
size_t value_put_expiry(uint8_t *out, uint32_t expires);
size_t value_put_parting(uint8_t *out);

/*
 * Writes the RDATA of a TXT template with the key put in: one character-string
 * of at most VALUE_TXT_MAX bytes. out holds 256 bytes. Returns its length.
 */
size_t value_expand(uint8_t *out, const struct value_rr *rr,
    const char *key_txt);

/* Appends one RR at out (room for VALUE_RR_HEADER + len). Returns its size. */
size_t value_put(uint8_t *out, uint16_t type, uint32_t ttl, const void *data,
    uint16_t len, bool is_template);

#endif
