/*
 * Outputs: each format is a row (report_table.c, report_json.c; to come:
 * report_nagios.c, report_prom.c) that writes what one run came to.
 */
#ifndef TOOLS_MXCHECK_REPORT_H
#define TOOLS_MXCHECK_REPORT_H

#include <stdio.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/judge.h"

struct report { /* all borrowed */
	const struct facts *facts;
	const struct settings *settings;
	const struct findings *findings;
	const struct judgment *judgments; /* as facts->domains */
	enum severity worst;
	bool color; /* standard output is a terminal */
};

struct report_format {
	const char *name;
	void (*write)(FILE *to, const struct report *report);
};

extern const struct report_format report_table, report_json;

const struct report_format *report_find(const char *name);

#endif
