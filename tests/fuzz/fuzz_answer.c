/*
 * answer.c: any message from upstream, kept and put behind a client's question;
 * the reply must parse to its end, and be a message that we would take again.
 * The first byte of the input says what the client sent.
 */
#include <assert.h>

#include "lib/wire.h"
#include "resolverd/answer.h"

/* the first bit of the length says which */
static const struct conf_ttls bounds[] = {
    {0, 604800, 0, 3600},
    {60, 3600, 30, 600},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The message's own question, so that most inputs get past it. */
static size_t
read_question(const uint8_t *msg, size_t len, uint8_t *qname, uint16_t *qtype)
{
	struct wire_reader r;
	size_t n;

	wire_reader_init(&r, msg, len);
	wire_read_bytes(&r, DNS_HEADER_LEN);
	n = wire_read_name(&r, qname);
	*qtype = wire_read_u16(&r);
	dname_lower(qname, n);
	return r.failed ? 0 : n;
}

static void
ask(struct query *q, const uint8_t *qname, size_t qname_len, uint16_t qtype,
    uint8_t how, uint8_t *reply, size_t cap)
{
	uint8_t packet[DNS_HEADER_LEN + QUERY_QUESTION_MAX + EDNS_OPT_LEN];
	struct wire_header h = {.flags = how & 1 ? DNS_FLAG_AD : 0,
	    .qdcount = 1,
	    .arcount = how >> 1 & 1};
	struct wire_writer w;

	wire_writer_init(&w, packet, sizeof(packet));
	wire_write_header(&w, &h);
	wire_write_bytes(&w, qname, qname_len);
	wire_write_u16(&w, qtype);
	wire_write_u16(&w, DNS_CLASS_IN);
	if (h.arcount > 0) {
		wire_write_u8(&w, 0);
		wire_write_u16(&w, DNS_TYPE_OPT);
		wire_write_u16(&w, 1232);
		wire_write_u32(&w, how & 4 ? EDNS_FLAG_DO : 0);
		wire_write_u16(&w, 0);
	}
	query_begin(q, packet, w.len, true, how & 8, reply, cap);
}

/* The same, below the name: RFC 8020. */
static void
put_below(const struct answer *a, const uint8_t *qname, size_t qname_len)
{
	static uint8_t body[DNS_MESSAGE_MAX], again[DNS_MESSAGE_MAX];
	static uint8_t ttl_off[2 * ANSWER_TTLS_MAX];
	uint8_t below[DNAME_MAX + 2] = {1, 'x'};
	struct answer b, c;

	if (qname_len > DNAME_MAX - 2)
		return;
	memcpy(below + 2, qname, qname_len);
	if (answer_for_name(
		&b, a, qname, below, body, sizeof(body), ttl_off) != 0)
		return; /* longer than a message by now */
	assert(b.ancount == a->ancount && b.nscount == a->nscount);
	assert(b.arcount == a->arcount && b.n_ttls == a->n_ttls);
	if (answer_for_name(
		&c, &b, below, qname, again, sizeof(again), ttl_off) == 0)
		assert(c.n_ttls == a->n_ttls && c.ancount == a->ancount);
}

static void
check_reply(const struct query *q, unsigned counts[3])
{
	struct wire_header h;
	struct wire_reader r;
	uint8_t name[DNAME_MAX];
	struct wire_rr rr;

	wire_reader_init(&r, q->reply, q->reply_len);
	wire_read_header(&r, &h);
	wire_read_name(&r, name);
	wire_read_u32(&r);
	counts[0] = h.ancount, counts[1] = h.nscount, counts[2] = h.arcount;
	for (unsigned n = counts[0] + counts[1] + counts[2]; n > 0; n--)
		assert(wire_read_rr(&r, &rr) && rr.ttl <= INT32_MAX + 0u);
	assert(!r.failed && r.pos == r.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t body[DNS_MESSAGE_MAX], reply[DNS_MESSAGE_MAX];
	static uint8_t ttl_off[2 * ANSWER_TTLS_MAX];
	const struct conf_ttls *ttls;
	uint8_t qname[DNAME_MAX], how;
	uint16_t qtype;
	uint32_t lifetime;
	unsigned counts[3];
	struct answer a;
	struct query q;
	size_t n;

	if (size == 0 ||
	    (n = read_question(data + 1, size - 1, qname, &qtype)) == 0)
		return 0;
	how = data[0];
	ttls = &bounds[size & 1];
	if (answer_from_message(&a, data + 1, size - 1, qname, n, qtype,
		how & 4, ttls, body, sizeof(body), ttl_off,
		&lifetime) != 0)
		return 0;
	assert(lifetime <= ttls->max && a.n_ttls <= ANSWER_TTLS_MAX);
	assert(a.authority_at <= a.additional_at &&
	    a.additional_at <= a.body_len);
	assert(a.rcode != DNS_RCODE_NXDOMAIN || lifetime <= ttls->max_negative);
	put_below(&a, qname, n);
	a.secure = how >> 4 & 1;
	a.age = how >> 5;
	ask(&q, qname, n, qtype, how, reply, sizeof(reply));
	if (q.reply_len <= DNS_HEADER_LEN || q.rcode != 0)
		return 0; /* a question that our clients are refused */
	answer_put(&a, &q);
	query_finish(&q);
	check_reply(&q, counts);
	if (q.truncated || q.qtype != qtype)
		return 0;
	/* whole sections, and what is needed (RFC 2181 9) */
	assert(counts[0] == a.ancount);
	assert(counts[1] == a.nscount ||
	    (counts[1] == 0 && !a.needs_authority));
	if (counts[1] != a.nscount)
		return 0;
	n = q.qname_len;
	assert(answer_from_message(&a, q.reply, q.reply_len, qname, n, qtype,
		   how & 4, ttls, body, sizeof(body), ttl_off,
		   &lifetime) == 0);
	assert(counts[0] == a.ancount && counts[1] == a.nscount);
	return 0;
}
