/*
 * The control socket, as the supervisor has it: each connection is served by a
 * process of its own, without privileges, so that no byte of it reaches the
 * supervisor, and it survives whatever becomes of a worker.
 */
#ifndef RESOLVERD_CONTROL_H
#define RESOLVERD_CONTROL_H

#include <sys/types.h>

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "resolverd/control_request.h"
#include "resolverd/crew.h"

#define CONTROL_CHILDREN 8 /* at a time; others wait to be accepted */
#define CONTROL_FDS (1 + CONTROL_CHILDREN)

struct control;

/* What a command can see; all borrowed. */
struct control_view {
	const struct crew *crew; /* that serves */
	const char *conf_path;
	int64_t started, reloaded; /* seconds since the epoch */
	unsigned n_retired; /* crews that drain */
};

/* What a command can ask of the supervisor. */
enum control_wish {
	CONTROL_WISH_RELOAD,
	CONTROL_WISH_NEW_WORKERS, /* with the same configuration */
};

/*
 * Makes the socket at path, for root and the daemon's group; one that is left
 * over is replaced. Returns 0, or -errno with why (CONTROL_WHY_MAX).
 */
int control_open(struct control **out, const char *path,
    const struct identity *who, char *why) __attribute__((warn_unused_result));
void control_close(struct control *c); /* removes it; NULL is fine */
void control_forget(struct control *c); /* in a forked process: closes only */

/* Fills fds with what is to be polled; returns how many. */
unsigned control_watch(const struct control *c, struct pollfd *fds);

/* Accepts who waits. how as for a crew. */
void control_accept(struct control *c, const struct control_view *view,
    const struct crew_fork *how);

/*
 * Takes the next wish of a command. Returns false if there is none, else to is
 * for control_answer().
 */
bool control_next(struct control *c, enum control_wish *wish, unsigned *to);
/* rc 0: done; else why tells. */
void control_answer(struct control *c, unsigned to, int rc, const char *why);

/* A process died. Returns false if it served no connection. */
bool control_reap(struct control *c, pid_t pid);

/*
 * In the process of a connection, which it ends: reads a request from fd and
 * answers it. supervisor: where wishes are told.
 */
_Noreturn void control_serve(int fd, int supervisor,
    const struct control_view *view);

/* In control_serve(): tells the wish, waits. Returns 0, or -errno and why. */
int control_wish(int supervisor, enum control_wish wish, char *why)
    __attribute__((warn_unused_result));

#endif
