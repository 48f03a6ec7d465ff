/*
 * A dataset: its files, line by line, into the builders of its type.
 * What all types share is here: comments, `$` lines, bad lines. Values are in
 * zones/dataset_value.c.
 */
#include "zones/dataset.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "zones/ahead.h"
#include "zones/ds_types.h"
#include "zones/generation.h"
#include "zones/list.h"
#include "zones/source.h"
#include "zones/text.h"

const struct dataset_type *
dataset_type_find(const char *name)
{
	static const struct dataset_type *const types[] = {
	    &ds_ip4set, &ds_ip4trie, &ds_ip4tset, &ds_ip6trie, &ds_ip6tset,
	    &ds_dnset, &ds_generic, &ds_acl, &ds_combined,
	    &ds_plain, &ds_domains, &ds_hosts, &ds_csv, &ds_drop_json, &ds_bind,
	    &ds_rpz};
	size_t len = strcspn(name, "(");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(types[i]->name, name, len) == 0 &&
		    types[i]->name[len] == '\0')
			return types[i];
	return NULL;
}

/* ---- bad lines */

static void tell(struct dataset *ds, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
tell(struct dataset *ds, const char *fmt, va_list ap)
{
	char text[GENERATION_WHY_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (ds->report != NULL)
		ds->report(ds->report_arg, ds->file, ds->line, text);
}

void
dataset_note(struct dataset *ds, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(ds, fmt, ap);
	va_end(ap);
}

int
dataset_bad_line(struct dataset *ds, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(ds, fmt, ap);
	va_end(ap);
	ds->bad_lines++;
	return 0;
}

/* ---- lines */

/* Has what the line lists expired? A default and an exclusion do not. */
static bool
is_over(const struct dataset *ds, const char *s)
{
	if (ds->list.columns[LIST_EXPIRY].name != NULL)
		return false; /* an entry may have a time of its own */
	return dataset_is_over(ds) && *s != '!' && (*s != ':' || s[1] == ':');
}

int
dataset_line(struct dataset *ds, char *s)
{
	return is_over(ds, s) ? 0 : ds->type->line(ds, s);
}

/* A line whose '\n' became a NUL. */
static int
read_line(struct dataset *ds, char *s, char *end, char *why)
{
	if (end - s > SOURCE_LINE_MAX)
		return dataset_bad_line(ds, "longer than %d bytes; is this a "
		    "text file?", SOURCE_LINE_MAX);
	if (memchr(s, '\0', end - s) != NULL)
		return dataset_bad_line(ds, "a NUL byte; is this a text file?");
	if (end > s && end[-1] == '\r')
		end--;
	while (end > s && text_is_space(end[-1]))
		end--;
	*end = '\0';
	while (text_is_space(*s))
		s++;
	if (*s == '$')
		return special_line(ds, s + 1, why);
	if ((text_is_comment(*s) || *s == ':') && s[1] == '$')
		return special_line(ds, s + 2, why);
	if (*s == '\0' || text_is_comment(*s))
		return 0;
	return dataset_line(ds, s);
}

bool
dataset_takes_addresses(const struct dataset *ds)
{
	const struct dataset_type *type = ds->type;

	return type->addresses != NULL && ds->expiry == 0 &&
	    (type->takes_addresses == NULL || type->takes_addresses(ds));
}

/* The line at p, up to the '\n'. Returns 0 or -errno. */
static int
take_line(struct dataset *ds, char *p, char *line_end, char *why)
{
	*line_end = '\0';
	ds->line++;
	return read_line(ds, p, line_end, why);
}

static int
read_block(struct dataset *ds, const struct ahead_block *b, char *why)
{
	const struct stretch *s = (const void *)b->stretches.data;
	size_t n = b->stretches.len / sizeof(*s); /* 0: s may be NULL */
	const uint32_t *ips = (const void *)b->ips.data;
	char *p = b->begin, *line_end;
	int rc = 0;

	while (p < b->end && rc == 0) {
		for (; n > 0 && b->begin + s->begin < p; s++, n--)
			if (s->n > 0) /* or there may be no array */
				ips += s->n; /* taken line by line */
		if (n > 0 && b->begin + s->begin == p &&
		    dataset_takes_addresses(ds)) {
			rc = ds->type->addresses(ds, ips, s->n);
			p = b->begin + s->end;
			continue;
		}
		line_end = memchr(p, '\n', b->end - p);
		rc = take_line(ds, p, line_end, why);
		p = line_end + 1;
	}
	return rc;
}

static bool
is_page(const struct ahead_block *b)
{
	const char *p = b->begin;

	while (p < b->end && (text_is_space(*p) || *p == '\n' || *p == '\r'))
		p++;
	return p < b->end && *p == '<';
}

static int
read_event(struct dataset *ds, const struct ahead_block *b, char *why)
{
	if (b->event != SOURCE_LONG_LINE && ds->line == 0 && is_page(b))
		ds->pages++;
	if (b->event == SOURCE_BLOCK)
		return read_block(ds, b, why);
	ds->line++;
	if (b->event == SOURCE_LONG_LINE)
		return dataset_bad_line(ds, "longer than %d bytes; is this a "
		    "text file?", SOURCE_LINE_MAX);
	ds->cut_files++;
	return dataset_bad_line(ds, "the last line does not end in a newline: "
	    "the file may be cut; it is left out");
}

static int
read_lines(struct dataset *ds, struct source *s, char *why)
{
	const struct ahead_block *b;
	struct ahead ahead;
	int rc = 0;

	ahead_open(&ahead, s, ds->file, ds->type->addresses != NULL, why);
	do {
		b = ahead_next(&ahead);
		rc = b->event <= SOURCE_END ? b->event
					    : read_event(ds, b, why);
	} while (b->event > SOURCE_END && rc == 0);
	ahead_close(&ahead);
	return rc;
}

void
dataset_start_expiry(struct dataset *ds, time_t modified, uint32_t otherwise)
{
	uint64_t expires = (uint64_t)modified + ds->lifetime;

	ds->file_modified = modified;
	ds->expiry = otherwise;
	if (ds->lifetime != 0)
		ds->expiry = expires < UINT32_MAX ? expires : UINT32_MAX;
}

int
dataset_read(struct dataset *ds, const char *path, char *why)
{
	struct source s;
	int rc;

	why[0] = '\0';
	rc = source_open(&s, path, why);
	if (rc != 0)
		return rc;
	rc = prov_files_add(&ds->prov, path);
	if (rc != 0) {
		source_close(&s);
		return rc;
	}
	ds->file = path;
	ds->line = 0;
	ds->default_value = ds->first_value;
	dataset_start_expiry(ds, s.modified, 0);
	if (ds->type->start != NULL)
		ds->type->start(ds);
	if (ds->modified < s.modified)
		ds->modified = s.modified;
	rc = ds->type->read != NULL ? ds->type->read(ds, &s, why)
				    : read_lines(ds, &s, why);
	source_close(&s);
	if (rc == 0 && ds->type->done != NULL)
		rc = ds->type->done(ds, why);
	list_tell_widened(ds);
	if (rc != 0 && why[0] == '\0')
		snprintf(why, GENERATION_WHY_MAX, "%s: %s", path,
		    strerror(-rc));
	return rc;
}

/* ---- begin and end */

int
dataset_begin(struct dataset *ds, const struct dataset_type *type,
    const uint8_t *apex, build_report_fn *report, void *report_arg)
{
	*ds = (struct dataset){.type = type, .apex = apex, .report = report,
	    .report_arg = report_arg, .file = ""};
	ds->pool.ttl = DATASET_TTL;
	ds->now = (uint64_t)time(NULL);
	type->begin(ds);
	ds->build.ip4.prov.files = &ds->prov;
	ds->build.ip6.prov.files = &ds->prov;
	ds->build.name.prov.files = &ds->prov;
	return pool_a_txt(&ds->pool, DATASET_A, "", 0, &ds->first_value);
}

static uint32_t
usual_ttl(const struct dataset *ds)
{
	return ds->reading.ttl != 0 ? ds->reading.ttl : DATASET_TTL;
}

void
dataset_reading(struct dataset *ds, const struct conf_reading *reading)
{
	ds->reading = *reading;
	ds->list.exact = reading->exact;
	ds->pool.ttl = usual_ttl(ds);
}

uint32_t
dataset_ttl(const struct dataset *ds, uint32_t ttl, uint32_t otherwise)
{
	const struct conf_reading *r = &ds->reading;

	if (ttl == 0)
		return otherwise != 0 ? otherwise : usual_ttl(ds);
	if (r->ttl_max != 0 && ttl > r->ttl_max)
		return r->ttl_max;
	return ttl < r->ttl_min ? r->ttl_min : ttl;
}

void
dataset_want_provenance(struct dataset *ds, const char *name)
{
	ds->prov.line = &ds->line;
	ds->prov.type = name;
}

/* expires-in=7d */
static int
take_lifetime(struct dataset *ds, const char *s)
{
	s = text_seconds(s, &ds->lifetime);
	return ds->type->has_expiry && s != NULL && *s == '\0' &&
	    ds->lifetime > 0 ? 0 : -EINVAL;
}

static int
take_option(struct dataset *ds, const char *word)
{
	static const char expires_in[] = "expires-in=";
	const char *end;
	unsigned bits;
	uint32_t a;

	if (strncmp(word, expires_in, strlen(expires_in)) == 0)
		return take_lifetime(ds, word + strlen(expires_in));
	end = text_ip4(word, &a, &bits);
	if (end != NULL && *end == '\0' && bits == 32)
		return pool_a_txt(&ds->pool, a, "", 0, &ds->first_value);
	return ds->type->option != NULL ? ds->type->option(ds, word) : -EINVAL;
}

int
dataset_options(struct dataset *ds, const char *name, char *why)
{
	size_t at = strcspn(name, "("), len = strlen(name), n;
	char word[256];
	int rc = 0;

	if (name[at] == '\0')
		return 0;
	if (name[len - 1] != ')')
		rc = -EINVAL;
	for (at++; at < len && rc == 0; at += n + 1) {
		n = strcspn(name + at, ",)");
		snprintf(word, sizeof(word), "%.*s", (int)n, name + at);
		rc = n > 0 && n < sizeof(word) ? take_option(ds, word)
					       : -EINVAL;
	}
	if (rc != 0)
		snprintf(why, GENERATION_WHY_MAX, "%s: %s", name,
		    rc != -EINVAL ? strerror(-rc) :
		    "not an option of this type of dataset; see "
		    "resolverd-dataset(5)");
	return rc;
}

#define MADE_TO_MEET                                                           \
	"its keys were chosen to meet in one place of the index, "             \
	"which would make it slow; get the data from elsewhere"
#define TOO_MANY "the zone needs more than 32 indexes, one for each dataset, " \
    "or section of a combined one, and each kind of keys in it (IPv4, IPv6, " \
    "names), or too many subzones; put some together, or make it two zones"
_Static_assert(ZONE_DATASETS_MAX == 32, "it says so");

int
dataset_finish(struct dataset *ds, struct intern *values,
    struct arrays *arrays, char *why)
{
	int rc;

	ds->line = 0;
	arrays->role = ds->type->role;
	rc = ds->type->finish(ds, values, arrays);
	if (rc != 0)
		snprintf(why, GENERATION_WHY_MAX, "%s: %s", ds->file,
		    rc == -E2BIG ? TOO_MANY :
		    rc == -ELOOP ? MADE_TO_MEET : strerror(-rc));
	return rc;
}

void
dataset_end(struct dataset *ds)
{
	ds->type->end(ds);
	buf_free(&ds->soa.rdata);
	buf_free(&ds->ns.names);
	pool_free(&ds->pool);
	prov_files_free(&ds->prov);
}
