/*
 * D09: do all name servers of a zone say the same, each asked itself? Senders
 * ask any of them.
 */
#include <string.h>

#include "tools/mxcheck/check.h"

#define SPREAD_TTL 300 /* s; Google's MX hosts have that */

struct said { /* of one type */
	size_t n_asked, n_silent, n_good;
	const struct facts_told *good;	/* the first with authority */
	const struct facts_told *other; /* says something else; NULL */
	const struct facts_told *bad;	/* lame or silent; NULL */
};

static void
listen_to(struct said *said, const struct facts_told *told)
{
	if (told->dns == FACTS_NOT_ASKED)
		return;
	said->n_asked++;
	if (told->dns == FACTS_FAILED || !told->aa) {
		said->n_silent += told->dns == FACTS_FAILED &&
		    strncmp(told->why, "no answer", 9) == 0;
		said->bad = said->bad != NULL ? said->bad : told;
		return;
	}
	said->n_good++;
	if (said->good == NULL)
		said->good = told;
	else if (said->other == NULL &&
	    strcmp(said->good->data, told->data) != 0)
		said->other = told;
}

static void
listen_to_all(struct said *said, const struct facts_tellings *all,
    const char *type)
{
	*said = (struct said){0};
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->told[i].type, type) == 0)
			listen_to(said, &all->told[i]);
}

static const char *
fault_txt(const struct facts_told *told)
{
	return told->dns == FACTS_FAILED ? told->why :
	    "it answers without authority (lame)";
}

static enum severity
differ(const struct check_on *on, const struct said *said)
{
	return said->other == NULL ? SEV_OK : check_say(on, SEV_WARN, "the "
	    "name servers differ: %s %s: %s has \"%s\", %s %s: \"%s\"",
	    said->good->server->name, said->good->addr->txt, said->good->type,
	    said->good->data, said->other->server->name,
	    said->other->addr->txt, said->other->data);
}

/* Silence of all of them may be ours: the resolver reached one. */
static enum severity
none_has_it(const struct check_on *on, const struct said *said,
    const char *zone)
{
	if (said->n_silent == said->n_asked)
		return check_say(on, SEV_UNKNOWN, "no name server of %s "
		    "answers us, yet the resolver knows it: is port 53 open "
		    "from here?", zone);
	return check_say(on, SEV_CRIT, "no name server of %s has the zone: %s "
	    "%s: %s", zone, said->bad->server->name, said->bad->addr->txt,
	    fault_txt(said->bad));
}

static enum severity
zone_answers(const struct check_on *on, const struct said *said,
    const char *zone)
{
	if (said->n_good == 0)
		return none_has_it(on, said, zone);
	return said->bad == NULL ? SEV_OK : check_say(on, SEV_WARN,
	    "name server %s %s of %s: %s", said->bad->server->name,
	    said->bad->addr->txt, zone, fault_txt(said->bad));
}

enum severity
check_agree_domain(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;
	enum severity severity;
	struct said said;

	listen_to_all(&said, &d->told, "MX");
	if (said.n_asked == 0 || d->zone == NULL)
		return SEV_SKIPPED;
	severity = differ(on, &said);
	return severity != SEV_OK ? severity :
	    zone_answers(on, &said, d->zone->name);
}

/* A provider that spreads its load by DNS says something else each time; in a
 * zone of our own that would be our doing, and a slip. */
static bool
is_spread(const struct check_on *on, const struct facts_lookup *lookup)
{
	return on->mx->host->zone != on->domain->zone &&
	    lookup->dns == FACTS_EXISTS && lookup->ttl <= SPREAD_TTL;
}

/* Of a zone that is the domain's, servers that fail are the domain's row. */
enum severity
check_agree_host(const struct check_on *on)
{
	static const char *const types[] = {"A", "AAAA"};
	const struct facts_host *host = on->mx->host;
	enum severity severity = SEV_OK;
	struct said said;

	if (host == NULL || host->zone == NULL || host->told.n == 0)
		return SEV_SKIPPED;
	for (size_t i = 0; i < 2 && severity == SEV_OK; i++) {
		listen_to_all(&said, &host->told, types[i]);
		if (said.n_asked == 0)
			return SEV_SKIPPED;
		if (!is_spread(on, i == 0 ? &host->a : &host->aaaa))
			severity = differ(on, &said);
		if (severity == SEV_OK && host->zone != on->domain->zone)
			severity = zone_answers(on, &said, host->zone->name);
	}
	return severity;
}
