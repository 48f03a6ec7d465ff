/*
 * Zones in the configuration: datasets, the feed that brings their files, and
 * what can only be seen when a zone is there as a whole.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/conf_values.h"
#include "lib/feed_source.h"
#include "lib/xalloc.h"

#define FEED_PREFIX "@feed/"

/*
 * Values
 */

/* NAME if a dataset's file is @feed/NAME, else NULL. */
static const char *
feed_name(const char *file)
{
	size_t len = strlen(FEED_PREFIX);

	return strncmp(file, FEED_PREFIX, len) == 0 ? file + len : NULL;
}

/* Splits "file,file" off; false if a name is empty. */
static bool
add_files(
    const struct conf_reader *r, struct conf_dataset *d, const char *files)
{
	const char *comma;
	char *name;

	for (;; files = comma + 1) {
		comma = strchrnul(files, ',');
		if (comma == files)
			return false;
		name = xasprintf("%.*s", (int)(comma - files), files);
		d->files =
		    xreallocarray(d->files, d->n_files + 1, sizeof(*d->files));
		d->files[d->n_files++] = feed_name(name) ?
		    xstrdup(name) : conf_complete_path(r, name);
		free(name);
		if (*comma == '\0')
			return true;
	}
}

/* The names are rsync's to read, and paths below the feed's folder. */
static void
check_feed_names(struct conf_reader *r, const struct conf_row *row,
    const char *value, const struct conf_dataset *d)
{
	const char *name;

	for (size_t i = 0; i < d->n_files; i++) {
		name = feed_name(d->files[i]);
		if (name && !feed_source_is_file_name(name))
			conf_complain_of(r, row, value,
			    "has no plain name behind @feed/; parts start with "
			    "a letter, a digit or _, and have no space");
	}
}

void
conf_set_datasets(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	struct conf_zone *z = &r->conf->zones[r->conf->n_zones - 1];
	const char *colon = strchr(value, ':');
	struct conf_dataset *d;

	z->datasets =
	    xreallocarray(z->datasets, z->n_datasets + 1, sizeof(*z->datasets));
	d = &z->datasets[z->n_datasets++];
	memset(d, 0, sizeof(*d));
	if (!colon || colon == value) {
		conf_complain_of(r, row, value,
		    "has no type in front; write it as ip4set:/path/to/file");
		return;
	}
	d->type = xasprintf("%.*s", (int)(colon - value), value);
	if (!add_files(r, d, colon + 1))
		conf_complain_of(r, row, value,
		    "has an empty file name; write it as "
		    "%s:/path/to/file,/path/to/another",
		    d->type);
	else
		check_feed_names(r, row, value, d);
}

static struct conf_feed *
feed_of(const struct conf_reader *r)
{
	return &r->conf->zones[r->conf->n_zones - 1].feed;
}

void
conf_set_feed_source(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	struct conf_feed *feed = feed_of(r);
	enum feed_source_kind kind;
	const char *why;

	if (feed_source_kind(&kind, value, &why) != 0)
		conf_complain_of(r, row, value, "%s", why);
	free(feed->source);
	feed->source = kind == FEED_SOURCE_LOCAL ? conf_complete_path(r, value)
						 : xstrdup(value);
}

void
conf_set_feed_every(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	(void)conf_read_duration(r, row, value, &feed_of(r)->every_s);
}

void
conf_set_feed_time_limit(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	(void)conf_read_duration(r, row, value, &feed_of(r)->time_limit_s);
}

void
conf_set_feed_password_file(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	struct conf_feed *feed = feed_of(r);

	if (value[0] == '\0') {
		conf_complain_of(r, row, value, "is empty; name a file");
		return;
	}
	free(feed->password_file);
	feed->password_file = conf_complete_path(r, value);
}

void
conf_set_feed_bandwidth(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	uint64_t n;

	if (conf_read_number(r, row, value, &n))
		feed_of(r)->bandwidth = n;
}

/*
 * The whole
 */

/* NAME behind @feed/, once in the list of what is fetched. */
static void
add_feed_file(struct conf_feed *feed, const char *name)
{
	for (size_t i = 0; i < feed->n_files; i++) {
		if (strcmp(feed->files[i], name) == 0)
			return;
	}
	feed->files = xreallocarray(
	    feed->files, feed->n_files + 1, sizeof(*feed->files));
	feed->files[feed->n_files++] = xstrdup(name);
}

/* Makes paths of the names @feed/NAME. */
static void
settle_feed(struct conf_reader *r, struct conf_zone *z)
{
	struct conf_feed *feed = &z->feed;
	const char *name;
	char *path;

	feed->dir = xasprintf("%s/feeds/%s", r->conf->state_dir, z->name);
	for (size_t n = 0; n < z->n_datasets; n++) {
		struct conf_dataset *d = &z->datasets[n];

		for (size_t i = 0; i < d->n_files; i++) {
			name = feed_name(d->files[i]);
			if (!name)
				continue;
			add_feed_file(feed, name);
			path = xasprintf("%s/" CONF_FEED_CURRENT "/%s",
			    feed->dir, name);
			free(d->files[i]);
			d->files[i] = path;
		}
	}
}

static void
check_feed(struct conf_reader *r, const struct conf_zone *z)
{
	const struct conf_feed *feed = &z->feed;
	enum feed_source_kind kind;
	const char *why;

	if (feed->line == 0 && feed->n_files > 0)
		conf_complain(r,
		    "zone \"%s\": @feed/%.64s, but no feed; add feed { source "
		    "= ... }",
		    z->name, feed->files[0]);
	if (feed->line == 0)
		return;
	r->line = feed->line;
	if (!feed->source)
		conf_complain(r, "feed: no source; add where it comes from");
	else if (feed->password_file &&
	    feed_source_kind(&kind, feed->source, &why) == 0 &&
	    kind != FEED_SOURCE_RSYNCD)
		conf_complain(r,
		    "feed: password-file is for a source of rsync://; remove "
		    "it");
	if (feed->n_files == 0)
		conf_complain(r,
		    "feed: no dataset of zone \"%s\" names a file of it; write "
		    "@feed/NAME there",
		    z->name);
}

void
conf_settle_zones(struct conf_reader *r)
{
	for (size_t i = 0; i < r->conf->n_zones; i++) {
		struct conf_zone *z = &r->conf->zones[i];

		r->line = z->line;
		if (z->n_datasets == 0)
			conf_complain(r,
			    "zone \"%s\": no datasets; add what to build from",
			    z->name);
		z->protect = &r->conf->protect;
		settle_feed(r, z);
		check_feed(r, z);
	}
}

void
conf_free_zone(struct conf_zone *z)
{
	for (size_t i = 0; i < z->n_datasets; i++) {
		struct conf_dataset *d = &z->datasets[i];

		for (size_t j = 0; j < d->n_files; j++)
			free(d->files[j]);
		free(d->files);
		free(d->type);
	}
	free(z->datasets);
	for (size_t i = 0; i < z->feed.n_files; i++)
		free(z->feed.files[i]);
	free(z->feed.files);
	free(z->feed.dir);
	free(z->feed.source);
	conf_gate_free(&z->gate);
	free(z->feed.password_file);
	free(z->name);
}
