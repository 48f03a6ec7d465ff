/*
 * Sender models: how a class of sending MTA walks an MX list, as a row of
 * data. Each cell was measured with the real program where model.c says so.
 */
#ifndef TOOLS_MXCHECK_MODEL_H
#define TOOLS_MXCHECK_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/mxcheck/outcome.h"

enum model_action {
	MODEL_DELIVER,
	MODEL_CLEAR, /* deliver, without TLS */
	MODEL_NEXT,
	MODEL_DEFER,
	MODEL_BOUNCE,
};

struct model {
	const char *name;	 /* "postfix", for --models and outputs */
	const char *title;	 /* "Postfix" */
	unsigned addr_limit;	 /* addresses tried; 0: all */
	bool balances;		 /* IPv4 and IPv6 share the limit */
	bool per_family;	 /* the limit holds for each of them apart */
	bool one_per_level;	 /* beyond the limit still one of each level */
	unsigned session_limit;	 /* sessions that came past EHLO; 0: all */
	uint8_t action[OUTCOMES]; /* enum model_action */
	uint8_t tls_fail, tls_hang; /* the same */
	bool last_greet5_bounces; /* a 5xx greeting of the last one tried */
	bool loop_cuts; /* its own host ends the list; on top it bounces */
	bool dials_numbers; /* an address as target is dialled */
	uint8_t all_nameless; /* no MX host has an address */
	uint8_t null_beside; /* "." beside other MX: MODEL_NEXT ignores it */
	uint16_t connect_s, greeting_s, tls_s; /* what waiting costs */
};

/* One after another, and by name; NULL behind the last or if there is none. */
const struct model *model_next(const struct model *model);
const struct model *model_find(const char *name);

/*
 * How many of n4 and n6 addresses are kept in the list of a sender whose
 * families share the limit (`balances`): all if they fit; a family with at most
 * half of it keeps its own, else each has half (smtp_balance_inet_protocols).
 */
void model_keep(const struct model *model, unsigned n4, unsigned n6,
    unsigned keep[2]);

#endif
