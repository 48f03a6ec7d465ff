/*
 * T: TLS. Certificates are judged as of the time that is asked for, against the
 * rules that senders with a policy use; others take any. What is a warning is
 * critical where an enforced policy of MTA-STS, or DANE, makes those senders
 * leave the host out; and where TLSA records vouch for a certificate by
 * themselves, nobody looks at what is else wrong with it.
 */
#include <stdio.h>
#include <string.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/policy.h"

#define DAY 86400

static const struct facts_step *
step_of(const struct check_on *on, enum facts_stage stage)
{
	return &on->ep->probe.step[stage];
}

static bool
has_ehlo(const struct check_on *on)
{
	return step_of(on, FACTS_EHLO)->reply.code == 250;
}

static bool
has_certs(const struct check_on *on)
{
	return on->ep->probe.tls.n_certs > 0;
}

/* A filter on the way that overwrites the keyword: XXXXXXXA. */
static bool
is_overwritten(const struct facts_ehlo *ehlo)
{
	for (size_t i = 0; i < ehlo->n; i++)
		if (strncmp(ehlo->keyword[i], "XXXXXX", 6) == 0)
			return true;
	return false;
}

static enum severity
offered(const struct check_on *on)
{
	const struct facts_ehlo *e = &on->ep->probe.ehlo;

	if (!has_ehlo(on))
		return SEV_SKIPPED;
	if (facts_ehlo_keyword(e, "STARTTLS") != NULL)
		return SEV_OK;
	return check_say(on, SEV_WARN, is_overwritten(e) ?
	    "no STARTTLS: a filter on the way overwrites it" : "no STARTTLS");
}

static enum severity
handshake(const struct check_on *on)
{
	const struct facts_step *starttls = step_of(on, FACTS_STARTTLS);
	const struct facts_step *tls = step_of(on, FACTS_TLS);

	if (starttls->end == FACTS_END_NONE)
		return SEV_SKIPPED;
	if (starttls->end == FACTS_END_TIMEOUT ||
	    tls->end == FACTS_END_TIMEOUT)
		return check_say(on, SEV_CRIT, "the server hangs in the "
		    "handshake: senders wait up to 5 min");
	if (starttls->end != FACTS_END_DONE)
		return check_say(on, SEV_WARN, "STARTTLS: %s",
		    facts_end_txt(starttls->end));
	if (starttls->reply.code != 220)
		return check_say(on, SEV_WARN, "STARTTLS is refused: %u %s",
		    starttls->reply.code, starttls->reply.text);
	if (tls->end == FACTS_END_DONE || tls->end == FACTS_END_STOPPED)
		return SEV_OK;
	return check_say(on, SEV_WARN, "the handshake fails: %s",
	    on->ep->probe.tls.why != NULL ? on->ep->probe.tls.why :
	    facts_end_txt(tls->end));
}

static enum severity
protocol(const struct check_on *on)
{
	const struct facts_tls *tls = &on->ep->probe.tls;

	if (tls->proto == NULL && !tls->old_proto)
		return SEV_SKIPPED;
	return !tls->old_proto ? SEV_OK : check_say(on, SEV_WARN,
	    "nothing newer than TLS 1.1 (RFC 8996)%s%s",
	    tls->proto != NULL ? ": " : "",
	    tls->proto != NULL ? tls->proto : "");
}

/* ---- certificates */

static enum severity
dates(const struct check_on *on)
{
	const struct facts_tls *tls = &on->ep->probe.tls;

	if (!has_certs(on))
		return SEV_SKIPPED;
	for (size_t i = 0; i < tls->n_certs; i++) {
		const struct facts_cert *c = &tls->certs[i];
		const char *which = i == 0 ? "the certificate" :
		    "an intermediate certificate";

		if (on->now > c->not_after)
			return check_say(on, SEV_WARN, "%s has expired %lld "
			    "days ago (%s)", which,
			    (long long)(on->now - c->not_after) / DAY,
			    c->subject);
		if (on->now < c->not_before)
			return check_say(on, SEV_WARN, "%s is not valid yet "
			    "(%s)", which, c->subject);
	}
	return SEV_OK;
}

static enum severity
chain(const struct check_on *on)
{
	const struct facts_tls *tls = &on->ep->probe.tls;
	const struct facts_cert *last;

	if (!has_certs(on))
		return SEV_SKIPPED;
	if (tls->verify == 0)
		return SEV_OK;
	last = &tls->certs[tls->n_certs - 1];
	if (strcmp(last->subject, last->issuer) == 0)
		return check_say(on, SEV_WARN, "%s",
		    tls->n_certs == 1 ? "self-signed" :
		    "the root is not trusted");
	return check_say(on, SEV_WARN, "no way to a trusted root%s: %s",
	    tls->n_certs == 1 ? " (is an intermediate missing?)" : "",
	    tls->verify_txt);
}

static enum severity
name(const struct check_on *on)
{
	const struct facts_tls *tls = &on->ep->probe.tls;

	if (!has_certs(on))
		return SEV_SKIPPED;
	switch (tls->name) {
	case FACTS_YES:
		return SEV_OK;
	case FACTS_UNKNOWN:
		return check_say(on, SEV_UNKNOWN, "not tried: its address was "
		    "dialled as %s", on->ep->shared != NULL ?
		    on->ep->shared->host->name : "another name");
	default:
		return check_say(on, SEV_WARN, "the certificate is for another "
		    "name%s: %s", tls->cn_matches ? " (the CN alone is no "
		    "match any more)" : "", tls->certs[0].subject);
	}
}

/* As lifetimes shrink, fixed days cry wolf or come too late. */
static enum severity
expiry(const struct check_on *on)
{
	const struct facts_cert *c;
	int64_t left, life, warn, crit;

	if (!has_certs(on))
		return SEV_SKIPPED;
	c = &on->ep->probe.tls.certs[0];
	left = c->not_after - on->now;
	life = c->not_after - c->not_before;
	if (left < 0 || on->now < c->not_before)
		return SEV_OK; /* T04 */
	warn = life / 4 < 21 * DAY ? life / 4 : 21 * DAY;
	crit = life / 12 < 7 * DAY ? life / 12 : 7 * DAY;
	if (left >= warn)
		return SEV_OK;
	return check_say(on, left < crit ? SEV_CRIT : SEV_WARN,
	    "the certificate ends in %lld h (%lld days)",
	    (long long)left / 3600, (long long)left / DAY);
}

static enum severity
key(const struct check_on *on)
{
	const struct facts_tls *tls = &on->ep->probe.tls;

	if (!has_certs(on))
		return SEV_SKIPPED;
	for (size_t i = 0; i < tls->n_certs; i++) {
		const struct facts_cert *c = &tls->certs[i];
		bool rsa = strncmp(c->key, "RSA", 3) == 0;

		if ((rsa && c->key_bits < 2048) || (!rsa && c->key_bits < 224))
			return check_say(on, SEV_WARN, "a key of %u bits (%s)",
			    c->key_bits, c->key);
		if (c->weak_signature)
			return check_say(on, SEV_WARN, "signed with %s",
			    c->signature);
	}
	return SEV_OK;
}

static enum severity
injection(const struct check_on *on)
{
	if (step_of(on, FACTS_TLS)->end == FACTS_END_NONE)
		return SEV_SKIPPED;
	return !on->ep->probe.tls.injected ? SEV_OK : check_say(on, SEV_WARN,
	    "clear text behind the 220 to STARTTLS: server or path mixes what "
	    "is encrypted with what is not");
}

/* ---- the addresses of one host */

static bool
differ(const struct facts_endpoint *a, const struct facts_endpoint *b,
    const char **what)
{
	const struct facts_tls *x = &a->probe.tls, *y = &b->probe.tls;

	*what = "one has STARTTLS, the other has not";
	if ((a->probe.step[FACTS_STARTTLS].end == FACTS_END_NONE) !=
	    (b->probe.step[FACTS_STARTTLS].end == FACTS_END_NONE))
		return true;
	*what = "certificates of different issuers";
	return x->n_certs > 0 && y->n_certs > 0 &&
	    strcmp(x->certs[0].der, y->certs[0].der) != 0 &&
	    strcmp(x->certs[0].issuer, y->certs[0].issuer) != 0;
}

static enum severity
pool(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;
	const struct facts_endpoint *first = NULL, *ep;
	const char *what;

	for (size_t i = 0; host != NULL && i < host->n_endpoints; i++) {
		ep = host->endpoints[i];
		if (ep->probe.step[FACTS_EHLO].reply.code != 250)
			continue;
		if (first == NULL)
			first = ep;
		else if (differ(first, ep, &what))
			return check_say(on, SEV_WARN, "%s and %s: %s",
			    first->addr->txt, ep->addr->txt, what);
	}
	return first != NULL ? SEV_OK : SEV_SKIPPED;
}

/* ---- against what earlier runs saw */

#define VANISHED_RUNS 3

static enum severity
vanished(const struct check_on *on)
{
	const struct facts_ehlo *e = &on->ep->probe.ehlo;

	if (!has_ehlo(on))
		return SEV_SKIPPED;
	if (on->ep->past.n_tls < VANISHED_RUNS ||
	    facts_ehlo_keyword(e, "STARTTLS") != NULL)
		return SEV_OK;
	return check_say(on, SEV_CRIT, "STARTTLS worked in %u runs, and is not "
	    "offered any more%s", on->ep->past.n_tls, is_overwritten(e) ?
	    ": a filter on the way overwrites it" : "");
}

static enum severity
renewal(const struct check_on *on)
{
	const struct facts_tls *tls = &on->ep->probe.tls;

	if (!has_certs(on))
		return SEV_SKIPPED;
	if (on->ep->past.spki == NULL ||
	    on->ep->past.not_after == tls->certs[0].not_after)
		return SEV_OK;
	return check_say(on, SEV_INFO, "a new certificate, serial %s, %s",
	    tls->certs[0].serial, strcmp(on->ep->past.spki,
	    tls->certs[0].spki) == 0 ? "the same key" : "a new key");
}

/* ---- for policies */

#define STS 0x1
#define DANE 0x2
#define DANE_TA 0x4 /* no DANE-EE record matches, but there is one of usage 2 */

static bool
has_ta(const struct facts_host *host)
{
	for (size_t i = 0; i < host->n_tlsas; i++)
		if (host->tlsas[i].usage == 2 &&
		    policy_tlsa_is_usable(&host->tlsas[i]))
			return true;
	return false;
}

/* What senders hold this endpoint to, of the domain's mail. */
static unsigned
policies(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;
	unsigned has = 0;

	if (policy_is_had(d) && d->fetch.mode == STS_MODE_ENFORCE)
		has |= STS;
	if (!policy_has_dane(on->ep->host))
		return has;
	has |= DANE;
	return policy_tlsa_matches(on->ep, true) == 0 &&
	    has_ta(on->ep->host) ? has | DANE_TA : has;
}

/* A warning is critical under one of these policies. */
static enum severity
under(const struct check_on *on, enum severity severity, unsigned which)
{
	unsigned has = policies(on) & which;
	size_t len = strlen(on->text);

	if ((severity != SEV_WARN && severity != SEV_CRIT) || has == 0)
		return severity;
	snprintf(on->text + len, FINDING_TEXT_MAX - len, "; senders with %s "
	    "leave it out", has == STS ? "MTA-STS" : has & STS ?
	    "MTA-STS or DANE" : "DANE");
	return SEV_CRIT;
}

/* Vouched for by TLSA records, and no policy asks for more. ee: by usage 3,
 * where names and dates do not count (RFC 7672 3.1.1); by usage 2 it is the
 * chain that needs no other root (3.1.2). */
static bool
is_vouched_for(const struct check_on *on, bool ee)
{
	return policy_has_dane(on->ep->host) && !(policies(on) & STS) &&
	    policy_tlsa_matches(on->ep, ee) > 0;
}

static enum severity
offered_by_policy(const struct check_on *on)
{
	return under(on, offered(on), STS | DANE);
}

static enum severity
handshake_by_policy(const struct check_on *on)
{
	return under(on, handshake(on), STS | DANE);
}

static enum severity
dates_by_policy(const struct check_on *on)
{
	return is_vouched_for(on, true) ? SEV_OK : under(on, dates(on), STS);
}

/* What may expire unnoticed needs no warning before. */
static enum severity
expiry_by_policy(const struct check_on *on)
{
	return is_vouched_for(on, true) ? SEV_OK : expiry(on);
}

static enum severity
chain_by_policy(const struct check_on *on)
{
	return is_vouched_for(on, false) ? SEV_OK : under(on, chain(on), STS);
}

static enum severity
name_by_policy(const struct check_on *on)
{
	return is_vouched_for(on, true) ? SEV_OK :
	    under(on, name(on), STS | DANE_TA);
}

/* ---- the other certificate */

/* What is wrong with it fills on->text; the rules are those of the first. */
static enum severity
judge_certificate(const struct check_on *on)
{
	static check_fn *const rules[] = {dates_by_policy, chain_by_policy,
	    name_by_policy, expiry_by_policy};
	enum severity severity;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		severity = rules[i](on);
		if (severity == SEV_WARN || severity == SEV_CRIT)
			return severity;
	}
	if (policy_has_dane(on->ep->host) && on->ep->shared == NULL &&
	    policy_tlsa_matches(on->ep, false) == 0)
		return check_say(on, SEV_CRIT, "no TLSA record matches it: "
		    "senders with DANE that prefer it leave the host out");
	return SEV_OK;
}

static enum severity
other(const struct check_on *on)
{
	char text[FINDING_TEXT_MAX] = "";
	struct facts_endpoint ep = *on->ep;
	struct check_on sub = *on;
	enum severity severity;

	if (ep.other == NULL)
		return SEV_SKIPPED;
	if (ep.other->n_certs == 0)
		return SEV_OK;
	ep.probe.tls = *ep.other;
	sub.ep = &ep;
	sub.text = text;
	severity = judge_certificate(&sub);
	return severity == SEV_OK ? SEV_OK : check_say(on, severity,
	    "its %s certificate: %s", ep.other->certs[0].key, text);
}

bool
check_tls_fails(const struct check_on *on)
{
	static check_fn *const needs[] = {offered, handshake, dates, chain,
	    name};
	enum severity severity;

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		severity = needs[i](on);
		if (severity == SEV_WARN || severity == SEV_CRIT)
			return true;
	}
	return false;
}

const struct check check_t[] = {
    {"T01", "offered", CHECK_ENDPOINT, offered_by_policy,
	"A server should offer STARTTLS (RFC 3207); with MTA-STS or DANE it "
	"must (RFC 8461 5, RFC 7672 2.2)."},
    {"T02", "handshake", CHECK_ENDPOINT, handshake_by_policy,
	"A handshake that fails sends Postfix to the next MX, Exim and "
	"OpenSMTPD into clear text; one that hangs costs all of them up to "
	"5 minutes. Critical with MTA-STS or DANE."},
    {"T03", "protocol", CHECK_ENDPOINT, protocol,
	"TLS 1.0 and 1.1 are gone (RFC 8996, RFC 9325)."},
    {"T04", "dates", CHECK_ENDPOINT, dates_by_policy,
	"Every certificate that is shown is within its dates: critical with an "
	"enforced policy of MTA-STS (RFC 8461 4.2). Not judged where a TLSA "
	"record of usage 3 vouches for it (RFC 7672 3.1.1)."},
    {"T05", "chain", CHECK_ENDPOINT, chain_by_policy,
	"The chain leads to a root that is trusted here. Most senders take any "
	"certificate; those with MTA-STS do not: critical with an enforced "
	"policy. Not judged where a TLSA record vouches for it."},
    {"T06", "name", CHECK_ENDPOINT, name_by_policy,
	"A dNSName of the certificate is the MX host's name (RFC 9525); "
	"critical with an enforced policy of MTA-STS (RFC 8461 4.2) and with "
	"TLSA records of usage 2 (RFC 7672 3.2). The CN alone is no match. Not "
	"judged where a TLSA record of usage 3 vouches for it."},
    {"T07", "expiry", CHECK_ENDPOINT, expiry_by_policy,
	"Of a lifetime L less than min(21 days, L/4) is left: a warning; less "
	"than min(7 days, L/12): critical. An expired one is T04's. Not judged "
	"where a TLSA record of usage 3 vouches for it (RFC 7672 3.1.1)."},
    {"T08", "key", CHECK_ENDPOINT, key,
	"RSA keys of 2048 bits, curves of 224 at least; no MD5, no SHA-1."},
    {"T09", "vanished", CHECK_ENDPOINT, vanished,
	"TLS that worked in several runs and is gone now is a downgrade, or a "
	"filter on the way (RFC 3207 6 names this memory as a defence)."},
    {"T10", "injection", CHECK_ENDPOINT, injection,
	"Clear text that comes before the handshake must not count after it "
	"(CVE-2011-0411)."},
    {"T11", "pool", CHECK_HOST, pool,
	"The addresses of one host should offer the same TLS."},
    {"T12", "other certificate", CHECK_ENDPOINT, other,
	"A server may have a certificate with an RSA key and one with ECDSA, "
	"and senders get either: with --dual-cert a second session asks for "
	"the one that the first did not show, and T04 to T07, and TLSA "
	"records, are judged of it."},
    {"T13", "renewal", CHECK_ENDPOINT, renewal,
	"The certificate changed since the last run; with a new key, TLSA "
	"records for the old one do not match any more."},
    {0},
};
