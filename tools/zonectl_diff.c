/*
 * zonectl diff: what two generations answer differently.
 */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/zonectl.h"
#include "zones/diff.h"
#include "zones/publish.h"

#define SHOWN 20 /* changes; all with --all */

struct output {
	uint64_t n, n_max;
	uint64_t counts[3][3]; /* by kind, what */
};

static const char signs[] = {[DIFF_ADDED] = '+', [DIFF_REMOVED] = '-',
    [DIFF_CHANGED] = '~'};

static void
on_change(void *arg, const struct diff_change *c)
{
	struct output *out = arg;

	out->counts[c->kind][c->what] += c->kind == ZONE_HIT_IP4 ?
	    c->addresses : 1;
	if (out->n++ >= out->n_max)
		return;
	printf("%c %s  %s%s%s\n", signs[c->what], c->key, c->before,
	    c->what == DIFF_CHANGED ? " -> " : "", c->after);
}

static void
print_counts(const struct output *out)
{
	static const char *const kinds[] = {
	    [ZONE_HIT_IP4] = "IPv4 addresses",
	    [ZONE_HIT_IP6] = "IPv6 prefixes or ranges",
	    [ZONE_HIT_NAME] = "names"};

	if (out->n > out->n_max)
		printf("... %" PRIu64 " more; --all shows them\n",
		    out->n - out->n_max);
	for (unsigned k = 0; k < 3; k++) {
		const uint64_t *n = out->counts[k];

		if (n[0] + n[1] + n[2] > 0)
			printf("%s: %" PRIu64 " added, %" PRIu64 " removed, %"
			    PRIu64 " changed\n", kinds[k], n[DIFF_ADDED],
			    n[DIFF_REMOVED], n[DIFF_CHANGED]);
	}
	if (out->n == 0)
		printf("no difference\n");
}

static int
open_number(struct generation **out, const struct conf *conf,
    const struct conf_zone *zone, uint64_t number)
{
	char path[PATH_MAX], why[GENERATION_WHY_MAX] = "the path is too long";
	int rc = publish_path(path, conf->state_dir, zone->name, number);

	*out = NULL;
	if (rc == 0)
		rc = generation_open(out, path, zone->apex, why);
	return rc == 0 ? TOOL_DONE : tool_error("%s: %s", zone->name, why);
}

static int
diff_two(const struct conf *conf, const struct conf_zone *zone,
    const uint64_t numbers[2], bool all)
{
	struct output out = {.n_max = all ? UINT64_MAX : SHOWN};
	struct generation *a, *b = NULL;
	int rc;

	rc = open_number(&a, conf, zone, numbers[0]);
	if (rc == TOOL_DONE)
		rc = open_number(&b, conf, zone, numbers[1]);
	if (rc == TOOL_DONE) {
		printf("%s: generation %" PRIu64 " against %" PRIu64 "\n",
		    zone->name, numbers[1], numbers[0]);
		if (diff_generations(a, b, on_change, &out) != 0)
			rc = tool_error("%s: out of memory", zone->name);
		else
			print_counts(&out);
	}
	generation_close(a);
	generation_close(b);
	return rc;
}

/* The one that is served and the one before it, if no other are named. */
static int
choose(uint64_t numbers[2], const struct conf_zone *zone,
    const struct publish_list *list, char **args)
{
	numbers[0] = 0;
	numbers[1] = list->current;
	for (size_t i = 0; i < list->n; i++)
		if (list->numbers[i] < list->current)
			numbers[0] = list->numbers[i];
	for (unsigned i = 0; i < 2 && args[0] != NULL; i++)
		if (!zonectl_generation(&numbers[i], args[i]))
			numbers[i] = 0;
	return numbers[0] != 0 && numbers[1] != 0 ? TOOL_DONE :
	    zonectl_say_generations(zone, list, args[0] != NULL ?
	    "not the number of a generation" : "no two generations");
}

static int
diff_zone(const struct conf *conf, const struct conf_zone *zone, char **args,
    bool all)
{
	struct publish_list list;
	uint64_t numbers[2];
	int rc;

	rc = publish_list(&list, conf->state_dir, zone->name);
	if (rc != 0)
		return tool_error("%s: %s", zone->name, strerror(-rc));
	rc = choose(numbers, zone, &list, args);
	if (rc == TOOL_DONE)
		rc = diff_two(conf, zone, numbers, all);
	free(list.numbers);
	return rc;
}

int
zonectl_diff(const char *conf_path, int argc, char **argv)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, 'a'},
		{NULL, 0, NULL, 0},
	};
	const struct conf_zone *zone;
	struct conf *conf;
	bool all = false;
	int c, rc;

	optind = 0; /* glibc: from the start */
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'a')
			return zonectl_usage();
		all = true;
	}
	if (argc - optind != 1 && argc - optind != 3)
		return zonectl_usage();
	conf = tool_conf(conf_path);
	if (conf == NULL)
		return TOOL_FAILED;
	zone = conf_zone_find(conf, argv[optind]);
	rc = zone == NULL ? zonectl_say_zones(conf, argv[optind])
			  : diff_zone(conf, zone, argv + optind + 1, all);
	conf_free(conf);
	return rc;
}
