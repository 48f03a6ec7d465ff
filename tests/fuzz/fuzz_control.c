/* control_request.c: a line from the control socket. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "resolverd/control_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char why[CONTROL_WHY_MAX];
	struct control_request r;

	memset(why, 'x', sizeof(why));
	if (control_request_parse(&r, (const char *)data, size, why) != 0) {
		assert(memchr(why, '\0', sizeof(why)) != NULL);
		assert(strchr(why, '\n') == NULL);
		return 0;
	}
	assert(r.verb <= CONTROL_RELOAD);
	if (r.has_name)
		assert(dname_len(r.name) <= DNAME_MAX);
	assert(r.has_name || (!r.below && !r.has_type));
	return 0;
}
