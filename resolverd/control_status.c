/*
 * resolverctl status and stats: what there is, and what was counted.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "resolverd/cache_admin.h"
#include "resolverd/control_commands.h"
#include "resolverd/counters.h"
#include "zones/publish.h"

static void
put_time(struct output *o, const char *key, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char txt[32] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(txt, sizeof(txt), "%Y-%m-%dT%H:%M:%SZ", &tm);
	output_text(o, key, "%s", txt);
}

static void
put_workers(struct output *o, const struct crew *crew)
{
	int64_t now = crew_now_ms();

	output_list(o, "workers");
	for (unsigned i = 0; i < crew->n; i++) {
		const struct crew_member *m = &crew->members[i];

		output_item(o);
		output_number(o, "number", i);
		output_number(o, "pid", (uint64_t)m->pid);
		output_text(o, "state", "%s",
		    m->pid == 0 ? "dead, to be started again" :
			m->ready ? "serves" :
				   "starts");
		output_number(o, "seconds",
		    (uint64_t)(now - m->started_ms) / 1000);
		output_item_end(o);
	}
	output_list_end(o);
}

/* What `current` names is served, or will be in a moment. */
static void
put_zone(struct output *o, const char *state_dir, const char *zone)
{
	char dir[PATH_MAX], path[PATH_MAX + 16], name[256];
	ssize_t len = -1;

	output_item(o);
	output_text(o, "zone", "%s", zone);
	if (publish_dir(dir, state_dir, zone) == 0) {
		snprintf(path, sizeof(path), "%s/current", dir);
		len = readlink(path, name, sizeof(name) - 1);
	}
	name[len > 0 ? len : 0] = '\0';
	output_text(o, "generation", "%s", len > 0 ? name : "none yet");
	output_item_end(o);
}

static void
put_zones(struct output *o, const struct conf *conf)
{
	output_list(o, "list-zones");
	for (size_t i = 0; i < conf->n_zones; i++)
		put_zone(o, conf->state_dir, conf->zones[i].name);
	output_list_end(o);
	output_list(o, "local-zones");
	for (size_t i = 0; i < conf->n_locals; i++)
		output_line(o, conf->locals[i].name);
	output_list_end(o);
}

static void
put_cache(struct output *o, const struct conf *conf)
{
	struct cache_admin_usage usage;
	struct cache_admin *a;
	char why[CACHE_WHY_MAX];

	if (cache_admin_open(&a, conf->state_dir, conf->cache.size, why) != 0) {
		output_text(o, "cache", "%s", why);
		return;
	}
	if (cache_admin_usage(a, &usage) == 0) {
		output_number(o, "cache-entries", usage.entries);
		output_number(o, "cache-bytes", usage.bytes_used);
		output_number(o, "cache-bytes-max", usage.bytes_max);
	}
	cache_admin_close(a);
}

int
control_status(const struct control_call *call)
{
	const struct control_view *v = call->view;
	struct output o;

	output_begin(&o, call->out, call->request->format == CONTROL_JSON);
	output_text(&o, "version", "%s", PACKAGE_VERSION);
	output_number(&o, "pid", (uint64_t)getppid());
	put_time(&o, "started", v->started);
	if (v->reloaded != 0)
		put_time(&o, "reloaded", v->reloaded);
	output_text(&o, "configuration", "%s", v->conf_path);
	put_workers(&o, v->crew);
	output_number(&o, "old-crews", v->n_retired);
	put_zones(&o, v->crew->conf);
	put_cache(&o, v->crew->conf);
	output_end(&o);
	return 0;
}

/* ---- stats */

/* https://prometheus.io/docs/instrumenting/exposition_formats/ */
static void
put_prometheus(FILE *out, const struct counter_row *row, uint64_t n)
{
	const bool counts = row->kind == COUNTER_COUNT;
	char name[64];

	snprintf(name, sizeof(name), "resolverd_%s%s", row->text,
	    counts ? "_total" : "");
	for (char *p = name; *p != '\0'; p++) {
		if (*p == '-')
			*p = '_';
	}
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name,
	    row->meaning, name, counts ? "counter" : "gauge", name, n);
}

int
control_stats(const struct control_call *call)
{
	const enum control_format format = call->request->format;
	struct output o;

	if (format != CONTROL_PROMETHEUS)
		output_begin(&o, call->out, format == CONTROL_JSON);
	for (unsigned i = 0; i < COUNTERS_N; i++) {
		const struct counter_row *row = &counter_rows[i];
		uint64_t n = counters_sum(i);

		if (format == CONTROL_PROMETHEUS)
			put_prometheus(call->out, row, n);
		else
			output_number(&o, row->text, n);
	}
	if (format != CONTROL_PROMETHEUS)
		output_end(&o);
	return 0;
}
