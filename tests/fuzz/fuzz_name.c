/* dname.c and wire_read_name(): a name from text or from a message, there and
 * back again. */
#include <assert.h>

#include "lib/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const uint8_t *dname, size_t len)
{
	uint8_t again[DNAME_MAX], buf[DNAME_MAX];
	char txt[DNAME_TXT_MAX];
	struct wire_writer w;

	assert(len <= DNAME_MAX && len == dname_len(dname));
	assert(dname_labels(dname) <= DNAME_LABELS_MAX);
	dname_to_txt(txt, dname);
	assert(dname_from_txt(again, txt, strlen(txt)) == (int)len);
	assert(memcmp(dname, again, len) == 0);
	dname_lower(again, len);
	assert(dname_equal(dname, again) && dname_is_below(dname, again));
	if (*again != 0)
		assert(dname_hash(again) == dname_hash_label(
		    dname_hash(again + 1 + *again), again));
	wire_writer_init(&w, buf, sizeof(buf));
	wire_write_name(&w, dname, true);
	assert(!w.failed && w.len == len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t dname[DNAME_MAX];
	struct wire_reader r;
	int len = dname_from_txt(dname, (const char *)data, size);

	if (len > 0)
		check(dname, (size_t)len);
	wire_reader_init(&r, data, size);
	while (wire_read_name(&r, dname) > 0)
		check(dname, dname_len(dname));
	return 0;
}
