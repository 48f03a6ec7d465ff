/*
 * rbldnsd's zone specifications, one a line. What is taken has a name, datasets
 * with files, and at most one acl.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "resolverd/compat_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(const struct conf_zone *z)
{
	unsigned acls = 0;

	for (size_t i = 0; i < z->n_datasets; i++) {
		const struct conf_dataset *d = &z->datasets[i];

		acls += strcmp(d->type, "acl") == 0;
		if (d->n_files == 0)
			abort();
		for (size_t j = 0; j < d->n_files; j++) {
			if (d->files[j][strcspn(d->files[j], ",:")] != '\0' ||
			    d->files[j][0] == '\0')
				abort();
		}
	}
	if (z->n_datasets == 0 || acls > 1 || z->name[0] == '\0' ||
	    (z->apex[0] == 0 && acls != z->n_datasets))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), why[COMPAT_WHY_MAX] = "", *line;
	struct conf *conf = calloc(1, sizeof(*conf));
	int rc = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	for (line = strtok(text, "\n"); line != NULL && rc == 0;
	     line = strtok(NULL, "\n"))
		rc = compat_spec_add(conf, line, why);
	if (rc == 0)
		rc = compat_spec_check(conf, why);
	if ((rc == 0) != (why[0] == '\0'))
		abort();
	for (size_t i = 0; i < conf->n_zones; i++)
		look(&conf->zones[i]);
	conf_free(conf);
	free(text);
	return 0;
}
