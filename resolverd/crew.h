/*
 * A crew: the workers of one configuration, as the supervisor sees them. A
 * reload starts a new crew, and the old one retires.
 */
#ifndef RESOLVERD_CREW_H
#define RESOLVERD_CREW_H

#include <sys/queue.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "lib/conf.h"
#include "resolverd/sockets.h"
#include "resolverd/worker.h"

struct crew_member {
	pid_t pid; /* 0: dead, to be started at start_at_ms */
	int64_t started_ms, start_at_ms;
	unsigned backoff_ms;
	bool crashed; /* the last one was ended by a signal */
	bool ready, stopped; /* it said so */
};

struct crew {
	TAILQ_ENTRY(crew) entry;
	struct conf *conf; /* owned; NULL: given to the next crew */
	struct identity who;
	struct all_sockets sockets; /* owned */
	struct crew_member *members;
	unsigned n;
	bool retired; /* the dead stay so */
};
TAILQ_HEAD(crews, crew);

/* What a process forked from the supervisor needs of it. */
struct crew_fork {
	int report; /* where a worker reports, see worker.h */
	/* Called in the new process: closes all that is not the crew's. */
	void (*forget)(void *arg, const struct crew *c);
	void *arg;
};

/* Takes over conf and sockets. No worker is started yet. */
struct crew *crew_new(struct conf *conf, const struct identity *who,
    struct all_sockets sockets);
void crew_free(struct crew *c); /* NULL is fine */

/* Starts who is due; returns the ms until the next start, at most a minute. */
int64_t crew_start_due(struct crew *c, const struct crew_fork *how);

/* A process died; returns false if it was none of the crew. */
bool crew_reap(struct crew *c, pid_t pid, int status);
void crew_note(struct crew *c, const struct worker_report *report);

void crew_signal(const struct crew *c, int signo);
unsigned crew_alive(const struct crew *c);
bool crew_is_ready(const struct crew *c);   /* all of them take questions */
bool crew_is_settled(const struct crew *c); /* ready, or one of them is dead */
bool crew_is_stopped(const struct crew *c); /* none of them does any more */

int64_t crew_now_ms(void); /* a clock that only goes forward */

#endif
