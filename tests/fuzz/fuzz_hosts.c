/* hosts.c: any text; every name that leads somewhere leads to a name. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "resolverd/hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
note(void *arg, unsigned line, const char *text)
{
	if (line == 0 || text[0] == '\0')
		abort();
	++*(unsigned *)arg;
}

/* The data is a name to look for, up to the first 0 byte, and the text. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = memchr(data, 0, size);
	size_t name_len = zero != NULL ? (size_t)(zero - data) : 0;
	uint8_t name[DNAME_MAX];
	const struct host *h;
	struct hosts *hs = hosts_new();
	unsigned reports = 0;
	char *text;
	int len = dname_from_txt(name, (const char *)data, name_len);

	data += zero != NULL ? name_len + 1 : 0;
	size -= zero != NULL ? name_len + 1 : 0;
	text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	if (hosts_parse(hs, text, size, note, &reports) != 0)
		abort();
	if (len > 0) {
		dname_lower(name, (size_t)len);
		h = hosts_find(hs, name, (size_t)len, dname_hash(name));
		if (h != NULL && h->n_addrs == 0 && h->target == NULL)
			abort();
		if (h != NULL && h->target != NULL && h->target->n_addrs == 0)
			abort();
	}
	hosts_free(hs);
	free(text);
	return 0;
}
