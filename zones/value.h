/*
 * The RRs that a list entry stands for, as bytes in a generation file or in the
 * local store: any number of
 *
 *	type	u16 little-endian
 *	len	u16 little-endian: bytes of data; top bit: data is a template
 *	ttl	u32 little-endian
 *	data	RDATA in wire form, or a TXT template
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
 * Takes the RR at *p, which moves behind it. Returns false at the end, and
 * where what is left is no whole RR (a damaged file).
 */
static inline bool
value_next(const uint8_t **p, const uint8_t *end, struct value_rr *rr)
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
