/*
 * What mxcheck says of itself: its options, its checks.
 */
#ifndef TOOLS_MXCHECK_USAGE_H
#define TOOLS_MXCHECK_USAGE_H

#include <stdbool.h>
#include <stdio.h>

void usage_print(FILE *to);

/* The rule of a check; false, with a message, if there is none of that id. */
bool usage_explain(const char *id);
void usage_list_checks(void);

#endif
