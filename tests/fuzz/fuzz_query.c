/* query.c: any packet, both transports; what is finished must parse again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/wire.h"
#include "resolverd/cookie.h"
#include "resolverd/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As admission.c does it. */
static void
put_options(struct query *q, size_t size)
{
	static const struct addr client = {.family = AF_INET};

	q->opt.puts_cookie = cookie_check(q->opt.cookie, q->opt.cookie_len,
				 &client, 1700000000, q->opt.cookie) !=
	    COOKIE_NONE;
	q->opt.keepalive = q->opt.wants_keepalive ? 100 : 0;
	q->opt.pad_to = q->opt.wants_padding ? 1 + (uint16_t)(size % 500) : 0;
}

/* Reads the RRs behind the question; they end where the message does. */
static void
check_rrs(struct wire_reader *r, const struct wire_header *h)
{
	unsigned n = h->ancount + h->nscount + h->arcount;
	struct wire_rr rr;

	while (n-- > 0)
		assert(wire_read_rr(r, &rr));
	assert(r->pos == r->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t reply[QUERY_UDP_MAX], late[DNS_MESSAGE_MAX], name[DNAME_MAX];
	struct query_saved saved;
	struct wire_header header;
	struct wire_reader r;
	struct query q;
	int udp = size > 0 && (data[0] & 1);
	enum query_verdict v = query_begin(&q, data, size, true, udp, reply,
	    sizeof(reply));

	if (v == QUERY_DROP)
		return 0;
	put_options(&q, size);
	if (v == QUERY_ANSWER) {
		query_hash_from(&q, 0);
		query_save(&q, &saved);
		query_resume(&q, &saved, late, sizeof(late));
	}
	query_set_ede(&q, EDE_OTHER, size % 3 == 0 ? "a text" : NULL);
	query_finish(&q);
	assert(q.reply_len <= q.reply_limit && q.reply_len <= q.reply_cap);
	wire_reader_init(&r, q.reply, q.reply_len);
	wire_read_header(&r, &header);
	if (q.has_question)
		assert(wire_read_name(&r, name) == q.qname_len);
	assert(!r.failed && (header.flags & DNS_FLAG_QR));
	wire_read_bytes(&r, q.has_question ? 4 : 0);
	check_rrs(&r, &header);
	return 0;
}
