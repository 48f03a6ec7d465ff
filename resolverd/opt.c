/*
 * EDNS: one pass over the options of a query, one function for the OPT of an
 * answer. Unknown options and flags are passed over (RFC 6891 6.1.2, 6.1.4).
 */
#include "resolverd/opt.h"

#include <assert.h>
#include <string.h>

#include "lib/bytes.h"
#include "resolverd/query.h"

/* One option of a query. Returns false if it is malformed. */
static bool
read_option(struct query *q, unsigned code, const uint8_t *data, size_t len,
    bool datagram)
{
	switch (code) {
	case EDNS_OPTION_COOKIE:
		/* RFC 7873 5.2.2; 5.2: the first one counts */
		if (len != 8 && (len < 16 || len > EDNS_COOKIE_MAX))
			return false;
		if (q->opt.cookie_len == 0) {
			q->opt.cookie_len = (uint8_t)len;
			memcpy(q->opt.cookie, data, len);
		}
		break;
	case EDNS_OPTION_KEEPALIVE:
		/*
		 * RFC 7828 3.2.1: over UDP it is nothing; a query has no time
		 */
		q->opt.wants_keepalive = !datagram;
		return datagram || len == 0;
	case EDNS_OPTION_PADDING:
		q->opt.wants_padding = true;
		break;
	}
	return true;
}

/* Each option must lie within the RDATA, RFC 6891 6.1.2. */
static bool
read_options(struct query *q, const uint8_t *p, size_t len, bool datagram)
{
	while (len > 0) {
		size_t opt_len;

		if (len < EDNS_OPTION_HEADER_LEN)
			return false;
		opt_len = get_be16(p + 2);
		if (opt_len > len - EDNS_OPTION_HEADER_LEN ||
		    !read_option(q, get_be16(p), p + EDNS_OPTION_HEADER_LEN,
			opt_len, datagram))
			return false;
		p += EDNS_OPTION_HEADER_LEN + opt_len;
		len -= EDNS_OPTION_HEADER_LEN + opt_len;
	}
	return true;
}

uint16_t
opt_read(struct query *q, const uint8_t *rr, bool datagram)
{
	size_t size = get_be16(rr + 2);

	q->has_edns = true;
	q->dnssec_ok = get_be16(rr + 6) & EDNS_FLAG_DO;
	if (datagram) {
		/* RFC 6891 6.2.3: less than 512 means 512 */
		if (size > QUERY_UDP_MAX)
			size = QUERY_UDP_MAX;
		if (size > DNS_UDP_PLAIN_MAX)
			q->reply_limit = size;
	}
	/* RFC 6891 6.1.3: we speak version 0, and read no other's options */
	if (rr[5] != 0)
		return DNS_RCODE_BADVERS;
	return read_options(q, rr + 10, get_be16(rr + 8), datagram) ?
	    DNS_RCODE_NOERROR : DNS_RCODE_FORMERR;
}

size_t
opt_len(const struct query *q)
{
	size_t len = EDNS_OPT_LEN;

	if (!q->has_edns)
		return 0;
	if (q->opt.puts_cookie)
		len += EDNS_OPTION_HEADER_LEN + EDNS_COOKIE_LEN;
	if (q->opt.keepalive > 0)
		len += EDNS_OPTION_HEADER_LEN + sizeof(q->opt.keepalive);
	return len;
}

static uint8_t *
put_option_header(uint8_t *p, enum edns_option code, size_t len)
{
	put_be16(p, (uint16_t)code);
	put_be16(p + 2, (uint16_t)len);
	return p + EDNS_OPTION_HEADER_LEN;
}

/*
 * The extended error, in the room that is left before end; without its text
 * where only that does not fit.
 */
static uint8_t *
put_ede(const struct query *q, uint8_t *p, const uint8_t *end)
{
	size_t text_len = q->ede_text == NULL ? 0 :
	    strnlen(q->ede_text, QUERY_EDE_TEXT_MAX);
	size_t room = (size_t)(end - p);
	size_t least = EDNS_OPTION_HEADER_LEN + sizeof(q->ede_code);

	if (room < least)
		return p;
	if (room < least + text_len)
		text_len = 0;
	p = put_option_header(p, EDNS_OPTION_EDE,
	    sizeof(q->ede_code) + text_len);
	put_be16(p, q->ede_code);
	p += sizeof(q->ede_code);
	if (text_len > 0)
		memcpy(p, q->ede_text, text_len);
	return p + text_len;
}

/* RFC 8467 4.1: up to a multiple of pad_to, or to the end of the room. */
static uint8_t *
put_padding(const struct query *q, uint8_t *p, const uint8_t *end)
{
	size_t len = (size_t)(p - q->reply) + EDNS_OPTION_HEADER_LEN;
	size_t pad = (q->opt.pad_to - len % q->opt.pad_to) % q->opt.pad_to;

	if ((size_t)(end - p) < EDNS_OPTION_HEADER_LEN)
		return p;
	p = put_option_header(p, EDNS_OPTION_PADDING, 0);
	if (pad > (size_t)(end - p))
		pad = (size_t)(end - p);
	put_be16(p - 2, (uint16_t)pad);
	memset(p, 0, pad);
	return p + pad;
}

void
opt_put(struct query *q)
{
	uint8_t *start = q->reply + q->reply_len, *p = start;
	const uint8_t *end = q->reply + query_end(q);

	assert(q->reply_cap - q->reply_len >= opt_len(q));
	p[0] = 0; /* the root */
	put_be16(p + 1, DNS_TYPE_OPT);
	put_be16(p + 3, QUERY_UDP_MAX);
	p[5] = (uint8_t)(q->rcode >> 4); /* RFC 6891 6.1.3 */
	p[6] = 0;			 /* version */
	put_be16(p + 7, q->dnssec_ok ? EDNS_FLAG_DO : 0);
	p += EDNS_OPT_LEN;
	if (q->opt.puts_cookie) {
		p = put_option_header(p, EDNS_OPTION_COOKIE, EDNS_COOKIE_LEN);
		memcpy(p, q->opt.cookie, EDNS_COOKIE_LEN);
		p += EDNS_COOKIE_LEN;
	}
	if (q->opt.keepalive > 0) {
		p = put_option_header(p, EDNS_OPTION_KEEPALIVE,
		    sizeof(q->opt.keepalive));
		put_be16(p, q->opt.keepalive);
		p += sizeof(q->opt.keepalive);
	}
	if (q->has_ede)
		p = put_ede(q, p, end);
	if (q->opt.pad_to > 0)
		p = put_padding(q, p, end);
	put_be16(start + 9, (uint16_t)(p - start - EDNS_OPT_LEN));
	q->reply_len = (size_t)(p - q->reply);
}
