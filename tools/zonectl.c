/*
 * zonectl(8): builds, checks and shows list zones. Here: the command line, the
 * table of commands, and what they share.
 */
#include "tools/zonectl.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

static const struct command {
	const char *name, *args;
	zonectl_run_fn *run;
} commands[] = {
    {"build", "[--force RULE,...] [ZONE...]", zonectl_build},
    {"check", "[TYPE:]FILE...", zonectl_check},
    {"convert", "[--format FORMAT] [--subzone NAME] [--zone NAME]"
	" TYPE:FILE...", zonectl_convert},
    {"diff", "[--all] ZONE [GENERATION GENERATION]", zonectl_diff},
    {"export", "[--format FORMAT] [--subzone NAME] ZONE", zonectl_export},
    {"list", "", zonectl_list},
    {"log", "ZONE", zonectl_log},
    {"rollback", "ZONE [GENERATION]", zonectl_rollback},
    {"sync", "[--loop | --force RULE,...] [ZONE...]", zonectl_sync},
    {"why", "[--client ADDRESS] KEY [ZONE...]", zonectl_why},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
print_usage(FILE *to)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "%s zonectl [-c FILE] %s%s%s\n",
		    i == 0 ? "usage:" : "      ", commands[i].name,
		    commands[i].args[0] ? " " : "", commands[i].args);
}

int
zonectl_usage(void)
{
	print_usage(stderr);
	return TOOL_USAGE;
}

char **
zonectl_args(int argc, char **argv, int least, int most)
{
	static const struct option none[] = {{NULL, 0, NULL, 0}};

	optind = 0; /* glibc: from the start */
	if (getopt_long(argc, argv, "", none, NULL) != -1)
		return NULL;
	argc -= optind;
	if (argc < least || (most >= 0 && argc > most))
		return NULL;
	return argv + optind;
}

int
zonectl_say_zones(const struct conf *conf, const char *name)
{
	tool_error("%s has no zone \"%s\"; there is:", conf->path, name);
	for (size_t i = 0; i < conf->n_zones; i++)
		fprintf(stderr, "  %s\n", conf->zones[i].name);
	return TOOL_FAILED;
}

/* ---- bad lines */

void
zonectl_on_line(void *arg, const char *file, unsigned line, const char *text)
{
	struct zonectl_lines *bad = arg;

	if (bad->n++ < bad->n_max) {
		if (line > 0)
			fprintf(stderr, "%s:%u: %s\n", file, line, text);
		else
			fprintf(stderr, "%s: %s\n", file, text);
	} else if (bad->next_file == NULL) {
		bad->next_file = strdup(file);
	}
}

/* ---- command line */

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS && name != NULL; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	const char *conf_path = CONF_DEFAULT_PATH;
	const struct command *cmd;
	int c;

	tool_init("zonectl");
	/* +: what stands behind the command is the command's */
	while ((c = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			conf_path = optarg;
			break;
		case 'h':
			print_usage(stdout);
			return tool_finish(TOOL_DONE);
		case 'V':
			printf("zonectl %s\n", PACKAGE_VERSION);
			return tool_finish(TOOL_DONE);
		default:
			return zonectl_usage();
		}
	}
	cmd = find_command(argv[optind]);
	if (cmd == NULL)
		return zonectl_usage();
	return tool_finish(cmd->run(conf_path, argc - optind, argv + optind));
}
