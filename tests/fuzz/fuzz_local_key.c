/* local_key.c: as typed, and as bytes of the file; text and bytes agree. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "zones/local_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char in[2048], txt[LOCAL_KEY_TXT_MAX], why[LOCAL_KEY_WHY_MAX];
	struct local_key key, again;

	if (local_key_load(&key, data, size) == 0)
		assert(strlen(local_key_to_txt(txt, &key)) < sizeof(txt));
	if (size >= sizeof(in))
		return 0;
	memcpy(in, data, size);
	in[size] = '\0';
	memset(why, 'x', sizeof(why));
	if (local_key_parse(&key, in, 20, why) != 0) {
		assert(memchr(why, 0, sizeof(why)) != NULL);
		return 0;
	}
	local_key_to_txt(txt, &key);
	assert(local_key_parse(&again, txt, 20, why) == 0);
	assert(again.len == key.len);
	assert(memcmp(again.bytes, key.bytes, key.len) == 0);
	assert(local_key_load(&again, key.bytes, key.len) == 0);
	return 0;
}
