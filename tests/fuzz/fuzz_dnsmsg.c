/* tools/mxcheck/dnsmsg.c: two bytes of a type, then a resolver's answer. */
#include <assert.h>

#include "lib/bytes.h"
#include "tools/mxcheck/dnsmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t qname[] = "\7example\4test";
	static struct dnsmsg msg;
	uint16_t qtype;

	if (size < 2)
		return 0;
	qtype = get_be16(data);
	data += 2;
	size -= 2;
	dnsmsg_is_answer(data, size, 0, qname, qtype);
	if (dnsmsg_read(&msg, data, size, qname, qtype) != 0)
		return 0;
	assert(msg.n_records <= DNSMSG_RECORDS_MAX);
	assert(dname_len(msg.name) <= DNAME_MAX);
	for (size_t i = 0; i < msg.n_records; i++)
		assert(msg.records[i].data_len <= DNSMSG_DATA_MAX &&
		    dname_len(msg.records[i].name) <= DNAME_MAX);
	return 0;
}
