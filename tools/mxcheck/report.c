/*
 * The formats by name.
 */
#include "tools/mxcheck/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tool.h"

static const struct report_format *const formats[] = {
    &report_table,
    &report_json,
    &report_changes,
    &report_nagios,
    &report_prom,
    &report_zone,
    &report_suggest,
};

const struct report_format *
report_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

/* A file is replaced whole, or not at all. */
bool
report_write_file(const struct report *report,
    const struct report_format *format, const char *path)
{
	char temp[4096];
	FILE *f;
	bool fine;

	snprintf(temp, sizeof(temp), "%s.%ld", path, (long)getpid());
	f = fopen(temp, "we");
	if (f == NULL) {
		tool_error("%s: %m", temp);
		return false;
	}
	format->write(f, report);
	fine = fflush(f) == 0 && fsync(fileno(f)) == 0;
	fine = fclose(f) == 0 && fine;
	fine = fine && rename(temp, path) == 0;
	if (!fine) {
		tool_error("%s: %m", path);
		unlink(temp);
	}
	return fine;
}

bool
report_write(const struct report *report, const char *word)
{
	size_t len = strcspn(word, "=");
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	if (word[len] == '=')
		return report_write_file(report, report_find(name),
		    word + len + 1);
	report_find(name)->write(stdout, report);
	return true;
}
