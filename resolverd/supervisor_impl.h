/*
 * The supervisor's inside, shared by its loop (supervisor.c) and what changes
 * crews (supervisor_reload.c).
 */
#ifndef RESOLVERD_SUPERVISOR_IMPL_H
#define RESOLVERD_SUPERVISOR_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "resolverd/anchor_keeper.h"
#include "resolverd/control.h"
#include "resolverd/crew.h"

#define SUPERVISOR_WHY_MAX 4096

struct supervisor {
	const char *conf_path;
	struct crew *crew; /* that serves */
	struct crew *next; /* on its way up, in a reload; else NULL */
	struct crews retired; /* the oldest first */
	struct crew_fork how;
	struct control *control; /* NULL: there is none */
	bool busy;	/* no control command is taken now */
	int64_t started, reloaded; /* seconds since the epoch */
	struct anchor_keeper anchor;
	int64_t looked_ms; /* at the certificate's files */
	int signals;	/* a signalfd */
	int reports[2]; /* a pipe from the workers */
	bool end;	/* SIGTERM came, */
	bool hup;	/* or SIGHUP */
	bool bad;	/* a process did not end well */
};

/* Until done(c), the daemon is to end, or the time is over; returns done(c). */
bool supervisor_wait_for(struct supervisor *s,
    bool (*done)(const struct crew *), const struct crew *c, int64_t ms);

/*
 * Reads the configuration again and serves by it with new workers; on failure
 * nothing has changed. Returns 0, or -errno with what is wrong, a line for each
 * fault, in why.
 */
int supervisor_reload(struct supervisor *s, char *why);

/*
 * Serves with new workers by the certificate that has changed on its own; one
 * that cannot be used is told once, and the old one goes on.
 */
void supervisor_renew_certificate(struct supervisor *s);

/* The same configuration, but new workers, which have nothing in memory. */
int supervisor_new_workers(struct supervisor *s, char *why);

#endif
