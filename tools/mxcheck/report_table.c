/*
 * For people: the verdict of each domain, a line for each address, what would
 * happen if a host died, and all that is worth a look.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/report.h"

struct table {
	FILE *to;
	const struct report *report;
	const struct judgment *judgment;
	const struct finding *findings; /* of the domain */
	size_t n_findings;
};

static const char *
color_of(enum severity severity)
{
	switch (severity) {
	case SEV_OK:
		return "\033[32m";
	case SEV_WARN:
		return "\033[33m";
	case SEV_CRIT:
		return "\033[31m";
	case SEV_UNKNOWN:
		return "\033[35m";
	default:
		return "";
	}
}

/* A word in the colour of a severity, in a column of the given width. */
static void
put(const struct table *t, enum severity severity, const char *word, int width)
{
	bool color = t->report->color && *color_of(severity) != '\0';

	fprintf(t->to, "%s%-*s%s", color ? color_of(severity) : "", width,
	    word, color ? "\033[0m" : "");
}

static enum severity
worst_of(const struct table *t, const struct facts_endpoint *ep,
    const struct finding **which)
{
	enum severity severity = SEV_OK;

	*which = NULL;
	for (size_t i = 0; i < t->n_findings; i++) {
		const struct finding *f = &t->findings[i];

		if (f->endpoint != ep ||
		    severity_worse(severity, f->severity) == severity)
			continue;
		severity = f->severity;
		*which = f;
	}
	return severity;
}

/* "0.21 s  TLSv1.3  41 d" */
static void
put_session(const struct table *t, const struct facts_endpoint *ep)
{
	const struct facts_probe *p = &ep->probe;
	uint32_t ms = 0;

	for (unsigned i = 0; i < FACTS_QUIT; i++)
		ms += p->step[i].ms;
	fprintf(t->to, " %.2f s", ms / 1000.0);
	if (p->tls.proto != NULL)
		fprintf(t->to, "  %s", p->tls.proto);
	if (p->tls.n_certs > 0)
		fprintf(t->to, "  %lld d", (long long)(
		    (p->tls.certs[0].not_after - t->report->facts->at) /
		    86400));
}

static void
put_endpoint(const struct table *t, const struct facts_endpoint *ep)
{
	enum outcome outcome = outcome_of(ep, t->judgment->domain);
	const struct finding *f;
	enum severity severity = worst_of(t, ep, &f);

	fprintf(t->to, " %-24s ", ep->addr->txt);
	put(t, severity, severity_txt(severity), 7);
	if (outcome != OUTCOME_OK)
		fprintf(t->to, " %s", outcome_txt(outcome));
	else
		put_session(t, ep);
	if (f != NULL)
		fprintf(t->to, "  %s", f->check->id);
	fputc('\n', t->to);
}

static void
put_mx(const struct table *t, const struct facts_mx *mx)
{
	char label[FINDING_TEXT_MAX];

	snprintf(label, sizeof(label), "%5u %s", mx->pref, mx->target);
	if (mx->host == NULL || mx->host->n_endpoints == 0) {
		fprintf(t->to, "%-30s  no address\n", label);
		return;
	}
	for (size_t i = 0; i < mx->host->n_endpoints; i++) {
		fprintf(t->to, "%-30s ", i == 0 ? label : "");
		put_endpoint(t, mx->host->endpoints[i]);
	}
}

static void
put_findings(const struct table *t)
{
	static const enum severity order[] = {SEV_CRIT, SEV_UNKNOWN, SEV_WARN,
	    SEV_INFO};

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (size_t i = 0; i < t->n_findings; i++) {
			const struct finding *f = &t->findings[i];

			if (f->severity != order[k])
				continue;
			fputs("      ", t->to);
			put(t, f->severity, severity_txt(f->severity), 7);
			fprintf(t->to, " %s %s: %s\n", f->check->id,
			    f->subject, f->text);
		}
}

static void
put_domain(struct table *t)
{
	const struct facts_domain *domain = t->judgment->domain;

	t->findings = findings_of(t->report->findings, domain,
	    &t->n_findings);
	fprintf(t->to, "%s  ", domain->name);
	put(t, t->judgment->severity, verdict_txt(t->judgment->verdict), 0);
	fprintf(t->to, "  %s\n", t->judgment->sentence);
	for (size_t i = 0; i < domain->n_mxs; i++)
		put_mx(t, &domain->mxs[i]);
	put_findings(t);
}

static void
write_table(FILE *to, const struct report *report)
{
	struct table t = {.to = to, .report = report};

	t.findings = findings_of(report->findings, NULL, &t.n_findings);
	put_findings(&t);
	for (size_t i = 0; i < report->facts->n_domains; i++) {
		t.judgment = &report->judgments[i];
		put_domain(&t);
	}
}

const struct report_format report_table = {"table", write_table};
