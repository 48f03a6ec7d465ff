/*
 * For the textfile collector of Prometheus' node_exporter: no time stamps (it
 * refuses them, and a series that is there twice), one HELP and TYPE for each
 * metric, all of its series together.
 * Beyond SERIES_MAX those of endpoints are left out: they are the most.
 */
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "tools/mxcheck/report.h"

#define SERIES_MAX 20000

static void
begin(FILE *to, const char *name, const char *help)
{
	fprintf(to, "# HELP mxcheck_%s %s\n# TYPE mxcheck_%s gauge\n", name,
	    help, name);
}

/* Names and values of labels, NULL behind the last. */
static void
put(FILE *to, const char *name, double value, ...)
{
	const char *label, *text, *comma = "{";
	va_list ap;

	fprintf(to, "mxcheck_%s", name);
	va_start(ap, value);
	while ((label = va_arg(ap, const char *)) != NULL) {
		fprintf(to, "%s%s=\"", comma, label);
		for (text = va_arg(ap, const char *); *text != '\0'; text++) {
			if (*text == '"' || *text == '\\')
				fputc('\\', to);
			fputc(*text, to);
		}
		fputc('"', to);
		comma = ",";
	}
	va_end(ap);
	fprintf(to, "%s %.15g\n", *comma == ',' ? "}" : "", value);
}

/* ---- of endpoints, for each domain that has them */

struct each {
	FILE *to;
	const struct facts_domain *domain;
	const struct facts_mx *mx;
	const struct facts_endpoint *ep;
};

static void
each_endpoint(FILE *to, const struct facts *facts,
    void (*fn)(const struct each *e))
{
	struct each e = {.to = to};

	for (size_t i = 0; i < facts->n_domains; i++) {
		e.domain = facts->domains[i];
		for (size_t k = 0; k < e.domain->n_mxs; k++) {
			e.mx = &e.domain->mxs[k];
			if (e.mx->host == NULL ||
			    facts_mx_is_repeated(e.domain, k))
				continue;
			for (size_t n = 0; n < e.mx->host->n_endpoints; n++) {
				e.ep = e.mx->host->endpoints[n];
				fn(&e);
			}
		}
	}
}

static void
put_up(const struct each *e)
{
	char pref[8];

	snprintf(pref, sizeof(pref), "%u", e->mx->pref);
	put(e->to, "up", outcome_is_usable(outcome_of(e->ep, e->domain)),
	    "domain", e->domain->name, "mx", e->mx->host->name, "addr",
	    e->ep->addr->txt, "pref", pref, NULL);
}

static void
put_outcome(const struct each *e)
{
	put(e->to, "outcome_info", 1, "domain", e->domain->name, "mx",
	    e->mx->host->name, "addr", e->ep->addr->txt, "outcome",
	    outcome_txt(outcome_of(e->ep, e->domain)), NULL);
}

static void
put_stages(FILE *to, const struct facts_endpoint *ep)
{
	for (unsigned i = 0; i < FACTS_STAGES; i++)
		if (ep->probe.step[i].end == FACTS_END_DONE)
			put(to, "stage_seconds", ep->probe.step[i].ms / 1000.0,
			    "mx", ep->host->name, "addr", ep->addr->txt,
			    "stage", facts_stage_txt((enum facts_stage)i),
			    NULL);
}

static void
put_endpoints(FILE *to, const struct facts *facts)
{
	begin(to, "up", "Mail for the domain would be taken there.");
	each_endpoint(to, facts, put_up);
	begin(to, "outcome_info", "What one probe showed, in a word.");
	each_endpoint(to, facts, put_outcome);
	begin(to, "stage_seconds", "Time of a stage of the session.");
	for (size_t i = 0; i < facts->n_endpoints; i++)
		put_stages(to, facts->endpoints[i]);
	begin(to, "cert_not_after_timestamp_seconds", "End of the leaf.");
	for (size_t i = 0; i < facts->n_endpoints; i++) {
		const struct facts_endpoint *ep = facts->endpoints[i];

		if (ep->probe.tls.n_certs > 0)
			put(to, "cert_not_after_timestamp_seconds",
			    (double)ep->probe.tls.certs[0].not_after, "mx",
			    ep->host->name, "addr", ep->addr->txt, NULL);
	}
}

static size_t
count_endpoint_series(const struct facts *facts)
{
	size_t n = facts->n_endpoints * (FACTS_STAGES + 1);

	for (size_t i = 0; i < facts->n_domains; i++)
		for (size_t k = 0; k < facts->domains[i]->n_mxs; k++)
			if (facts->domains[i]->mxs[k].host != NULL)
				n += 2 * facts->domains[i]->mxs[k].host
					     ->n_endpoints;
	return n;
}

/* ---- of domains */

static void
put_findings(FILE *to, const struct findings *findings)
{
	begin(to, "finding", "0 OK, 1 INFO, 2 WARN, 3 CRIT, 4 UNKNOWN.");
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *f = &findings->list[i];

		if (f->severity != SEV_SKIPPED)
			put(to, "finding", f->severity, "domain",
			    f->domain != NULL ? f->domain->name : "", "id",
			    f->check->id, "subject", f->subject, NULL);
	}
}

static void
put_verdicts(FILE *to, const struct report *report)
{
	begin(to, "domain_verdict", "1 for the verdict that holds.");
	for (size_t i = 0; i < report->facts->n_domains; i++)
		put(to, "domain_verdict", 1, "domain",
		    report->facts->domains[i]->name, "verdict",
		    verdict_txt(report->judgments[i].verdict), NULL);
}

static void
put_failover(FILE *to, const struct judgment *j)
{
	for (size_t i = 0; i < j->n_scenarios; i++)
		for (size_t k = 0; k < j->scenarios[i].n_walks; k++) {
			const struct judge_walk *w = &j->scenarios[i].walks[k];
			char model[64];

			snprintf(model, sizeof(model), "%s%s%s", w->model->name,
			    w->overlay != WALK_PLAIN ? "+" : "",
			    walk_overlay_txt(w->overlay));
			put(to, "failover", w->worst.end == WALK_FLOWS ? 2 :
			    w->worst.end == WALK_DEFERRED ? 1 : 0, "domain",
			    j->domain->name, "scenario", j->scenarios[i].name,
			    "model", model, NULL);
		}
}

static void
write_prom(FILE *to, const struct report *report)
{
	const struct facts *facts = report->facts;
	bool truncated = count_endpoint_series(facts) > SERIES_MAX;

	begin(to, "run_timestamp_seconds", "When the run began.");
	put(to, "run_timestamp_seconds", (double)facts->at, NULL);
	begin(to, "run_duration_seconds", "How long it took.");
	put(to, "run_duration_seconds", facts->took_ms / 1000.0, NULL);
	begin(to, "truncated", "1: series of endpoints were left out.");
	put(to, "truncated", truncated, NULL);
	put_verdicts(to, report);
	put_findings(to, report->findings);
	begin(to, "failover", "2 flows, 1 deferred, 0 bounced; the worst order "
	    "of hosts.");
	for (size_t i = 0; i < facts->n_domains; i++)
		put_failover(to, &report->judgments[i]);
	if (!truncated)
		put_endpoints(to, facts);
}

const struct report_format report_prom = {"prom", write_prom};
