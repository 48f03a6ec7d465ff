/*
 * Two passes over a domain: what this run found, then what only the state
 * still has.
 */
#include "tools/mxcheck/events.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tools/mxcheck/check.h"
#include "tools/mxcheck/outcome.h"
#include "tools/mxcheck/report.h"

struct known { /* an alert that this run has stepped already */
	char *key;
};

struct pass {
	struct events *out;
	struct state *state;
	const struct report *from;
	void *seen; /* a tree of struct known */
	bool baseline;
};

/* ---- what has been seen in this run */

static int
by_key(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static char *
key_of(const struct state_finding *f)
{
	return xasprintf("%s\n%s\n%s", f->domain, f->id, f->subject);
}

static void
note_seen(struct pass *p, const struct state_finding *f)
{
	struct known *known = xcalloc(1, sizeof(*known)), **found;

	known->key = key_of(f);
	found = tsearch(known, &p->seen, by_key);
	if (found == NULL)
		abort(); /* as xalloc.h has it: out of memory is the end */
	if (*found != known) {
		free(known->key);
		free(known);
	}
}

static bool
was_seen(const struct pass *p, const struct state_finding *f)
{
	struct known known = {.key = key_of(f)};
	bool found = tfind(&known, &p->seen, by_key) != NULL;

	free(known.key);
	return found;
}

static void
free_known(void *node)
{
	struct known *known = node;

	free(known->key);
	free(known);
}

/* ---- one step */

static void
add(struct events *out, const struct event *event)
{
	if (out->n == out->cap) {
		out->cap = out->cap > 0 ? 2 * out->cap : 16;
		out->list = xreallocarray(out->list, out->cap,
		    sizeof(*out->list));
	}
	out->list[out->n++] = *event;
}

/* Days left fall one by one: no use to look for flapping there. */
static struct alert_rules
rules_of(const struct pass *p, const char *id)
{
	const struct settings *s = p->from->settings;
	struct alert_rules rules = {
	    .confirm = s->confirm,
	    .recover = s->recover,
	    .flap_high = s->flap_high,
	    .flap_low = s->flap_low,
	};

	if (strcmp(id, "T07") == 0)
		rules.flap_high = 0;
	if (strcmp(id, "C00") == 0) /* nothing else is told meanwhile */
		rules.unknown = s->confirm;
	return rules;
}

struct now {
	const struct facts_domain *domain;
	enum severity severity;
	bool sure;
	const char *text;
};

/* Of the domain, or of the host that the subject begins with, nothing is to be
 * told. What is kept of it stands still until then, so that what is wrong
 * afterwards is told as news. */
static bool
is_muted(const struct pass *p, const struct state_finding *f)
{
	char host[STATE_NAME_MAX];
	size_t len = strcspn(f->subject, " ");

	if (state_get_mute(p->state, f->domain) > p->from->facts->at)
		return true;
	if (len >= sizeof(host))
		return false;
	memcpy(host, f->subject, len);
	host[len] = '\0';
	return state_get_mute(p->state, host) > p->from->facts->at;
}

static void
step(struct pass *p, const struct state_finding *f, const struct now *now)
{
	struct alert_rules rules = rules_of(p, f->id);
	int64_t at = p->from->facts->at;
	struct event event = {.domain = now->domain, .text = now->text};
	struct alert alert;

	if (is_muted(p, f))
		return;
	if (!state_get_alert(p->state, f, &alert))
		alert = (struct alert){0};
	if (p->baseline)
		alert_take(&alert, now->severity, at);
	else
		event.what = alert_step(&alert, now->severity, now->sure,
		    &rules, at, &event.was);
	state_put_alert(p->state, f, &alert);
	p->out->worst = severity_worse(p->out->worst, alert.hard);
	if (event.what == ALERT_NONE)
		return;
	event.is = alert.hard;
	event.id = facts_str(p->from->facts, f->id);
	event.subject = facts_str(p->from->facts, f->subject);
	add(p->out, &event);
}

/* ---- what this run found */

/* The run has looked twice, and each time the server itself said or did it:
 * silence may be the network's. */
static bool
was_seen_twice(const struct facts_endpoint *ep)
{
	return ep->first != NULL && !facts_timed_out(ep->first) &&
	    !facts_timed_out(&ep->probe);
}

static bool
is_sure(const struct finding *f)
{
	return f->severity == SEV_CRIT && f->endpoint != NULL &&
	    was_seen_twice(f->endpoint);
}

/* Nothing of what is bad about the host might be a moment's fault. */
static bool
is_host_sure(const struct facts_host *host, const struct facts_domain *domain)
{
	if (host->a.dns == FACTS_FAILED || host->aaaa.dns == FACTS_FAILED)
		return false;
	for (size_t i = 0; i < host->n_endpoints; i++)
		if (!outcome_is_usable(outcome_of(host->endpoints[i],
			domain)) && !was_seen_twice(host->endpoints[i]))
			return false;
	return true;
}

/* The verdict rests on what was seen twice, and on nothing else. */
static bool
is_verdict_sure(const struct judgment *j)
{
	if (j->domain->mx.dns == FACTS_FAILED)
		return false;
	for (size_t i = 0; i < j->domain->n_mxs; i++)
		if (j->domain->mxs[i].host != NULL &&
		    !is_host_sure(j->domain->mxs[i].host, j->domain))
			return false;
	return true;
}

static void
step_findings(struct pass *p, const struct facts_domain *domain, bool *any_sure)
{
	size_t n;
	const struct finding *list = findings_of(p->from->findings, domain, &n);

	*any_sure = false;
	for (size_t i = 0; i < n; i++) {
		const struct state_finding f = {
		    domain != NULL ? domain->name : "", list[i].check->id,
		    list[i].subject};

		note_seen(p, &f);
		step(p, &f, &(struct now){domain, list[i].severity,
		    is_sure(&list[i]), list[i].text});
		*any_sure |= is_sure(&list[i]);
	}
}

/* The verdict comes to stand before the findings that it sums up. */
static void
step_verdict(struct pass *p, const struct judgment *j, size_t first,
    bool any_sure)
{
	const struct state_finding f = {j->domain->name, EVENTS_VERDICT,
	    j->domain->name};
	struct events *out = p->out;
	size_t n = out->n;
	struct event event;

	note_seen(p, &f);
	step(p, &f, &(struct now){j->domain, j->severity,
	    any_sure && is_verdict_sure(j), j->sentence});
	if (out->n == n)
		return;
	event = out->list[n];
	memmove(out->list + first + 1, out->list + first,
	    (n - first) * sizeof(event));
	out->list[first] = event;
}

/* ---- what only the state has */

struct rest {
	struct pass *pass;
	const struct facts_domain *domain;
};

static bool
was_looked_for(const struct pass *p, const struct facts_domain *domain,
    const struct state_finding *f)
{
	const struct check *check = check_find(f->id);

	return strcmp(f->id, EVENTS_VERDICT) == 0 || (check != NULL &&
	    settings_wants(p->from->settings, f->id) &&
	    check_looks(check, p->from->settings, domain, f->subject));
}

static void
step_rest(void *arg, const struct state_finding *f, const struct alert *alert)
{
	struct rest *rest = arg;

	(void)alert;
	if (!was_seen(rest->pass, f) &&
	    was_looked_for(rest->pass, rest->domain, f))
		step(rest->pass, f, &(struct now){rest->domain, SEV_OK, false,
		    ""});
}

static void
step_domain(struct pass *p, const struct facts_domain *domain)
{
	struct rest rest = {p, domain};
	size_t first = p->out->n;
	bool any_sure;

	step_findings(p, domain, &any_sure);
	state_each_alert(p->state, domain != NULL ? domain->name : "",
	    step_rest, &rest);
	if (domain != NULL)
		step_verdict(p, &p->from->judgments[domain->index], first,
		    any_sure);
}

/* Cut off: what it says of the others is no news. */
static bool
is_cut_off(const struct findings *findings)
{
	const struct finding *f = findings_get(findings, "C00", NULL, NULL,
	    NULL);

	return f != NULL && f->severity == SEV_UNKNOWN;
}

void
events_collect(struct events *out, struct state *state,
    const struct report *from, bool baseline)
{
	struct pass p = {.out = out, .state = state, .from = from,
	    .baseline = baseline};

	*out = (struct events){.facts = from->facts, .is_baseline = baseline};
	step_domain(&p, NULL);
	out->is_cut_off = is_cut_off(from->findings);
	for (size_t i = 0; i < from->facts->n_domains && !out->is_cut_off; i++)
		step_domain(&p, from->facts->domains[i]);
	tdestroy(p.seen, free_known);
}

void
events_clear(struct events *events)
{
	free(events->list);
	*events = (struct events){0};
}
