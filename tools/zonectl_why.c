/*
 * zonectl why: every zone and local list that lists a key, and the entries
 * behind it. What is printed as the answer comes from the same functions, and
 * by the same rules, as the daemon's.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/dns.h"
#include "lib/xalloc.h"
#include "tools/zonectl.h"
#include "zones/acl.h"
#include "zones/age.h"
#include "zones/export_format.h"
#include "zones/local_why.h"
#include "zones/value.h"
#include "zones/why.h"

/* Where several hold, the first is what the command ends with. */
enum outcome {
	FAILED,	 /* a zone could not be asked */
	LISTED,
	NOT_LISTED,
};

struct question {
	const struct conf *conf;
	const char *txt;	   /* the key as it was given */
	uint8_t labels[DNAME_MAX]; /* below a zone, no root byte */
	size_t len;
	const uint8_t *only; /* apex of the one zone that is asked; NULL: all */
	const struct addr *client; /* NULL: one that no acl names */
	struct generation *acl;	   /* of the zone "."; NULL: there is none */
};

/* A zone's question. */
struct asked {
	char zone[DNAME_TXT_MAX]; /* or subzone */
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct zone_key key;
	char qname[DNAME_TXT_MAX];
	struct zone_hits hits;
};

/* ---- the question */

/* Is the zone with this apex among those of the command line, or are there
 * none? */
static bool
is_wanted(const struct conf *conf, char *const *names, const uint8_t *apex)
{
	const struct conf_zone *zone;
	const struct conf_local *local;

	if (*names == NULL)
		return true;
	for (; *names != NULL; names++) {
		zone = conf_zone_find(conf, *names);
		local = conf_local_find(conf, *names);
		if ((zone != NULL && zone->apex == apex) ||
		    (local != NULL && local->apex == apex))
			return true;
	}
	return false;
}

/* The zone or local list whose answer a name gets: the longest apex wins. */
static const uint8_t *
route(const struct conf *conf, const uint8_t *dname, const char **name)
{
	const uint8_t *best = NULL;
	size_t n = conf->n_zones + conf->n_locals;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *apex = i < conf->n_zones ?
		    conf->zones[i].apex : conf->locals[i - conf->n_zones].apex;

		if (apex[0] == 0 || !dname_is_below(dname, apex) ||
		    (best != NULL && dname_len(apex) <= dname_len(best)))
			continue;
		best = apex;
		*name = i < conf->n_zones
		    ? conf->zones[i].name
		    : conf->locals[i - conf->n_zones].name;
	}
	return best;
}

/* names: of the zones that are wanted, which decides whether the key ends with
 * one of them. */
static int
read_key(struct question *q, const char *txt, char *const *names)
{
	uint8_t dname[DNAME_MAX];
	const char *unused;
	struct addr addr;
	int len;

	q->txt = txt;
	q->only = NULL;
	if (addr_parse(&addr, txt) == 0) {
		q->len = addr_to_rev(q->labels, &addr);
		return TOOL_DONE;
	}
	len = dname_from_txt(dname, txt, strlen(txt));
	if (len <= 1)
		return tool_error("%s: not a key; write an address, a domain "
		    "name, or the whole name that was asked for, as "
		    "2.0.0.127.bl.example.net", txt);
	dname_lower(dname, (size_t)len);
	q->only = route(q->conf, dname, &unused);
	if (q->only != NULL && !is_wanted(q->conf, names, q->only))
		q->only = NULL;
	q->len = (size_t)len - (q->only != NULL ? dname_len(q->only) : 1);
	memcpy(q->labels, dname, q->len);
	return TOOL_DONE;
}

/*
 * In the zone itself, or a subzone. False if it cannot be asked for this key.
 */
static bool
ask(struct asked *a, const struct question *q, const uint8_t *apex,
    const struct generation_view *view)
{
	size_t apex_len = dname_len(apex), at = q->len;

	if (q->len + view->len + apex_len > DNAME_MAX)
		return false;
	memcpy(a->dname, q->labels, q->len);
	if (view->len > 0)
		memcpy(a->dname + at, view->labels, view->len);
	memcpy(a->dname + at + view->len, apex, apex_len);
	dname_to_txt(a->zone, a->dname + at);
	zone_key_init(&a->key, a->dname, dname_labels(apex), a->off, a->hash);
	dname_to_txt(a->qname, a->dname);
	a->hits.n = 0;
	a->hits.exists = false;
	return true;
}

/* ---- the answer */

static bool
has_alias(const struct zone_hits *hits)
{
	struct value_rr rr;

	for (unsigned i = 0; i < hits->n; i++) {
		const uint8_t *p = hits->hit[i].rrs;
		const uint8_t *end = p + hits->hit[i].len;

		while (value_next(&p, end, &rr))
			if (rr.type == DNS_TYPE_CNAME)
				return true;
	}
	return false;
}

static char *
rr_txt(const struct asked *a, const struct zone_hit *hit,
    const struct value_rr *rr)
{
	char key_txt[DNAME_TXT_MAX], *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	if (f == NULL)
		return NULL;
	zone_hit_txt(key_txt, &a->key, hit);
	export_put_rdata(f, rr, key_txt);
	if (fclose(f) != 0) {
		free(out);
		return NULL;
	}
	return out;
}

struct lines {
	char **txt; /* owned */
	size_t n;
};

static void
add_line(struct lines *l, char *txt)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->txt[i], txt) == 0) { /* RFC 2181 5 */
			free(txt);
			return;
		}
	}
	l->txt = xreallocarray(l->txt, l->n + 1, sizeof(*l->txt));
	l->txt[l->n++] = txt;
}

/* Each RR once; of an alias nothing else. */
static void
print_answer(const struct asked *a)
{
	bool is_alias = has_alias(&a->hits);
	struct lines lines = {0};
	struct value_rr rr;
	char *txt;

	for (unsigned i = 0; i < a->hits.n; i++) {
		const struct zone_hit *hit = &a->hits.hit[i];
		const uint8_t *p = hit->rrs, *end = p + hit->len;

		while (value_next(&p, end, &rr)) {
			if (is_alias && (rr.type != DNS_TYPE_CNAME ||
			    lines.n > 0))
				continue;
			txt = rr_txt(a, hit, &rr);
			if (txt != NULL)
				add_line(&lines, txt);
		}
	}
	for (size_t i = 0; i < lines.n; i++) {
		printf("  answers  %s %s\n", a->qname, lines.txt[i]);
		free(lines.txt[i]);
	}
	free(lines.txt);
}

/* ---- zones */

struct entries {
	const struct asked *asked;
	bool is_listed;
	const char *instead; /* what overrides all of it; NULL: nothing */
	enum acl_action acl;
	unsigned n;
};

/* The first line of a zone, before the first entry. */
static void
begin(struct entries *e)
{
	if (e->n++ == 0)
		printf("%s: %s%s%s\n", e->asked->zone, e->is_listed ?
		    "listed" : "not listed", e->instead != NULL ? ": " : "",
		    e->instead != NULL ? e->instead : "");
}

/* Is it a list that the acl tells a client nothing of? */
static bool
is_hidden(const struct entries *e, const struct why_entry *w)
{
	static const char records[] = "generic";

	return (e->acl == ACL_LISTED || e->acl == ACL_EMPTY) &&
	    w->type.len > 0 && (w->type.len != sizeof(records) - 1 ||
	    memcmp(w->type.text, records, w->type.len) != 0);
}

static void
print_entry(void *arg, const struct why_entry *w)
{
	static const char *const roles[] = {[WHY_LISTS] = "entry",
	    [WHY_EXCLUDES] = "excluded", [WHY_COVERED] = "overridden",
	    [WHY_EXPIRED] = "expired"};
	struct entries *e = arg;

	begin(e);
	printf("  %s  %s", roles[is_hidden(e, w) ? WHY_COVERED : w->role],
	    w->key);
	if (w->file.len > 0)
		printf("  %.*s:%" PRIu32, (int)w->file.len, w->file.text,
		    w->line);
	if (w->type.len > 0)
		printf("  (%.*s)", (int)w->type.len, w->type.text);
	printf("\n");
}

static void
print_acl(const struct question *q, const struct generation *gen,
    enum acl_action action)
{
	static const char *const does[] = {[ACL_PASS] = "is answered as usual",
	    [ACL_LISTED] = "is told that everything is listed",
	    [ACL_EMPTY] = "is told that nothing is listed",
	    [ACL_REFUSE] = "is refused", [ACL_IGNORE] = "is not answered"};
	char client[ADDR_TXT_MAX];

	if (q->client != NULL)
		printf("  acl  %s %s\n", addr_to_txt(client, q->client),
		    does[action]);
	else if (q->acl != NULL || generation_has_acl(gen))
		printf("  acl  there is one: clients may get other answers, "
		    "see --client\n");
}

static void
print_generation(const struct generation *gen)
{
	const struct generation_info *info = generation_info(gen);
	char built[TOOL_TXT_MAX];

	printf("  generation  %" PRIu64 ", built %s\n", info->number,
	    tool_time_txt(built, info->built));
}

/* The acl for all zones, then the zone's own; gen may be NULL. */
static void
ask_acls(const struct question *q, const struct generation *gen,
    struct acl_verdict *v)
{
	*v = (struct acl_verdict){.client = q->client};
	if (q->client != NULL && q->acl != NULL)
		generation_acl(q->acl, v);
	if (q->client != NULL && gen != NULL)
		generation_acl(gen, v);
}

static const char *
refusal(enum acl_action action)
{
	return action == ACL_IGNORE ? "the acl ignores the client" :
	    action == ACL_REFUSE ? "the acl refuses the client" : NULL;
}

/* What the daemon answers in place of the data. */
static const char *
overriding(const struct conf *conf, const struct conf_zone *zone,
    const struct asked *a, const struct generation *gen)
{
	static char text[sizeof("the name belongs to the zone ") + 1100];
	const char *other = zone->name;

	if (route(conf, a->dname, &other) != zone->apex) {
		snprintf(text, sizeof(text), "the name belongs to the zone %s",
		    other);
		return text;
	}
	if (zone->age.when_expired != CONF_EXPIRED_SERVE &&
	    age_of(&zone->age, generation_info(gen), (uint64_t)time(NULL)) ==
	    AGE_EXPIRED)
		return zone->age.when_expired == CONF_EXPIRED_EMPTY ?
		    "the data has expired" :
		    "the data has expired, the answer is SERVFAIL";
	return NULL;
}

static enum outcome
strongest(enum outcome a, enum outcome b)
{
	return a < b ? a : b;
}

static enum outcome
why_view(const struct question *q, const struct conf_zone *zone,
    const struct generation *gen, const struct generation_view *view)
{
	struct acl_verdict acl;
	struct entries e = {0};
	struct asked a;
	int rc;

	if (!ask(&a, q, zone->apex, view))
		return NOT_LISTED;
	ask_acls(q, gen, &acl);
	generation_lookup_for(gen, &a.key, &acl, &a.hits);
	e.asked = &a;
	e.acl = acl.action;
	e.instead = overriding(q->conf, zone, &a, gen);
	if (e.instead == NULL)
		e.instead = refusal(acl.action);
	e.is_listed = a.hits.n > 0 && e.instead == NULL;
	if (e.is_listed) {
		begin(&e);
		print_answer(&a);
	}
	rc = why_generation(gen, &a.key, print_entry, &e);
	if (e.n > 0) {
		print_generation(gen);
		print_acl(q, gen, acl.action);
	}
	if (rc != 0)
		tool_error("%s: %s", zone->name, strerror(-rc));
	return rc != 0 ? FAILED : e.is_listed ? LISTED : NOT_LISTED;
}

/*
 * A whole name says which subzone it is in; other keys are looked for in all.
 */
static enum outcome
why_views(const struct question *q, const struct conf_zone *zone,
    const struct generation *gen)
{
	enum outcome all = NOT_LISTED;
	struct generation_view *views;
	size_t n;

	if (generation_views(gen, &views, &n) != 0) {
		tool_error("%s: %s", zone->name, strerror(ENOMEM));
		return FAILED;
	}
	for (size_t i = 0; i < (q->only != NULL ? 1 : n); i++)
		all = strongest(all, why_view(q, zone, gen, &views[i]));
	free(views);
	return all;
}

static enum outcome
why_zone(const struct question *q, const struct conf_zone *zone)
{
	char path[PATH_MAX], why[GENERATION_WHY_MAX] = "the path is too long";
	struct generation *gen;
	enum outcome outcome;
	int rc;

	rc = publish_current(path, q->conf->state_dir, zone->name);
	if (rc == 0)
		rc = generation_open(&gen, path, zone->apex, why);
	if (rc != 0) {
		tool_error("%s: %s", zone->name, rc != -ENOENT ? why :
		    "no generation yet: the answer is SERVFAIL; run zonectl "
		    "build");
		return FAILED;
	}
	outcome = why_views(q, zone, gen);
	generation_close(gen);
	return outcome;
}

/* ---- local lists */

static void
print_local(void *arg, const struct local_entry *l, bool counts)
{
	struct entries *e = arg;
	char added[TOOL_TXT_MAX];

	begin(e);
	printf("  %s  %s  added by %s, %s\n", counts ? "entry" : "overridden",
	    l->key_txt, l->author, tool_time_txt(added, l->added));
}

/* A list that nobody wrote to yet is not made here. */
static bool
is_there(const struct conf *conf, const struct conf_local *local)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/local/%s.mdb", conf->state_dir,
	    local->name) >= (int)sizeof(path) || access(path, F_OK) == 0;
}

static enum outcome
why_local(const struct question *q, const struct conf_local *local)
{
	static const struct generation_view whole;
	char why[LOCAL_WHY_MAX];
	struct entries e = {0};
	const char *other = NULL;
	struct acl_verdict acl;
	struct local *l;
	struct asked a;
	int rc;

	if (!ask(&a, q, local->apex, &whole) || !is_there(q->conf, local))
		return NOT_LISTED;
	rc = local_open(&l, q->conf->state_dir, local->name, false, (gid_t)-1,
	    why);
	if (rc != 0) {
		tool_error("%s", why);
		return FAILED;
	}
	rc = local_lookup(l, &a.key, &a.hits);
	e.asked = &a;
	ask_acls(q, NULL, &acl);
	e.instead = route(q->conf, a.dname, &other) != local->apex ?
	    "the name belongs to another zone" : refusal(acl.action);
	e.is_listed = a.hits.n > 0 && e.instead == NULL;
	if (e.is_listed) {
		begin(&e);
		print_answer(&a);
	}
	snprintf(why, sizeof(why), "%s", strerror(-rc));
	if (rc == 0)
		rc = local_why(l, &a.key, print_local, &e, why);
	local_close(l);
	if (rc != 0)
		tool_error("%s: %s", local->name, why);
	return rc != 0 ? FAILED : e.is_listed ? LISTED : NOT_LISTED;
}

/* ---- all of them */

static int
check_names(const struct conf *conf, char *const *names)
{
	for (; *names != NULL; names++)
		if (conf_zone_find(conf, *names) == NULL &&
		    conf_local_find(conf, *names) == NULL)
			return zonectl_say_zones(conf, *names);
	return TOOL_DONE;
}

static bool
is_asked(const struct question *q, char *const *names, const uint8_t *apex)
{
	return apex[0] != 0 && /* not the acl for all zones */
	    (q->only == NULL || q->only == apex) &&
	    is_wanted(q->conf, names, apex);
}

static int
why_all(const struct question *q, char *const *names)
{
	const struct conf *conf = q->conf;
	enum outcome all = NOT_LISTED;
	unsigned asked = 0;

	for (size_t i = 0; i < conf->n_zones; i++) {
		if (!is_asked(q, names, conf->zones[i].apex))
			continue;
		all = strongest(all, why_zone(q, &conf->zones[i]));
		asked++;
	}
	for (size_t i = 0; i < conf->n_locals; i++) {
		if (!is_asked(q, names, conf->locals[i].apex))
			continue;
		all = strongest(all, why_local(q, &conf->locals[i]));
		asked++;
	}
	if (all == NOT_LISTED)
		printf("%s is not listed; %u zone%s asked\n", q->txt, asked,
		    asked == 1 ? " was" : "s were");
	return all == LISTED ? TOOL_DONE : all == FAILED ? TOOL_FAILED
							 : TOOL_NOT_LISTED;
}

/* The acl for all zones; before its first build, there is none. */
static int
open_acl(struct question *q)
{
	char path[PATH_MAX], why[GENERATION_WHY_MAX] = "the path is too long";
	const struct conf_zone *zone = conf_zone_find(q->conf, ".");
	int rc;

	q->acl = NULL;
	if (zone == NULL)
		return TOOL_DONE;
	rc = publish_current(path, q->conf->state_dir, zone->name);
	if (rc == 0)
		rc = generation_open(&q->acl, path, zone->apex, why);
	return rc == 0 || rc == -ENOENT ? TOOL_DONE :
	    tool_error("the acl for all zones: %s", why);
}

/* Returns the arguments behind the options; NULL if they are wrong. */
static char **
read_options(struct question *q, struct addr *client, int argc, char **argv)
{
	static const struct option options[] = {
	    {"client", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	int opt;

	optind = 0; /* glibc: from the start */
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'c')
			return NULL;
		if (addr_parse(client, optarg) != 0) {
			tool_error("--client: %s: not an address", optarg);
			return NULL;
		}
		q->client = client;
	}
	return optind < argc ? argv + optind : NULL;
}

int
zonectl_why(const char *conf_path, int argc, char **argv)
{
	struct question q = {0};
	struct addr client;
	char **args = read_options(&q, &client, argc, argv);
	struct conf *conf;
	int rc;

	if (args == NULL)
		return zonectl_usage();
	conf = tool_conf(conf_path);
	if (conf == NULL)
		return TOOL_FAILED;
	q.conf = conf;
	rc = check_names(conf, args + 1);
	if (rc == TOOL_DONE)
		rc = read_key(&q, args[0], args + 1);
	if (rc == TOOL_DONE)
		rc = open_acl(&q);
	if (rc == TOOL_DONE)
		rc = why_all(&q, args + 1);
	if (q.acl != NULL)
		generation_close(q.acl);
	conf_free(conf);
	return rc;
}
