/*
 * Another program, run to its end: an array of arguments, never a shell; an
 * environment of its own; /dev/null or a file to read from; what it prints
 * comes here.
 */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include <signal.h>

#define SPAWN_SAID_MAX 512 /* bytes of what is kept of its standard error */

struct spawn {
	const char *const *argv; /* argv[0] is looked for in env's PATH */
	const char *const *env;
	unsigned limit_s; /* until it is ended */
	int input; /* what it reads, the caller's; 0 or less: /dev/null */
	const volatile sig_atomic_t *stop; /* it is ended when *stop != 0 */
	/* gets what it prints, as it comes, NUL behind it; may be NULL */
	void (*on_output)(void *arg, const char *text);
	void *arg;
	/* results */
	int status; /* as it ended: 0 to 255, or minus the signal */
	char said[SPAWN_SAID_MAX]; /* the first of its standard error, on one
				    * line, printable ASCII only */
};

/*
 * Runs it. Returns 0 when it has ended by itself; -ETIMEDOUT or -EINTR when it
 * was ended for the time or for stop; -ENOENT and the like if it cannot be
 * started. In any case it is gone then, and its process group with it.
 *
 * A signal must have a handler (without SA_RESTART) to be noticed for stop. It
 * and its process group are killed when the caller dies. Open files without
 * O_CLOEXEC are handed on: a lock among them is held until all are gone.
 */
int spawn_run(struct spawn *s) __attribute__((warn_unused_result));

#endif
