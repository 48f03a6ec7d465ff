/* tools/mxcheck/reply.c: bytes of a hostile server, whole and one at a time:
 * the same replies, and clean facts. */
#include <assert.h>
#include <string.h>

#include "tools/mxcheck/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct reply whole, bytewise;

static enum reply_status
feed_bytewise(const uint8_t *data, size_t size, size_t *used)
{
	enum reply_status status = REPLY_MORE;
	size_t n;

	for (*used = 0; *used < size && status == REPLY_MORE; *used += n)
		status = reply_feed(&bytewise, data + *used, 1, &n);
	return status;
}

static void
check_facts(struct facts *facts)
{
	struct facts_reply reply;
	struct facts_ehlo ehlo;

	reply_to_facts(&whole, facts, &reply);
	for (const char *s = reply.text; *s != '\0'; s++)
		assert(*s >= 0x20 && *s < 0x7f);
	reply_to_ehlo(&whole, facts, &ehlo);
	assert(ehlo.n <= FACTS_EHLO_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts *facts = facts_new();
	enum reply_status status = REPLY_DONE;
	size_t used, n;

	while (size > 0 && status == REPLY_DONE) {
		reply_init(&whole);
		reply_init(&bytewise);
		status = reply_feed(&whole, data, size, &used);
		assert(feed_bytewise(data, size, &n) == status && n == used);
		assert(used <= size && whole.code == bytewise.code &&
		    whole.faults == bytewise.faults &&
		    whole.text_len == bytewise.text_len);
		assert(status != REPLY_MORE || used == size);
		check_facts(facts);
		data += used;
		size -= used;
	}
	facts_free(facts);
	return 0;
}
