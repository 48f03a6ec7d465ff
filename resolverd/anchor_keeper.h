/*
 * When the root is asked for its keys: the supervisor's part of the trust
 * anchor. Each probe is a process.
 */
#ifndef RESOLVERD_ANCHOR_KEEPER_H
#define RESOLVERD_ANCHOR_KEEPER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "lib/conf.h"
#include "resolverd/worker.h"

/* Zeroed at the start; members private. */
struct anchor_keeper {
	pid_t pid;	   /* of the probe under way; 0: none */
	int64_t not_before_s; /* whatever the state says */
	bool is_stopped;
};

/*
 * Starts a probe if one is due; forget(arg) is called in its process. Returns
 * the milliseconds until this is to be called again, a minute at most.
 */
int64_t anchor_keeper_run(struct anchor_keeper *k, const struct conf *conf,
    const struct identity *who, void (*forget)(void *arg), void *arg);

/* A process died; returns false if it was none of the keeper's. */
bool anchor_keeper_reap(struct anchor_keeper *k, pid_t pid, int status);

/* Ends the probe under way. */
void anchor_keeper_stop(struct anchor_keeper *k);

#endif
