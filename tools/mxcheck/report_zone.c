/*
 * The health of the MX hosts as a generic dataset, for a list zone of
 * resolverd(8): who sends mail can ask before it dials. The data carries the
 * time at which it ends, so what nobody renews is not believed for ever.
 *
 *	mx1.example.com._up		TXT "1", or "0"
 *	example.com._mxcheck		TXT "v=mxc1 t=1795300000 verdict=OK
 *up=2/2"
 *
 * A host of which nothing is known from here is left out.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/mxcheck/report.h"

#define TTL 60
#define NAME_MAX_LEN 180 /* leaves room for ours and for the zone's */

static const char *
stamp(char buf[32], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, 32, "%Y:%m:%d:%H:%M:%S", &tm) == 0)
		strcpy(buf, "0");
	return buf;
}

/* By any of its addresses, for any of the domains that name it. */
static enum facts_yes
is_up(const struct facts *facts, const struct facts_host *host)
{
	enum facts_yes up = FACTS_UNKNOWN;

	for (size_t i = 0; i < facts->n_domains; i++) {
		const struct facts_domain *d = facts->domains[i];
		bool is_here = false;

		for (size_t k = 0; k < d->n_mxs; k++)
			is_here |= d->mxs[k].host == host;
		for (size_t k = 0; is_here && k < host->n_endpoints; k++) {
			enum outcome o = outcome_of(host->endpoints[k], d);

			if (outcome_is_usable(o))
				return FACTS_YES;
			if (o != OUTCOME_UNTRIED && o != OUTCOME_LIMITED &&
			    o != OUTCOME_UNWELCOME)
				up = FACTS_NO;
		}
	}
	return up;
}

static void
write_zone(FILE *to, const struct report *report)
{
	const struct facts *facts = report->facts;
	char made[32], ends[32];

	fprintf(to, "# by mxcheck\n$TIMESTAMP %s %s\n", stamp(made, facts->at),
	    stamp(ends, facts->at + report->settings->zone_life_s));
	for (size_t i = 0; i < facts->n_hosts; i++) {
		const struct facts_host *host = facts->hosts[i];
		enum facts_yes up = is_up(facts, host);

		if (up != FACTS_UNKNOWN && strlen(host->name) <= NAME_MAX_LEN)
			fprintf(to, "%s._up %d TXT \"%d\"\n", host->name, TTL,
			    up == FACTS_YES);
	}
	for (size_t i = 0; i < facts->n_domains; i++) {
		const struct judgment *j = &report->judgments[i];

		if (strlen(j->domain->name) <= NAME_MAX_LEN)
			fprintf(to, "%s._mxcheck %d TXT \"v=mxc1 t=%lld "
			    "verdict=%s up=%zu/%zu\"\n", j->domain->name, TTL,
			    (long long)facts->at, verdict_txt(j->verdict),
			    j->n_usable, j->n_hosts);
	}
}

const struct report_format report_zone = {"zone", write_zone};
