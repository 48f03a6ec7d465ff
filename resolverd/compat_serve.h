/*
 * rbldnsd-compat's loop: answers, signals, files that change.
 */
#ifndef RESOLVERD_COMPAT_SERVE_H
#define RESOLVERD_COMPAT_SERVE_H

#include "resolverd/compat_args.h"
#include "resolverd/compat_build.h"
#include "resolverd/sockets.h"

/* Serves until SIGTERM or SIGINT. Fatal where it cannot begin. */
void compat_serve(const struct compat_args *args, const struct sockets *sockets,
    struct compat_build *build);

#endif
