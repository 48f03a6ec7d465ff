/*
 * One TXT RR, made on the spot: the question is rare.
 */
#include "resolverd/version.h"

#include <string.h>

#include "lib/bytes.h"

#define CLASS_CH 3

static bool
is_asked(const struct query *q)
{
	static const uint8_t bind[] = "\7version\4bind",
			     server[] = "\7version\6server";

	return q->has_question && q->qclass == CLASS_CH &&
	    q->qtype == DNS_TYPE_TXT &&
	    (dname_equal(q->qname, bind) || dname_equal(q->qname, server));
}

void
version_answer(struct query *q, const char *version)
{
	size_t len = strlen(version);
	uint8_t *p = q->reply + q->reply_len;

	if (q->rcode != DNS_RCODE_REFUSED || !is_asked(q) || len > 255 ||
	    query_room(q) < 13 + len)
		return;
	put_be16(p, DNS_QNAME_POINTER);
	put_be16(p + 2, DNS_TYPE_TXT);
	put_be16(p + 4, CLASS_CH);
	put_be32(p + 6, 0); /* TTL */
	put_be16(p + 10, (uint16_t)(len + 1));
	p[12] = (uint8_t)len;
	memcpy(p + 13, version, len);
	q->reply_len += 13 + len;
	q->ancount = 1;
	q->has_ede = false;
	q->rcode = DNS_RCODE_NOERROR;
}
