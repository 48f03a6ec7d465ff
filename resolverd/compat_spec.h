/*
 * rbldnsd's zone specifications, `zone:type:file,file...`, as zones of our
 * configuration.
 */
#ifndef RESOLVERD_COMPAT_SPEC_H
#define RESOLVERD_COMPAT_SPEC_H

#include "lib/conf.h"
#include "lib/why.h"

#define COMPAT_WHY_MAX 256

/*
 * Adds a specification to conf: to the zone of that name, or to a new one. No
 * name is the zone ".", whose acl holds for all zones. Types are not looked at,
 * but for acl. Returns 0, or -EINVAL with the reason in why (COMPAT_WHY_MAX
 * bytes). Memory that is out ends the process.
 */
int compat_spec_add(struct conf *conf, const char *spec, char *why)
    __attribute__((warn_unused_result));

/*
 * Sees, behind the last, that each zone has a dataset besides an acl, and of
 * known types. Returns 0 or -EINVAL, likewise.
 */
int compat_spec_check(const struct conf *conf, char *why)
    __attribute__((warn_unused_result));

/* Writes the reason. Returns -EINVAL. */
#define compat_refuse(why, ...)                                                \
	why_fail(why, COMPAT_WHY_MAX, -EINVAL, __VA_ARGS__)

#endif
