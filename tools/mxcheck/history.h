/*
 * Between the state and the facts: what earlier runs saw of each endpoint goes
 * into its facts before they are judged, what this run saw into the state.
 */
#ifndef TOOLS_MXCHECK_HISTORY_H
#define TOOLS_MXCHECK_HISTORY_H

#include "tools/mxcheck/facts.h"
#include "tools/mxcheck/state.h"

#define HISTORY_HOLD_S 600 /* for which one that limits us is left alone */

/* Sets past and held of each endpoint; before anything is dialled. */
void history_load(struct facts *facts, struct state *state);
void history_keep(const struct facts *facts, struct state *state);

#endif
