/*
 * The question as it came, and the frame of the answer: header, question, OPT.
 * What stands between is the handlers' (listzone.c, answer.c); the transports
 * (udp.c, tcp.c) call query_begin() and send what query_finish() leaves.
 *
 * All bytes read here are untrusted, from the network.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lib/bytes.h"
#include "resolverd/query.h"

/*
 * Reads QNAME, QTYPE and QCLASS at p, of which avail bytes are there, and
 * copies them into the answer as they came. Compression has no place in a
 * question: there is nothing before it to point to. Returns the length, or 0.
 */
static size_t
read_question(struct query *q, const uint8_t *p, size_t avail)
{
	uint8_t *lower = q->qname;
	size_t pos = 0;
	unsigned len, n = 0;

	for (;;) {
		if (pos >= avail)
			return 0;
		len = p[pos];
		if (len == 0)
			break;
		if (len > DNAME_LABEL_MAX || pos + 1 + len + 1 > DNAME_MAX ||
		    pos + 1 + len >= avail)
			return 0;
		q->off[n++] = (uint8_t)pos;
		lower[pos++] = (uint8_t)len;
		for (; len > 0; len--, pos++) {
			uint8_t c = p[pos];

			lower[pos] =
			    c | (uint8_t)((unsigned)(c - 'A') < 26) << 5;
		}
	}
	lower[pos++] = 0;
	if (avail - pos < 4)
		return 0;
	q->qname_len = (uint8_t)pos;
	q->n_labels = (uint8_t)n;
	q->hash[n] = DNAME_HASH_ROOT;
	q->hashed = 0;
	q->qtype = get_be16(p + pos);
	q->qclass = get_be16(p + pos + 2);
	q->has_question = true;
	memcpy(q->reply + DNS_HEADER_LEN, p, pos + 4);
	return pos + 4;
}

/* The length of an owner name, which may end in a pointer; 0: malformed. */
static size_t
owner_len(const uint8_t *p, size_t avail)
{
	size_t pos = 0;

	while (pos < avail && pos < DNAME_MAX) {
		unsigned len = p[pos];

		if (len == 0)
			return pos + 1;
		if ((len & 0xc0) == 0xc0)
			return pos + 2 <= avail ? pos + 2 : 0;
		if (len > DNAME_LABEL_MAX)
			return 0;
		pos += 1 + len;
	}
	return 0;
}

/*
 * The additional section: takes the OPT, passes over the rest (a TSIG, say).
 * Returns an rcode.
 */
static uint16_t
read_additional(struct query *q, const uint8_t *p, size_t avail, unsigned n,
    bool udp)
{
	uint16_t rcode = DNS_RCODE_NOERROR;

	for (; n > 0; n--) {
		size_t owner = owner_len(p, avail), rdlen;
		const uint8_t *rr = p + owner;

		if (owner == 0 || avail - owner < 10)
			return DNS_RCODE_FORMERR;
		rdlen = get_be16(rr + 8);
		if (avail - owner - 10 < rdlen)
			return DNS_RCODE_FORMERR;
		p = rr + 10 + rdlen;
		avail -= owner + 10 + rdlen;
		if (get_be16(rr) != DNS_TYPE_OPT)
			continue;

		/* RFC 6891 6.1.1: one OPT; 6.1.2: its owner is the root */
		if (q->has_edns || owner != 1)
			return DNS_RCODE_FORMERR;
		rcode = opt_read(q, rr, udp);
		if (rcode == DNS_RCODE_FORMERR)
			return rcode;
	}
	/* bytes behind the last RR: not the message that was meant */
	return avail > 0 ? DNS_RCODE_FORMERR : rcode;
}

/*
 * RFC 7873 5.4: who asks nothing gets a cookie, or hears whether his is good.
 */
static uint16_t
cookie_only(struct query *q, const uint8_t *packet, size_t len, bool allowed,
    bool udp)
{
	uint16_t rcode = read_additional(q, packet + DNS_HEADER_LEN,
	    len - DNS_HEADER_LEN, get_be16(packet + 10), udp);

	if (!allowed)
		return DNS_RCODE_REFUSED;
	if (rcode == DNS_RCODE_NOERROR && q->opt.cookie_len == 0)
		return DNS_RCODE_FORMERR;
	return rcode;
}

/* Every reason not to look for an answer, one after the other. */
static uint16_t
refusal(struct query *q, const uint8_t *packet, size_t len, bool allowed,
    bool udp)
{
	size_t question;
	uint16_t rcode;

	/* RFC 1035 4.1.1; the opcode goes back as it came */
	if ((q->flags & DNS_FLAG_OPCODE) != 0)
		return allowed ? DNS_RCODE_NOTIMP : DNS_RCODE_REFUSED;
	/* RFC 9619: a QUERY has one question, or none and a cookie */
	if (get_be16(packet + 4) == 0 && get_be32(packet + 6) == 0)
		return cookie_only(q, packet, len, allowed, udp);
	if (get_be16(packet + 4) != 1)
		return DNS_RCODE_FORMERR;
	question = read_question(q, packet + DNS_HEADER_LEN,
	    len - DNS_HEADER_LEN);
	if (question == 0)
		return DNS_RCODE_FORMERR;
	q->reply_len += question;
	/* the answer and authority sections of a question are empty */
	if (get_be16(packet + 6) != 0 || get_be16(packet + 8) != 0)
		return DNS_RCODE_FORMERR;
	rcode = read_additional(q, packet + DNS_HEADER_LEN + question,
	    len - DNS_HEADER_LEN - question, get_be16(packet + 10), udp);
	if (!allowed) {
		query_set_ede(q, EDE_PROHIBITED, NULL);
		return DNS_RCODE_REFUSED;
	}
	if (rcode != DNS_RCODE_NOERROR)
		return rcode;
	/* an OPT is never an answer, RFC 6891 6.1.1 */
	if (q->qtype == DNS_TYPE_OPT)
		return DNS_RCODE_FORMERR;
	/* RFC 6895 3.1: meta types; no transfers (RFC 5936 2.2.1) */
	if (q->qtype == 0 ||
	    (q->qtype >= DNS_TYPE_META_FIRST && q->qtype < DNS_TYPE_ANY)) {
		query_set_ede(q, EDE_NOT_SUPPORTED, NULL);
		return DNS_RCODE_NOTIMP;
	}
	if (q->qclass != DNS_CLASS_IN) {
		query_set_ede(q, EDE_NOT_SUPPORTED, NULL);
		return DNS_RCODE_REFUSED;
	}
	return DNS_RCODE_NOERROR;
}

static void
reset_answer(struct query *q)
{
	q->rcode = DNS_RCODE_NOERROR;
	q->ancount = q->nscount = q->arcount = 0;
	q->aa = q->ad = q->truncated = q->has_ede = q->no_recursion = false;
}

enum query_verdict
query_begin(struct query *q, const uint8_t *packet, size_t len, bool allowed,
    bool udp, uint8_t *reply, size_t reply_cap)
{
	assert(reply_cap >= DNS_UDP_PLAIN_MAX);

	/* nothing to answer to; and never answer an answer */
	if (len < DNS_HEADER_LEN)
		return QUERY_DROP;
	q->flags = get_be16(packet + 2);
	if (q->flags & DNS_FLAG_QR)
		return QUERY_DROP;

	q->id = get_be16(packet);
	q->has_question = q->has_edns = q->dnssec_ok = false;
	q->opt = (struct opt){0};
	q->reply = reply;
	q->reply_cap = reply_cap;
	q->reply_len = DNS_HEADER_LEN;
	q->reply_limit = udp ? DNS_UDP_PLAIN_MAX : DNS_MESSAGE_MAX;
	reset_answer(q);
	q->rcode = refusal(q, packet, len, allowed, udp);
	return q->rcode == DNS_RCODE_NOERROR && q->has_question ?
	    QUERY_ANSWER : QUERY_FINISH;
}

void
query_save(const struct query *q, struct query_saved *out)
{
	out->id = q->id;
	out->flags = q->flags;
	out->has_edns = q->has_edns;
	out->dnssec_ok = q->dnssec_ok;
	out->opt = q->opt;
	out->reply_limit = q->reply_limit;
	out->question_len = q->qname_len + 4u;
	memcpy(out->question, q->reply + DNS_HEADER_LEN, out->question_len);
}

void
query_resume(struct query *q, const struct query_saved *saved, uint8_t *reply,
    size_t reply_cap)
{
	size_t len;

	assert(reply_cap >= DNS_UDP_PLAIN_MAX);
	q->id = saved->id;
	q->flags = saved->flags;
	q->has_edns = saved->has_edns;
	q->dnssec_ok = saved->dnssec_ok;
	q->opt = saved->opt;
	q->reply = reply;
	q->reply_cap = reply_cap;
	q->reply_limit = saved->reply_limit;
	reset_answer(q);
	len = read_question(q, saved->question, saved->question_len);
	assert(len == saved->question_len);
	q->reply_len = DNS_HEADER_LEN + len;
}

void
query_hash_from(struct query *q, unsigned label)
{
	while (q->n_labels - q->hashed > (int)label) {
		unsigned i = q->n_labels - ++q->hashed;

		q->hash[i] = dname_hash_label(q->hash[i + 1],
		    q->qname + q->off[i]);
	}
}

uint8_t *
query_put_rr(struct query *q, uint16_t owner, uint16_t type, uint16_t class,
    uint32_t ttl, size_t rdlen)
{
	uint8_t *p = q->reply + q->reply_len;

	if (query_room(q) < 12 + rdlen)
		return NULL;
	put_be16(p, owner);
	put_be16(p + 2, type);
	put_be16(p + 4, class);
	put_be32(p + 6, ttl);
	put_be16(p + 10, (uint16_t)rdlen);
	q->reply_len += 12 + rdlen;
	return p + 12;
}

void
query_clear_answer(struct query *q)
{
	q->ancount = q->nscount = q->arcount = 0;
	q->reply_len = DNS_HEADER_LEN;
	if (q->has_question)
		q->reply_len += q->qname_len + 4u;
}

void
query_set_error(struct query *q, uint16_t rcode)
{
	query_clear_answer(q);
	q->rcode = rcode;
	q->aa = q->ad = false;
}

void
query_set_truncated(struct query *q)
{
	query_clear_answer(q);
	q->truncated = true;
}

void
query_set_ede(struct query *q, uint16_t info_code, const char *text)
{
	q->has_ede = true;
	q->ede_code = info_code;
	q->ede_text = text;
}

void
query_finish(struct query *q)
{
	uint16_t flags = DNS_FLAG_QR;
	uint8_t *p = q->reply;

	/* RFC 4035 3.2.2: CD goes back; RFC 1035 4.1.1: opcode and RD, too */
	flags |= q->flags & (DNS_FLAG_OPCODE | DNS_FLAG_RD | DNS_FLAG_CD);
	flags |= q->no_recursion ? 0 : DNS_FLAG_RA;
	flags |= q->aa ? DNS_FLAG_AA : 0;
	flags |= q->ad ? DNS_FLAG_AD : 0;
	flags |= q->truncated ? DNS_FLAG_TC : 0;
	flags |= q->rcode & DNS_FLAG_RCODE;

	if (q->has_edns)
		opt_put(q);
	put_be16(p, q->id);
	put_be16(p + 2, flags);
	put_be16(p + 4, q->has_question);
	put_be16(p + 6, q->ancount);
	put_be16(p + 8, q->nscount);
	put_be16(p + 10, q->arcount + q->has_edns);
}
