/*
 * One word and one sentence for each domain, out of its walks and findings.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/judge.h"

#define SENTENCE_MAX 1024

struct judging {
	struct judgment *out;
	struct facts *facts;
	const struct settings *settings;
	const struct findings *findings;
	const struct facts_domain *domain;
	struct judge_case list;
	char sentence[SENTENCE_MAX];
	size_t len;
};

const char *
verdict_txt(enum verdict verdict)
{
	static const char *const txt[] = {
	    [VERDICT_OK] = "OK",
	    [VERDICT_NONE] = "NONE",
	    [VERDICT_PARTIAL] = "PARTIAL",
	    [VERDICT_ILLUSION] = "ILLUSION",
	    [VERDICT_DIRTY] = "DIRTY",
	    [VERDICT_DEGRADED] = "DEGRADED",
	    [VERDICT_DEFER] = "DEFER",
	    [VERDICT_BOUNCE] = "BOUNCE",
	    [VERDICT_UNKNOWN] = "UNKNOWN",
	    [VERDICT_NOMAIL] = "NOMAIL",
	};

	return txt[verdict];
}

/* ---- the sentence */

static void say(struct judging *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct judging *j, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(j->sentence + j->len, SENTENCE_MAX - j->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		j->len += (size_t)n;
	if (j->len >= SENTENCE_MAX)
		j->len = SENTENCE_MAX - 1;
}

/* Raises verdict or severity; what was said of a lower one is dropped. */
static bool
raise_to(struct judging *j, enum verdict verdict, enum severity severity)
{
	bool worse =
	    severity_worse(j->out->severity, severity) != j->out->severity;

	if (!worse && (verdict < j->out->verdict ||
	    (verdict == j->out->verdict && verdict != VERDICT_OK)))
		return false;
	j->out->verdict = verdict;
	j->out->severity = severity;
	j->len = 0;
	return true;
}

static void
say_seconds(struct judging *j, uint32_t s)
{
	if (s >= 120)
		say(j, "%u min", s / 60);
	else
		say(j, "%u s", s);
}

static void
say_result(struct judging *j, const struct judge_walk *w)
{
	const struct walk_result *r = &w->worst;

	if (r->end == WALK_BOUNCED) {
		say(j, "BOUNCE (%s)", r->why);
		return;
	}
	if (r->end == WALK_DEFERRED) {
		say(j, "DEFER (%s)", r->why != NULL ? r->why : "time");
		return;
	}
	say(j, "%s%s (", r->host, r->clear ? " in clear text" : "");
	say_seconds(j, r->delay_s);
	if (w->silent_delay_s > r->delay_s) {
		say(j, ", ");
		say_seconds(j, w->silent_delay_s);
		say(j, " if it is silent");
	}
	say(j, ")");
}

static void
say_overlay(struct judging *j, enum walk_overlay overlay)
{
	static const char *const titles[WALK_OVERLAYS] = {
	    [WALK_PLAIN] = "", [WALK_STS] = " with MTA-STS",
	    [WALK_DANE] = " with DANE", [WALK_V4] = " over IPv4 only",
	    [WALK_V6] = " over IPv6 only",
	};

	say(j, "%s", titles[overlay]);
}

static bool
is_same(const struct judge_walk *a, const struct judge_walk *b)
{
	return a->worst.end == b->worst.end && a->worst.host == b->worst.host &&
	    a->worst.clear == b->worst.clear &&
	    a->worst.delay_s == b->worst.delay_s &&
	    a->silent_delay_s == b->silent_delay_s &&
	    (a->worst.why == b->worst.why ||
		(a->worst.why != NULL && b->worst.why != NULL &&
		    strcmp(a->worst.why, b->worst.why) == 0));
}

/* The walks of a scenario; models that fare alike share a place. */
static void
say_scenario(struct judging *j, const struct judge_scenario *s)
{
	const struct judge_walk *w = s->walks;
	size_t i, k;

	say(j, "%s%s: ", s->kind == JUDGE_NOW ? "" : "if ", s->what);
	for (i = 0; i < s->n_walks; i = k) {
		for (k = i + 1; k < s->n_walks; k++)
			if (w[k].overlay != w[i].overlay ||
			    !is_same(&w[k], &w[i]))
				break;
		/* an overlay is named where it is worse than without */
		if (w[i].overlay != WALK_PLAIN &&
		    w[i].worst.end == WALK_FLOWS)
			continue;
		say(j, "%s", i > 0 ? ", " : "");
		for (size_t m = i; m < k; m++)
			say(j, "%s%s", m > i ? "/" : "", w[m].model->title);
		say_overlay(j, w[i].overlay);
		say(j, " -> ");
		say_result(j, &w[i]);
	}
}

/* ---- counts */

static const struct judge_scenario *
now(const struct judging *j)
{
	return &j->list.scenarios[0];
}

struct tally {
	size_t flows, deferred, bounced; /* walks */
	size_t plain_bounced;
};

static struct tally
tally(const struct judge_scenario *s)
{
	struct tally t = {0};

	for (size_t i = 0; i < s->n_walks; i++) {
		enum walk_end end = s->walks[i].worst.end;

		t.flows += end == WALK_FLOWS;
		t.deferred += end == WALK_DEFERRED;
		t.bounced += end == WALK_BOUNCED;
		t.plain_bounced += end == WALK_BOUNCED &&
		    s->walks[i].overlay == WALK_PLAIN;
	}
	return t;
}

/* Nothing is known of the server: it may be fine. */
static bool
is_undecided(enum outcome outcome)
{
	return outcome == OUTCOME_LIMITED || outcome == OUTCOME_UNWELCOME ||
	    outcome == OUTCOME_UNTRIED;
}

static bool
is_host_usable(const struct judging *j, const char *host)
{
	const struct walk_list *list = &j->list.list;

	for (size_t i = 0; i < list->n; i++)
		if (strcasecmp(list->hop[i].host, host) == 0 &&
		    outcome_is_usable(list->hop[i].outcome))
			return true;
	return false;
}

/* As far as is known. */
static bool
is_host_down(const struct judging *j, const char *host)
{
	const struct walk_list *list = &j->list.list;

	for (size_t i = 0; i < list->n; i++)
		if (strcasecmp(list->hop[i].host, host) == 0 &&
		    is_undecided(list->hop[i].outcome))
			return false;
	return !is_host_usable(j, host);
}

static bool
is_first_of_host(const struct walk_list *list, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcasecmp(list->hop[i].host, list->hop[at].host) == 0)
			return false;
	return true;
}

static void
count_hosts(struct judging *j)
{
	const struct walk_list *list = &j->list.list;

	for (size_t i = 0; i < list->n; i++) {
		if (!is_first_of_host(list, i))
			continue;
		j->out->n_hosts++;
		j->out->n_usable += is_host_usable(j, list->hop[i].host);
	}
}

/* More than half cannot be judged from here, or nothing was tried. */
static bool
is_unknown(const struct judging *j)
{
	const struct walk_list *list = &j->list.list;
	size_t unknown = 0, n = 0;

	for (size_t i = 0; i < list->n; i++) {
		enum outcome o = list->hop[i].outcome;

		n += list->hop[i].ep != NULL;
		unknown += is_undecided(o);
	}
	return n > 0 && 2 * unknown > n;
}

/* ---- verdicts, each judged apart */

/* How bad that is. */
static enum severity
without_failover(const struct judging *j)
{
	return settings_domain(j->settings, j->domain->name)->nofailover_ok ?
	    SEV_INFO : SEV_WARN;
}

static void
judge_failover(struct judging *j, size_t n_up)
{
	enum severity severity = without_failover(j);

	if (n_up < 2) /* there is none: judge_single() tells */
		return;
	for (size_t i = 1; i < j->list.n_scenarios; i++) {
		const struct judge_scenario *s = &j->list.scenarios[i];
		struct tally t = tally(s);

		if (t.deferred + t.bounced == 0)
			continue;
		if ((s->kind == JUDGE_FAULT || s->takes_names) &&
		    t.flows == 0) {
			if (raise_to(j, VERDICT_ILLUSION, severity))
				say(j, "%zu MX hosts, but if %s no mail flows",
				    j->out->n_hosts, s->what);
		} else if (s->kind == JUDGE_HOST || s->kind == JUDGE_LEVEL) {
			if (raise_to(j, VERDICT_PARTIAL, severity))
				say_scenario(j, s);
		}
	}
}

/* Hosts that are not known to be down. */
static size_t
count_up(const struct judging *j)
{
	const struct walk_list *list = &j->list.list;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += is_first_of_host(list, i) &&
		    !is_host_down(j, list->hop[i].host);
	return n;
}

static void
judge_single(struct judging *j, size_t n_up)
{
	const struct walk_list *list = &j->list.list;

	if (n_up != 1)
		return;
	if (!raise_to(j, VERDICT_NONE, without_failover(j)))
		return;
	for (size_t i = 0; i < list->n; i++)
		if (is_first_of_host(list, i) &&
		    !is_host_down(j, list->hop[i].host))
			say(j, "no failover: only %s takes mail; if it dies, "
			    "senders queue for days (RFC 5321 4.5.4.1: 4-5)",
			    list->hop[i].host);
}

/* Where mail goes when the first level is down. */
static void
judge_dirt(struct judging *j)
{
	static const char *const ids[] = {"R01", "B01", "B02", "B03"};
	size_t n;
	const struct finding *f =
	    findings_of(j->findings, j->domain, &n);
	enum severity severity;

	for (; n > 0; n--, f++)
		for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			if (strcmp(f->check->id, ids[i]) != 0 ||
			    (f->severity != SEV_WARN &&
				f->severity != SEV_CRIT))
				continue;
			severity = i == 0 ? SEV_CRIT : SEV_WARN;
			if (raise_to(j, VERDICT_DIRTY, severity))
				say(j, "mail would go on, but at %s: %s",
				    f->subject, f->text);
		}
}

static void
judge_degraded(struct judging *j)
{
	const struct walk_list *list = &j->list.list;
	const struct settings_host *host;
	char why[FINDING_TEXT_MAX];

	for (size_t i = 0; i < list->n; i++) {
		const struct walk_hop *hop = &list->hop[i];

		host = settings_host(j->settings, hop->host);
		if (hop->pref != list->hop[0].pref || host->expect_down ||
		    host->role == ROLE_NOLISTING ||
		    !is_host_down(j, hop->host))
			continue;
		if (!raise_to(j, VERDICT_DEGRADED, SEV_CRIT))
			continue;
		say(j, "%s is down (%s), mail flows to another; ", hop->host,
		    hop->ep != NULL ? outcome_why(why, hop->ep, j->domain) :
		    outcome_txt(hop->outcome));
		say_scenario(j, now(j));
	}
}

static void
judge_now(struct judging *j)
{
	struct tally t = tally(now(j));

	if (t.plain_bounced > 0 && raise_to(j, VERDICT_BOUNCE, SEV_CRIT)) {
		say(j, "mail is being returned to its senders; ");
		say_scenario(j, now(j));
	} else if (t.flows == 0 && raise_to(j, VERDICT_DEFER, SEV_CRIT)) {
		say(j, "mail waits at its senders; ");
		say_scenario(j, now(j));
	} else if (t.deferred + t.bounced > 0 &&
	    raise_to(j, VERDICT_PARTIAL, SEV_WARN)) {
		say_scenario(j, now(j));
	}
}

/* There is no list to walk. Returns false if there is one. */
static bool
judge_without_list(struct judging *j)
{
	const struct facts_domain *d = j->domain;
	enum facts_yes mail = settings_domain(j->settings, d->name)->mail;

	if (facts_is_null_mx(d) && mail != FACTS_YES) {
		raise_to(j, VERDICT_NOMAIL, SEV_OK);
		say(j, "takes no mail (null MX)");
	} else if (d->mx.dns == FACTS_FAILED) {
		raise_to(j, VERDICT_DEFER, SEV_CRIT);
		say(j, "the MX lookup fails (%s): mail waits at its senders",
		    d->mx.why);
	} else if (mail == FACTS_NO && d->implicit) {
		raise_to(j, VERDICT_NOMAIL, SEV_OK);
		say(j, "takes no mail, as configured");
	} else if (d->mx.dns == FACTS_NXDOMAIN) {
		raise_to(j, VERDICT_BOUNCE, SEV_CRIT);
		say(j, "the domain does not exist: mail is returned");
	} else if (facts_is_null_mx(d)) {
		raise_to(j, VERDICT_BOUNCE, SEV_CRIT);
		say(j, "null MX: mail is returned");
	} else {
		return false;
	}
	return true;
}

static void
say_failover(struct judging *j)
{
	for (size_t i = 1; i < j->list.n_scenarios; i++)
		if (j->list.scenarios[i].kind == JUDGE_HOST) {
			say_scenario(j, &j->list.scenarios[i]);
			return;
		}
}

static void
judge(struct judging *j)
{
	const struct finding *vantage =
	    findings_get(j->findings, "C00", NULL, NULL, NULL);
	size_t n_up;

	raise_to(j, VERDICT_OK, SEV_OK);
	if (judge_without_list(j))
		return;
	scenario_all(&j->list, j->facts, j->settings, j->findings, j->domain);
	j->out->scenarios = j->list.scenarios;
	j->out->n_scenarios = j->list.n_scenarios;
	count_hosts(j);
	n_up = count_up(j);
	say_failover(j);
	judge_single(j, n_up);
	judge_failover(j, n_up);
	judge_dirt(j);
	judge_degraded(j);
	judge_now(j);
	if (vantage != NULL && vantage->severity == SEV_UNKNOWN &&
	    raise_to(j, VERDICT_UNKNOWN, SEV_UNKNOWN))
		say(j, "%s", vantage->text);
	else if (is_unknown(j) && raise_to(j, VERDICT_UNKNOWN, SEV_UNKNOWN))
		say(j, "most of its servers cannot be judged from here");
}

struct judgment *
judge_all(struct facts *facts, const struct settings *settings,
    const struct findings *findings)
{
	struct judgment *all =
	    facts_alloc(facts, facts->n_domains, sizeof(*all));

	for (size_t i = 0; i < facts->n_domains; i++) {
		struct judging j = {
		    .out = &all[i],
		    .facts = facts,
		    .settings = settings,
		    .findings = findings,
		    .domain = facts->domains[i],
		};

		j.out->domain = j.domain;
		judge(&j);
		j.out->sentence = facts_str(facts, j.sentence);
	}
	return all;
}
