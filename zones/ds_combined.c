/*
 * combined: sections, each a dataset of another type for some subzones.
 *
 *	$TTL 1h
 *	$DATASET ip4set:relay relays @
 *	192.0.2.7
 *	$DATASET dnset names.sub
 *	example.com
 *
 * What stands in front of the first section of a file holds for all that
 * follow; $SOA, $NS and $TIMESTAMP do wherever they stand. Each section is a
 * struct dataset with its own values, so that $TTL and $1 can be its own.
 */
#include <stdio.h>
#include <stdlib.h>

#include "zones/ds_types.h"
#include "zones/generation.h"
#include "zones/list.h"
#include "zones/text.h"

struct section {
	struct dataset ds;
	char *type;	     /* as it is written, options included; owned */
	struct buf subzones; /* u8 length and labels, for each */
};

struct combined {
	struct section **sections; /* owned */
	size_t n;
	bool is_open; /* the last one is what lines are for */
};

/* The names in a section are relative to its subzones. */
static const uint8_t root[1];

static struct section *
open_section(const struct dataset *ds)
{
	const struct combined *c = ds->combined;

	return c != NULL && c->is_open ? c->sections[c->n - 1] : NULL;
}

/* ---- sections begin and end */

static void
section_free(struct section *s)
{
	if (s->ds.type != NULL)
		dataset_end(&s->ds);
	buf_free(&s->subzones);
	free(s->type);
	free(s);
}

/* Its counts go to the whole, once. */
static int
close_section(struct dataset *ds, char *why)
{
	struct section *s = open_section(ds);
	int rc = 0;

	if (s == NULL)
		return 0;
	ds->combined->is_open = false;
	if (s->ds.type->done != NULL)
		rc = s->ds.type->done(&s->ds, why);
	list_tell_widened(&s->ds);
	ds->entries += s->ds.entries;
	ds->bad_lines += s->ds.bad_lines;
	return rc;
}

static void
start(struct dataset *ds)
{
	if (ds->combined != NULL)
		ds->combined->is_open = false;
}

/* What was set before it holds for it, too, and cannot be set anew but for the
 * TTL: of $0-$9 and $= the first counts. */
static int
inherit(struct dataset *part, const struct dataset *ds)
{
	part->file = ds->file;
	part->line = ds->line;
	part->wants_build = ds->wants_build;
	part->reading = ds->reading;
	part->list.exact = ds->reading.exact;
	part->pool.ttl = ds->pool.ttl;
	part->range4_max = ds->range4_max;
	part->range6_bits = ds->range6_bits;
	for (size_t i = 0; i <= POOL_BASE; i++) {
		if (ds->pool.subst[i] == NULL)
			continue;
		part->pool.subst[i] = strdup(ds->pool.subst[i]);
		if (part->pool.subst[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* Its line is that of the whole whenever it is given one. */
static int
want_provenance(struct section *s, const struct dataset *ds)
{
	unsigned line = s->ds.line;
	int rc;

	dataset_want_provenance(&s->ds, s->type);
	s->ds.line = 0; /* none were in files before */
	rc = prov_files_add(&s->ds.prov, ds->file);
	s->ds.line = line;
	return rc;
}

static int
begin_part(struct section *s, const struct dataset *ds,
    const struct dataset_type *type, char *why)
{
	int rc = dataset_begin(&s->ds, type, root, ds->report, ds->report_arg);

	if (rc == 0)
		rc = inherit(&s->ds, ds);
	if (rc == 0 && ds->prov.line != NULL)
		rc = want_provenance(s, ds);
	if (rc == 0)
		rc = dataset_options(&s->ds, s->type, why);
	if (rc != 0)
		return rc;
	s->ds.default_value = s->ds.first_value;
	dataset_start_expiry(&s->ds, ds->file_modified,
	    type->has_expiry ? ds->expiry : 0);
	if (type->start != NULL)
		type->start(&s->ds);
	return 0;
}

static int
add_section(struct dataset *ds, struct section *s, char *why)
{
	struct combined *c = ds->combined;
	struct section **more;

	if (c == NULL)
		c = ds->combined = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	if (c->n == ZONE_DATASETS_MAX) {
		snprintf(why, GENERATION_WHY_MAX, "%s:%u: a zone cannot have "
		    "more than %d sections; put some together, or make it two "
		    "zones", ds->file, ds->line, ZONE_DATASETS_MAX);
		return -E2BIG;
	}
	more = reallocarray(c->sections, c->n + 1, sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	c->sections = more;
	c->sections[c->n++] = s;
	c->is_open = true;
	return 0;
}

/* ---- the line $DATASET */

static int
add_subzone(struct section *s, const uint8_t *labels, unsigned len)
{
	uint8_t n = (uint8_t)len;
	int rc = buf_put(&s->subzones, &n, 1);

	return rc == 0 ? buf_put(&s->subzones, labels, len) : rc;
}

static int
read_subzones(struct dataset *ds, struct section *s, const char *p)
{
	uint8_t name[DNAME_MAX];
	const char *after;
	unsigned len;
	int rc = 0;

	while (rc == 0 && *p != '\0' && !text_is_comment(*p)) {
		if (p[0] == '@' && (p[1] == '\0' || text_is_space(p[1]))) {
			rc = add_subzone(s, name, 0);
			p = text_skip_space(p + 1);
			continue;
		}
		after = text_name(p, name, &len);
		if (after != NULL && len > 1) {
			dname_lower(name, len);
			rc = add_subzone(s, name, len - 1);
		} else {
			rc = dataset_bad_line(ds, "not a subzone: write names "
			    "below the zone, or @ for itself");
			after = text_skip_space(p + strcspn(p, " \t"));
		}
		p = after;
	}
	if (rc == 0 && s->subzones.len == 0)
		return dataset_bad_line(ds, "no subzones: nobody can ask for "
		    "this dataset; write them behind it, or @ for the zone");
	return rc;
}

/* type[(options)][:name]; NULL if it cannot be here, and why. */
static const struct dataset_type *
find_type(const struct dataset *ds, char *type, char *why)
{
	const struct dataset_type *found;
	char *end = strchr(type, ')');

	end = strchr(end != NULL ? end : type, ':');
	if (end != NULL)
		*end = '\0';
	found = dataset_type_find(type);
	if (found != NULL && !found->is_container && found->read == NULL &&
	    found->role != INDEX_ACL)
		return found;
	snprintf(why, GENERATION_WHY_MAX, "%s:%u: %s dataset type %.40s; see "
	    "resolverd-dataset(5)", ds->file, ds->line,
	    found == NULL ? "unknown" : "inside a combined dataset: the", type);
	return NULL;
}

/*
 * Without it, what follows would be read as something else: so what is wrong
 * with the type refuses the file, as in rbldnsd.
 */
static int
begin_section(struct dataset *ds, const char *p, char *why)
{
	size_t len = strcspn(p, " \t");
	struct section *s = calloc(1, sizeof(*s));
	const struct dataset_type *type = NULL;
	int rc = -ENOMEM;

	if (s != NULL)
		s->type = strndup(p, len);
	if (s != NULL && s->type != NULL) {
		rc = -EINVAL;
		type = find_type(ds, s->type, why);
	}
	if (type != NULL)
		rc = begin_part(s, ds, type, why);
	if (rc == 0)
		rc = read_subzones(ds, s, text_skip_space(p + len));
	if (rc == 0)
		rc = add_section(ds, s, why);
	if (rc != 0 && s != NULL)
		section_free(s);
	return rc;
}

static int
special(struct dataset *ds, char *p, char *why)
{
	struct section *s = open_section(ds);
	const char *rest = text_word(p, "dataset");
	int rc;

	if (rest != NULL) {
		rc = close_section(ds, why);
		if (rc == 0)
			rc = begin_section(ds, rest, why);
		return rc == 0 ? 1 : rc;
	}
	if (s == NULL || text_word(p, "soa") != NULL ||
	    text_word(p, "ns") != NULL || text_word(p, "nameserver") != NULL ||
	    text_word(p, "timestamp") != NULL)
		return 0;
	s->ds.line = ds->line;
	rc = special_line(&s->ds, p, why);
	return rc == 0 ? 1 : rc;
}

/* ---- entries */

static int
line(struct dataset *ds, char *p)
{
	struct section *s = open_section(ds);

	if (s == NULL)
		return dataset_bad_line(ds, "in front of the first $DATASET of "
		    "the file; write $DATASET type subzone... before it");
	s->ds.line = ds->line;
	return dataset_line(&s->ds, p);
}

static bool
takes_addresses(const struct dataset *ds)
{
	const struct section *s = open_section(ds);

	return s != NULL && dataset_takes_addresses(&s->ds);
}

static int
addresses(struct dataset *ds, const uint32_t *ips, size_t n)
{
	struct section *s = open_section(ds);
	int rc;

	s->ds.line = ds->line;
	rc = s->ds.type->addresses(&s->ds, ips, n);
	ds->line = s->ds.line;
	return rc;
}

/* ---- all of it */

static int
connect_subzones(const struct section *s, uint32_t indexes,
    struct arrays *arrays)
{
	const uint8_t *p = s->subzones.data, *end = p + s->subzones.len;
	int rc = 0;

	for (; p < end && rc == 0; p += *p + 1u)
		rc = subzones_add(&arrays->subzones, p + 1, *p, indexes);
	return rc;
}

static int
finish_section(struct section *s, struct intern *values, struct arrays *arrays)
{
	uint32_t before = arrays_bits(arrays);
	int rc;

	if (s->subzones.len == 0)
		return 0; /* it would answer for the zone */
	s->ds.line = 0;
	arrays->role = s->ds.type->role;
	rc = s->ds.type->finish(&s->ds, values, arrays);
	if (rc != 0)
		return rc;
	return connect_subzones(s, arrays_bits(arrays) & ~before, arrays);
}

static int
finish(struct dataset *ds, struct intern *values, struct arrays *arrays)
{
	struct combined *c = ds->combined;
	int rc = subzones_group(&arrays->subzones);

	for (size_t i = 0; c != NULL && i < c->n && rc == 0; i++) {
		rc = finish_section(c->sections[i], values, arrays);
		if (c->sections[i]->ds.pool.ttl < ds->pool.ttl)
			ds->pool.ttl = c->sections[i]->ds.pool.ttl;
	}
	return rc;
}

static void
begin(struct dataset *ds)
{
	ds->combined = NULL;
}

static void
end(struct dataset *ds)
{
	struct combined *c = ds->combined;

	for (size_t i = 0; c != NULL && i < c->n; i++)
		section_free(c->sections[i]);
	if (c != NULL)
		free(c->sections);
	free(c);
}

const struct dataset_type ds_combined = {
    .name = "combined",
    .is_container = true,
    .has_expiry = true,
    .begin = begin,
    .start = start,
    .done = close_section,
    .special = special,
    .line = line,
    .addresses = addresses,
    .takes_addresses = takes_addresses,
    .finish = finish,
    .end = end,
};
