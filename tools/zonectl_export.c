/*
 * zonectl export: what a zone serves, in other programs' formats; zonectl
 * convert: the same from files, without a zone: they are built into a
 * generation of their own, which is gone afterwards.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "tools/zonectl.h"
#include "zones/build.h"
#include "zones/export.h"
#include "zones/publish.h"

#define CONVERT_ZONE "list.invalid" /* without --zone */
#define BAD_LINES_SHOWN 20

struct export_args {
	const char *format, *zone, *subzone;
	char **rest;
};

/* Returns false if they are no arguments of the command. */
static bool
take_args(struct export_args *a, int argc, char **argv, bool takes_zone)
{
	static const struct option options[] = {
	    {"format", required_argument, NULL, 'f'},
	    {"subzone", required_argument, NULL, 's'},
	    {"zone", required_argument, NULL, 'z'}, {NULL, 0, NULL, 0}};
	int c;

	*a = (struct export_args){.format = "rbldnsd"};
	optind = 0; /* glibc: from the start */
	while ((c = getopt_long(argc, argv, "f:", options, NULL)) != -1) {
		if (c == 'f')
			a->format = optarg;
		else if (c == 's')
			a->subzone = optarg;
		else if (c == 'z' && takes_zone)
			a->zone = optarg;
		else
			return false;
	}
	a->rest = argv + optind;
	return a->rest[0] != NULL;
}

/* " @ proxies relays": all that can be asked for; cut where there are many. */
static void
list_subzones(const struct generation *gen, char *out, size_t cap)
{
	struct generation_view *views;
	uint8_t dname[DNAME_MAX];
	char txt[DNAME_TXT_MAX];
	size_t n, used = 0;

	out[0] = '\0';
	if (generation_views(gen, &views, &n) != 0)
		return;
	for (size_t i = 0; i < n && used < cap; i++) {
		if (views[i].len >= DNAME_MAX)
			continue;
		if (views[i].len > 0)
			memcpy(dname, views[i].labels, views[i].len);
		dname[views[i].len] = 0;
		used += (size_t)snprintf(out + used, cap - used, " %s",
		    views[i].len > 0 ? dname_to_txt(txt, dname) : "@");
	}
	free(views);
}

/* "@" or a name below the zone. */
static bool
read_subzone(const char *txt, uint8_t *dname)
{
	int len = 1;

	dname[0] = 0;
	if (strcmp(txt, "@") != 0)
		len = dname_from_txt(dname, txt, strlen(txt));
	if (len <= 0)
		return false;
	dname_lower(dname, (size_t)len);
	return true;
}

static int
write_out(const struct generation *gen, const uint8_t *apex, const char *name,
    const struct export_args *a)
{
	const char *format = a->format;
	uint8_t subzone[DNAME_MAX];
	uint64_t left_out = 0;
	char known[512];
	int rc = -ENOENT;

	if (a->subzone == NULL || read_subzone(a->subzone, subzone))
		rc = export_write(gen, apex, format,
		    a->subzone != NULL ? subzone : NULL, stdout, &left_out);
	list_subzones(gen, known, sizeof(known));
	if (rc == -EINVAL)
		return tool_error("there is no format %s; there is "
		    EXPORT_FORMATS, format);
	if (rc == -ENOENT)
		return tool_error("%s: there is no subzone %s; there is%s",
		    name, a->subzone, known);
	if (rc == -ENOTUNIQ)
		return tool_error("%s: %s cannot part subzones; write one with "
		    "--subzone, of%s", name, format, known);
	if (rc != 0)
		return tool_error("%s: %s", name, strerror(-rc));
	if (left_out > 0)
		tool_error("%s: %" PRIu64 " entr%s that %s has no way to say "
		    "%s left out", name, left_out, left_out == 1 ? "y" : "ies",
		    format, left_out == 1 ? "was" : "were");
	return TOOL_DONE;
}

/* ---- export */

static int
export_zone(const struct conf *conf, const struct conf_zone *zone,
    const struct export_args *a)
{
	char path[PATH_MAX], why[GENERATION_WHY_MAX];
	struct generation *gen;
	int rc;

	if (publish_current(path, conf->state_dir, zone->name) != 0)
		return tool_error("%s: the path of the zone is too long",
		    zone->name);
	rc = generation_open(&gen, path, zone->apex, why);
	if (rc == -ENOENT)
		return tool_error("%s: no generation yet; zonectl build %s "
		    "makes one", zone->name, zone->name);
	if (rc != 0)
		return tool_error("%s: %s", zone->name, why);
	rc = write_out(gen, zone->apex, zone->name, a);
	generation_close(gen);
	return rc;
}

int
zonectl_export(const char *conf_path, int argc, char **argv)
{
	const struct conf_zone *zone;
	struct export_args a;
	struct conf *conf;
	int rc;

	if (!take_args(&a, argc, argv, false) || a.rest[1] != NULL)
		return zonectl_usage();
	conf = tool_conf(conf_path);
	if (conf == NULL)
		return TOOL_FAILED;
	zone = conf_zone_find(conf, a.rest[0]);
	rc = zone != NULL ? export_zone(conf, zone, &a)
			  : zonectl_say_zones(conf, a.rest[0]);
	conf_free(conf);
	return rc;
}

/* ---- convert */

/* The file is deleted as soon as it is open. */
static int
build_and_open(const struct conf_zone *zone, struct generation **gen)
{
	struct zonectl_lines bad = {.n_max = BAD_LINES_SHOWN};
	const char *tmp = getenv("TMPDIR");
	char dir[PATH_MAX - 16], path[PATH_MAX], why[GENERATION_WHY_MAX];
	struct build_result result;
	int rc;

	snprintf(dir, sizeof(dir), "%s/zonectl-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return tool_error("%s: %s", dir, strerror(errno));
	snprintf(path, sizeof(path), "%s/gen.mdb", dir);
	rc = build_file(zone, path, zonectl_on_line, &bad, &result, why);
	if (rc == 0)
		rc = generation_open(gen, path, zone->apex, why);
	unlink(path);
	rmdir(dir);
	if (bad.next_file != NULL)
		tool_error("%" PRIu64 " more bad lines", bad.n - bad.n_max);
	free(bad.next_file);
	return rc == 0 ? TOOL_DONE : tool_error("%s", why);
}

static bool
is_dataset(const char *arg, struct conf_dataset *d)
{
	const char *colon = strchr(arg, ':');

	if (colon == NULL || colon[1] == '\0')
		return false;
	d->type = xasprintf("%.*s", (int)(colon - arg), arg);
	d->files = xcalloc(1, sizeof(*d->files));
	d->files[0] = xstrdup(colon + 1);
	d->n_files = 1;
	return true;
}

static int
convert(struct conf_zone *zone, const struct export_args *a)
{
	struct generation *gen;
	int rc;

	for (char **arg = a->rest; *arg != NULL; arg++)
		if (!is_dataset(*arg, &zone->datasets[zone->n_datasets++]))
			return tool_error("%s: say its type, for example "
			    "plain:%s", *arg, *arg);
	rc = build_and_open(zone, &gen);
	if (rc != TOOL_DONE)
		return rc;
	rc = write_out(gen, zone->apex, zone->name, a);
	generation_close(gen);
	return rc;
}

int
zonectl_convert(const char *conf_path, int argc, char **argv)
{
	struct conf_zone zone = {0};
	struct export_args a;
	int rc, len;

	(void)conf_path;
	if (!take_args(&a, argc, argv, true))
		return zonectl_usage();
	zone.name = xstrdup(a.zone != NULL ? a.zone : CONVERT_ZONE);
	len = dname_from_txt(zone.apex, zone.name, strlen(zone.name));
	if (len <= 0) {
		rc = tool_error("%s: not a domain name", zone.name);
	} else {
		dname_lower(zone.apex, (size_t)len);
		zone.datasets = xcalloc((size_t)argc, sizeof(*zone.datasets));
		rc = convert(&zone, &a);
	}
	for (size_t i = 0; i < zone.n_datasets; i++) {
		if (zone.datasets[i].files != NULL)
			free(zone.datasets[i].files[0]);
		free(zone.datasets[i].files);
		free(zone.datasets[i].type);
	}
	free(zone.datasets);
	free(zone.name);
	return rc;
}
