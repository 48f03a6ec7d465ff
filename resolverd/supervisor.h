/*
 * The supervisor: prepares the state directory, forks the workers, replaces
 * those that die. It reads no packet and opens no LMDB file.
 */
#ifndef RESOLVERD_SUPERVISOR_H
#define RESOLVERD_SUPERVISOR_H

#include "lib/conf.h"
#include "resolverd/sockets.h"
#include "resolverd/worker.h"

/*
 * Who the workers run as: conf->user when we are root, else whoever we are.
 * Fatal if there is no such user.
 */
void supervisor_identity(struct identity *out, const struct conf *conf);

/*
 * Makes what is missing under state-dir: zones/ and local/ stay ours, cache/ is
 * the workers'. Sees whether libunbound takes its settings. Raises the limit of
 * descriptors. Fatal on failure.
 */
void supervisor_prepare(const struct conf *conf, const struct identity *who);

/* Returns the daemon's exit status: 0 after SIGTERM or SIGINT. */
int supervisor_run(const struct conf *conf, struct sockets *sockets,
    const struct identity *who);

#endif
