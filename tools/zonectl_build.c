/*
 * zonectl build: the next generation of zones.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/zonectl.h"
#include "zones/build.h"
#include "zones/generation.h"

#define BAD_LINES_SHOWN 20 /* of a zone */

static double
seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) +
	    (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

int
zonectl_build_zone(const struct conf *conf, const struct conf_zone *zone,
    const char *const *force)
{
	struct zonectl_lines bad = {.n_max = BAD_LINES_SHOWN};
	struct build_result result;
	char why[GENERATION_WHY_MAX], size[TOOL_TXT_MAX];
	struct timespec start;
	int rv;

	clock_gettime(CLOCK_MONOTONIC, &start);
	rv = build_zone_forced(zone, conf->state_dir, force, zonectl_on_line,
	    &bad, &result, why);
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
	if (result.verdict.forced[0] != '\0')
		printf("%s: forced past %s\n", zone->name,
		    result.verdict.forced);
	fflush(stdout);
	return TOOL_DONE;
}

static int
build_named(const struct conf *conf, char **names, const char *const *force)
{
	int rc = TOOL_DONE;

	for (char **name = names; *name != NULL; name++)
		if (conf_zone_find(conf, *name) == NULL)
			return zonectl_say_zones(conf, *name);
	for (; *names != NULL; names++)
		rc |= zonectl_build_zone(conf, conf_zone_find(conf, *names),
		    force);
	return rc;
}

static int
build_all(const struct conf *conf, const char *const *force)
{
	int rc = TOOL_DONE;

	if (conf->n_zones == 0)
		printf("%s has no zone section: nothing to build\n",
		    conf->path);
	for (size_t i = 0; i < conf->n_zones; i++)
		rc |= zonectl_build_zone(conf, &conf->zones[i], force);
	return rc;
}

bool
zonectl_add_rules(const char *force[ZONECTL_FORCE_MAX + 1], char *rules)
{
	size_t n = 0;

	while (force[n] != NULL)
		n++;
	for (char *rule; (rule = strsep(&rules, ",")) != NULL; n++) {
		if (n == ZONECTL_FORCE_MAX)
			return false;
		force[n] = rule;
	}
	return true;
}

int
zonectl_build(const char *conf_path, int argc, char **argv)
{
	static const struct option options[] = {
		{"force", required_argument, NULL, 'f'},
		{NULL, 0, NULL, 0},
	};
	const char *force[ZONECTL_FORCE_MAX + 1] = {NULL};
	struct conf *conf;
	int c, rc;

	optind = 0; /* glibc: from the start */
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (c != 'f' || !zonectl_add_rules(force, optarg))
			return zonectl_usage();
	conf = tool_conf(conf_path);
	if (conf == NULL)
		return TOOL_FAILED;
	rc = argv[optind] != NULL ? build_named(conf, argv + optind, force)
				  : build_all(conf, force);
	conf_free(conf);
	return rc;
}
