/*
 * The formats by name.
 */
#include "tools/mxcheck/report.h"

#include <string.h>

static const struct report_format *const formats[] = {
    &report_table,
    &report_json,
};

const struct report_format *
report_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}
