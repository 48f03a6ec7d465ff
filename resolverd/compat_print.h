/*
 * What rbldnsd-compat prints instead of serving.
 */
#ifndef RESOLVERD_COMPAT_PRINT_H
#define RESOLVERD_COMPAT_PRINT_H

#include <stdio.h>

#include "resolverd/compat_args.h"

/* The zones of the command line as resolverd.conf(5), addresses too. */
void compat_print_config(const struct compat_args *args, FILE *out);

/*
 * -d: the zones that were built, as a zone file. Returns 0; -errno, which has
 * been logged, if one cannot be written.
 */
int compat_print_zones(const struct conf *conf, FILE *out);

#endif
