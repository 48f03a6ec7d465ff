/*
 * The one user of ldns here. The file comes in blocks of whole lines from
 * zones/source.c, which ldns reads as a stdio stream.
 */
#include "zones/zonefile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ldns/ldns.h>

#include "zones/dataset.h"
#include "zones/generation.h"

/* ---- a stream of blocks */

struct feed {
	struct source *source;
	const char *path;
	char *at, *end;
	int rc; /* of what went wrong, told in why */
	char *why;
};

static ssize_t
feed_fail(struct feed *f, const char *what)
{
	f->rc = -EINVAL;
	snprintf(f->why, GENERATION_WHY_MAX, "%s: %s", f->path, what);
	return -1;
}

static ssize_t
feed_read(void *arg, char *out, size_t n)
{
	struct feed *f = arg;
	int event;

	if (f->at == f->end) {
		event = source_next(f->source, f->path, f->why);
		if (event < 0)
			f->rc = event;
		if (event <= SOURCE_END)
			return event < 0 ? -1 : 0;
		if (event == SOURCE_LONG_LINE)
			return feed_fail(f, "a line is too long; is this a "
			    "zone file?");
		if (event == SOURCE_CUT_LINE)
			return feed_fail(f, "the last line does not end in a "
			    "newline: the file may be cut");
		f->at = f->source->block;
		f->end = f->source->block_end;
		if (memchr(f->at, '\0', f->end - f->at) != NULL)
			return feed_fail(f, "a NUL byte; is this a zone file?");
	}
	if (n > (size_t)(f->end - f->at))
		n = f->end - f->at;
	memcpy(out, f->at, n);
	f->at += n;
	return n;
}

/* ---- RRs */

/* -E2BIG: larger than any RR that a list has use for. */
static int
copy_rdata(const ldns_rr *rr, uint8_t *out, unsigned *len)
{
	const ldns_rdf *field;

	*len = 0;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		field = ldns_rr_rdf(rr, i);
		if (field == NULL)
			return -EINVAL;
		if (ldns_rdf_size(field) > ZONEFILE_RDATA_MAX - *len)
			return -E2BIG;
		memcpy(out + *len, ldns_rdf_data(field), ldns_rdf_size(field));
		*len += ldns_rdf_size(field);
	}
	return *len > 0 ? 0 : -EINVAL;
}

static int
give(const ldns_rr *rr, unsigned line, zonefile_rr_fn *fn, void *arg)
{
	uint8_t owner[DNAME_MAX], rdata[ZONEFILE_RDATA_MAX];
	const ldns_rdf *name = ldns_rr_owner(rr);
	struct zonefile_rr out = {.owner = owner, .rdata = rdata,
	    .type = ldns_rr_get_type(rr), .ttl = ldns_rr_ttl(rr), .line = line};
	int rc;

	if (name == NULL || ldns_rdf_size(name) > DNAME_MAX)
		return -EINVAL;
	out.owner_len = ldns_rdf_size(name);
	memcpy(owner, ldns_rdf_data(name), out.owner_len);
	dname_lower(owner, out.owner_len);
	rc = copy_rdata(rr, rdata, &out.rdata_len);
	return rc == 0 ? fn(arg, &out) : rc;
}

static int
read_all(FILE *in, struct feed *f, ldns_rdf **origin, zonefile_rr_fn *fn,
    void *arg)
{
	ldns_rdf *before = NULL;
	ldns_status status;
	ldns_rr *rr;
	uint32_t ttl = 3600;
	int line = 1, rc = 0;

	while (rc == 0 && !feof(in)) {
		rr = NULL;
		status = ldns_rr_new_frm_fp_l(&rr, in, &ttl, origin, &before,
		    &line);
		if (f->rc != 0) {
			rc = f->rc;
		} else if (status == LDNS_STATUS_OK) {
			rc = give(rr, line - 1, fn, arg);
			if (rc == -EINVAL || rc == -E2BIG)
				snprintf(f->why, GENERATION_WHY_MAX,
				    "%s:%d: not a record that a list can have",
				    f->path, line - 1);
		} else if (status != LDNS_STATUS_SYNTAX_EMPTY &&
		    status != LDNS_STATUS_SYNTAX_TTL &&
		    status != LDNS_STATUS_SYNTAX_ORIGIN) {
			snprintf(f->why, GENERATION_WHY_MAX, "%s:%d: %s",
			    f->path, line > 1 ? line - 1 : 1,
			    ldns_get_errorstr_by_id(status));
			rc = -EINVAL;
		}
		ldns_rr_free(rr);
	}
	ldns_rdf_deep_free(before);
	return rc != 0 ? rc : f->rc;
}

int
zonefile_read(struct source *s, const char *path, const uint8_t *origin,
    zonefile_rr_fn *fn, void *arg, char *why)
{
	static const cookie_io_functions_t functions = {.read = feed_read};
	struct feed f = {.source = s, .path = path, .why = why};
	ldns_rdf *base;
	FILE *in;
	int rc = -ENOMEM;

	base = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, dname_len(origin),
	    origin);
	in = fopencookie(&f, "r", functions);
	if (base != NULL && in != NULL)
		rc = read_all(in, &f, &base, fn, arg);
	if (in != NULL)
		fclose(in);
	ldns_rdf_deep_free(base);
	return rc;
}

int
zonefile_relative(struct dataset *ds, const struct zonefile_rr *rr,
    struct zonefile_name *out)
{
	const uint8_t *origin = ds->list.origin;

	ds->line = rr->line;
	if (!dname_is_below(rr->owner, origin))
		return dataset_bad_line(ds, "the name is not below that of the "
		    "zone");
	out->labels = rr->owner;
	out->len = rr->owner_len - dname_len(origin);
	out->is_wild = out->len >= 2 && rr->owner[0] == 1 &&
	    rr->owner[1] == '*';
	if (out->is_wild) {
		out->labels += 2;
		out->len -= 2;
	}
	if (out->is_wild && out->len == 0)
		return dataset_bad_line(ds, "* would list every name");
	return 1;
}
