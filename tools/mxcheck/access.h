/*
 * All sessions of a run with services for users (--access): one for each
 * address and port, those of one address one after another. None is repeated.
 */
#ifndef TOOLS_MXCHECK_ACCESS_H
#define TOOLS_MXCHECK_ACCESS_H

#include "tools/mxcheck/prober.h"

struct access_prober;

/* Adds to the facts the places that the domains' SRV records lead to. */
void access_plan(struct facts *facts);

/* Begins with all of facts->accesses that have no `untried`. on_endpoint of how
 * is not called; done() is, from the loop, also if there are none. Addresses
 * that are dialled for mail wait for access_prober_release(). */
struct access_prober *access_prober_new(const struct prober_how *how);

/* The sessions for mail are over: those with the same addresses may begin. */
void access_prober_release(struct access_prober *prober);

/* The run is over: what is under way or waits is marked as stopped. */
void access_prober_stop(struct access_prober *prober);
void access_prober_free(struct access_prober *prober); /* NULL is fine */

#endif
