/*
 * A program of the admin's for each change that is worth a word: a message over
 * a way that does not need the mail that is checked.
 */
#ifndef TOOLS_MXCHECK_HOOK_H
#define TOOLS_MXCHECK_HOOK_H

#include "tools/mxcheck/report.h"

/*
 * Runs settings->hook once for each of the report's events, one after another:
 * no shell; of the environment only MXC_DOMAIN, MXC_ID, MXC_SUBJECT, MXC_OLD,
 * MXC_NEW, MXC_VERDICT and PATH; the event as a line of JSON to read. With
 * settings->hook_batch once for all of them, a line each, with MXC_EVENTS (how
 * many), MXC_NEW (the worst) and PATH. What goes wrong is told, and changes
 * nothing.
 */
void hook_run(const struct report *report);

#endif
