/*
 * zonectl list: the zones, the generation that each is served from, and the
 * state of its data.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/zonectl.h"
#include "zones/age.h"
#include "zones/generation.h"
#include "zones/history.h"
#include "zones/publish.h"

/* Where several hold, the first is told. */
enum state {
	STATE_NONE,    /* no generation yet */
	STATE_DAMAGED, /* it cannot be opened */
	STATE_EXPIRED,
	STATE_REFUSED, /* what should have followed it */
	STATE_STALE,
	STATE_OK,
};

static const char *const state_txt[] = {"none", "damaged", "expired",
    "refused", "stale", "ok"};

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

static bool
was_refused(const struct conf *conf, const struct conf_zone *zone,
    struct history_event *last)
{
	return history_last(conf->state_dir, zone->name, last) == 0 &&
	    (last->what == HISTORY_REFUSED || last->what == HISTORY_FAILED);
}

static enum state
state_of(const struct conf_zone *zone, const struct generation_info *info,
    bool refused)
{
	enum age age = age_of(&zone->age, info, (uint64_t)time(NULL));

	if (age == AGE_EXPIRED)
		return STATE_EXPIRED;
	if (refused)
		return STATE_REFUSED;
	return age == AGE_STALE ? STATE_STALE : STATE_OK;
}

static void
print_generation(const struct generation_info *info)
{
	char built[TOOL_TXT_MAX], source[TOOL_TXT_MAX], size[TOOL_TXT_MAX];
	char age[TOOL_TXT_MAX];

	printf("generation %" PRIu64 "  %" PRIu64 " entr%s  built %s "
	    "(%s ago)  %s  sources of %s\n", info->number, info->entries,
	    info->entries == 1 ? "y" : "ies",
	    tool_time_txt(built, info->built), age_txt(age, info->built),
	    tool_size_txt(size, info->file_bytes),
	    tool_time_txt(source, info->source_time));
}

static void
print_state(const struct conf_zone *zone, int width, enum state state)
{
	printf("%-*s  %-7s  ", width, zone->name, state_txt[state]);
}

static enum state
list_one(const struct conf *conf, const struct conf_zone *zone, int width)
{
	char path[PATH_MAX], why[GENERATION_WHY_MAX];
	enum state state = STATE_NONE;
	struct history_event last;
	struct generation *gen;
	bool refused;
	int rv;

	refused = was_refused(conf, zone, &last);
	rv = publish_current(path, conf->state_dir, zone->name);
	if (rv == 0)
		rv = generation_open(&gen, path, zone->apex, why);
	if (rv == 0) {
		rv = generation_check(gen, why);
		if (rv != 0)
			generation_close(gen);
	}
	if (rv == 0) {
		state = state_of(zone, generation_info(gen), refused);
		print_state(zone, width, state);
		print_generation(generation_info(gen));
		generation_close(gen);
	} else if (rv == -ENOENT) {
		print_state(zone, width, STATE_NONE);
		printf("no generation yet; zonectl build %s makes one\n",
		    zone->name);
	} else {
		state = STATE_DAMAGED;
		print_state(zone, width, state);
		printf("nothing that can be served\n");
		tool_error("%s: %s", zone->name, rv == -ENAMETOOLONG ?
		    "the path of the zone is too long" : why);
	}
	if (refused)
		printf("%-*s  %s\n", width, "", last.text);
	return state;
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
		if (list_one(conf, &conf->zones[i], width) != STATE_OK)
			rc = TOOL_FAILED;
	conf_free(conf);
	return rc;
}
