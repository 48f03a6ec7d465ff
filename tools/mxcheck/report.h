/*
 * Outputs: each format is a row (report_table.c, report_json.c, ...) that
 * writes what one run came to.
 */
#ifndef TOOLS_MXCHECK_REPORT_H
#define TOOLS_MXCHECK_REPORT_H

#include <stdio.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/events.h"
#include "tools/mxcheck/judge.h"

struct report { /* all borrowed */
	struct facts *facts;
	const struct settings *settings;
	const struct findings *findings;
	const struct judgment *judgments; /* as facts->domains */
	const struct events *events; /* NULL: no state is kept */
	enum severity worst; /* of hard ones where there is a state */
	bool color; /* standard output is a terminal */
};

struct report_format {
	const char *name;
	void (*write)(FILE *to, const struct report *report);
};

extern const struct report_format report_table, report_json,
    report_changes, report_nagios, report_prom, report_zone,
    report_suggest;

const struct report_format *report_find(const char *name);

/* word: FORMAT, to standard output, or FORMAT=FILE, which is replaced whole.
 * Returns false after a message. */
bool report_write(const struct report *report, const char *word);
bool report_write_file(const struct report *report,
    const struct report_format *format, const char *path);

#endif
