/*
 * rbldnsd's command line: options, and the zones as our configuration.
 */
#ifndef RESOLVERD_COMPAT_ARGS_H
#define RESOLVERD_COMPAT_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/conf.h"
#include "resolverd/compat_spec.h"

#define COMPAT_BIND_MAX 20 /* addresses; rbldnsd's limit */

enum compat_job {
	COMPAT_SERVE,
	COMPAT_DUMP,	     /* -d */
	COMPAT_CHECK,	     /* --check */
	COMPAT_PRINT_CONFIG, /* --print-config */
	COMPAT_HELP,	     /* -h */
};

/* Strings are borrowed from argv. */
struct compat_args {
	enum compat_job job;
	const char *user, *rootdir, *workdir, *pidfile; /* or NULL */
	const char *bind[COMPAT_BIND_MAX];
	unsigned n_bind;
	int family; /* AF_UNSPEC, or what -4 or -6 says */
	struct conf_reading reading; /* -t and -e; in all zones, too */
	uint32_t check_s; /* 0: files are looked at by SIGHUP only */
	bool in_front, quick, minimal;
	unsigned version_hidden; /* 1: without the number, 2: refused */
	const char *log_path;	 /* or NULL; "-" is the standard output */
	bool log_flushed;	 /* each line at once */
	const char *stats_path;	 /* or NULL */
	bool stats_relative;
	char unused[32]; /* letters of options that mean nothing here */

	struct conf *conf; /* only its zones are filled in; owned */
};

/*
 * Reads the command line. Returns 0, or -EINVAL with the reason in why
 * (COMPAT_WHY_MAX bytes); compat_args_clear() in both cases. For HELP nothing
 * else is read. Not reentrant: getopt_long() keeps its state in globals.
 */
int compat_args_parse(struct compat_args *out, int argc, char **argv, char *why)
    __attribute__((warn_unused_result));
void compat_args_clear(struct compat_args *args);

#endif
