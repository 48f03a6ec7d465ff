/*
 * --suggest-mx: the MX RRset with the hosts that are down behind those that are
 * up, for who wants to publish it by hand. Nothing here changes DNS, and where
 * a change would not help or would lose mail it says why there is none.
 */
#include <string.h>

#include "tools/mxcheck/policy.h"
#include "tools/mxcheck/report.h"

#define TTL_MAX 300 /* s; a longer one is cached until it is all over */
#define STEP 10	    /* between preferences */

struct look { /* at a domain's MX */
	const struct facts_domain *domain;
	const struct judgment *judgment;
	const struct facts_mx *first_down; /* NULL: none */
	const struct facts_mx *untried;	   /* likewise */
	unsigned n_up;
	uint16_t last_up; /* the highest preference of those that are up */
	bool is_blind;	  /* C00: nothing is known from here */
};

/* By any of its addresses. A lookup that failed, or an address that could not
 * be tried from here, leaves it open. */
static enum facts_yes
up(const struct facts_domain *domain, const struct facts_mx *mx)
{
	const struct facts_host *host = mx->host;
	enum facts_yes is_up = FACTS_NO;
	enum outcome outcome;

	if (host == NULL)
		return FACTS_NO;
	if (host->a.dns == FACTS_FAILED || host->aaaa.dns == FACTS_FAILED)
		is_up = FACTS_UNKNOWN;
	for (size_t i = 0; i < host->n_endpoints; i++) {
		outcome = outcome_of(host->endpoints[i], domain);
		if (outcome_is_usable(outcome))
			return FACTS_YES;
		if (outcome == OUTCOME_UNTRIED)
			is_up = FACTS_UNKNOWN;
	}
	return is_up;
}

static bool
is_up(const struct facts_domain *domain, const struct facts_mx *mx)
{
	return up(domain, mx) == FACTS_YES;
}

static void
look_at(struct look *out, const struct report *report, size_t i)
{
	const struct finding *c00 = findings_get(report->findings, "C00",
	    NULL, NULL, NULL);
	const struct facts_domain *domain = report->facts->domains[i];

	*out = (struct look){
	    .domain = domain,
	    .judgment = &report->judgments[i],
	    .is_blind = c00 != NULL && c00->severity == SEV_UNKNOWN,
	};
	for (size_t k = 0; k < domain->n_mxs; k++) {
		const struct facts_mx *mx = &domain->mxs[k];

		if (is_up(domain, mx)) {
			out->n_up++;
			out->last_up = mx->pref;
		} else if (up(domain, mx) == FACTS_UNKNOWN) {
			out->untried = mx;
		} else if (out->first_down == NULL) {
			out->first_down = mx;
		}
	}
}

/* A host that would come to be the first, and that senders with the enforced
 * policy leave out; NULL: none. */
static const struct facts_mx *
not_in_policy(const struct look *l)
{
	const struct facts_domain *domain = l->domain;

	if (!policy_is_had(domain) || domain->fetch.mode != STS_MODE_ENFORCE)
		return NULL;
	for (size_t i = 0; i < domain->n_mxs; i++) {
		const struct facts_mx *mx = &domain->mxs[i];

		if (mx->pref >= l->first_down->pref && is_up(domain, mx) &&
		    !policy_covers(domain, mx->host->name))
			return mx;
	}
	return NULL;
}

/* NULL: there is something to suggest. */
static const char *
why_not(const struct look *l, const char **host)
{
	const struct facts_mx *mx;

	*host = "";
	if (l->is_blind || l->judgment->verdict == VERDICT_UNKNOWN)
		return "it cannot be judged from here";
	if (l->domain->mx.dns != FACTS_EXISTS ||
	    facts_has_null_mx(l->domain))
		return "there is no list of MX hosts";
	if (l->untried != NULL) {
		*host = l->untried->target;
		return " could not be tried";
	}
	if (l->first_down == NULL)
		return "all MX hosts are up";
	if (l->n_up == 0)
		return "no MX host is up";
	if (l->first_down->pref > l->last_up)
		return "what is down is the last already";
	if (l->last_up > UINT16_MAX - STEP)
		return "there is no preference left behind the last";
	if (l->domain->mx.ttl > TTL_MAX)
		return "the TTL of the MX is more than 300 s: too late to "
		    "help";
	mx = not_in_policy(l);
	if (mx == NULL)
		return NULL;
	*host = mx->target;
	return " is not in the enforced MTA-STS policy";
}

static void
put_mxs(FILE *to, const struct look *l, bool up)
{
	const struct facts_domain *domain = l->domain;

	for (size_t i = 0; i < domain->n_mxs; i++) {
		const struct facts_mx *mx = &domain->mxs[i];
		unsigned pref = mx->pref;

		if (is_up(domain, mx) != up)
			continue;
		if (!up && pref <= l->last_up)
			pref = l->last_up + STEP;
		fprintf(to, "%s. %u IN MX %u %s.%s\n", domain->name,
		    domain->mx.ttl, pref, mx->target, up ? "" : " ; down");
	}
}

static void
write_suggestions(FILE *to, const struct report *report)
{
	const char *why, *host;
	struct look l;

	for (size_t i = 0; i < report->facts->n_domains; i++) {
		look_at(&l, report, i);
		why = why_not(&l, &host);
		if (why != NULL) {
			fprintf(to, "; %s: as it is: %s%s\n", l.domain->name,
			    host, why);
			continue;
		}
		fprintf(to, "; %s: %s\n", l.domain->name,
		    l.judgment->sentence);
		put_mxs(to, &l, true);
		put_mxs(to, &l, false);
	}
}

const struct report_format report_suggest = {"suggest-mx", write_suggestions};
