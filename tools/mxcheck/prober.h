/*
 * All sessions of a run: so many at once, one for an address, a second one
 * where the first needs to be confirmed or its handshake failed, never a third.
 */
#ifndef TOOLS_MXCHECK_PROBER_H
#define TOOLS_MXCHECK_PROBER_H

#include "tools/mxcheck/probe.h"

struct prober;

struct prober_how { /* borrowed */
	struct event_base *base;
	const struct settings *settings;
	struct tls_ctx *tls;
	struct facts *facts;
	void (*on_endpoint)(void *arg, struct facts_endpoint *ep); /* is done */
	void (*done)(void *arg); /* all are; from the loop */
	void (*trace)(void *arg, const char *name, const char *addr, char way,
	    const char *text);
	void *arg;
};

/* Begins with all endpoints of the facts that have no `untried`. */
struct prober *prober_new(const struct prober_how *how);

/* The run is over: what is under way is marked as stopped. */
void prober_stop(struct prober *prober);
void prober_free(struct prober *prober); /* NULL is fine */

#endif
