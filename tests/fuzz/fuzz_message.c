/* wire.c: read a message, copy its RRs; what was copied must read the same. */
#include <assert.h>

#include "lib/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[DNS_MESSAGE_MAX];
	struct wire_reader r, again;
	struct wire_header h;
	struct wire_writer w;
	struct wire_rr rr, copy;
	uint8_t qname[DNAME_MAX];

	wire_reader_init(&r, data, size);
	wire_read_header(&r, &h);
	wire_writer_init(&w, out, size % 7 == 0 ? size : sizeof(out));
	wire_write_header(&w, &h);
	if (h.qdcount > 0 && wire_read_name(&r, qname) > 0)
		wire_write_name(&w, qname, true);
	wire_read_bytes(&r, 4);
	wire_reader_init(&again, out, w.len);
	again.pos = w.len;
	while (wire_read_rr(&r, &rr) && wire_copy_rr(&w, &r, &rr) > 0) {
		again.len = w.len;
		assert(wire_read_rr(&again, &copy) && again.pos == w.len);
		assert(dname_equal(copy.owner, rr.owner));
		assert(copy.type == rr.type && copy.ttl == rr.ttl);
	}
	return 0;
}
