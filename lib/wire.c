/*
 * DNS messages: the bounds-checked reader and writer, and the copy of an RR
 * from one message into another.
 *
 * Every byte that is read is untrusted: from clients, from upstream servers by
 * way of libunbound. The writer trusts what it wrote itself.
 *
 * Compression looks for the longest known suffix from the right, one label at a
 * time. For that each suffix is remembered once, and what stands to its right
 * was remembered before it or is the root. The work for a name is bounded by
 * its labels times the room of name_pos.
 */
#include "lib/wire.h"

#include <assert.h>

#define POINTER_MARK 0xc0  /* the two high bits of a length byte */
#define POINTER_MAX 0x3fff /* the offset that fits into the rest */

/* ---- reading */

void
wire_reader_init(struct wire_reader *r, const uint8_t *msg, size_t len)
{
	*r = (struct wire_reader){.msg = msg, .len = len};
}

const uint8_t *
wire_read_bytes(struct wire_reader *r, size_t n)
{
	const uint8_t *p;

	if (r->failed || n > r->len - r->pos) {
		r->failed = true;
		return NULL;
	}
	p = r->msg + r->pos;
	r->pos += n;
	return p;
}

uint8_t
wire_read_u8(struct wire_reader *r)
{
	const uint8_t *p = wire_read_bytes(r, 1);

	return p != NULL ? *p : 0;
}

uint16_t
wire_read_u16(struct wire_reader *r)
{
	const uint8_t *p = wire_read_bytes(r, 2);

	return p != NULL ? get_be16(p) : 0;
}

uint32_t
wire_read_u32(struct wire_reader *r)
{
	const uint8_t *p = wire_read_bytes(r, 4);

	return p != NULL ? get_be32(p) : 0;
}

void
wire_read_header(struct wire_reader *r, struct wire_header *out)
{
	out->id = wire_read_u16(r);
	out->flags = wire_read_u16(r);
	out->qdcount = wire_read_u16(r);
	out->ancount = wire_read_u16(r);
	out->nscount = wire_read_u16(r);
	out->arcount = wire_read_u16(r);
}

static size_t
read_name_failed(struct wire_reader *r, uint8_t *out)
{
	r->failed = true;
	out[0] = 0;
	return 0;
}

size_t
wire_read_name(struct wire_reader *r, uint8_t *out)
{
	size_t start = r->pos; /* of the piece we stand in */
	size_t pos = start, behind = 0, n = 0, target;
	uint8_t c;

	if (r->failed)
		return read_name_failed(r, out);
	for (;;) {
		if (pos >= r->len)
			return read_name_failed(r, out);
		c = r->msg[pos];
		if (c == 0)
			break;
		if (c >= POINTER_MARK) {
			if (r->len - pos < 2)
				return read_name_failed(r, out);
			target = get_be16(r->msg + pos) & POINTER_MAX;
			if (target >= start)
				return read_name_failed(r, out);
			if (behind == 0)
				behind = pos + 2;
			pos = start = target;
			continue;
		}
		if (c > DNAME_LABEL_MAX || c >= r->len - pos ||
		    n + 1 + c + 1 > DNAME_MAX)
			return read_name_failed(r, out);
		memcpy(out + n, r->msg + pos, 1 + (size_t)c);
		n += 1 + (size_t)c;
		pos += 1 + (size_t)c;
	}
	out[n++] = 0;
	r->pos = behind != 0 ? behind : pos + 1;
	return n;
}

bool
wire_read_rr(struct wire_reader *r, struct wire_rr *out)
{
	out->owner_len = wire_read_name(r, out->owner);
	out->type = wire_read_u16(r);
	out->class = wire_read_u16(r);
	out->ttl_pos = r->pos;
	out->ttl = wire_read_u32(r);
	out->rdata_len = wire_read_u16(r);
	out->rdata_pos = r->pos;
	wire_read_bytes(r, out->rdata_len);
	return !r->failed;
}

/* ---- writing */

void
wire_writer_init(struct wire_writer *w, uint8_t *buf, size_t cap)
{
	w->msg = buf;
	w->cap = cap;
	w->len = 0;
	w->failed = false;
	w->n_names = 0;
}

/* Room for n bytes that now belong to the message; NULL if there is none. */
static uint8_t *
take(struct wire_writer *w, size_t n)
{
	uint8_t *p;

	if (w->failed || n > w->cap - w->len) {
		w->failed = true;
		return NULL;
	}
	p = w->msg + w->len;
	w->len += n;
	return p;
}

void
wire_write_u8(struct wire_writer *w, uint8_t v)
{
	uint8_t *p = take(w, 1);

	if (p != NULL)
		*p = v;
}

void
wire_write_u16(struct wire_writer *w, uint16_t v)
{
	uint8_t *p = take(w, 2);

	if (p != NULL)
		put_be16(p, v);
}

void
wire_write_u32(struct wire_writer *w, uint32_t v)
{
	uint8_t *p = take(w, 4);

	if (p != NULL)
		put_be32(p, v);
}

void
wire_write_bytes(struct wire_writer *w, const void *src, size_t n)
{
	uint8_t *p = take(w, n);

	if (p != NULL && n > 0)
		memcpy(p, src, n);
}

void
wire_write_header(struct wire_writer *w, const struct wire_header *h)
{
	uint8_t *p = take(w, DNS_HEADER_LEN);

	if (p == NULL)
		return;
	put_be16(p, h->id);
	put_be16(p + 2, h->flags);
	put_be16(p + 4, h->qdcount);
	put_be16(p + 6, h->ancount);
	put_be16(p + 8, h->nscount);
	put_be16(p + 10, h->arcount);
}

/* Where the name goes on behind its first label. */
static size_t
rest_of_name(const struct wire_writer *w, size_t pos)
{
	pos += 1 + (size_t)w->msg[pos];
	if (w->msg[pos] >= POINTER_MARK)
		pos = get_be16(w->msg + pos) & POINTER_MAX;
	return pos;
}

/*
 * Where label followed by the name at rest was written before; rest 0 is the
 * root. Returns 0 if nowhere: no name stands where the header is.
 */
static size_t
find_name(const struct wire_writer *w, const uint8_t *label, size_t rest)
{
	size_t pos, found;
	unsigned i;

	for (i = 0; i < w->n_names; i++) {
		pos = w->name_pos[i];
		if (!dname_label_equal(w->msg + pos, label))
			continue;
		found = rest_of_name(w, pos);
		if (found == rest || (rest == 0 && w->msg[found] == 0))
			return pos;
	}
	return 0;
}

static void
remember_name(struct wire_writer *w, size_t pos)
{
	size_t room = sizeof(w->name_pos) / sizeof(w->name_pos[0]);

	if (w->n_names < room && pos > 0 && pos <= POINTER_MAX)
		w->name_pos[w->n_names++] = (uint16_t)pos;
}

void
wire_write_name(struct wire_writer *w, const uint8_t *dname, bool compress)
{
	const uint8_t *labels[DNAME_LABELS_MAX];
	unsigned n = 0, fresh;
	size_t start = w->len, known = 0, pos, len;
	const uint8_t *p;

	for (p = dname; *p != 0; p += 1 + *p) {
		assert(n < DNAME_LABELS_MAX);
		labels[n++] = p;
	}
	len = (size_t)(p - dname) + 1;
	for (fresh = n; fresh > 0; fresh--, known = pos) {
		pos = find_name(w, labels[fresh - 1], known);
		if (pos == 0)
			break;
	}
	if (compress && known != 0) {
		len = (size_t)((fresh < n ? labels[fresh] : p) - dname);
		if (len + 2 > w->cap - w->len) {
			w->failed = true;
			return;
		}
		wire_write_bytes(w, dname, len);
		wire_write_u16(w, (uint16_t)(POINTER_MARK << 8 | known));
	} else {
		wire_write_bytes(w, dname, len);
	}
	/* find_name() knows the copy that was there before, not this one */
	if (w->failed || (!compress && known != 0))
		return;
	while (fresh-- > 0)
		remember_name(w, start + (size_t)(labels[fresh] - dname));
}

/*
 * What RDATA with names in it looks like: bytes, character-strings, names, and
 * the bytes behind them. Everything that is not here is copied as it is.
 */
struct rdata_form {
	uint16_t type;
	uint8_t bytes;
	uint8_t strings;
	uint8_t names;
	int8_t behind; /* REST: any number */
	bool compress; /* RFC 3597 4: only the types of RFC 1035 */
};
#define REST (-1)

static const struct rdata_form rdata_forms[] = {
    {DNS_TYPE_NS, 0, 0, 1, 0, true},
    {DNS_TYPE_MD, 0, 0, 1, 0, true},
    {DNS_TYPE_MF, 0, 0, 1, 0, true},
    {DNS_TYPE_CNAME, 0, 0, 1, 0, true},
    {DNS_TYPE_SOA, 0, 0, 2, 20, true},
    {DNS_TYPE_MB, 0, 0, 1, 0, true},
    {DNS_TYPE_MG, 0, 0, 1, 0, true},
    {DNS_TYPE_MR, 0, 0, 1, 0, true},
    {DNS_TYPE_PTR, 0, 0, 1, 0, true},
    {DNS_TYPE_MINFO, 0, 0, 2, 0, true},
    {DNS_TYPE_MX, 2, 0, 1, 0, true},
    {DNS_TYPE_RP, 0, 0, 2, 0, false},
    {DNS_TYPE_AFSDB, 2, 0, 1, 0, false},
    {DNS_TYPE_RT, 2, 0, 1, 0, false},
    {DNS_TYPE_SIG, 18, 0, 1, REST, false},
    {DNS_TYPE_PX, 2, 0, 2, 0, false},
    {DNS_TYPE_NXT, 0, 0, 1, REST, false},
    {DNS_TYPE_SRV, 6, 0, 1, 0, false},
    {DNS_TYPE_NAPTR, 4, 3, 1, 0, false},
    {DNS_TYPE_KX, 2, 0, 1, 0, false},
    {DNS_TYPE_DNAME, 0, 0, 1, 0, false},
};

static const struct rdata_form *
rdata_form_find(uint16_t type)
{
	static const struct rdata_form opaque = {.behind = REST};
	size_t i, n = sizeof(rdata_forms) / sizeof(rdata_forms[0]);

	for (i = 0; i < n; i++)
		if (rdata_forms[i].type == type)
			return &rdata_forms[i];
	return &opaque;
}

static void
copy_bytes(struct wire_writer *w, struct wire_reader *r, size_t n)
{
	const uint8_t *p = wire_read_bytes(r, n);

	if (p != NULL)
		wire_write_bytes(w, p, n);
}

static void
copy_string(struct wire_writer *w, struct wire_reader *r)
{
	uint8_t len = wire_read_u8(r);

	wire_write_u8(w, len);
	copy_bytes(w, r, len);
}

static void
copy_name(struct wire_writer *w, struct wire_reader *r, bool compress)
{
	uint8_t name[DNAME_MAX];

	if (wire_read_name(r, name) > 0)
		wire_write_name(w, name, compress);
}

/* r ends where the RDATA ends. */
static void
copy_rdata(struct wire_writer *w, struct wire_reader *r, uint16_t type)
{
	const struct rdata_form *f = rdata_form_find(type);
	size_t rest;
	unsigned i;

	copy_bytes(w, r, f->bytes);
	for (i = 0; i < f->strings; i++)
		copy_string(w, r);
	for (i = 0; i < f->names; i++)
		copy_name(w, r, f->compress);
	rest = r->len - r->pos;
	if (f->behind != REST && rest != (size_t)f->behind)
		r->failed = true;
	copy_bytes(w, r, rest);
}

size_t
wire_copy_rr(struct wire_writer *w, const struct wire_reader *r,
    const struct wire_rr *rr)
{
	struct wire_reader rd = {.msg = r->msg, .pos = rr->rdata_pos,
	    .len = rr->rdata_pos + rr->rdata_len, .failed = r->failed};
	size_t mark_len = w->len, ttl_pos, rdata_pos;
	uint16_t mark_names = w->n_names;

	assert(r->failed || rd.len <= r->len);
	wire_write_name(w, rr->owner, true);
	wire_write_u16(w, rr->type);
	wire_write_u16(w, rr->class);
	ttl_pos = w->len;
	wire_write_u32(w, rr->ttl);
	wire_write_u16(w, 0); /* RDLENGTH, known below */
	rdata_pos = w->len;
	copy_rdata(w, &rd, rr->type);
	if (w->failed || rd.failed || w->len - rdata_pos > UINT16_MAX) {
		w->len = mark_len;
		w->n_names = mark_names;
		w->failed = true;
		return 0;
	}
	put_be16(w->msg + rdata_pos - 2, (uint16_t)(w->len - rdata_pos));
	return ttl_pos;
}
