/*
 * For programs: the record of the run (record.h), to which the judgment adds
 * its own members, then a line for each finding and each walk of a scenario.
 */
#include <stdio.h>
#include <string.h>

#include "tools/mxcheck/record.h"
#include "tools/mxcheck/report.h"

static void
set(json_t *object, const char *member, const char *text)
{
	if (text != NULL)
		json_object_set_new(object, member, json_string(text));
}

static json_t *
line(const char *type, const struct facts_domain *domain)
{
	json_t *object = json_object();

	json_object_set_new(object, "v", json_integer(RECORD_VERSION));
	set(object, "type", type);
	if (domain != NULL)
		set(object, "domain", domain->name);
	return object;
}

/* What each address of an MX host came to, for this domain. */
static json_t *
outcomes(const struct facts_domain *domain)
{
	json_t *list = json_array(), *item;

	for (size_t i = 0; i < domain->n_mxs; i++) {
		const struct facts_host *host = domain->mxs[i].host;

		for (size_t k = 0; host != NULL && k < host->n_endpoints; k++) {
			const struct facts_endpoint *ep = host->endpoints[k];

			item = json_object();
			json_object_set_new(item, "pref",
			    json_integer(domain->mxs[i].pref));
			set(item, "host", host->name);
			set(item, "addr", ep->addr->txt);
			set(item, "outcome", outcome_txt(outcome_of(ep,
			    domain)));
			json_array_append_new(list, item);
		}
	}
	return list;
}

static void
put_domain(FILE *to, const struct report *report, size_t i)
{
	const struct judgment *j = &report->judgments[i];
	json_t *object = record_domain(report->facts, i);

	set(object, "verdict", verdict_txt(j->verdict));
	set(object, "severity", severity_txt(j->severity));
	set(object, "sentence", j->sentence);
	json_object_set_new(object, "outcomes", outcomes(j->domain));
	record_put(to, object);
}

static void
put_finding(FILE *to, const struct finding *f)
{
	json_t *object = line("finding", f->domain);

	set(object, "id", f->check->id);
	set(object, "subject", f->subject);
	set(object, "severity", severity_txt(f->severity));
	set(object, "text", f->text);
	record_put(to, object);
}

/* order: "worst" or "best" of hosts of one preference. */
static void
put_walk(FILE *to, const struct judgment *j, const struct judge_scenario *s,
    const struct judge_walk *w, const char *order)
{
	const struct walk_result *r = strcmp(order, "best") == 0 ? &w->best :
	    &w->worst;
	json_t *object = line("scenario", j->domain);

	set(object, "scenario", s->name);
	set(object, "model", w->model->name);
	if (w->overlay != WALK_PLAIN)
		set(object, "overlay", walk_overlay_txt(w->overlay));
	set(object, "order", order);
	set(object, "result", walk_end_txt(r->end));
	set(object, "host", r->host);
	json_object_set_new(object, "delay_s", json_integer(r->delay_s));
	if (s->kind != JUDGE_NOW)
		json_object_set_new(object, "silent_delay_s",
		    json_integer(w->silent_delay_s));
	if (r->clear)
		json_object_set_new(object, "clear", json_true());
	set(object, "why", r->why);
	record_put(to, object);
}

static void
put_scenarios(FILE *to, const struct judgment *j)
{
	for (size_t i = 0; i < j->n_scenarios; i++) {
		const struct judge_scenario *s = &j->scenarios[i];

		for (size_t k = 0; k < s->n_walks; k++) {
			put_walk(to, j, s, &s->walks[k], "worst");
			put_walk(to, j, s, &s->walks[k], "best");
		}
	}
}

static void
write_json(FILE *to, const struct report *report)
{
	const struct facts *facts = report->facts;
	json_t *run = record_run(facts);

	set(run, "severity", severity_txt(report->worst));
	record_put(to, run);
	for (size_t i = 0; i < facts->n_domains; i++)
		put_domain(to, report, i);
	for (size_t i = 0; i < facts->n_hosts; i++)
		record_put(to, record_host(facts, i));
	for (size_t i = 0; i < facts->n_addrs; i++)
		record_put(to, record_address(facts, i));
	for (size_t i = 0; i < facts->n_zones; i++)
		record_put(to, record_zone(facts, i));
	for (size_t i = 0; i < facts->n_servers; i++)
		record_put(to, record_server(facts, i));
	for (size_t i = 0; i < facts->n_endpoints; i++)
		record_put(to, record_endpoint(facts, i));
	for (size_t i = 0; i < facts->n_accesses; i++)
		record_put(to, record_access(facts, i));
	for (size_t i = 0; i < report->findings->n; i++)
		put_finding(to, &report->findings->list[i]);
	for (size_t i = 0; i < facts->n_domains; i++)
		put_scenarios(to, &report->judgments[i]);
}

const struct report_format report_json = {"json", write_json};
