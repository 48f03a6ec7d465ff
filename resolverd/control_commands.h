/*
 * The commands of resolverctl(8), in the process of a connection.
 */
#ifndef RESOLVERD_CONTROL_COMMANDS_H
#define RESOLVERD_CONTROL_COMMANDS_H

#include <stdio.h>


#include "lib/wire.h"
#include "resolverd/control.h"
#include "resolverd/output.h"

struct control_call {
	const struct control_request *request;
	const struct control_view *view;
	int supervisor; /* for control_wish() */
	FILE *out;
	char *why; /* CONTROL_WHY_MAX bytes */
};

/* Each returns 0, or -errno with a sentence in why. */
typedef int control_command(const struct control_call *call);

control_command control_status, control_stats; /* control_status.c */
control_command control_flush, control_dump;   /* control_cache.c */
control_command control_lookup;		       /* control_lookup.c */

int control_explain(const struct control_call *call, int rc, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

const char *control_rcode_txt(unsigned rcode);

/* RRs of the n_rrs behind r, a line each. */
void control_put_rrs(struct output *o, struct wire_reader *r, unsigned n_rrs);

#endif
