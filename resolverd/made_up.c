/*
 * One RR each, made on the spot: the questions are rare.
 */
#include "resolverd/made_up.h"

#include <stddef.h>
#include <string.h>

#include "lib/dname.h"

#define ANY_TTL 3600

/* Writes a character-string (RFC 1035 3.3); returns where it ends. */
static uint8_t *
put_string(uint8_t *p, const char *s, size_t len)
{
	*p++ = (uint8_t)len;
	memcpy(p, s, len);
	return p + len;
}

static const char *
server_text(const struct query *q, const struct made_up_server *s)
{
	const struct {
		const char *name, *text;
	} known[] = {
	    {"\7version\4bind", s->version},
	    {"\7version\6server", s->version},
	    {"\10hostname\4bind", s->identity},
	    {"\2id\6server", s->identity},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (dname_equal(q->qname, (const uint8_t *)known[i].name))
			return known[i].text;
	}
	return NULL;
}

bool
made_up_server_answer(struct query *q, const struct made_up_server *s)
{
	const char *text;
	size_t len;
	uint8_t *p;

	if (q->rcode != DNS_RCODE_REFUSED || !q->has_question ||
	    q->qclass != DNS_CLASS_CH ||
	    (q->qtype != DNS_TYPE_TXT && q->qtype != DNS_TYPE_ANY))
		return false;
	text = server_text(q, s);
	if (text == NULL)
		return false;
	len = strlen(text);
	p = query_put_rr(q, DNS_QNAME_POINTER, DNS_TYPE_TXT, DNS_CLASS_CH, 0,
	    len + 1);
	if (p == NULL)
		return false;
	put_string(p, text, len);
	q->ancount = 1;
	q->has_ede = false;
	q->rcode = DNS_RCODE_NOERROR;
	return true;
}

void
made_up_any_answer(struct query *q)
{
	static const char cpu[] = "RFC8482";
	uint8_t *p = query_put_rr(q, DNS_QNAME_POINTER, DNS_TYPE_HINFO,
	    DNS_CLASS_IN, ANY_TTL, sizeof(cpu) + 1);

	if (p == NULL) {
		query_set_truncated(q);
		return;
	}
	put_string(put_string(p, cpu, sizeof(cpu) - 1), "", 0);
	q->ancount = 1;
}
