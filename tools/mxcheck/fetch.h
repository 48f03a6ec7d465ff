/*
 * The policies of MTA-STS, each fetched as RFC 8461 3.3 asks: HTTPS with a
 * certificate that is good, no redirect, text/plain, 64 KiB and a minute at
 * most. The only file that includes libcurl's headers.
 */
#ifndef TOOLS_MXCHECK_FETCH_H
#define TOOLS_MXCHECK_FETCH_H

#include "tools/mxcheck/facts.h"
#include "tools/mxcheck/settings.h"

struct event_base;
struct fetcher;

struct fetch_how { /* all borrowed */
	struct event_base *base;
	const struct settings *settings;
	struct facts *facts;
	/* why an address is not to be dialled; NULL: it is */
	const char *(*refuse)(void *arg, const struct addr *addr);
	void (*done)(void *arg); /* from the loop: nothing is left to fetch */
	void *arg;
};

/*
 * Begins with the policies of all domains whose record asks for one. The
 * addresses are those of the facts: no name is looked up here.
 */
struct fetcher *fetcher_new(const struct fetch_how *how);
bool fetcher_is_busy(const struct fetcher *fetcher); /* NULL: no */

/* What is under way ends, and leaves no fact. NULL is fine. */
void fetcher_free(struct fetcher *fetcher);

#endif
