/*
 * P: policies that make senders leave out a host: MTA-STS and DANE. What is
 * wrong with them stays unseen until the primary dies: then the backup that no
 * policy knows is the only one left.
 */
#include <errno.h>
#include <string.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/policy.h"

/* ---- records of the domain */

static enum severity
sts_record(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;
	char id[STS_ID_LEN], why[STS_WHY_MAX] = "";

	if (d->sts.lookup.dns == FACTS_NOT_ASKED || facts_is_null_mx(d))
		return SEV_SKIPPED;
	if (d->sts.lookup.dns == FACTS_FAILED)
		return check_say(on, SEV_WARN, "_mta-sts: %s",
		    d->sts.lookup.why);
	switch (policy_sts_id(d, id, why)) {
	case 0:
		return SEV_OK;
	case -ENOENT:
		return check_say(on, SEV_INFO, "no MTA-STS");
	default:
		return check_say(on, SEV_WARN, "_mta-sts: %s; senders take it "
		    "for no policy", why);
	}
}

static bool
has_policy(const struct check_on *on)
{
	char id[STS_ID_LEN], why[STS_WHY_MAX];

	for (size_t i = 0; i < on->domain->n_mxs; i++)
		if (policy_has_dane(on->domain->mxs[i].host))
			return true;
	return policy_sts_id(on->domain, id, why) == 0;
}

static enum severity
tlsrpt(const struct check_on *on)
{
	const struct facts_txt *txt = &on->domain->tlsrpt;
	char why[STS_WHY_MAX];
	size_t n = 0;

	if (txt->lookup.dns == FACTS_NOT_ASKED)
		return SEV_SKIPPED;
	if (txt->lookup.dns == FACTS_FAILED)
		return check_say(on, SEV_WARN, "_smtp._tls: %s",
		    txt->lookup.why);
	for (size_t i = 0; i < txt->texts.n; i++)
		switch (tlsrpt_record_read(txt->texts.name[i],
		    strlen(txt->texts.name[i]), why)) {
		case 0:
			n++;
			break;
		case -EINVAL:
			return check_say(on, SEV_WARN, "_smtp._tls: %s", why);
		}
	if (n > 1)
		return check_say(on, SEV_WARN, "_smtp._tls: several records: "
		    "senders take them for none");
	if (n == 0 && has_policy(on))
		return check_say(on, SEV_WARN, "no TLSRPT record at "
		    "_smtp._tls: nobody tells when the policy keeps mail out");
	return SEV_OK;
}

/* ---- the policy of MTA-STS */

#define DAY 86400

/* Senders that know an enforced policy go by it until it is too old. */
static bool
is_running_out(const struct check_on *on)
{
	const struct facts_sts_past *past = &on->domain->sts_past;

	return past->mode == STS_MODE_ENFORCE &&
	    on->facts->at - past->fetched > past->max_age / 2;
}

static enum severity
sts_fetch(const struct check_on *on)
{
	const struct facts_fetch *fetch = &on->domain->fetch;

	if (fetch->is_had)
		return SEV_OK;
	if (fetch->why == NULL)
		return SEV_SKIPPED;
	if (is_running_out(on))
		return check_say(on, SEV_CRIT, "the policy cannot be had: %s; "
		    "for %lld h now, and senders forget the enforced one "
		    "after %u", fetch->why,
		    (long long)(on->facts->at - on->domain->sts_past.fetched) /
		    3600, on->domain->sts_past.max_age / 3600);
	return check_say(on, SEV_WARN, "the policy cannot be had: %s",
	    fetch->why);
}

static enum severity
sts_body(const struct check_on *on)
{
	const struct facts_fetch *fetch = &on->domain->fetch;

	if (!fetch->is_had)
		return SEV_SKIPPED;
	return fetch->wrong == NULL ? SEV_OK : check_say(on, SEV_WARN,
	    "the policy is none: %s", fetch->wrong);
}

/* What a host's failure is worth under the policy. */
static enum severity
mode_severity(const struct check_on *on)
{
	if (!policy_is_had(on->domain) ||
	    on->domain->fetch.mode == STS_MODE_NONE)
		return SEV_SKIPPED;
	return on->domain->fetch.mode == STS_MODE_ENFORCE ? SEV_CRIT :
	    SEV_WARN;
}

static enum severity
sts_covers(const struct check_on *on)
{
	enum severity severity = mode_severity(on);

	if (severity == SEV_SKIPPED || on->mx->host == NULL)
		return SEV_SKIPPED;
	if (policy_covers(on->domain, on->mx->host->name))
		return SEV_OK;
	return check_say(on, severity, "matches no mx: of the %s MTA-STS "
	    "policy: senders leave it out", severity == SEV_CRIT ? "enforced" :
	    "tested");
}

static enum severity
sts_live(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;
	enum severity severity = mode_severity(on);
	char text[FINDING_TEXT_MAX] = "";
	struct check_on sub = *on;

	if (severity == SEV_SKIPPED || host == NULL || host->n_endpoints == 0)
		return SEV_SKIPPED;
	sub.text = text;
	for (size_t i = 0; i < host->n_endpoints; i++) {
		sub.ep = host->endpoints[i];
		if (check_tls_fails(&sub))
			return check_say(on, severity, "%s fails the MTA-STS "
			    "policy: %s", sub.ep->addr->txt, text);
	}
	return SEV_OK;
}

static enum severity
sts_life(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;
	const struct facts_sts_past *past = &d->sts_past;
	char id[STS_ID_LEN], why[STS_WHY_MAX];
	bool is_known = past->fetched != 0 && past->mode != STS_MODE_NONE &&
	    on->facts->at < past->fetched + past->max_age;
	int rc = policy_sts_id(d, id, why);

	if (rc != 0 && is_known && d->sts.lookup.dns != FACTS_FAILED &&
	    d->sts.lookup.dns != FACTS_NOT_ASKED)
		return check_say(on, SEV_WARN, "the record at _mta-sts is gone "
		    "before the policy has run out: publish mode none first");
	if (rc != 0 || !policy_is_had(d))
		return SEV_SKIPPED;
	if (past->id != NULL && past->digest != NULL &&
	    strcmp(past->id, id) == 0 &&
	    strcmp(past->digest, d->fetch.digest) != 0)
		return check_say(on, SEV_WARN, "the policy has changed, its id "
		    "has not: senders keep the old one");
	if (d->fetch.mode != STS_MODE_NONE && d->fetch.max_age < DAY)
		return check_say(on, SEV_WARN, "max_age is %u s: less than a "
		    "day protects nobody", d->fetch.max_age);
	return SEV_OK;
}

/* ---- TLSA */

static enum severity
tlsa_lookup(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;

	if (host == NULL || host->tlsa.dns == FACTS_NOT_ASKED)
		return SEV_SKIPPED;
	if (host->tlsa.dns != FACTS_FAILED)
		return SEV_OK;
	if (host->a.ad || host->aaaa.ad || host->tlsa.bogus)
		return check_say(on, SEV_CRIT, "_25._tcp: %s: senders with "
		    "DANE leave this host out", host->tlsa.why);
	return check_say(on, SEV_INFO, "_25._tcp: %s; the addresses are not "
	    "secure, so senders do not ask", host->tlsa.why);
}

/* By usage 2 the dates count, by usage 3 they do not (RFC 7672 3.1.1). */
static bool
is_out_of_date(const struct check_on *on)
{
	const struct facts_tls *tls = &on->ep->probe.tls;

	for (size_t i = 0; i < tls->n_certs; i++)
		if (on->now < tls->certs[i].not_before ||
		    on->now > tls->certs[i].not_after)
			return policy_tlsa_matches(on->ep, true) == 0;
	return false;
}

static enum severity
tlsa_match(const struct check_on *on)
{
	const struct facts_endpoint *ep = on->ep;
	enum facts_end end = ep->probe.step[FACTS_TLS].end;

	if (!policy_has_dane(ep->host) || end == FACTS_END_STOPPED ||
	    ep->probe.step[FACTS_EHLO].reply.code != 250)
		return SEV_SKIPPED;
	if (ep->probe.tls.n_certs == 0)
		return check_say(on, SEV_CRIT, "there are TLSA records, but no "
		    "TLS: senders with DANE leave it out");
	if (policy_tlsa_matches(ep, false) > 0)
		return !is_out_of_date(on) ? SEV_OK : check_say(on, SEV_CRIT,
		    "by usage 2 the certificates' dates count, and they are "
		    "not in time");
	if (ep->shared != NULL)
		return check_say(on, SEV_UNKNOWN, "not tried: its address was "
		    "dialled as %s", ep->shared->host->name);
	return check_say(on, SEV_CRIT, "no TLSA record matches what the server "
	    "shows: senders with DANE leave it out");
}

static const char *
spki_of(const struct facts_endpoint *ep)
{
	return ep->probe.tls.n_certs > 0 ? ep->probe.tls.certs[0].spki : NULL;
}

/* An address that shows a key that no record is for, and that it did not show
 * before as far as is known; NULL: none. */
static const struct facts_endpoint *
renewed_without_record(const struct facts_host *host)
{
	for (size_t i = 0; i < host->n_endpoints; i++) {
		const struct facts_endpoint *ep = host->endpoints[i];
		const char *spki = spki_of(ep);

		if (spki != NULL && ep->shared == NULL &&
		    policy_tlsa_matches(ep, false) == 0 &&
		    (ep->past.spki == NULL ||
			strcmp(ep->past.spki, spki) != 0))
			return ep;
	}
	return NULL;
}

/* No record is left for another key: all are of the one that is shown. */
static bool
is_for_one_key(const struct facts_endpoint *ep)
{
	const struct facts_host *host = ep->host;
	size_t usable = 0;

	for (size_t i = 0; i < host->n_tlsas; i++)
		usable += policy_tlsa_is_usable(&host->tlsas[i]);
	if (policy_tlsa_matches(ep, false) == 1 && host->n_tlsas == 1)
		return true;
	return usable > 0 && policy_tlsa_matches(ep, true) == usable;
}

static enum severity
tlsa_rollover(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;
	const struct facts_endpoint *renewed;

	if (!policy_has_dane(host))
		return SEV_SKIPPED;
	renewed = renewed_without_record(host);
	for (size_t i = 0; i < host->n_endpoints; i++) {
		const struct facts_endpoint *ep = host->endpoints[i];

		if (spki_of(ep) == NULL || policy_tlsa_matches(ep, false) == 0)
			continue;
		if (renewed != NULL && strcmp(spki_of(ep), spki_of(renewed)) !=
		    0)
			return check_say(on, SEV_WARN, "the TLSA records are "
			    "for the old key only, that of %s; %s shows "
			    "another one already", ep->addr->txt,
			    renewed->addr->txt);
		if (is_for_one_key(ep))
			return check_say(on, SEV_INFO, "%s: publish that of "
			    "the next key before it is used", host->n_tlsas ==
			    1 ? "a single TLSA record" :
			    "all TLSA records are for the present key");
	}
	return SEV_OK;
}

#define SHORT_LIFE (100 * (int64_t)86400) /* 90 days, and some */

/* A record of the whole certificate, and one that is renewed by a machine. */
static bool
breaks_at_renewal(const struct facts_host *host)
{
	bool whole = false;

	for (size_t i = 0; i < host->n_tlsas; i++)
		whole |= host->tlsas[i].usage == 3 &&
		    host->tlsas[i].selector == 0;
	for (size_t i = 0; whole && i < host->n_endpoints; i++) {
		const struct facts_tls *tls = &host->endpoints[i]->probe.tls;

		if (tls->n_certs > 0 && tls->certs[0].not_after -
		    tls->certs[0].not_before <= SHORT_LIFE)
			return true;
	}
	return false;
}

static enum severity
tlsa_usable(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;

	if (host == NULL || host->n_tlsas == 0 || !host->tlsa.ad)
		return SEV_SKIPPED;
	if (!policy_has_dane(host))
		return check_say(on, SEV_WARN, "no TLSA record is of use for "
		    "mail: senders take usage 2 and 3 only, with known "
		    "parameters");
	if (breaks_at_renewal(host))
		return check_say(on, SEV_INFO, "a TLSA record 3 0 x and a "
		    "certificate of 90 days: each renewal breaks it; 3 1 1 "
		    "with the key kept does not");
	return SEV_OK;
}

static enum severity
tlsa_cover(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;
	const char *with = NULL, *without = NULL;

	for (size_t i = 0; i < d->n_mxs; i++) {
		if (d->mxs[i].host == NULL)
			continue;
		if (policy_has_dane(d->mxs[i].host))
			with = d->mxs[i].target;
		else
			without = d->mxs[i].target;
	}
	if (with == NULL)
		return SEV_SKIPPED;
	return without == NULL ? SEV_OK : check_say(on, SEV_WARN, "%s has TLSA "
	    "records, %s has none: who can block the first reads at the "
	    "second", with, without);
}

const struct check check_p[] = {
    {"P01", "sts record", CHECK_DOMAIN, sts_record,
	"The TXT record at _mta-sts (RFC 8461 3.1). Several of them, or one "
	"that is malformed, count as no policy."},
    {"P02", "sts fetch", CHECK_DOMAIN, sts_fetch,
	"The policy comes from https://mta-sts.DOMAIN/.well-known/mta-sts.txt: "
	"a certificate that is good, status 200, no redirect, text/plain, 64 "
	"KiB and a minute at most (RFC 8461 3.3). Critical when an enforced "
	"one could not be had for half of its max_age."},
    {"P03", "sts body", CHECK_DOMAIN, sts_body,
	"version, mode, max_age and mx as RFC 8461 3.2 has them; a policy that "
	"cannot be read is none."},
    {"P04", "sts covers", CHECK_HOST, sts_covers,
	"Every MX host matches a pattern of the policy (RFC 8461 4.1), the "
	"backup first of all: senders with MTA-STS leave out the others, and "
	"if the primary dies their mail waits."},
    {"P05", "sts live", CHECK_HOST, sts_live,
	"Every address of every MX host has the TLS that the policy asks for: "
	"STARTTLS, a certificate in time, to a trusted root, for that name "
	"(RFC 8461 4.2, 5)."},
    {"P06", "sts life", CHECK_DOMAIN, sts_life,
	"A policy that changes gets a new id (RFC 8461 3.1); a max_age of weeks "
	"protects, one of hours does not (8.1); a policy goes by mode none "
	"before its record does (8.3)."},
    {"P10", "tlsrpt", CHECK_DOMAIN, tlsrpt,
	"Who has MTA-STS or DANE wants to hear from senders that fail by it: "
	"the TXT record at _smtp._tls (RFC 8460 3)."},
    {"P11", "tlsa lookup", CHECK_HOST, tlsa_lookup,
	"If the TLSA records of a host in a signed zone cannot be had, senders "
	"with DANE leave the host out (RFC 7672 2.1.1)."},
    {"P12", "tlsa match", CHECK_ENDPOINT, tlsa_match,
	"A host with secure and usable TLSA records shows a chain that one of "
	"them matches, or senders with DANE leave it out (RFC 7672 2.2, 3)."},
    {"P13", "tlsa usable", CHECK_HOST, tlsa_usable,
	"For mail only the usages 2 and 3 count (RFC 7672 3.1.3); a host whose "
	"records are all unusable is one without any, yet TLS is required."},
    {"P14", "tlsa cover", CHECK_DOMAIN, tlsa_cover,
	"DANE on some of the hosts protects none: the attacker picks another "
	"(RFC 7672 2.2.1)."},
    {"P15", "tlsa roll-over", CHECK_HOST, tlsa_rollover,
	"With the record of the next key, or of the authority, beside the "
	"present one a new certificate breaks nothing (RFC 7671 8.1): a warning "
	"where an address of the host has a new key already, and the records "
	"are for the old one."},
    {0},
};
