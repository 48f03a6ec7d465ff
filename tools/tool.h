/*
 * What the command-line tools share: messages, exit codes, configuration, and
 * the few texts that both print.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <stdint.h>

#include "lib/conf.h"

enum tool_exit {
	TOOL_DONE = 0,
	TOOL_FAILED = 1, /* refused or failed; said on stderr */
	TOOL_USAGE = 2,
	TOOL_NOT_LISTED = 3, /* of zonectl why */
};

/*
 * First thing in main(). Ends the process if standard output is closed: the
 * first file that is opened would take its place, and what is printed would go
 * into it. A file that may not grow is an error, not a signal. What is made is
 * readable for the daemon, whatever the umask was. name is borrowed.
 */
void tool_init(const char *name);

/* One line on stderr, behind the name of the tool. Returns TOOL_FAILED. */
int tool_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Last thing in main(): rc, or TOOL_FAILED if output could not be written. */
int tool_finish(int rc);

/* NULL if there was any error; they have been printed. */
struct conf *tool_conf(const char *path);

#define TOOL_TXT_MAX 32 /* bytes of the texts below; each returns out */

char *tool_time_txt(char *out, uint64_t seconds); /* ISO 8601, UTC */
char *tool_size_txt(char *out, uint64_t bytes);	  /* "44.1 MiB" */

/* "s", or "" for one of them. */
const char *tool_plural(uint64_t n);

#endif
