/*
 * For cron: what changed since the last run, and nothing if nothing did. The
 * first line is fit for a subject.
 */
#include <string.h>
#include <time.h>

#include "tools/mxcheck/report.h"

static const char *
time_txt(char buf[32], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(buf, 32, "%Y-%m-%d %H:%M", &tm) == 0)
		strcpy(buf, "?");
	return buf;
}

static void
put_event(FILE *to, const struct event *e)
{
	const char *text = *e->text != '\0' ? e->text : "well again";

	switch (e->what) {
	case ALERT_FLAPPING:
		fprintf(to, "    %s %s: flaps; silent until it settles\n",
		    e->id, e->subject);
		break;
	case ALERT_SETTLED:
		fprintf(to, "    %s %s: settled at %s: %s\n", e->id,
		    e->subject, severity_txt(e->is), text);
		break;
	case ALERT_UNKNOWN:
		fprintf(to, "    %s %s: unknown for hours: %s\n", e->id,
		    e->subject, text);
		break;
	default:
		fprintf(to, "    %s %s: %s -> %s: %s\n", e->id, e->subject,
		    severity_txt(e->was), severity_txt(e->is), text);
	}
}

/* One line for the domain as it is, below it what changed. */
static void
put_domain(FILE *to, const struct report *report, const struct event *e,
    size_t n)
{
	const struct facts_domain *domain = e->domain;

	if (domain == NULL) {
		fputs("mxcheck: the run itself\n", to);
	} else {
		const struct judgment *j = &report->judgments[domain->index];

		fprintf(to, "%s: %s, %s\n", domain->name,
		    verdict_txt(j->verdict), j->sentence);
	}
	for (size_t i = 0; i < n; i++)
		put_event(to, &e[i]);
	if (domain != NULL)
		fprintf(to, "    look again: mxcheck %s\n", domain->name);
}

#define RANKS (VERDICT_NOMAIL + 3)

/* The worst first, mail that is lost before all: a subject has room for one. */
static unsigned
rank(const struct report *report, const struct facts_domain *domain)
{
	enum verdict verdict;

	if (domain == NULL)
		return RANKS - 2;
	verdict = report->judgments[domain->index].verdict;
	return verdict == VERDICT_BOUNCE ? RANKS - 1 :
	    verdict == VERDICT_NOMAIL ? 0 : verdict;
}

static void
write_changes(FILE *to, const struct report *report)
{
	const struct events *events = report->events;
	char buf[32];

	if (events == NULL || events->n == 0)
		return;
	for (unsigned r = RANKS; r-- > 0;) {
		size_t n;

		for (size_t i = 0; i < events->n; i += n) {
			const struct event *e = &events->list[i];

			for (n = 1; i + n < events->n &&
			    e[n].domain == e->domain; n++)
				continue;
			if (rank(report, e->domain) == r)
				put_domain(to, report, e, n);
		}
	}
	fprintf(to, "mxcheck, %s\n", time_txt(buf, report->facts->at));
}

const struct report_format report_changes = {"changes", write_changes};
