/*
 * An answer is read in passes: one for each alias, whatever order its RRs are
 * in, then one for the records of the name where they end.
 */
#include "tools/mxcheck/dnsmsg.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "lib/dns.h"
#include "lib/wire.h"

#define EDNS_SIZE 1232 /* DNS flag day 2020: no fragments */

size_t
dnsmsg_question(uint8_t out[DNSMSG_QUESTION_MAX], uint16_t id,
    const uint8_t *qname, uint16_t qtype, uint16_t flags)
{
	struct wire_header h = {
	    .id = id,
	    .flags = flags,
	    .qdcount = 1,
	    .arcount = 1,
	};
	struct wire_writer w;

	wire_writer_init(&w, out, DNSMSG_QUESTION_MAX);
	wire_write_header(&w, &h);
	wire_write_name(&w, qname, false);
	wire_write_u16(&w, qtype);
	wire_write_u16(&w, DNS_CLASS_IN);
	wire_write_u8(&w, 0); /* OPT, RFC 6891 6.1.2 */
	wire_write_u16(&w, DNS_TYPE_OPT);
	wire_write_u16(&w, EDNS_SIZE);
	wire_write_u32(&w, 0);
	wire_write_u16(&w, 0);
	return w.len;
}

bool
dnsmsg_is_answer(const uint8_t *msg, size_t len, uint16_t id,
    const uint8_t *qname, uint16_t qtype)
{
	uint8_t name[DNAME_MAX];
	struct wire_reader r;
	struct wire_header h;

	wire_reader_init(&r, msg, len);
	wire_read_header(&r, &h);
	if (r.failed || h.id != id || !(h.flags & DNS_FLAG_QR) ||
	    h.qdcount != 1)
		return false;
	wire_read_name(&r, name);
	return wire_read_u16(&r) == qtype &&
	    wire_read_u16(&r) == DNS_CLASS_IN && !r.failed &&
	    dname_equal(name, qname);
}

/* The name inside of an RDATA; false if it is none. */
static bool
read_name(struct wire_reader r, size_t pos, uint8_t *out)
{
	size_t len;

	r.pos = pos;
	len = wire_read_name(&r, out);
	dname_lower(out, len);
	return len > 0;
}

static void
read_txt(struct dnsmsg_record *out, const uint8_t *rdata, size_t len)
{
	size_t at = 0, n;

	while (at < len) {
		n = rdata[at++];
		if (n > len - at)
			n = len - at;
		if (n > sizeof(out->data) - out->data_len)
			n = sizeof(out->data) - out->data_len;
		memcpy(out->data + out->data_len, rdata + at, n);
		out->data_len += n;
		at += n > 0 ? n : 1;
		if (out->data_len == sizeof(out->data))
			break;
	}
}

static bool
read_record(struct dnsmsg_record *out, const struct wire_reader *r,
    const struct wire_rr *rr)
{
	const uint8_t *rdata = r->msg + rr->rdata_pos;

	*out = (struct dnsmsg_record){.ttl = rr->ttl};
	switch (rr->type) {
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		if (rr->rdata_len != (rr->type == DNS_TYPE_A ? 4 : 16))
			return false;
		out->addr.family =
		    rr->type == DNS_TYPE_A ? AF_INET : AF_INET6;
		memcpy(out->addr.bytes, rdata, rr->rdata_len);
		return true;
	case DNS_TYPE_MX:
		if (rr->rdata_len < 3)
			return false;
		out->pref = get_be16(rdata);
		return read_name(*r, rr->rdata_pos + 2, out->name);
	case DNS_TYPE_SRV: /* RFC 2782 */
		if (rr->rdata_len < 7)
			return false;
		out->pref = get_be16(rdata);
		out->weight = get_be16(rdata + 2);
		out->port = get_be16(rdata + 4);
		return read_name(*r, rr->rdata_pos + 6, out->name);
	case DNS_TYPE_NS:
	case DNS_TYPE_PTR:
		return read_name(*r, rr->rdata_pos, out->name);
	case DNS_TYPE_TXT:
		read_txt(out, rdata, rr->rdata_len);
		return true;
	default:
		out->data_len = rr->rdata_len < sizeof(out->data) ?
		    rr->rdata_len : sizeof(out->data);
		memcpy(out->data, rdata, out->data_len);
		return true;
	}
}

static void
note_ttl(struct dnsmsg *out, uint32_t ttl)
{
	if (ttl < out->ttl)
		out->ttl = ttl;
}

/* One pass: the alias of out->name, or its records. False: malformed. */
static bool
pass(struct dnsmsg *out, struct wire_reader r, unsigned n, uint16_t type,
    bool *found)
{
	struct wire_rr rr;

	*found = false;
	while (n-- > 0) {
		if (!wire_read_rr(&r, &rr))
			return false;
		if (rr.class != DNS_CLASS_IN || rr.type != type ||
		    !dname_equal(rr.owner, out->name))
			continue;
		*found = true;
		note_ttl(out, rr.ttl);
		if (type == DNS_TYPE_CNAME)
			return read_name(r, rr.rdata_pos, out->name);
		if (out->n_records < DNSMSG_RECORDS_MAX) {
			if (!read_record(&out->records[out->n_records], &r,
			    &rr))
				return false;
			out->n_records++;
		}
	}
	return true;
}

static bool
follow(struct dnsmsg *out, const struct wire_reader *r, unsigned n)
{
	bool found;

	for (;;) {
		if (!pass(out, *r, n, DNS_TYPE_CNAME, &found))
			return false;
		if (!found)
			return true;
		if (++out->n_aliases > DNSMSG_ALIASES_MAX) {
			out->loop = true;
			return true;
		}
	}
}

static bool
find_soa(struct dnsmsg *out, struct wire_reader *r, unsigned an, unsigned ns)
{
	struct wire_rr rr;

	for (unsigned i = 0; i < an + ns; i++) {
		if (!wire_read_rr(r, &rr))
			return false;
		if (i < an || rr.type != DNS_TYPE_SOA || out->has_soa)
			continue;
		out->has_soa = true;
		memcpy(out->soa, rr.owner, dname_len(rr.owner));
		dname_lower(out->soa, dname_len(out->soa));
	}
	return true;
}

int
dnsmsg_read(struct dnsmsg *out, const uint8_t *msg, size_t len,
    const uint8_t *qname, uint16_t qtype)
{
	struct wire_reader r;
	struct wire_header h;
	uint8_t name[DNAME_MAX];
	bool found;

	memset(out, 0, offsetof(struct dnsmsg, records));
	out->n_records = 0;
	wire_reader_init(&r, msg, len);
	wire_read_header(&r, &h);
	for (unsigned i = 0; i < h.qdcount && !r.failed; i++) {
		wire_read_name(&r, name);
		wire_read_u32(&r);
	}
	out->rcode = h.flags & DNS_FLAG_RCODE;
	out->aa = h.flags & DNS_FLAG_AA;
	out->ad = h.flags & DNS_FLAG_AD;
	out->truncated = h.flags & DNS_FLAG_TC;
	out->ttl = UINT32_MAX;
	memcpy(out->name, qname, dname_len(qname));
	dname_lower(out->name, dname_len(qname));
	if (r.failed)
		return -EBADMSG;
	if (out->truncated) /* asked again over TCP: RFC 2181 9 */
		return 0;
	if (!follow(out, &r, h.ancount) ||
	    !pass(out, r, h.ancount, qtype, &found) ||
	    !find_soa(out, &r, h.ancount, h.nscount))
		return -EBADMSG;
	if (out->ttl == UINT32_MAX)
		out->ttl = 0;
	return 0;
}

void
dnsmsg_reverse(uint8_t *out, const struct addr *addr)
{
	static const uint8_t v4[] = "\7in-addr\4arpa", v6[] = "\3ip6\4arpa";
	size_t n = addr_to_rev(out, addr);

	if (addr->family == AF_INET)
		memcpy(out + n, v4, sizeof(v4));
	else
		memcpy(out + n, v6, sizeof(v6));
}
