/*
 * The zones' files, and the builds of those that have changed: each in a child,
 * one at a time, while the old generation is served.
 */
#ifndef RESOLVERD_COMPAT_BUILD_H
#define RESOLVERD_COMPAT_BUILD_H

#include <sys/types.h>

#include <stdbool.h>

#include "lib/conf.h"

/* As many bad lines of a zone are shown as rbldnsd shows; --check: all. */
#define COMPAT_LINES_SHOWN 5

struct compat_build;

/* conf is borrowed; all of its zones are to be built. */
struct compat_build *compat_build_new(const struct conf *conf,
    unsigned lines_shown);
void compat_build_free(struct compat_build *b); /* ends a child; NULL is fine */

/* Looks at all files: what has changed, or failed before, is to be built. */
void compat_build_look(struct compat_build *b);

/*
 * Starts the next build, if there is something to build and no child at work.
 * What happens to the zone is logged by the child.
 */
void compat_build_start(struct compat_build *b);

/* For SIGCHLD: true if a build has ended, and well. */
bool compat_build_reap(struct compat_build *b);

enum compat_built {
	COMPAT_BUILT_WELL,
	COMPAT_BUILT_WITH_BAD_LINES, /* they were left out */
	COMPAT_REFUSED,   /* by the gate: a web page, expired, ... */
	COMPAT_NOT_BUILT, /* files that are not there, or cannot be read */
};

/* Builds all zones, one after the other; returns the worst. */
enum compat_built compat_build_all(struct compat_build *b);

#endif
