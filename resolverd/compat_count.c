/*
 * Counters as rbldnsd keeps them: a question belongs to the zone that its name
 * is in, or to none. The totals are the sums of all.
 */
#include "resolverd/compat_count.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/compat_name.h"

struct counts {
	uint64_t ok, nxdomain, err; /* questions, by their answers */
	uint64_t in, out;	    /* bytes of messages */
};

struct compat_count {
	const struct conf *conf;
	const char *path;
	bool is_relative;
	time_t since;
	/* of each zone, and behind them of what belongs to none */
	struct counts *now, *written;
	size_t n; /* of them */
};

struct compat_count *
compat_count_new(const struct conf *conf, const char *path, bool relative)
{
	struct compat_count *c = xcalloc(1, sizeof(*c));

	c->conf = conf;
	c->path = path;
	c->is_relative = relative;
	c->n = conf->n_zones + 1;
	c->now = xcalloc(c->n, sizeof(*c->now));
	c->written = xcalloc(c->n, sizeof(*c->written));
	c->since = time(NULL);
	return c;
}

void
compat_count_free(struct compat_count *c)
{
	if (c == NULL)
		return;
	free(c->now);
	free(c->written);
	free(c);
}

void
compat_count_packet(struct compat_count *c, const struct handling *g,
    size_t reply_len)
{
	struct counts *none = &c->now[c->n - 1], *zone = none;

	if (g->is_list)
		zone = &c->now[listzone_number(g->list.zone)];
	zone->in += g->packet_len;
	zone->out += reply_len;
	if (reply_len == 0) /* as rbldnsd: an ignored question is no zone's */
		none->err++;
	else if (g->q.rcode == DNS_RCODE_NOERROR)
		zone->ok++;
	else if (g->q.rcode == DNS_RCODE_NXDOMAIN)
		zone->nxdomain++;
	else
		zone->err++;
}

static void
add(struct counts *sum, const struct counts *c)
{
	sum->ok += c->ok;
	sum->nxdomain += c->nxdomain;
	sum->err += c->err;
	sum->in += c->in;
	sum->out += c->out;
}

static struct counts
subtract(const struct counts *a, const struct counts *b)
{
	return (struct counts){a->ok - b->ok, a->nxdomain - b->nxdomain,
	    a->err - b->err, a->in - b->in, a->out - b->out};
}

static uint64_t
questions(const struct counts *c)
{
	return c->ok + c->nxdomain + c->err;
}

/* The name of a zone that serves answers; NULL: of the acl for all zones. */
static const char *
zone_txt(const struct compat_count *c, size_t i, char *txt)
{
	const struct conf_zone *z = &c->conf->zones[i];

	return z->apex[0] != 0 ? compat_name_txt(txt, z->apex) : NULL;
}

/* ---- the file */

static void
put_counts(FILE *f, const char *name, const struct counts *c)
{
	fprintf(f, " %s:%" PRIu64 ":%" PRIu64 ":%" PRIu64 ":%" PRIu64
	    ":%" PRIu64, name, questions(c), c->ok, c->nxdomain, c->in, c->out);
}

/* NULL where there is none, or none can be opened: the next line tries anew. */
static FILE *
open_file(const struct compat_count *c)
{
	FILE *f;

	if (c->path == NULL)
		return NULL;
	f = fopen(c->path, "ae");
	if (f == NULL)
		log_warn("%s: %s; these statistics are lost", c->path,
		    strerror(errno));
	return f;
}

void
compat_count_write(struct compat_count *c)
{
	struct counts sum = {0}, part;
	char txt[DNAME_TXT_MAX];
	const char *name;
	FILE *f = open_file(c);

	if (f == NULL)
		return;
	fprintf(f, "%lld", (long long)time(NULL));
	for (size_t i = 0; i < c->n; i++) {
		part = subtract(&c->now[i], &c->written[i]);
		add(&sum, &part);
		name = i + 1 < c->n ? zone_txt(c, i, txt) : NULL;
		if (name != NULL)
			put_counts(f, name, &part);
	}
	put_counts(f, "*", &sum);
	fputc('\n', f);
	if (fclose(f) != 0)
		log_warn("%s: %s", c->path, strerror(errno));
	if (c->is_relative)
		memcpy(c->written, c->now, c->n * sizeof(*c->now));
}

void
compat_count_mark(const struct compat_count *c)
{
	FILE *f = open_file(c);

	if (f == NULL)
		return;
	fprintf(f, "%lld\n", (long long)time(NULL));
	fclose(f);
}

/* ---- the log */

static void
log_counts(const char *what, const struct counts *c)
{
	log_info("stats for %s: tot=%" PRIu64 " ok=%" PRIu64 " nxd=%" PRIu64
		 " err=%" PRIu64 " in=%" PRIu64 " out=%" PRIu64, what,
	    questions(c), c->ok, c->nxdomain, c->err, c->in, c->out);
}

void
compat_count_log(const struct compat_count *c)
{
	long long seconds = (long long)(time(NULL) - c->since);
	char txt[DNAME_TXT_MAX], what[DNAME_TXT_MAX + 64];
	struct counts sum = {0};
	const char *name;

	for (size_t i = 0; i < c->n; i++) {
		add(&sum, &c->now[i]);
		name = i + 1 < c->n ? zone_txt(c, i, txt) : NULL;
		if (name == NULL)
			continue;
		snprintf(what, sizeof(what), "%lldsecs zone %.60s", seconds,
		    name);
		log_counts(what, &c->now[i]);
	}
	snprintf(what, sizeof(what), "%lldsec", seconds);
	log_counts(what, &sum);
}

void
compat_count_reset(struct compat_count *c)
{
	memset(c->now, 0, c->n * sizeof(*c->now));
	memset(c->written, 0, c->n * sizeof(*c->written));
	c->since = time(NULL);
}
