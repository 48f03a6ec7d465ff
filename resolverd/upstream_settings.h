/*
 * What a libunbound context is told before its first question; for
 * upstream_context.c only.
 */
#ifndef RESOLVERD_UPSTREAM_SETTINGS_H
#define RESOLVERD_UPSTREAM_SETTINGS_H

#include "lib/conf.h"

struct ub_ctx;

/*
 * Sets what the configuration asks for in a context of that kind
 * (upstream_rules.h). Returns 0 or -errno; why (UPSTREAM_WHY_MAX) says what to
 * do.
 */
int upstream_settings_apply(struct ub_ctx *ctx, const struct conf *conf,
    unsigned kind, char *why) __attribute__((warn_unused_result));

#endif
