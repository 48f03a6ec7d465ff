/*
 * For Nagios and its kin: one line, the worst first, then performance data; the
 * whole table below it with -v. Units that the guidelines do not know (days)
 * are left out.
 */
#include <string.h>

#include "tools/mxcheck/report.h"

#define LINE_MAX_LEN 200 /* bytes before the bar */

struct perf {
	size_t n_ok, n_domains, n_usable, n_hosts;
	uint32_t greeting_ms;	/* the slowest */
	int64_t cert_days;	/* the soonest end of a leaf */
	bool has_cert;
};

static void
look_at_endpoint(struct perf *p, const struct report *report,
    const struct facts_endpoint *ep)
{
	const struct facts_step *greeting = &ep->probe.step[FACTS_GREETING];
	int64_t days;

	if (greeting->end == FACTS_END_DONE && greeting->ms > p->greeting_ms)
		p->greeting_ms = greeting->ms;
	if (ep->probe.tls.n_certs == 0)
		return;
	days = (ep->probe.tls.certs[0].not_after - report->facts->at) / 86400;
	if (!p->has_cert || days < p->cert_days)
		p->cert_days = days;
	p->has_cert = true;
}

static void
look(struct perf *p, const struct report *report)
{
	const struct facts *facts = report->facts;

	*p = (struct perf){.n_domains = facts->n_domains};
	for (size_t i = 0; i < facts->n_domains; i++) {
		const struct judgment *j = &report->judgments[i];

		p->n_ok += j->severity == SEV_OK || j->severity == SEV_INFO;
		p->n_usable += j->n_usable;
		p->n_hosts += j->n_hosts;
	}
	for (size_t i = 0; i < facts->n_endpoints; i++)
		look_at_endpoint(p, report, facts->endpoints[i]);
}

/* The domain to name: of those that are as bad as any, the first. */
static const struct judgment *
worst(const struct report *report)
{
	const struct judgment *out = NULL;

	for (size_t i = 0; i < report->facts->n_domains; i++) {
		const struct judgment *j = &report->judgments[i];

		if (out == NULL || (j->severity != out->severity &&
		    severity_worse(j->severity, out->severity) == j->severity))
			out = j;
	}
	return out;
}

/* A bar would begin the performance data. */
static void
put_line(FILE *to, const char *line)
{
	for (size_t i = 0; i < LINE_MAX_LEN && line[i] != '\0'; i++)
		fputc(line[i] == '|' ? '/' : line[i], to);
}

static void
write_nagios(FILE *to, const struct report *report)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL",
	    "UNKNOWN"};
	const struct judgment *j = worst(report);
	const uint32_t slow_ms = report->settings->slow_ms[FACTS_GREETING];
	const uint32_t limit_ms = report->settings->limit_ms[FACTS_GREETING];
	char line[2 * FINDING_TEXT_MAX];
	struct perf p;

	look(&p, report);
	if (j == NULL || p.n_ok == p.n_domains)
		snprintf(line, sizeof(line), "MXCHECK %s - %zu of %zu domains",
		    words[severity_exit(report->worst)], p.n_ok, p.n_domains);
	else
		snprintf(line, sizeof(line), "MXCHECK %s - %zu of %zu domains: "
		    "%s %s (%s)", words[severity_exit(report->worst)],
		    p.n_domains - p.n_ok, p.n_domains, j->domain->name,
		    verdict_txt(j->verdict), j->sentence);
	put_line(to, line);
	fprintf(to, " | domains_ok=%zu;;;0;%zu usable=%zu;;;0;%zu "
	    "greet_max=%.3fs;%g;%g;0", p.n_ok, p.n_domains, p.n_usable,
	    p.n_hosts, p.greeting_ms / 1000.0, slow_ms / 1000.0,
	    limit_ms / 1000.0);
	if (p.has_cert)
		fprintf(to, " cert_min_days=%lld;21:;7:",
		    (long long)p.cert_days);
	fputc('\n', to);
	if (report->settings->verbose > 0)
		report_table.write(to, report);
}

const struct report_format report_nagios = {"nagios", write_nagios};
