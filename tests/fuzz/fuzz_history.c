/*
 * A line of a zone's history, which a crash may have cut. What is read is
 * written again as the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct history_event e, again;
	char line[HISTORY_TEXT_MAX + 128];
	int n;

	if (!history_parse(&e, (const char *)data, len))
		return 0;
	if (strlen(e.text) > HISTORY_TEXT_MAX || e.when < 0)
		abort();
	n = snprintf(line, sizeof(line), "%lld %s %llu %s",
	    (long long)e.when, history_what_txt(e.what),
	    (unsigned long long)e.generation, e.text);
	if (!history_parse(&again, line, (size_t)n) || again.when != e.when ||
	    again.what != e.what || again.generation != e.generation ||
	    strcmp(again.text, e.text) != 0)
		abort();
	return 0;
}
