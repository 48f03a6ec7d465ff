/* conf.c: any text; a configuration or at least one report, never both. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
count(void *arg, const char *path, unsigned line, const char *text)
{
	assert(path != NULL && line <= 1u << 20 && text[0] != '\0');
	++*(unsigned *)arg;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	unsigned reports = 0;
	struct conf *conf;
	int rc;

	memcpy(text, data, size);
	text[size] = '\0';
	rc = conf_parse(&conf, text, size, "fuzz.conf", count, &reports);
	assert((rc == 0) == (conf != NULL) && (rc == 0) == (reports == 0));
	assert(rc != 0 || (conf->workers > 0 && conf->n_listen > 0));
	conf_free(conf);
	free(text);
	return 0;
}
