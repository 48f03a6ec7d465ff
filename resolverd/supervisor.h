/*
 * The supervisor: starts the workers, replaces those that die, and all of them
 * when the configuration is to be read again. It reads no packet and opens no
 * LMDB file.
 */
#ifndef RESOLVERD_SUPERVISOR_H
#define RESOLVERD_SUPERVISOR_H

struct crew;

/*
 * Serves with the crew, which is taken over, until SIGTERM or SIGINT; SIGHUP:
 * reads the configuration at conf_path (absolute) again. Returns the daemon's
 * exit status: 0, or 1 where a worker did not end well.
 */
int supervisor_run(struct crew *first, const char *conf_path);

#endif
