/*
 * B: the backup against the primary: what a failover would change.
 */
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/level.h"

static const struct facts_reply *
unknown_reply(const struct facts_endpoint *ep,
    const struct facts_domain *domain)
{
	const struct facts_rcpt *rcpt = facts_rcpt(&ep->probe, domain);

	return rcpt != NULL ? &rcpt->unknown.reply : NULL;
}

static bool
rejects_unknown(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	const struct facts_reply *reply = unknown_reply(ep, d);

	return reply != NULL && reply->code / 100 == 5;
}

static bool
accepts_unknown(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	const struct facts_reply *reply = unknown_reply(ep, d);

	return reply != NULL && reply->code / 100 == 2;
}

static enum severity
recipients(const struct check_on *on)
{
	struct level first = level_first(on->domain), this = level_of(on);
	const struct facts_endpoint *a, *b;

	if (level_is_first(on))
		return SEV_OK;
	a = level_find(&first, rejects_unknown);
	b = level_find(&this, accepts_unknown);
	return a == NULL || b == NULL ? SEV_OK : check_say(on, SEV_CRIT,
	    "%s accepts recipients that %s rejects: spam for them comes in "
	    "here and is returned (Postfix: relay_recipient_maps)",
	    b->host->name, a->host->name);
}

/* ---- call-out */

static bool
is_usable(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	return outcome_is_usable(outcome_of(ep, d));
}

static bool
has_rcpt(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	const struct facts_rcpt *rcpt = facts_rcpt(&ep->probe, d);

	return rcpt != NULL && rcpt->postmaster.reply.code != 0;
}

static bool
says_call_out(const struct facts_reply *reply)
{
	return reply->code != 0 &&
	    (strcasestr(reply->text, "unverified") != NULL ||
		strcasestr(reply->text, "verification") != NULL ||
		strcasestr(reply->text, "callout") != NULL);
}

static bool
calls_out(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	const struct facts_rcpt *rcpt = facts_rcpt(&ep->probe, d);

	return rcpt != NULL && (says_call_out(&rcpt->postmaster.reply) ||
	    says_call_out(&rcpt->unknown.reply));
}

static bool
greylists(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	return outcome_of(ep, d) == OUTCOME_GREY;
}

/* Some recipient, or all of them later: that is greylisting. */
static bool
takes_some(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	const struct facts_rcpt *rcpt = facts_rcpt(&ep->probe, d);

	if (greylists(ep, d) && !calls_out(ep, d))
		return true;
	return has_rcpt(ep, d) && (rcpt->postmaster.reply.code / 100 != 4 ||
	    rcpt->unknown.reply.code / 100 != 4);
}

static enum severity
call_out(const struct check_on *on)
{
	struct level first = level_first(on->domain), this = level_of(on);
	const struct facts_endpoint *ep;

	if (level_is_first(on))
		return SEV_OK;
	ep = level_find(&this, has_rcpt);
	if (ep == NULL)
		return SEV_SKIPPED;
	if (level_find(&first, is_usable) == NULL &&
	    level_find(&this, takes_some) == NULL)
		return check_say(on, SEV_CRIT, "%s defers every recipient "
		    "while the primary is down: does it verify them there? "
		    "%u %s", ep->host->name,
		    facts_rcpt(&ep->probe, on->domain)->postmaster.reply.code,
		    facts_rcpt(&ep->probe, on->domain)->postmaster.reply.text);
	ep = level_find(&this, calls_out);
	return ep == NULL ? SEV_OK : check_say(on, SEV_INFO, "%s verifies "
	    "recipients by asking another server: what if that is the one "
	    "that is down?", ep->host->name);
}

/* ---- TLS, greylisting, families */

static bool
has_tls(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	(void)d;
	return outcome_tls(ep) == OUTCOME_TLS_OK;
}

static bool
has_no_tls(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	(void)d;
	return ep->probe.step[FACTS_EHLO].reply.code == 250 &&
	    outcome_tls(ep) != OUTCOME_TLS_OK;
}

static enum severity
tls(const struct check_on *on)
{
	struct level first = level_first(on->domain), this = level_of(on);
	const struct facts_endpoint *a, *b;

	if (level_is_first(on))
		return SEV_OK;
	a = level_find(&first, has_tls);
	b = level_find(&this, has_no_tls);
	return a == NULL || b == NULL ? SEV_OK : check_say(on, SEV_WARN,
	    "%s does TLS, %s does not: a failover is a downgrade",
	    a->host->name, b->host->name);
}

static bool
takes_at_once(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	return outcome_of(ep, d) == OUTCOME_OK;
}

static enum severity
greylist(const struct check_on *on)
{
	struct level first = level_first(on->domain), this = level_of(on);
	const struct facts_endpoint *a, *b;

	if (level_is_first(on))
		return SEV_OK;
	a = level_find(&first, greylists);
	b = level_find(&this, takes_at_once);
	return a == NULL || b == NULL ? SEV_OK : check_say(on, SEV_WARN,
	    "%s greylists, %s does not: senders go there in the same pass",
	    a->host->name, b->host->name);
}

static bool
is_v6(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	(void)d;
	return ep->addr->addr.family == AF_INET6;
}

static bool
is_any(const struct facts_endpoint *ep, const struct facts_domain *d)
{
	(void)ep, (void)d;
	return true;
}

static enum severity
families(const struct check_on *on)
{
	struct level first = level_first(on->domain), this = level_of(on);
	bool a, b;

	if (level_is_first(on) || level_find(&this, is_any) == NULL ||
	    level_find(&first, is_any) == NULL)
		return SEV_OK;
	a = level_find(&first, is_v6) != NULL;
	b = level_find(&this, is_v6) != NULL;
	return a == b ? SEV_OK : check_say(on, SEV_WARN, a ?
	    "the first level has IPv6, this one has not" :
	    "this level has IPv6, the first one has not");
}

/* ---- the same server */

static enum severity
loop(const struct check_on *on)
{
	struct level first = level_first(on->domain);
	struct level this = {on->domain, on->mx, 1};
	const struct facts_endpoint *a = level_find(&first, is_usable);
	const struct facts_endpoint *b = level_find(&this, is_usable);

	if (on->mx->pref == first.mx->pref)
		return SEV_OK;
	if (a == NULL || b == NULL || a->probe.ehlo.name == NULL ||
	    b->probe.ehlo.name == NULL)
		return SEV_SKIPPED;
	return strcasecmp(a->probe.ehlo.name, b->probe.ehlo.name) != 0 ?
	    SEV_OK : check_say(on, SEV_WARN, "it calls itself %s, as %s does: "
	    "the same server?", b->probe.ehlo.name, a->host->name);
}

/* ---- not seen at work */

#define DAY 86400

static enum severity
idle(const struct check_on *on)
{
	struct level this = level_of(on);
	int64_t last = 0;

	if (level_is_first(on) || level_find(&this, is_usable) != NULL)
		return SEV_OK;
	for (size_t i = 0; i < on->n_level; i++) {
		const struct facts_host *host = on->level[i].host;

		for (size_t k = 0; host != NULL && k < host->n_endpoints; k++)
			if (host->endpoints[k]->past.last_usable > last)
				last = host->endpoints[k]->past.last_usable;
	}
	if (last == 0 || on->facts->at - last < DAY)
		return SEV_OK;
	return check_say(on, SEV_INFO, "no host of this level was usable for "
	    "%lld days", (long long)((on->facts->at - last) / DAY));
}

const struct check check_b[] = {
    {"B01", "recipients", CHECK_LEVEL, recipients,
	"A backup that knows no recipients takes all the spam for those that "
	"do not exist, and returns it to forged senders."},
    {"B02", "call-out", CHECK_LEVEL, call_out,
	"A backup that verifies recipients at the primary defers all mail "
	"when that is down: just when it is needed."},
    {"B03", "TLS", CHECK_LEVEL, tls,
	"A backup without TLS makes a failover a downgrade."},
    {"B04", "greylist", CHECK_LEVEL, greylist,
	"Postfix and Exim go to the backup in the same pass, so a filter that "
	"only the primary has is walked around."},
    {"B05", "families", CHECK_LEVEL, families,
	"Senders of one family lose their failover."},
    {"B06", "loop", CHECK_HOST, loop,
	"Two MX that give the same name to EHLO are one server."},
    {"B07", "idle", CHECK_LEVEL, idle,
	"How long a backup has been gone, from the state."},
    {0},
};
