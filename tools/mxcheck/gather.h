/*
 * The run itself: all that touches the network, from names to facts.
 */
#ifndef TOOLS_MXCHECK_GATHER_H
#define TOOLS_MXCHECK_GATHER_H

#include "tools/mxcheck/settings.h"

#define GATHER_WHY_MAX 256

/*
 * Fills the facts, whose domains are there already. With settings->dry_run
 * nothing is dialled. before_dialling is called when all endpoints are known,
 * and may mark some as held; NULL for none. Returns 0; -EINTR for SIGINT or
 * SIGTERM; -EIO if it could not begin, with why.
 */
int gather(struct facts *facts, const struct settings *settings,
    void (*before_dialling)(void *arg, struct facts *facts), void *arg,
    char *why) __attribute__((warn_unused_result));

#endif
