/* tools/mxcheck/asn.c: a TXT record, and a line of a file, from anywhere. */
#include <assert.h>
#include <string.h>

#include "tools/mxcheck/asn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prefix prefix;
	char line[512];
	unsigned bits;
	uint32_t asn;

	if (asn_read_txt(&asn, &bits, (const char *)data, size) == 0)
		assert(bits <= 128);
	if (size >= sizeof(line))
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	if (asn_read_line(&prefix, &asn, line) == 0)
		assert(prefix.len <= 128 && prefix_contains(&prefix,
		    &prefix.addr));
	return 0;
}
