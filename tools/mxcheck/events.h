/*
 * What changed since the last run: every finding and verdict steps its alert
 * (alert.h), and those that are worth a word become events.
 *
 * What the state remembers and this run did not find is well again, if the run
 * looked: its domain was asked for, and its check was not left out.
 */
#ifndef TOOLS_MXCHECK_EVENTS_H
#define TOOLS_MXCHECK_EVENTS_H

#include "tools/mxcheck/alert.h"
#include "tools/mxcheck/finding.h"
#include "tools/mxcheck/judge.h"
#include "tools/mxcheck/state.h"

#define EVENTS_VERDICT "verdict" /* the id of a domain's verdict */

struct event {
	enum alert_event what;
	enum severity was, is; /* hard */
	const struct facts_domain *domain; /* NULL: the run itself */
	const char *id, *subject;
	const char *text; /* of the finding now; "" if all is well */
};

struct events {
	struct event *list; /* by domain; its verdict is the first */
	size_t n, cap;
	enum severity worst; /* of all hard ones in this run's domains */
	bool is_baseline;    /* nothing is news: the state was lost */
	bool is_cut_off;     /* the probe host reaches nobody: only that */
	struct facts *facts; /* borrowed: holds the texts */
};

struct report;

/* baseline: take everything as known. The alerts are put into the state, which
 * the caller saves. */
void events_collect(struct events *out, struct state *state,
    const struct report *from, bool baseline);
void events_clear(struct events *events);

#endif
