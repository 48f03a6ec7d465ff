/*
 * The list that a domain's senders see, what could die of it, and how each
 * sender fares then.
 *
 * What could not be tried from here (no route of its family) is left out of
 * the list if anything else was tried: what is unknown must not carry mail. An
 * address that nobody outside can reach is as dead as one that drops packets.
 *
 * What dies may take name servers along: if all of the domain's die, no MX is
 * found (once caches have forgotten it); if all of a host's zone do, that host
 * is not.
 */
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/address.h"
#include "tools/mxcheck/fault.h"
#include "tools/mxcheck/judge.h"

struct build {
	struct judge_case *out;
	struct facts *facts;
	const struct settings *settings;
	const struct findings *findings;
	const struct facts_domain *domain;
	bool dead[WALK_HOPS_MAX], lost[WALK_HOPS_MAX];
	bool no_names; /* the domain's own */
	const char *lost_host; /* one of them; NULL: none */
	bool has4, has6, has_sts, has_dane;
};

/* ---- the list */

static void
add_hop(struct walk_list *list, const struct facts_mx *mx,
    enum outcome outcome, const struct facts_endpoint *ep)
{
	struct walk_hop *hop;

	if (list->n == WALK_HOPS_MAX)
		return;
	hop = &list->hop[list->n++];
	*hop = (struct walk_hop){
	    .pref = mx->pref,
	    .host = mx->target,
	    .outcome = outcome,
	};
	if (ep != NULL) {
		hop->ep = ep;
		hop->family = ep->addr->addr.family;
		hop->tls = outcome_tls(ep);
	}
}

static bool
is_failing(const struct build *b, const char *id, const struct facts_mx *mx,
    const struct facts_endpoint *ep)
{
	const struct finding *f =
	    findings_get(b->findings, id, b->domain, mx, ep);

	return f != NULL && f->severity == SEV_CRIT;
}

static enum outcome
outcome_here(const struct build *b, const struct facts_endpoint *ep)
{
	enum address_scope scope = address_scope(&ep->addr->addr);

	if (ep->held)
		return OUTCOME_LIMITED;
	if (ep->untried != NULL && scope == ADDRESS_SELF)
		return OUTCOME_LOOP;
	if (ep->untried != NULL && scope != ADDRESS_GLOBAL)
		return OUTCOME_FILTERED;
	return outcome_of(ep, b->domain);
}

/* There is no address to dial. */
static enum outcome
outcome_of_name(const struct facts_mx *mx)
{
	const struct facts_host *host = mx->host;
	struct addr addr;

	if (strcasecmp(mx->target, "localhost") == 0)
		return OUTCOME_LOOP;
	if (addr_parse(&addr, mx->target) == 0)
		return OUTCOME_NUMBER;
	if (host != NULL && (host->a.dns == FACTS_FAILED ||
	    host->aaaa.dns == FACTS_FAILED))
		return OUTCOME_NAME_FAILED;
	return OUTCOME_NO_ADDRESS;
}

static void
add_host(struct build *b, const struct facts_mx *mx, bool any_tried)
{
	struct walk_list *list = &b->out->list;
	const struct facts_host *host = mx->host;
	size_t i, first = list->n;
	enum outcome outcome;

	if (host == NULL || host->n_endpoints == 0) {
		add_hop(list, mx, outcome_of_name(mx), NULL);
		return;
	}
	for (i = 0; i < host->n_endpoints; i++) {
		outcome = outcome_here(b, host->endpoints[i]);
		if (outcome != OUTCOME_UNTRIED || !any_tried)
			add_hop(list, mx, outcome, host->endpoints[i]);
	}
	for (i = first; i < list->n; i++) {
		list->hop[i].sts_fails = is_failing(b, "P04", mx, NULL) ||
		    is_failing(b, "P05", mx, NULL);
		list->hop[i].dane_fails = is_failing(b, "P11", mx, NULL) ||
		    is_failing(b, "P12", mx, list->hop[i].ep);
		b->has_sts |= list->hop[i].sts_fails;
		b->has_dane |= list->hop[i].dane_fails;
		b->has4 |= list->hop[i].family == AF_INET;
		b->has6 |= list->hop[i].family == AF_INET6;
	}
}

static bool
any_tried(const struct build *b)
{
	const struct facts_domain *domain = b->domain;

	for (size_t i = 0; i < domain->n_mxs; i++) {
		const struct facts_host *host = domain->mxs[i].host;

		for (size_t k = 0; host != NULL && k < host->n_endpoints; k++)
			if (outcome_here(b, host->endpoints[k]) !=
			    OUTCOME_UNTRIED)
				return true;
	}
	return false;
}

static void
build_list(struct build *b)
{
	bool tried = any_tried(b);

	for (size_t i = 0; i < b->domain->n_mxs; i++)
		if (strcmp(b->domain->mxs[i].target, ".") != 0)
			add_host(b, &b->domain->mxs[i], tried);
	b->out->list.null_mx = facts_has_null_mx(b->domain);
}

/* ---- walks */

static enum walk_end
worse_end(const struct walk_result *a, const struct walk_result *b)
{
	return a->end >= b->end ? a->end : b->end;
}

static void
walk_one(struct judge_walk *out, const struct build *b,
    const struct model *model, enum walk_overlay overlay)
{
	struct walk_how how = {
	    .model = model,
	    .overlay = overlay,
	    .dead = b->dead,
	    .lost = b->lost,
	};
	const struct walk_result no_names = {
	    .end = WALK_DEFERRED,
	    .why = "DNS dies with it",
	};
	struct walk_result silent;

	out->model = model;
	out->overlay = overlay;
	if (b->no_names) {
		out->worst = out->best = no_names;
		return;
	}
	how.order = WALK_BEST;
	walk(&out->best, &b->out->list, &how);
	how.order = WALK_WORST;
	walk(&out->worst, &b->out->list, &how);
	how.death = WALK_DEAD_SILENT;
	walk(&silent, &b->out->list, &how);
	out->silent_delay_s = silent.delay_s;
	out->worst.end = worse_end(&out->worst, &silent);
}

static bool
overlay_applies(const struct build *b, enum walk_overlay overlay)
{
	switch (overlay) {
	case WALK_STS:
		return b->has_sts;
	case WALK_DANE:
		return b->has_dane;
	case WALK_V4:
	case WALK_V6:
		return b->has4 && b->has6;
	default:
		return true;
	}
}

static void
forget(struct build *b)
{
	memset(b->dead, 0, sizeof(b->dead));
	memset(b->lost, 0, sizeof(b->lost));
	b->no_names = false;
	b->lost_host = NULL;
}

/* "mx1 dies (and all name servers of example.com with it)" */
static const char *
whole_what(const struct build *b, const char *what)
{
	char all[3 * FINDING_TEXT_MAX];

	if (b->no_names)
		snprintf(all, sizeof(all), "%s (and all name servers of %s "
		    "with it)", what, b->domain->zone->name);
	else if (b->lost_host != NULL)
		snprintf(all, sizeof(all), "%s (and the name of %s with it)",
		    what, b->lost_host);
	else
		return facts_str(b->facts, what);
	return facts_str(b->facts, all);
}

/* Walks with what is dead and lost as it is, and forgets that. */
static void
add_scenario(struct build *b, const char *name, const char *what,
    enum judge_kind kind)
{
	const struct settings *s = b->settings;
	struct judge_scenario *scenario;
	size_t n_overlays = 0;

	if (b->out->n_scenarios == JUDGE_SCENARIOS_MAX)
		return;
	scenario = &b->out->scenarios[b->out->n_scenarios++];
	scenario->name = facts_str(b->facts, name);
	scenario->what = whole_what(b, what);
	scenario->takes_names = b->no_names || b->lost_host != NULL;
	scenario->kind = kind;
	for (unsigned overlay = 0; overlay < WALK_OVERLAYS; overlay++)
		n_overlays += overlay_applies(b, overlay);
	scenario->walks = facts_alloc(b->facts, s->n_models * n_overlays,
	    sizeof(*scenario->walks));
	for (unsigned overlay = 0; overlay < WALK_OVERLAYS; overlay++)
		for (size_t m = 0; m < s->n_models; m++)
			if (overlay_applies(b, overlay))
				walk_one(&scenario->walks[scenario->n_walks++],
				    b, s->models[m], overlay);
	forget(b);
}

/* ---- what can die */

/* What of the names dies with f, beside b->dead. */
static void
take_names(struct build *b, const struct fault *f)
{
	const struct walk_list *list = &b->out->list;
	const struct facts_zone *zone;

	b->no_names = fault_takes_zone(f, b->settings, b->domain->zone);
	for (size_t i = 0; i < list->n; i++) {
		zone = list->hop[i].ep != NULL ? list->hop[i].ep->host->zone :
		    NULL;
		b->lost[i] = !b->dead[i] && zone != b->domain->zone &&
		    fault_takes_zone(f, b->settings, zone);
		if (b->lost[i])
			b->lost_host = list->hop[i].host;
	}
}

static void
take(struct build *b, const struct fault *f)
{
	const struct walk_list *list = &b->out->list;

	for (size_t i = 0; i < list->n; i++)
		b->dead[i] = fault_takes(f, b->settings, list->hop[i].host,
		    list->hop[i].ep != NULL ? list->hop[i].ep->addr : NULL);
	take_names(b, f);
}

static void
without_hosts(struct build *b)
{
	const struct walk_list *list = &b->out->list;
	char name[FINDING_TEXT_MAX], what[FINDING_TEXT_MAX];
	struct fault f;

	for (size_t i = 0; i < list->n; i++) {
		bool seen = false;

		for (size_t k = 0; k < list->n; k++) {
			b->dead[k] = strcasecmp(list->hop[k].host,
			    list->hop[i].host) == 0;
			seen |= k < i && b->dead[k];
		}
		if (seen)
			continue;
		if (list->hop[i].ep != NULL && fault_of(&f, FAULT_HOST,
		    b->settings, list->hop[i].ep))
			take_names(b, &f);
		snprintf(name, sizeof(name), "-%s", list->hop[i].host);
		snprintf(what, sizeof(what), "%s dies", list->hop[i].host);
		add_scenario(b, name, what, JUDGE_HOST);
	}
	forget(b);
}

static void
without_level(struct build *b)
{
	const struct walk_list *list = &b->out->list;
	struct fault f = {0};
	char name[32];
	bool all = true;

	for (size_t i = 0; i < list->n; i++) {
		b->dead[i] = list->hop[i].pref == list->hop[0].pref;
		all &= b->dead[i];
		if (b->dead[i] && list->hop[i].ep != NULL)
			fault_add(&f, &list->hop[i].ep->addr->addr, 32, 128);
	}
	take_names(b, &f);
	snprintf(name, sizeof(name), "-level %u", list->hop[0].pref);
	if (all)
		forget(b);
	else
		add_scenario(b, name, "the first level dies", JUDGE_LEVEL);
}

/* A fault domain counts if it takes endpoints of several hosts, or names. */
static void
add_fault(struct build *b, const struct fault *f)
{
	const struct walk_list *list = &b->out->list;
	char name[FAULT_TXT_MAX + 1], what[FAULT_TXT_MAX + 8];
	const char *host = NULL;
	bool counts;

	take(b, f);
	counts = b->no_names || b->lost_host != NULL;
	for (size_t i = 0; i < list->n; i++) {
		if (!b->dead[i])
			continue;
		counts |= host != NULL &&
		    strcasecmp(host, list->hop[i].host) != 0;
		host = list->hop[i].host;
	}
	snprintf(name, sizeof(name), "-%s", f->txt);
	snprintf(what, sizeof(what), "%s dies", f->txt);
	for (size_t i = 0; counts && i < b->out->n_scenarios; i++)
		counts = strcmp(b->out->scenarios[i].name, name) != 0;
	if (counts)
		add_scenario(b, name, what, JUDGE_FAULT);
	forget(b);
}

static void
without_prefixes(struct build *b, unsigned len4, unsigned len6)
{
	const struct walk_list *list = &b->out->list;
	struct fault f;

	for (size_t i = 0; i < list->n; i++) {
		if (list->hop[i].ep == NULL)
			continue;
		memset(&f, 0, sizeof(f));
		fault_add(&f, &list->hop[i].ep->addr->addr, len4, len6);
		prefix_to_txt(f.txt, &f.prefixes[0]);
		add_fault(b, &f);
	}
}

static void
without_faults(struct build *b, enum fault_kind kind)
{
	const struct walk_list *list = &b->out->list;
	struct fault f;

	for (size_t i = 0; i < list->n; i++)
		if (list->hop[i].ep != NULL && fault_of(&f, kind, b->settings,
		    list->hop[i].ep))
			add_fault(b, &f);
}

static void
without_families(struct build *b)
{
	const struct walk_list *list = &b->out->list;

	if (!b->has4 || !b->has6)
		return;
	for (unsigned i = 0; i < 2; i++) {
		for (size_t k = 0; k < list->n; k++)
			b->dead[k] = list->hop[k].family ==
			    (i == 0 ? AF_INET : AF_INET6);
		add_scenario(b, i == 0 ? "-v4" : "-v6",
		    i == 0 ? "IPv4 dies" : "IPv6 dies", JUDGE_FAMILY);
	}
}

/* A host, an address, a prefix, a site or an AS; the addresses of an MX host
 * are taken with it. */
static void
assume(struct build *b, struct fault *f, const char *word)
{
	const struct walk_list *list = &b->out->list;

	*f = (struct fault){.name = word, .site = word};
	if (prefix_parse(&f->prefixes[0], word) == 0)
		f->n_prefixes = 1;
	if (strncasecmp(word, "AS", 2) == 0)
		f->asn = (uint32_t)strtoul(word + 2, NULL, 10);
	take(b, f);
	for (size_t i = 0; i < list->n; i++)
		if (list->hop[i].ep != NULL &&
		    strcasecmp(list->hop[i].host, word) == 0)
			fault_add(f, &list->hop[i].ep->addr->addr, 32, 128);
	take_names(b, f);
}

static void
without_assumed(struct build *b)
{
	const struct settings_list *words = &b->settings->assume_down;
	char name[FINDING_TEXT_MAX], what[FINDING_TEXT_MAX];
	struct fault f;

	for (size_t i = 0; i < words->n; i++) {
		assume(b, &f, words->word[i]);
		snprintf(name, sizeof(name), "assume-down %s", words->word[i]);
		snprintf(what, sizeof(what), "%s is down", words->word[i]);
		add_scenario(b, name, what, JUDGE_ASSUMED);
	}
}

void
scenario_all(struct judge_case *out, struct facts *facts,
    const struct settings *settings, const struct findings *findings,
    const struct facts_domain *domain)
{
	struct build b = {
	    .out = out,
	    .facts = facts,
	    .settings = settings,
	    .findings = findings,
	    .domain = domain,
	};

	memset(out, 0, sizeof(*out));
	out->scenarios = facts_alloc(facts, JUDGE_SCENARIOS_MAX,
	    sizeof(*out->scenarios));
	build_list(&b);
	add_scenario(&b, "now", "now", JUDGE_NOW);
	if (out->list.n == 0)
		return;
	without_hosts(&b);
	without_level(&b);
	without_prefixes(&b, 32, 128);
	without_prefixes(&b, 24, 48);
	for (enum fault_kind kind = FAULT_NETWORK; kind <= FAULT_SITE; kind++)
		without_faults(&b, kind);
	without_families(&b);
	without_assumed(&b);
}
