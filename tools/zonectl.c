/*
 * zonectl(8): builds, checks and shows list zones. Parses the command line and
 * prints what was done; the work is zones/build.c's and its neighbours'.
 */
#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "lib/conf.h"
#include "tools/tool.h"
#include "zones/build.h"
#include "zones/generation.h"
#include "zones/publish.h"

#define BAD_LINES_SHOWN 20 /* of a zone that is built */

struct command {
	const char *name;
	int (*run)(const char *conf_path, char **args);
};

static int
usage(FILE *to)
{
	fprintf(to,
	    "usage: zonectl [-c FILE] build [ZONE...]\n"
	    "       zonectl [-c FILE] check [TYPE:]FILE...\n"
	    "       zonectl [-c FILE] list\n");
	return TOOL_USAGE;
}

/* ---- bad lines */

struct bad_lines {
	uint64_t n, n_max;
	char *next_file; /* of the first one that is not shown; owned */
};

static void
on_bad_line(void *arg, const char *file, unsigned line, const char *text)
{
	struct bad_lines *bad = arg;

	if (bad->n++ < bad->n_max) {
		if (line > 0)
			fprintf(stderr, "%s:%u: %s\n", file, line, text);
		else
			fprintf(stderr, "%s: %s\n", file, text);
	} else if (bad->next_file == NULL) {
		bad->next_file = strdup(file);
	}
}

/* ---- build */

static double
seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) +
	    (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static int
build_one(const struct conf *conf, const struct conf_zone *zone)
{
	struct bad_lines bad = {.n_max = BAD_LINES_SHOWN};
	struct build_result result;
	char why[GENERATION_WHY_MAX], size[TOOL_TXT_MAX];
	struct timespec start;
	int rv;

	clock_gettime(CLOCK_MONOTONIC, &start);
	rv = build_zone(zone, conf->state_dir, on_bad_line, &bad, &result, why);
	if (bad.next_file != NULL)
		fprintf(stderr, "%s: %" PRIu64 " more; zonectl check %s shows "
		    "all\n", zone->name, bad.n - bad.n_max, bad.next_file);
	free(bad.next_file);
	if (rv != 0)
		return tool_error("%s: %s; nothing was changed", zone->name,
		    why);
	printf("%s: generation %" PRIu64 ", %" PRIu64 " entr%s, %" PRIu64
	    " bad line%s, %s, %.2f s\n", zone->name, result.number,
	    result.entries, result.entries == 1 ? "y" : "ies",
	    result.bad_lines, tool_plural(result.bad_lines),
	    tool_size_txt(size, result.file_bytes), seconds_since(&start));
	fflush(stdout);
	return TOOL_DONE;
}

static int
say_zones(const struct conf *conf, const char *name)
{
	tool_error("%s has no zone \"%s\"; there is:", conf->path, name);
	for (size_t i = 0; i < conf->n_zones; i++)
		fprintf(stderr, "  %s\n", conf->zones[i].name);
	return TOOL_FAILED;
}

static int
build_named(const struct conf *conf, char **names)
{
	int rc = TOOL_DONE;

	for (char **name = names; *name != NULL; name++)
		if (conf_zone_find(conf, *name) == NULL)
			return say_zones(conf, *name);
	for (; *names != NULL; names++)
		rc |= build_one(conf, conf_zone_find(conf, *names));
	return rc;
}

static int
run_build(const char *conf_path, char **names)
{
	struct conf *conf = tool_conf(conf_path);
	int rc = TOOL_DONE;

	if (conf == NULL)
		return TOOL_FAILED;
	if (*names != NULL) {
		rc = build_named(conf, names);
	} else {
		if (conf->n_zones == 0)
			printf("%s has no zone section: nothing to build\n",
			    conf->path);
		for (size_t i = 0; i < conf->n_zones; i++)
			rc |= build_one(conf, &conf->zones[i]);
	}
	conf_free(conf);
	return rc;
}

/* ---- check */

static int
check_as(const char *type, const char *file)
{
	struct bad_lines bad = {.n_max = UINT64_MAX};
	struct build_result result;
	char why[GENERATION_WHY_MAX];

	if (build_check(type, file, on_bad_line, &bad, &result, why) != 0)
		return tool_error("%s", why);
	printf("%s: %s, %" PRIu64 " entr%s, %" PRIu64 " bad line%s\n", file,
	    type, result.entries, result.entries == 1 ? "y" : "ies",
	    result.bad_lines, tool_plural(result.bad_lines));
	return result.bad_lines == 0 ? TOOL_DONE : TOOL_FAILED;
}

static bool
is_same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &sa) == 0 && stat(b, &sb) == 0 &&
	    sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static bool
dataset_has_file(const struct conf_dataset *set, const char *file)
{
	for (size_t i = 0; i < set->n_files; i++)
		if (is_same_file(set->files[i], file))
			return true;
	return false;
}

static int
say_not_configured(const struct conf *conf, const char *file)
{
	if (access(file, F_OK) == 0)
		return tool_error("%s: no dataset of %s names this file; say "
		    "its type, for example ip4set:%s", file, conf->path, file);
	if (strchr(file, ':') != NULL)
		return tool_error("%s: no such file, and no such type of "
		    "dataset", file);
	return tool_error("%s: %s", file, strerror(errno));
}

/* As every type for which some zone names the file, but once as each. */
static int
check_configured(const struct conf *conf, const char *file)
{
	const char *types[16];
	size_t n = 0, i;
	int rc = TOOL_DONE;

	for (const struct conf_zone *z = conf->zones;
	     z < conf->zones + conf->n_zones; z++) {
		for (size_t d = 0; d < z->n_datasets; d++) {
			const char *type = z->datasets[d].type;

			if (!dataset_has_file(&z->datasets[d], file))
				continue;
			for (i = 0; i < n && strcmp(types[i], type) != 0; i++)
				continue;
			if (i < n || n == sizeof(types) / sizeof(types[0]))
				continue;
			types[n++] = type;
			rc |= check_as(type, file);
		}
	}
	return n > 0 ? rc : say_not_configured(conf, file);
}

/* Returns what follows "TYPE:", with the type in type; NULL if there is none */
static const char *
split_type(char *type, size_t cap, const char *arg)
{
	const char *colon = strchr(arg, ':');

	if (colon == NULL || (size_t)(colon - arg) >= cap)
		return NULL;
	memcpy(type, arg, (size_t)(colon - arg));
	type[colon - arg] = '\0';
	return build_type_is_known(type) ? colon + 1 : NULL;
}

/* The configuration is read only when a file without a type needs it. */
static int
run_check(const char *conf_path, char **args)
{
	struct conf *conf = NULL;
	int rc = TOOL_DONE;

	for (; *args != NULL; args++) {
		char type[32];
		const char *file = split_type(type, sizeof(type), *args);

		if (file != NULL) {
			rc |= check_as(type, file);
			continue;
		}
		if (conf == NULL && (conf = tool_conf(conf_path)) == NULL)
			return TOOL_FAILED;
		rc |= check_configured(conf, *args);
	}
	conf_free(conf);
	return rc;
}

/* ---- list */

static char *
age_txt(char *out, uint64_t then)
{
	uint64_t now = (uint64_t)time(NULL);
	uint64_t age = now > then ? now - then : 0;

	if (age < 120)
		snprintf(out, TOOL_TXT_MAX, "%" PRIu64 " s", age);
	else if (age < 120 * 60)
		snprintf(out, TOOL_TXT_MAX, "%" PRIu64 " min", age / 60);
	else if (age < 48 * 3600)
		snprintf(out, TOOL_TXT_MAX, "%" PRIu64 " h", age / 3600);
	else
		snprintf(out, TOOL_TXT_MAX, "%" PRIu64 " days", age / 86400);
	return out;
}

static int
list_one(const struct conf *conf, const struct conf_zone *zone, int width)
{
	char built[TOOL_TXT_MAX], source[TOOL_TXT_MAX], size[TOOL_TXT_MAX];
	char age[TOOL_TXT_MAX], path[PATH_MAX], why[GENERATION_WHY_MAX];
	const struct generation_info *info;
	struct generation *gen;
	int rv;

	if (publish_current(path, conf->state_dir, zone->name) != 0)
		return tool_error("%s: the path of the zone is too long",
		    zone->name);
	rv = generation_open(&gen, path, zone->apex, why);
	if (rv == -ENOENT) {
		printf("%-*s  no generation yet; zonectl build %s makes one\n",
		    width, zone->name, zone->name);
		return TOOL_DONE;
	}
	if (rv != 0)
		return tool_error("%s: %s", zone->name, why);
	info = generation_info(gen);
	printf("%-*s  generation %" PRIu64 "  %" PRIu64 " entr%s  built %s "
	    "(%s ago)  %s  sources of %s\n", width, zone->name, info->number,
	    info->entries, info->entries == 1 ? "y" : "ies",
	    tool_time_txt(built, info->built), age_txt(age, info->built),
	    tool_size_txt(size, info->file_bytes),
	    tool_time_txt(source, info->source_time));
	generation_close(gen);
	return TOOL_DONE;
}

static int
run_list(const char *conf_path, char **args)
{
	struct conf *conf = tool_conf(conf_path);
	int rc = TOOL_DONE, width = 0;

	(void)args;
	if (conf == NULL)
		return TOOL_FAILED;
	for (size_t i = 0; i < conf->n_zones; i++) {
		int len = (int)strlen(conf->zones[i].name);

		width = len > width ? len : width;
	}
	for (size_t i = 0; i < conf->n_zones; i++)
		rc |= list_one(conf, &conf->zones[i], width);
	conf_free(conf);
	return rc;
}

/* ---- command line */

static const struct command commands[] = {
	{"build", run_build},
	{"check", run_check},
	{"list", run_list},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *
choose_command(char **args)
{
	bool has_args;

	if (*args == NULL)
		return NULL;
	has_args = args[1] != NULL;
	for (const struct command *c = commands; c < commands + N_COMMANDS;
	     c++) {
		if (strcmp(*args, c->name) != 0)
			continue;
		if ((c->run == run_check && !has_args) ||
		    (c->run == run_list && has_args))
			return NULL;
		return c;
	}
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
	while ((c = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			conf_path = optarg;
			break;
		case 'h':
			usage(stdout);
			return tool_finish(TOOL_DONE);
		case 'V':
			printf("zonectl %s\n", PACKAGE_VERSION);
			return tool_finish(TOOL_DONE);
		default:
			return usage(stderr);
		}
	}
	cmd = choose_command(argv + optind);
	if (cmd == NULL)
		return usage(stderr);
	return tool_finish(cmd->run(conf_path, argv + optind + 1));
}
