/*
 * The list that a domain's senders see, what could die of it, and how each
 * sender fares then.
 *
 * What could not be tried from here (no route of its family) is left out of
 * the list if anything else was tried: what is unknown must not carry mail. An
 * address that nobody outside can reach is as dead as one that drops packets.
 */
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/address.h"
#include "tools/mxcheck/judge.h"

struct build {
	struct judge_case *out;
	struct facts *facts;
	const struct settings *settings;
	const struct findings *findings;
	const struct facts_domain *domain;
	bool dead[WALK_HOPS_MAX];
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
	};
	struct walk_result silent;

	out->model = model;
	out->overlay = overlay;
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

/* Walks with b->dead as it is, and clears it. */
static void
add_scenario(struct build *b, const char *name, const char *what,
    enum judge_kind kind)
{
	const struct settings *s = b->settings;
	struct judge_scenario *scenario;

	if (b->out->n_scenarios == JUDGE_SCENARIOS_MAX)
		return;
	scenario = &b->out->scenarios[b->out->n_scenarios++];
	scenario->name = facts_str(b->facts, name);
	scenario->what = facts_str(b->facts, what);
	scenario->kind = kind;
	scenario->walks = facts_alloc(b->facts, s->n_models * WALK_OVERLAYS,
	    sizeof(*scenario->walks));
	for (unsigned overlay = 0; overlay < WALK_OVERLAYS; overlay++)
		for (size_t m = 0; m < s->n_models; m++)
			if (overlay_applies(b, overlay))
				walk_one(&scenario->walks[scenario->n_walks++],
				    b, s->models[m], overlay);
	memset(b->dead, 0, sizeof(b->dead));
}

/* ---- what can die */

static void
without_hosts(struct build *b)
{
	const struct walk_list *list = &b->out->list;
	char name[FINDING_TEXT_MAX], what[FINDING_TEXT_MAX];

	for (size_t i = 0; i < list->n; i++) {
		bool seen = false;

		for (size_t k = 0; k < list->n; k++) {
			b->dead[k] = strcasecmp(list->hop[k].host,
			    list->hop[i].host) == 0;
			seen |= k < i && b->dead[k];
		}
		if (seen)
			continue;
		snprintf(name, sizeof(name), "-%s", list->hop[i].host);
		snprintf(what, sizeof(what), "%s dies", list->hop[i].host);
		add_scenario(b, name, what, JUDGE_HOST);
	}
	memset(b->dead, 0, sizeof(b->dead));
}

static void
without_level(struct build *b)
{
	const struct walk_list *list = &b->out->list;
	char name[32];
	bool all = true;

	for (size_t i = 0; i < list->n; i++) {
		b->dead[i] = list->hop[i].pref == list->hop[0].pref;
		all &= b->dead[i];
	}
	snprintf(name, sizeof(name), "-level %u", list->hop[0].pref);
	if (all)
		memset(b->dead, 0, sizeof(b->dead));
	else
		add_scenario(b, name, "the first level dies", JUDGE_LEVEL);
}

/* A fault domain counts if it takes endpoints of several hosts. */
static void
add_fault(struct build *b, const char *name, const char *what)
{
	const struct walk_list *list = &b->out->list;
	const char *host = NULL;
	bool several = false;

	for (size_t i = 0; i < list->n; i++) {
		if (!b->dead[i])
			continue;
		several |= host != NULL &&
		    strcasecmp(host, list->hop[i].host) != 0;
		host = list->hop[i].host;
	}
	for (size_t i = 0; several && i < b->out->n_scenarios; i++)
		several = strcmp(b->out->scenarios[i].name, name) != 0;
	if (several)
		add_scenario(b, name, what, JUDGE_FAULT);
	memset(b->dead, 0, sizeof(b->dead));
}

static void
without_prefixes(struct build *b, unsigned len4, unsigned len6)
{
	const struct walk_list *list = &b->out->list;
	char txt[ADDR_TXT_MAX], name[ADDR_TXT_MAX + 1];
	char what[ADDR_TXT_MAX + 16];
	struct prefix prefix;

	for (size_t i = 0; i < list->n; i++) {
		if (list->hop[i].ep == NULL)
			continue;
		address_prefix(&prefix, &list->hop[i].ep->addr->addr,
		    list->hop[i].family == AF_INET ? len4 : len6);
		for (size_t k = 0; k < list->n; k++)
			b->dead[k] = list->hop[k].ep != NULL &&
			    prefix_contains(&prefix,
				&list->hop[k].ep->addr->addr);
		prefix_to_txt(txt, &prefix);
		snprintf(name, sizeof(name), "-%s", txt);
		snprintf(what, sizeof(what), "%s dies", txt);
		add_fault(b, name, what);
	}
}

static void
without_sites(struct build *b)
{
	const struct walk_list *list = &b->out->list;
	char name[FINDING_TEXT_MAX], what[FINDING_TEXT_MAX];
	const char *site, *other;

	for (size_t i = 0; i < list->n; i++) {
		site = settings_host(b->settings, list->hop[i].host)->site;
		if (site == NULL)
			continue;
		for (size_t k = 0; k < list->n; k++) {
			other = settings_host(b->settings,
			    list->hop[k].host)->site;
			b->dead[k] = other != NULL && strcmp(site, other) == 0;
		}
		snprintf(name, sizeof(name), "-site %s", site);
		snprintf(what, sizeof(what), "site %s dies", site);
		add_fault(b, name, what);
	}
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

static bool
is_assumed_down(const struct build *b, const struct walk_hop *hop,
    const char *word)
{
	const char *site = settings_host(b->settings, hop->host)->site;
	struct prefix prefix;

	if (strcasecmp(hop->host, word) == 0 ||
	    (site != NULL && strcmp(site, word) == 0))
		return true;
	return hop->ep != NULL && prefix_parse(&prefix, word) == 0 &&
	    prefix_contains(&prefix, &hop->ep->addr->addr);
}

static void
without_assumed(struct build *b)
{
	const struct settings_list *words = &b->settings->assume_down;
	char name[FINDING_TEXT_MAX], what[FINDING_TEXT_MAX];

	for (size_t i = 0; i < words->n; i++) {
		for (size_t k = 0; k < b->out->list.n; k++)
			b->dead[k] = is_assumed_down(b, &b->out->list.hop[k],
			    words->word[i]);
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
	without_sites(&b);
	without_families(&b);
	without_assumed(&b);
}
