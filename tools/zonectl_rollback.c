/*
 * zonectl rollback: an older generation is served again.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/zonectl.h"
#include "zones/generation.h"
#include "zones/history.h"
#include "zones/publish.h"

bool
zonectl_generation(uint64_t *out, const char *txt)
{
	char *end;

	errno = 0;
	*out = strtoull(txt, &end, 10);
	return *txt >= '1' && *txt <= '9' && *end == '\0' && errno == 0;
}

int
zonectl_say_generations(const struct conf_zone *zone,
    const struct publish_list *list, const char *what)
{
	tool_error("%s: %s; there %s", zone->name, what,
	    list->n == 0 ? "is none" : "is:");
	for (size_t i = 0; i < list->n; i++)
		fprintf(stderr, "  %" PRIu64 "%s\n", list->numbers[i],
		    list->numbers[i] == list->current ? "  served" : "");
	return TOOL_FAILED;
}

/* The last one before the one that is served; 0 if there is none. */
static uint64_t
before_current(const struct publish_list *list)
{
	uint64_t found = 0;

	for (size_t i = 0; i < list->n; i++)
		if (list->numbers[i] < list->current)
			found = list->numbers[i];
	return found;
}

/* Not one that the daemon would refuse. */
static int
check_generation(const struct conf *conf, const struct conf_zone *zone,
    uint64_t number, char *why)
{
	struct generation *gen;
	char path[PATH_MAX];
	int rc;

	rc = publish_path(path, conf->state_dir, zone->name, number);
	if (rc == 0)
		rc = generation_open(&gen, path, zone->apex, why);
	if (rc != 0)
		return rc;
	rc = generation_check(gen, why);
	generation_close(gen);
	return rc;
}

static int
turn(const struct conf *conf, const struct conf_zone *zone, uint64_t number,
    uint64_t from)
{
	char why[GENERATION_WHY_MAX] = "the path of the zone is too long";
	struct publish *p;
	char text[64];
	int rc;

	rc = publish_begin(&p, conf->state_dir, zone->name, why);
	if (rc == 0) {
		rc = check_generation(conf, zone, number, why);
		if (rc == 0)
			rc = publish_turn(p, number, why);
		publish_abort(p);
	}
	if (rc != 0)
		return tool_error("%s: %s; nothing was changed", zone->name,
		    why);
	snprintf(text, sizeof(text), "served in place of %" PRIu64, from);
	(void)history_add(conf->state_dir, zone->name, HISTORY_ROLLBACK,
	    number, text);
	printf("%s: generation %" PRIu64 " is served in place of %" PRIu64
	    "; the next build goes on from there\n", zone->name, number, from);
	return TOOL_DONE;
}

static bool
is_kept(const struct publish_list *list, uint64_t number)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->numbers[i] == number)
			return true;
	return false;
}

static int
roll_back(const struct conf *conf, const struct conf_zone *zone,
    const char *to)
{
	struct publish_list list;
	uint64_t number;
	int rc;

	rc = publish_list(&list, conf->state_dir, zone->name);
	if (rc != 0)
		return tool_error("%s: %s", zone->name, strerror(-rc));
	number = before_current(&list);
	if (to != NULL && !zonectl_generation(&number, to))
		number = 0;
	if (number == 0)
		rc = zonectl_say_generations(zone, &list, to != NULL ?
		    "not the number of a generation" :
		    "nothing to go back to");
	else if (number == list.current)
		rc = zonectl_say_generations(zone, &list, "it is served");
	else if (!is_kept(&list, number))
		rc = zonectl_say_generations(zone, &list,
		    "there is no such generation");
	else
		rc = turn(conf, zone, number, list.current);
	free(list.numbers);
	return rc;
}

int
zonectl_rollback(const char *conf_path, int argc, char **argv)
{
	char **args = zonectl_args(argc, argv, 1, 2);
	const struct conf_zone *zone;
	struct conf *conf;
	int rc;

	if (args == NULL)
		return zonectl_usage();
	conf = tool_conf(conf_path);
	if (conf == NULL)
		return TOOL_FAILED;
	zone = conf_zone_find(conf, args[0]);
	rc = zone == NULL ? zonectl_say_zones(conf, args[0])
			  : roll_back(conf, zone, args[1]);
	conf_free(conf);
	return rc;
}
