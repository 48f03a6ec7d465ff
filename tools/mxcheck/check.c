/*
 * All checks over all subjects. The order of the findings is that of the
 * domains, then that of the groups, then that of their tables, then that of
 * the MX list: the same facts always give the same list.
 */
#include "tools/mxcheck/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct check *const groups[] = {
    check_c, check_d, check_n, check_s, check_t, check_p, check_r, check_b,
    check_f, check_a, check_o,
};
#define N_GROUPS (sizeof(groups) / sizeof(groups[0]))

const struct check *
check_next(const struct check *check)
{
	size_t group = 0;

	if (check == NULL)
		return groups[0];
	if (check[1].id != NULL)
		return check + 1;
	while (groups[group]->id[0] != check->id[0])
		group++;
	return group + 1 < N_GROUPS ? groups[group + 1] : NULL;
}

const struct check *
check_find(const char *id)
{
	const struct check *check = NULL;

	while ((check = check_next(check)) != NULL)
		if (strcasecmp(check->id, id) == 0)
			return check;
	return NULL;
}

/* All names of services and of their servers could be looked up. */
static bool
has_offers(const struct facts_domain *domain)
{
	for (unsigned i = 0; i < FACTS_SERVICES; i++) {
		const struct facts_offer *offer = &domain->offers[i];

		if (offer->lookup.dns == FACTS_FAILED)
			return false;
		for (size_t k = 0; k < offer->n_srvs; k++) {
			const struct facts_server *server =
			    offer->srvs[k].server;

			if (server != NULL &&
			    (server->a.dns == FACTS_FAILED ||
				server->aaaa.dns == FACTS_FAILED))
				return false;
		}
	}
	return true;
}

bool
check_looks(const struct check *check, const struct settings *settings,
    const struct facts_domain *domain, const char *subject)
{
	switch (check->subject) {
	case CHECK_SELECTOR:
	case CHECK_LIST:
		return settings->outbound;
	case CHECK_SERVICE:
		return settings->access;
	case CHECK_MX_OR_ACCESS:
		if (strstr(subject, " port ") == NULL)
			return true;
		/* FALLTHROUGH */
	case CHECK_ACCESS:
		return settings->access && domain != NULL &&
		    has_offers(domain);
	default:
		return true;
	}
}

enum severity
check_say(const struct check_on *on, enum severity severity, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(on->text, FINDING_TEXT_MAX, fmt, ap);
	va_end(ap);
	return severity;
}

/* ---- subjects */

struct run {
	struct findings *out;
	const struct check *check;
	struct check_on on;
	char text[FINDING_TEXT_MAX];
};

static void
run_check(struct run *run, const char *subject)
{
	struct finding f = {
	    .check = run->check,
	    .domain = run->on.domain,
	    .mx = run->on.mx,
	    .endpoint = run->on.ep,
	    .subject = subject,
	    .text = run->text,
	};

	run->text[0] = '\0';
	run->on.text = run->text;
	f.severity = run->check->run(&run->on);
	if (f.domain != NULL)
		f.severity = settings_severity(run->on.settings,
		    run->check->id, f.domain->name,
		    f.mx != NULL ? f.mx->target : NULL, f.severity);
	if (f.severity != SEV_OK)
		findings_add(run->out, &f);
}

static void
over_levels(struct run *run)
{
	const struct facts_domain *domain = run->on.domain;
	char subject[32];
	size_t i, first = 0;

	for (i = 1; i <= domain->n_mxs; i++) {
		if (i < domain->n_mxs &&
		    domain->mxs[i].pref == domain->mxs[first].pref)
			continue;
		run->on.level = &domain->mxs[first];
		run->on.n_level = i - first;
		snprintf(subject, sizeof(subject), "level %u",
		    domain->mxs[first].pref);
		run_check(run, subject);
		first = i;
	}
	run->on.level = NULL;
	run->on.n_level = 0;
}

static void
over_endpoints(struct run *run)
{
	char subject[FINDING_TEXT_MAX];

	if (run->on.mx->host == NULL)
		return;
	for (size_t i = 0; i < run->on.mx->host->n_endpoints; i++) {
		run->on.ep = run->on.mx->host->endpoints[i];
		run->on.outcome = outcome_of(run->on.ep, run->on.domain);
		snprintf(subject, sizeof(subject), "%s %s",
		    run->on.mx->target, run->on.ep->addr->txt);
		run_check(run, subject);
	}
	run->on.ep = NULL;
}

static void
over_hosts(struct run *run)
{
	const struct facts_domain *domain = run->on.domain;

	for (size_t i = 0; i < domain->n_mxs; i++) {
		run->on.mx = &domain->mxs[i];
		if (facts_mx_is_repeated(domain, i))
			continue; /* one subject */
		if (run->check->subject == CHECK_HOST)
			run_check(run, run->on.mx->target);
		else
			over_endpoints(run);
	}
	run->on.mx = NULL;
}

static void
over_selectors(struct run *run)
{
	const struct facts_outbound *out = &run->on.domain->outbound;
	char subject[FINDING_TEXT_MAX];

	for (size_t i = 0; i < out->n_dkims; i++) {
		run->on.dkim = &out->dkims[i];
		snprintf(subject, sizeof(subject), "%s._domainkey",
		    out->dkims[i].selector);
		run_check(run, subject);
	}
	run->on.dkim = NULL;
}

static void
over_lists(struct run *run)
{
	const struct facts_outbound *out = &run->on.domain->outbound;
	char subject[FINDING_TEXT_MAX];

	for (size_t i = 0; i < run->on.facts->n_dnsbls; i++) {
		run->on.list = &run->on.facts->dnsbls[i];
		run->on.sender = NULL;
		run_check(run, run->on.list->zone);
		for (size_t k = 0; k < out->n_senders; k++) {
			run->on.sender = out->senders[k];
			snprintf(subject, sizeof(subject), "%s %s",
			    run->on.sender->txt, run->on.list->zone);
			run_check(run, subject);
		}
	}
	run->on.list = NULL;
	run->on.sender = NULL;
}

static void
over_services(struct run *run)
{
	char subject[32];

	for (unsigned i = 0; i < FACTS_SERVICES; i++) {
		run->on.service = (enum facts_service)i;
		snprintf(subject, sizeof(subject), "_%s._tcp",
		    facts_service_txt(run->on.service));
		run_check(run, subject);
	}
}

static void
over_places(struct run *run, const struct facts_srv *srv)
{
	char subject[FINDING_TEXT_MAX];

	for (size_t i = 0; srv->server != NULL && i < srv->server->n_addrs;
	    i++) {
		run->on.access = facts_access_of(run->on.facts,
		    run->on.service, srv, srv->server->addrs[i]);
		if (run->on.access == NULL)
			continue;
		snprintf(subject, sizeof(subject), "%s %s port %u",
		    srv->server->name, srv->server->addrs[i]->txt, srv->port);
		run_check(run, subject);
	}
	run->on.access = NULL;
}

static void
over_accesses(struct run *run)
{
	for (unsigned i = 0; i < FACTS_SERVICES; i++) {
		const struct facts_offer *offer = &run->on.domain->offers[i];

		run->on.service = (enum facts_service)i;
		for (size_t k = 0; k < offer->n_srvs; k++)
			over_places(run, &offer->srvs[k]);
	}
}

static void
check_domain(struct run *run)
{
	switch (run->check->subject) {
	case CHECK_RUN:
		break;
	case CHECK_DOMAIN:
		run_check(run, run->on.domain->name);
		break;
	case CHECK_LEVEL:
		over_levels(run);
		break;
	case CHECK_HOST:
	case CHECK_ENDPOINT:
		over_hosts(run);
		break;
	case CHECK_SELECTOR:
		over_selectors(run);
		break;
	case CHECK_LIST:
		over_lists(run);
		break;
	case CHECK_SERVICE:
		over_services(run);
		break;
	case CHECK_MX_OR_ACCESS:
		over_hosts(run);
		over_accesses(run);
		break;
	case CHECK_ACCESS:
		over_accesses(run);
		break;
	}
}

void
check_all(struct findings *out, const struct facts *facts,
    const struct settings *settings)
{
	struct run run = {
	    .out = out,
	    .on = {
		.facts = facts,
		.settings = settings,
		.now = facts->at + settings->at_days * 86400,
	    },
	};

	while ((run.check = check_next(run.check)) != NULL)
		if (run.check->subject == CHECK_RUN &&
		    settings_wants(settings, run.check->id))
			run_check(&run, "run");
	for (size_t i = 0; i < facts->n_domains; i++) {
		run.on.domain = facts->domains[i];
		findings_begin(out, run.on.domain);
		while ((run.check = check_next(run.check)) != NULL)
			if (settings_wants(settings, run.check->id))
				check_domain(&run);
	}
}
