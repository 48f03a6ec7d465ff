/*
 * Fetching what a zone is built from, with rsync(1), into
 *
 *	STATE/feeds/ZONE/current/	the last that came whole
 *	STATE/feeds/ZONE/staging/	what is being fetched, or was at a kill
 *	STATE/feeds/ZONE/files		what is asked for, for rsync
 *	STATE/feeds/ZONE/built		there if the zone is built from current
 *	STATE/feeds/ZONE/lock		held (flock) from feed_open() to close
 *
 * Whatever is killed, and when: current is whole, and without `built` the next
 * one knows that there is something to build.
 */
#ifndef ZONES_FEED_H
#define ZONES_FEED_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/conf.h"
#include "lib/spawn.h"

#define FEED_WHY_MAX (SPAWN_SAID_MAX + 512)

struct feed;

/* What is wanted from feed_fetch() while it runs. */
struct feed_watch {
	const volatile sig_atomic_t *stop; /* ends it when not 0; or NULL */
	/* gets what rsync --info=progress2 prints; NULL: it does not */
	void (*on_progress)(void *arg, const char *text);
	void *arg;
};

/*
 * Makes the folder and takes the lock; conf is borrowed. Returns 0; -EAGAIN if
 * another process has the lock; or -errno. The reason is in why (FEED_WHY_MAX).
 * rsync inherits the lock: it is held until the last of both has gone.
 */
int feed_open(struct feed **out, const struct conf_feed *conf, char *why)
    __attribute__((warn_unused_result));
void feed_close(struct feed *f); /* NULL is fine */

/*
 * Fetches. Returns 1 if current has something new, 0 if nothing has changed, or
 * -errno with current as it was: -ETIMEDOUT, -EINTR for stop, -EIO if rsync
 * failed, -EPERM for a password file that others can get at, ...
 */
int feed_fetch(struct feed *f, const struct feed_watch *watch, char *why)
    __attribute__((warn_unused_result));

/* Has the zone been built from current? */
bool feed_is_built(const struct feed *f);
int feed_set_built(struct feed *f, char *why)
    __attribute__((warn_unused_result));

/* ---- for feed_fetch(), and its tests */

#define FEED_ARGS_MAX 20
#define FEED_ARG_LEN 4400 /* a path, and an option's name */

struct feed_args {
	const char *argv[FEED_ARGS_MAX + 1]; /* borrowed from conf and buf */
	unsigned n;
	char buf[FEED_ARGS_MAX][FEED_ARG_LEN];
};

/*
 * The command that fetches. Returns 0, or -EINVAL or -ENAMETOOLONG with the
 * reason in why: nothing of it can be read as an option then.
 */
int feed_args(struct feed_args *out, const struct conf_feed *conf,
    bool has_current, bool progress, char *why)
    __attribute__((warn_unused_result));

#endif
