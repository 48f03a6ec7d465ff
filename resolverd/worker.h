/*
 * A worker: one process, one thread, one event base, everything that answers.
 */
#ifndef RESOLVERD_WORKER_H
#define RESOLVERD_WORKER_H

#include <sys/types.h>

#include <stdnoreturn.h>

#include "lib/conf.h"
#include "resolverd/sockets.h"

#define IDENTITY_GROUPS_MAX 64

/* Who the workers run as. */
struct identity {
	bool change; /* false: started without root, stay as we are */
	const char *user;
	uid_t uid;
	gid_t gid;
	gid_t groups[IDENTITY_GROUPS_MAX]; /* gid and the others */
	int n_groups;
};

/* This start of a worker. */
struct worker_start {
	unsigned number;
	pid_t supervisor; /* who forked it */
	unsigned counters; /* its slot, see counters.h */
	int report; /* a pipe to the supervisor: struct worker_report */
	bool after_crash; /* the one before it was ended by a signal */
};

enum worker_event {
	WORKER_READY,	/* it takes questions */
	WORKER_STOPPED, /* it takes no more, but serves its TCP connections */
};

struct worker_report {
	pid_t pid;
	enum worker_event what;
};

/*
 * Runs in a process forked for it, with the signals that it handles blocked,
 * until SIGTERM; then answers what is under way and exits 0. SIGUSR1 is the
 * gentle end, when others serve already: its TCP connections are served until
 * they are idle. Exits 1 where it cannot start.
 */
noreturn void worker_run(const struct conf *conf, struct sockets *sockets,
    const struct identity *who, const struct worker_start *start);

/* Drops root for good; fatal where that fails. */
void worker_drop_privileges(const struct identity *who);

#endif
