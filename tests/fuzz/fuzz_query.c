/* query.c: any packet, both transports; what is finished must parse again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/wire.h"
#include "resolverd/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	return 0;
}
