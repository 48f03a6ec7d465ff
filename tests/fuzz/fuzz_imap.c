/* tools/mxcheck/imap.c: bytes of a hostile server, whole and one at a time: the
 * same replies, and clean facts. */
#include <assert.h>

#include "tests/fuzz/lines.h"
#include "tools/mxcheck/imap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct imap_reply whole, bytewise;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum reply_status status = REPLY_DONE, one;
	size_t used, at, n;

	for (unsigned i = 0; size > 0 && status == REPLY_DONE; i = 1) {
		imap_reply_init(&whole, i == 0 ? NULL : "c");
		imap_reply_init(&bytewise, i == 0 ? NULL : "c");
		status = imap_reply_feed(&whole, data, size, &used);
		one = REPLY_MORE;
		for (at = 0; at < size && one == REPLY_MORE; at += n)
			one = imap_reply_feed(&bytewise, data + at, 1, &n);
		assert(one == status && at == used && used <= size);
		assert(whole.code == bytewise.code &&
		    whole.lines.n_words == bytewise.lines.n_words);
		assert(status != REPLY_MORE || used == size);
		lines_are_clean(&whole.lines, whole.code);
		data += used;
		size -= used;
	}
	return 0;
}
