/*
 * zonectl log: what was built, refused and rolled back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/zonectl.h"
#include "zones/history.h"

static void
print_event(void *arg, const struct history_event *e)
{
	char when[TOOL_TXT_MAX];

	(void)arg;
	printf("%s  %-9s", tool_time_txt(when, (uint64_t)e->when),
	    history_what_txt(e->what));
	if (e->generation != 0)
		printf("  generation %" PRIu64, e->generation);
	printf("  %s\n", e->text);
}

int
zonectl_log(const char *conf_path, int argc, char **argv)
{
	char **args = zonectl_args(argc, argv, 1, 1);
	const struct conf_zone *zone;
	struct conf *conf;
	int rc = TOOL_DONE, rv;

	if (args == NULL)
		return zonectl_usage();
	conf = tool_conf(conf_path);
	if (conf == NULL)
		return TOOL_FAILED;
	zone = conf_zone_find(conf, args[0]);
	if (zone == NULL)
		rc = zonectl_say_zones(conf, args[0]);
	else if ((rv = history_each(conf->state_dir, zone->name, print_event,
	    NULL)) != 0)
		rc = tool_error("%s: history: %s", zone->name, strerror(-rv));
	conf_free(conf);
	return rc;
}
