/*
 * What the commands of zonectl share. A command is a file of its own,
 * zonectl_NAME.c, and a row of the table in zonectl.c.
 */
#ifndef TOOLS_ZONECTL_H
#define TOOLS_ZONECTL_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/tool.h"
#include "zones/publish.h"

/*
 * Runs a command: argv[0] is its name; behind it, its options and arguments,
 * to be taken apart with getopt_long(). Returns an enum tool_exit.
 */
typedef int zonectl_run_fn(const char *conf_path, int argc, char **argv);

zonectl_run_fn zonectl_build, zonectl_check, zonectl_convert, zonectl_diff,
    zonectl_export, zonectl_list, zonectl_log, zonectl_rollback, zonectl_sync,
    zonectl_why;

/* Prints the usage on stderr. Returns TOOL_USAGE. */
int zonectl_usage(void);

/*
 * For a command without options: the arguments, from least to most of them
 * (-1: any number), NULL behind the last. NULL if they are not so.
 */
char **zonectl_args(int argc, char **argv, int least, int most);

/* Says that there is no such zone, and which there are. TOOL_FAILED. */
int zonectl_say_zones(const struct conf *conf, const char *name);

#define ZONECTL_FORCE_MAX 32 /* rules of the gate */

/* Splits "rule,rule", which stays borrowed, and adds to what is there; NULL is
 * behind the last. False if they are too many. */
bool zonectl_add_rules(const char *force[ZONECTL_FORCE_MAX + 1], char *rules);

/* Builds and publishes one zone, past these rules, and prints how it went. */
int zonectl_build_zone(const struct conf *conf, const struct conf_zone *zone,
    const char *const *force);

/* The number of a generation. False if it is none. */
bool zonectl_generation(uint64_t *out, const char *txt);

/* Says what is wrong, and which generations there are. TOOL_FAILED. */
int zonectl_say_generations(const struct conf_zone *zone,
    const struct publish_list *list, const char *what);

/* ---- bad lines, printed up to a number of them */

struct zonectl_lines {
	uint64_t n, n_max;
	char *next_file; /* of the first one that is not shown; owned */
};

/* A build_report_fn; arg is a struct zonectl_lines. */
void zonectl_on_line(void *arg, const char *file, unsigned line,
    const char *text);

#endif
