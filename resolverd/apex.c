/*
 * Only where a pointer leads changes from answer to answer, by where the block
 * and where the apex in the question stand.
 */
#include "resolverd/apex.h"

#include <string.h>

#include "lib/bytes.h"

#define POINTER 0xc000u
#define POINTER_MAX 0x3fffu
#define TTL_OFF 6 /* in an RR whose owner is a pointer */
#define SOA_NUMBERS_LEN 20 /* at the end of an SOA, the serial first */

struct fixup {
	uint16_t at; /* of the pointer, in the block */
	uint16_t to; /* from the start of the block, or of the apex */
	bool to_apex;
};

/* A block in the making, and the names in it that can be pointed to. */
struct maker {
	struct apex_block *block;
	const uint8_t *apex;
	struct buf seen; /* of struct seen */
	int rc;
};

struct seen {
	const uint8_t *suffix; /* of a name that was put */
	uint16_t at;
};

/* ---- making */

static void
put(struct maker *m, const void *p, size_t len)
{
	if (m->rc == 0)
		m->rc = buf_put(&m->block->bytes, p, len);
}

static void
put_pointer(struct maker *m, uint16_t to, bool to_apex)
{
	const struct fixup f = {(uint16_t)m->block->bytes.len, to, to_apex};
	static const uint8_t room[2];

	if (m->rc == 0)
		m->rc = buf_put(&m->block->fixups, &f, sizeof(f));
	put(m, room, sizeof(room));
}

/* Byte for byte: the spelling of a name is kept. */
static bool
is_same(const uint8_t *a, const uint8_t *b)
{
	size_t len = dname_len(a);

	return len == dname_len(b) && memcmp(a, b, len) == 0;
}

/* Puts a pointer to the name if it stands somewhere already. */
static bool
put_known(struct maker *m, const uint8_t *name)
{
	const struct seen *seen = (const struct seen *)m->seen.data;
	const uint8_t *suffix = m->apex;

	for (; *suffix != 0; suffix += 1 + *suffix) {
		if (!is_same(suffix, name))
			continue;
		put_pointer(m, (uint16_t)(suffix - m->apex), true);
		return true;
	}
	for (size_t i = 0; i < m->seen.len / sizeof(*seen); i++) {
		if (!is_same(seen[i].suffix, name))
			continue;
		put_pointer(m, seen[i].at, false);
		return true;
	}
	return false;
}

static void
put_name(struct maker *m, const uint8_t *name)
{
	for (; *name != 0; name += 1 + *name) {
		const struct seen here = {name,
		    (uint16_t)m->block->bytes.len};

		if (put_known(m, name))
			return;
		if (m->rc == 0)
			m->rc = buf_put(&m->seen, &here, sizeof(here));
		put(m, name, 1u + *name);
	}
	put(m, name, 1); /* the root */
}

/* Returns where the RDATA starts: end_rr() sets its length. */
static size_t
begin_rr(struct maker *m, uint16_t type, uint32_t ttl)
{
	uint8_t fixed[10];

	put_pointer(m, 0, true);
	put_be16(fixed, type);
	put_be16(fixed + 2, DNS_CLASS_IN);
	put_be32(fixed + 4, ttl);
	put_be16(fixed + 8, 0);
	put(m, fixed, sizeof(fixed));
	return m->block->bytes.len;
}

static void
end_rr(struct maker *m, size_t start)
{
	struct buf *b = &m->block->bytes;

	if (m->rc == 0)
		put_be16(b->data + start - 2, (uint16_t)(b->len - start));
	m->block->n_rrs++;
}

static void
make_soa(struct maker *m, const struct zone_apex *rrs)
{
	const uint8_t *rname = rrs->soa + dname_len(rrs->soa);
	const uint8_t *numbers = rname + dname_len(rname);
	size_t start = begin_rr(m, DNS_TYPE_SOA, rrs->soa_ttl);

	put_name(m, rrs->soa);
	put_name(m, rname);
	put(m, numbers, (size_t)(rrs->soa + rrs->soa_len - numbers));
	end_rr(m, start);
}

static void
make_ns(struct maker *m, const struct zone_apex *rrs)
{
	const uint8_t *name = rrs->ns, *end = rrs->ns + rrs->ns_len;

	for (; name < end; name += dname_len(name)) {
		size_t start = begin_rr(m, DNS_TYPE_NS, rrs->ns_ttl);

		put_name(m, name);
		end_rr(m, start);
	}
}

static int
make(struct apex_block *block, const uint8_t *apex,
    const struct zone_apex *rrs,
    void (*fn)(struct maker *m, const struct zone_apex *rrs))
{
	struct maker m = {.block = block, .apex = apex};

	fn(&m, rrs);
	buf_free(&m.seen);
	return m.rc;
}

int
apex_rrs_make(struct apex_rrs *a, const uint8_t *apex,
    const struct zone_apex *rrs)
{
	struct apex_rrs new = {.apex_len = dname_len(apex),
	    .soa_ttl = rrs->soa_ttl, .negative_ttl = rrs->negative_ttl};
	int rc = make(&new.soa, apex, rrs, make_soa);

	if (rc == 0)
		rc = make(&new.ns, apex, rrs, make_ns);
	if (rc != 0) {
		apex_rrs_clear(&new);
		return rc;
	}
	apex_rrs_clear(a);
	*a = new;
	return 0;
}

void
apex_rrs_update(struct apex_rrs *a, const struct zone_apex *rrs)
{
	struct buf *soa = &a->soa.bytes;

	memcpy(soa->data + soa->len - SOA_NUMBERS_LEN,
	    rrs->soa + rrs->soa_len - SOA_NUMBERS_LEN, SOA_NUMBERS_LEN);
}

static void
clear_block(struct apex_block *b)
{
	buf_free(&b->bytes);
	buf_free(&b->fixups);
}

void
apex_rrs_clear(struct apex_rrs *a)
{
	clear_block(&a->soa);
	clear_block(&a->ns);
	*a = (struct apex_rrs){0};
}

/* ---- putting */

/* Returns where it stands; NULL if it does not fit. */
static uint8_t *
put_block(const struct apex_rrs *a, const struct apex_block *b,
    struct query *q)
{
	const struct fixup *f = (const struct fixup *)b->fixups.data;
	size_t apex_at = DNS_HEADER_LEN + q->qname_len - a->apex_len;
	uint8_t *p = q->reply + q->reply_len;

	if (query_room(q) < b->bytes.len ||
	    q->reply_len + b->bytes.len > POINTER_MAX)
		return NULL;
	memcpy(p, b->bytes.data, b->bytes.len);
	for (size_t i = 0; i < b->fixups.len / sizeof(*f); i++) {
		size_t to = f[i].to + (f[i].to_apex ? apex_at : q->reply_len);

		put_be16(p + f[i].at, (uint16_t)(POINTER | to));
	}
	q->reply_len += b->bytes.len;
	return p;
}

int
apex_put_soa(const struct apex_rrs *a, struct query *q, uint32_t ttl)
{
	uint8_t *p = put_block(a, &a->soa, q);

	if (p == NULL)
		return -1;
	put_be32(p + TTL_OFF, ttl);
	return (int)a->soa.n_rrs;
}

int
apex_put_ns(const struct apex_rrs *a, struct query *q)
{
	if (a->ns.n_rrs == 0)
		return 0;
	return put_block(a, &a->ns, q) != NULL ? (int)a->ns.n_rrs : -1;
}
