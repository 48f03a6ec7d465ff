/*
 * Answers from outside: read once, when they come; put behind a client's
 * question as often as they are asked for.
 *
 * answer_from_message() takes the message apart and writes each RR anew, so
 * what the cache keeps was made by us. answer_put() is the way of a cached
 * answer: one copy, then the TTLs. Whether an answer is bogus, and how long it
 * is kept, is for the callers.
 */
#include "resolverd/answer.h"

#include <assert.h>
#include <errno.h>

#include "lib/wire.h"

#define TTL_MAX 0x7fffffffu /* RFC 2181 8: beyond it a TTL counts as 0 */
#define SOA_FIXED_LEN 20    /* five 32-bit fields behind its two names */

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL };

/* One message on its way into an answer. */
struct copy {
	struct wire_reader r;
	struct wire_writer w; /* header, question, then the body */
	size_t body_pos;      /* in the writer's message */
	uint8_t *ttl_off;
	uint16_t n_ttls;
	uint16_t qtype;
	bool dnssec_ok;
	const struct conf_ttls *bounds;
	/* what decides the lifetime */
	bool has_data;       /* the answer section has what was asked for */
	uint32_t answer_ttl; /* the smallest of the answer section */
	size_t soa_ttl_pos;  /* in the writer's message; 0: no SOA */
	uint32_t soa_ttl;    /* RFC 2308 5: lesser of its TTL and MINIMUM */
};

/* What of an answer goes out. */
struct share {
	uint16_t nscount, arcount;
	size_t body_len;
};

/*
 * RFC 2181 9: sections that are not required are left out whole, without TC.
 * Returns false if what is required does not fit.
 */
static bool
share_that_fits(const struct answer *a, size_t room, struct share *s)
{
	*s = (struct share){a->nscount, a->arcount, a->body_len};
	if (s->body_len <= room)
		return true;
	s->arcount = 0;
	s->body_len = a->additional_at;
	if (s->body_len <= room)
		return true;
	s->nscount = 0;
	s->body_len = a->authority_at;
	return s->body_len <= room && !a->needs_authority;
}

static uint32_t
ttl_now(const struct answer *a, uint32_t ttl)
{
	if (a->stale)
		return ANSWER_STALE_TTL;
	return ttl > a->age ? ttl - a->age : 0;
}

void
answer_put(const struct answer *a, struct query *q)
{
	uint8_t *body = q->reply + q->reply_len;
	const uint8_t *off = a->ttl_off;
	struct share s;

	q->rcode = a->rcode;
	q->ad = a->secure && (q->dnssec_ok || (q->flags & DNS_FLAG_AD) != 0);
	if (!share_that_fits(a, query_room(q), &s)) {
		q->truncated = true;
		return;
	}
	memcpy(body, a->body, s.body_len);
	for (unsigned i = 0; i < a->n_ttls; i++, off += 2) {
		size_t pos = get_le16(off);

		/* left out; or wild: the offsets come from a file */
		if (pos + sizeof(uint32_t) > s.body_len)
			continue;
		put_be32(body + pos, ttl_now(a, get_be32(body + pos)));
	}
	q->reply_len += s.body_len;
	q->ancount += a->ancount;
	q->nscount += s.nscount;
	q->arcount += s.arcount;
}

/*
 * Not for our clients: an OPT or another RR that holds for one hop only, and
 * the RRs that authenticate where nobody asked for them (RFC 4035 3.2.1).
 */
static bool
is_left_out(const struct copy *c, uint16_t type)
{
	if (type == DNS_TYPE_OPT ||
	    (type >= DNS_TYPE_META_FIRST && type <= DNS_TYPE_ANY))
		return true;
	return !c->dnssec_ok && type != c->qtype &&
	    (type == DNS_TYPE_RRSIG || type == DNS_TYPE_NSEC ||
		type == DNS_TYPE_NSEC3);
}

/* The RR was copied; pos is where its TTL stands now. */
static void
note_lifetime(struct copy *c, enum section section, const struct wire_rr *rr,
    uint32_t ttl, size_t pos)
{
	uint32_t minimum;

	if (section == SECTION_ANSWER) {
		c->has_data |= rr->type == c->qtype || c->qtype == DNS_TYPE_ANY;
		if (ttl < c->answer_ttl)
			c->answer_ttl = ttl;
	} else if (section == SECTION_AUTHORITY && rr->type == DNS_TYPE_SOA &&
	    c->soa_ttl_pos == 0 && rr->rdata_len >= SOA_FIXED_LEN) {
		minimum = get_be32(
		    c->r.msg + rr->rdata_pos + rr->rdata_len - sizeof(minimum));
		c->soa_ttl = ttl < minimum ? ttl : minimum;
		c->soa_ttl_pos = pos;
	}
}

static uint32_t
within(uint32_t ttl, uint32_t min, uint32_t max)
{
	return ttl < min ? min : ttl > max ? max : ttl;
}

static bool
copy_rr(struct copy *c, enum section section, const struct wire_rr *rr)
{
	/* a SOA's says how long to keep a negative answer: judged later */
	bool judged_later =
	    section == SECTION_AUTHORITY && rr->type == DNS_TYPE_SOA;
	uint32_t ttl = rr->ttl > TTL_MAX ? 0 : rr->ttl;
	size_t pos;

	if (!judged_later)
		ttl = within(ttl, c->bounds->min, c->bounds->max);

	if (c->n_ttls == ANSWER_TTLS_MAX)
		return false;
	pos = wire_copy_rr(&c->w, &c->r, rr);
	if (pos == 0)
		return false;
	put_be32(c->w.msg + pos, ttl);
	put_le16(c->ttl_off + 2 * c->n_ttls++, (uint16_t)(pos - c->body_pos));
	note_lifetime(c, section, rr, ttl, pos);
	return true;
}

/* Copies a section of n RRs; *written is how many of them were kept. */
static bool
copy_section(
    struct copy *c, enum section section, unsigned n, uint16_t *written)
{
	struct wire_rr rr;

	for (*written = 0; n > 0; n--) {
		if (!wire_read_rr(&c->r, &rr))
			return false;
		if (is_left_out(c, rr.type))
			continue;
		if (!copy_rr(c, section, &rr))
			return false;
		(*written)++;
	}
	return true;
}

/* Reads the header and the question, which must be the one that we asked. */
static bool
read_question(struct wire_reader *r, struct wire_header *h,
    const uint8_t *qname, uint16_t qtype)
{
	uint8_t owner[DNAME_MAX];
	uint16_t type, class;

	wire_read_header(r, h);
	if (r->failed || (h->flags & DNS_FLAG_QR) == 0 ||
	    (h->flags & DNS_FLAG_TC) != 0 || h->qdcount != 1)
		return false;
	if (wire_read_name(r, owner) == 0)
		return false;
	type = wire_read_u16(r);
	class = wire_read_u16(r);
	return !r->failed && type == qtype && class == DNS_CLASS_IN &&
	    dname_equal(owner, qname);
}

/*
 * Writes what stands before the body, so that names are compressed against the
 * question, at the offset that it has in every client's message.
 */
static void
write_question(struct copy *c, const uint8_t *qname)
{
	const struct wire_header none = {0};

	wire_write_header(&c->w, &none);
	wire_write_name(&c->w, qname, true);
	wire_write_u16(&c->w, c->qtype);
	wire_write_u16(&c->w, DNS_CLASS_IN);
	c->body_pos = c->w.len;
}

/*
 * A negative answer is kept as its SOA says (RFC 2308 5), and with a CNAME
 * before it no longer than that holds. Its SOA then tells the client the same.
 */
static uint32_t
negative_lifetime(struct copy *c)
{
	uint32_t lifetime;

	if (c->soa_ttl_pos == 0)
		return 0;
	lifetime = within(
	    c->soa_ttl, c->bounds->min_negative, c->bounds->max_negative);
	if (c->answer_ttl < lifetime)
		lifetime = c->answer_ttl;
	put_be32(c->w.msg + c->soa_ttl_pos, lifetime);
	return lifetime;
}

static uint32_t
copy_lifetime(struct copy *c, unsigned rcode)
{
	if (rcode == DNS_RCODE_NOERROR && c->has_data)
		return c->answer_ttl;
	if (rcode == DNS_RCODE_NOERROR || rcode == DNS_RCODE_NXDOMAIN)
		return negative_lifetime(c);
	return 0;
}

/*
 * Takes the message apart, which answers `asked`, and writes its sections
 * behind the question for qname. Returns 0 or -EBADMSG.
 */
static int
copy_message(struct copy *c, struct answer *a, const uint8_t *asked,
    const uint8_t *qname)
{
	struct wire_header h;

	if (!read_question(&c->r, &h, asked, c->qtype))
		return -EBADMSG;
	write_question(c, qname);
	*a = (struct answer){.rcode = h.flags & DNS_FLAG_RCODE};
	if (!copy_section(c, SECTION_ANSWER, h.ancount, &a->ancount))
		return -EBADMSG;
	a->authority_at = (uint16_t)(c->w.len - c->body_pos);
	if (!copy_section(c, SECTION_AUTHORITY, h.nscount, &a->nscount))
		return -EBADMSG;
	a->additional_at = (uint16_t)(c->w.len - c->body_pos);
	if (!copy_section(c, SECTION_ADDITIONAL, h.arcount, &a->arcount))
		return -EBADMSG;
	a->body_len = c->w.len - c->body_pos;
	a->n_ttls = c->n_ttls;
	return 0;
}

int
answer_from_message(struct answer *a, const uint8_t *msg, size_t len,
    const uint8_t *qname, size_t qname_len, uint16_t qtype, bool dnssec_ok,
    const struct conf_ttls *bounds, uint8_t *body, size_t cap,
    uint8_t *ttl_off, uint32_t *lifetime)
{
	uint8_t room[DNS_MESSAGE_MAX];
	struct copy c = {.ttl_off = ttl_off,
	    .qtype = qtype,
	    .dnssec_ok = dnssec_ok,
	    .bounds = bounds,
	    .answer_ttl = TTL_MAX};

	assert(dname_len(qname) == qname_len);
	wire_reader_init(&c.r, msg, len);
	wire_writer_init(&c.w, room, sizeof(room));
	if (copy_message(&c, a, qname, qname) != 0 || a->body_len > cap)
		return -EBADMSG;
	*lifetime = copy_lifetime(&c, a->rcode);
	a->needs_authority =
	    dnssec_ok || !c.has_data || a->rcode != DNS_RCODE_NOERROR;
	memcpy(body, room + c.body_pos, a->body_len);
	a->body = body;
	a->ttl_off = ttl_off;
	return 0;
}

/* The message that has a for an answer. Returns its length, or 0. */
static size_t
write_message(uint8_t *out, size_t cap, const struct answer *a,
    const uint8_t *qname, uint16_t qtype)
{
	const struct wire_header h = {.flags = DNS_FLAG_QR | a->rcode,
	    .qdcount = 1,
	    .ancount = a->ancount,
	    .nscount = a->nscount,
	    .arcount = a->arcount};
	struct wire_writer w;

	wire_writer_init(&w, out, cap);
	wire_write_header(&w, &h);
	wire_write_name(&w, qname, false);
	wire_write_u16(&w, qtype);
	wire_write_u16(&w, DNS_CLASS_IN);
	wire_write_bytes(&w, a->body, a->body_len);
	return w.failed ? 0 : w.len;
}

int
answer_for_name(struct answer *out, const struct answer *a,
    const uint8_t *from, const uint8_t *to, uint8_t *body, size_t cap,
    uint8_t *ttl_off)
{
	static const struct conf_ttls as_they_are = {0, TTL_MAX, 0, TTL_MAX};
	uint8_t msg[DNS_MESSAGE_MAX], room[DNS_MESSAGE_MAX];
	struct copy c = {
	    .ttl_off = ttl_off, .dnssec_ok = true, .bounds = &as_they_are};
	size_t len;

	len = write_message(msg, sizeof(msg), a, from, c.qtype);
	wire_reader_init(&c.r, msg, len);
	wire_writer_init(&c.w, room, sizeof(room));
	if (copy_message(&c, out, from, to) != 0 || out->body_len > cap)
		return -EBADMSG;
	memcpy(body, room + c.body_pos, out->body_len);
	out->body = body;
	out->ttl_off = ttl_off;
	out->secure = a->secure;
	out->needs_authority = a->needs_authority;
	out->age = a->age;
	return 0;
}
