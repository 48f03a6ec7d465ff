/*
 * zonectl list: the zones and the generation that each is served from.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/zonectl.h"
#include "zones/generation.h"
#include "zones/publish.h"

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

int
zonectl_list(const char *conf_path, int argc, char **argv)
{
	struct conf *conf;
	int rc = TOOL_DONE, width = 0;

	if (zonectl_args(argc, argv, 0, 0) == NULL)
		return zonectl_usage();
	conf = tool_conf(conf_path);
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
