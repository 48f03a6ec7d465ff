/*
 * DNS messages (RFC 1035 4): a reader and a writer, both bounds-checked cursors
 * with a sticky error: go on, test once at the end.
 */
#ifndef LIB_WIRE_H
#define LIB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/dname.h"
#include "lib/dns.h"

/* ---- reading; the bytes are untrusted */

struct wire_reader {
	const uint8_t *msg; /* borrowed for the reader's life */
	size_t len;
	size_t pos;  /* of the next byte */
	bool failed; /* sticky: a read went beyond the end or was malformed */
};

struct wire_header {
	uint16_t id;
	uint16_t flags;
	uint16_t qdcount, ancount, nscount, arcount;
};

/* An RR as read; rdata points into the message and may hold compressed names */
struct wire_rr {
	uint8_t owner[DNAME_MAX]; /* as sent, case kept */
	size_t owner_len;
	uint16_t type, class;
	uint32_t ttl;
	size_t ttl_pos;	  /* offset of the TTL in the message */
	size_t rdata_pos; /* offset of the RDATA in the message */
	uint16_t rdata_len;
};

void wire_reader_init(struct wire_reader *r, const uint8_t *msg, size_t len);
uint8_t wire_read_u8(struct wire_reader *r);
uint16_t wire_read_u16(struct wire_reader *r);
uint32_t wire_read_u32(struct wire_reader *r);
const uint8_t *wire_read_bytes(struct wire_reader *r, size_t n);
void wire_read_header(struct wire_reader *r, struct wire_header *out);

/*
 * Reads a name, following compression pointers, each of which must point
 * before the place where the name it stands in began (so loops end). out holds
 * DNAME_MAX bytes. Returns the length, or 0 with the sticky error set.
 */
size_t wire_read_name(struct wire_reader *r, uint8_t *out);

/* Reads one RR and stands behind its RDATA. Returns false on error. */
bool wire_read_rr(struct wire_reader *r, struct wire_rr *out);

/* ---- writing */

/*
 * Writes into the caller's buffer; a write that does not fit sets `failed` and
 * changes nothing. Names already written can be pointed to (RFC 1035 4.1.4);
 * a name at offset 0 cannot, since a header stands there. A copy of the struct
 * is a mark to go back to. Members private.
 */
struct wire_writer {
	uint8_t *msg;
	size_t cap;
	size_t len;
	bool failed;
	uint16_t n_names;
	uint16_t name_pos[64]; /* where suffixes that can be reused stand */
};

void wire_writer_init(struct wire_writer *w, uint8_t *buf, size_t cap);
void wire_write_u8(struct wire_writer *w, uint8_t v);
void wire_write_u16(struct wire_writer *w, uint16_t v);
void wire_write_u32(struct wire_writer *w, uint32_t v);
void wire_write_bytes(struct wire_writer *w, const void *p, size_t n);
void wire_write_header(struct wire_writer *w, const struct wire_header *h);

/*
 * Writes a dname. With compress, the longest suffix that was written before
 * (compared without regard to case) becomes a pointer.
 */
void wire_write_name(struct wire_writer *w, const uint8_t *dname,
    bool compress);

/*
 * Copies an RR that was read with r: the owner is compressed anew, and so are
 * the names inside the RDATA of the types of RFC 1035 (NS, MD, MF, CNAME, SOA,
 * MB, MG, MR, PTR, MINFO, MX), since their offsets move. Names in the RDATA of
 * RFC 3597 4's other well-known types are expanded, never compressed. Returns
 * the offset of the TTL in the new message, or 0 on error: it does not fit, or
 * the RDATA is malformed; then `failed` is set and nothing was written.
 */
size_t wire_copy_rr(struct wire_writer *w, const struct wire_reader *r,
    const struct wire_rr *rr);

#endif
