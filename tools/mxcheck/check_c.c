/*
 * C: the vantage point, and whether the servers can be reached at all.
 */
#include <string.h>

#include "tools/mxcheck/check.h"

/* No address sent a single packet back. A refusal is one, too. */
static bool
is_cut_off(const struct facts *facts)
{
	size_t silent = 0;

	for (size_t i = 0; i < facts->n_endpoints; i++) {
		const struct facts_endpoint *ep = facts->endpoints[i];
		enum facts_end end = ep->probe.step[FACTS_CONNECT].end;

		if (ep->untried != NULL)
			continue;
		if (end != FACTS_END_TIMEOUT && end != FACTS_END_UNREACHABLE)
			return false;
		silent += ep->shared == NULL;
	}
	return silent > 1;
}

static enum severity
vantage(const struct check_on *on)
{
	if (is_cut_off(on->facts))
		return check_say(on, SEV_UNKNOWN, "no server of any domain "
		    "answers: this host is cut off, or port 25 is blocked");
	if (on->facts->no_route4 || on->facts->no_route6)
		return check_say(on, SEV_INFO, "no route for %s: those "
		    "addresses are not tested from here",
		    on->facts->no_route4 ? "IPv4" : "IPv6");
	return SEV_OK;
}

static enum severity
connect_to(const struct check_on *on)
{
	const struct facts_step *step = &on->ep->probe.step[FACTS_CONNECT];
	const struct settings_host *host =
	    settings_host(on->settings, on->mx->target);
	bool down = host->expect_down || host->role == ROLE_NOLISTING;

	if (on->ep->untried != NULL)
		return check_say(on, SEV_UNKNOWN, "not tried: %s",
		    on->ep->untried);
	switch (step->end) {
	case FACTS_END_NONE:
	case FACTS_END_STOPPED:
		return check_say(on, SEV_UNKNOWN, "not tried: the time of the "
		    "run was over");
	case FACTS_END_DONE:
		return !down ? SEV_OK : check_say(on, SEV_WARN,
		    "it answers, but is expected to be down");
	case FACTS_END_TIMEOUT:
		return down ? SEV_OK : check_say(on, SEV_CRIT, "filtered: no "
		    "answer to connect in %.1f s", step->ms / 1000.0);
	default:
		return down ? SEV_OK : check_say(on, SEV_CRIT, "%s",
		    step->end == FACTS_END_UNREACHABLE ? "no route to it" :
		    facts_end_txt(step->end));
	}
}

/* ---- families */

struct family {
	unsigned n, tried, up;
};

static struct family
family_of(const struct facts_host *host, uint8_t family)
{
	struct family out = {0};

	for (size_t i = 0; host != NULL && i < host->n_endpoints; i++) {
		const struct facts_endpoint *ep = host->endpoints[i];

		if (ep->addr->addr.family != family)
			continue;
		out.n++;
		out.tried += ep->untried == NULL;
		out.up += ep->untried == NULL &&
		    ep->probe.step[FACTS_CONNECT].end == FACTS_END_DONE;
	}
	return out;
}

static enum severity
v6_parity(const struct check_on *on)
{
	struct family v4 = family_of(on->mx->host, AF_INET);
	struct family v6 = family_of(on->mx->host, AF_INET6);

	if (v4.tried > 0 && v6.tried > 0) {
		if (v6.up == 0 && v4.up > 0)
			return check_say(on, SEV_WARN,
			    "IPv4 answers, no IPv6 address does: senders "
			    "without fall-back do not reach it");
		if (v4.up == 0 && v6.up > 0)
			return check_say(on, SEV_WARN,
			    "IPv6 answers, no IPv4 address does");
		return SEV_OK;
	}
	return SEV_OK; /* C01 tells of the only family */
}

static bool
other_host_has_v4(const struct check_on *on)
{
	for (size_t i = 0; i < on->domain->n_mxs; i++)
		if (on->domain->mxs[i].host != on->mx->host &&
		    family_of(on->domain->mxs[i].host, AF_INET).n > 0)
			return true;
	return false;
}

static enum severity
single_family(const struct check_on *on)
{
	struct family v4 = family_of(on->mx->host, AF_INET);
	struct family v6 = family_of(on->mx->host, AF_INET6);

	if (v4.n > 0 && v6.n == 0)
		return check_say(on, SEV_INFO, "no IPv6 address");
	if (v6.n > 0 && v4.n == 0 && other_host_has_v4(on))
		return check_say(on, SEV_WARN,
		    "no IPv4 address: IPv4-only senders cannot reach it");
	if (v6.n > 0 && v4.n == 0)
		return check_say(on, SEV_CRIT, "no IPv4 address, nor at any "
		    "other MX: IPv4-only senders cannot deliver");
	return SEV_OK;
}

static enum severity
some_addresses(const struct check_on *on)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	for (unsigned i = 0; i < 2; i++) {
		struct family f = family_of(on->mx->host, families[i]);

		if (f.up > 0 && f.up < f.tried)
			return check_say(on, SEV_WARN, "%u of %u IPv%u "
			    "addresses do not answer: senders lose time",
			    f.tried - f.up, f.tried, i == 0 ? 4 : 6);
	}
	return SEV_OK;
}

/* ---- time, and how we are met */

/* It timed out at first. Slow is what took longer than the first time granted;
 * else a packet was lost. */
static enum severity
second_try(const struct check_on *on, enum facts_stage stage, uint32_t was_ms)
{
	uint32_t ms = on->ep->probe.step[stage].ms;

	return check_say(on, ms >= was_ms ? SEV_WARN : SEV_INFO,
	    "%s came only at the second try, in %.1f s",
	    facts_stage_txt(stage), ms / 1000.0);
}

static enum severity
stage_times(const struct check_on *on)
{
	const struct facts_probe *first =
	    on->ep->first != NULL ? on->ep->first : &on->ep->probe;

	for (unsigned i = 0; i < FACTS_STAGES; i++) {
		const struct facts_step *step = &on->ep->probe.step[i];
		uint32_t slow = on->settings->slow_ms[i];

		/* a time-out is another check's, unless patience helped */
		if (step->end != FACTS_END_DONE)
			continue;
		if (slow > 0 && step->ms > slow)
			return check_say(on, SEV_WARN,
			    "slow %s: %.1f s (more than %.1f s)",
			    facts_stage_txt(i), step->ms / 1000.0,
			    slow / 1000.0);
		if (first->step[i].end == FACTS_END_TIMEOUT)
			return second_try(on, i, first->step[i].ms);
	}
	return SEV_OK;
}

/* The reply that brought the session to its end, or its last one. */
static const struct facts_reply *
deciding(const struct check_on *on)
{
	static const enum facts_stage stages[] = {FACTS_GREETING, FACTS_EHLO,
	    FACTS_HELO, FACTS_EHLO_TLS, FACTS_MAIL};
	const struct facts_rcpt *rcpt = facts_rcpt(&on->ep->probe, on->domain);
	const struct facts_reply *reply;

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		reply = &on->ep->probe.step[stages[i]].reply;
		if (reply->code >= 400 && (outcome_reply_limits(reply) ||
		    outcome_reply_unwelcome(reply)))
			return reply;
	}
	return rcpt != NULL ? &rcpt->postmaster.reply : NULL;
}

static enum severity
limited(const struct check_on *on)
{
	const struct facts_reply *reply = deciding(on);

	if (on->ep->held)
		return check_say(on, SEV_UNKNOWN, "it limits us, and is left "
		    "alone for ten minutes");
	if (on->outcome != OUTCOME_LIMITED || reply == NULL)
		return SEV_OK;
	return check_say(on, SEV_UNKNOWN, "it limits us: %u %s", reply->code,
	    reply->text);
}

static enum severity
unwelcome(const struct check_on *on)
{
	const struct facts_reply *reply = deciding(on);

	if (on->outcome != OUTCOME_UNWELCOME || reply == NULL)
		return SEV_OK;
	return check_say(on, SEV_UNKNOWN,
	    "the probe host is not welcome here: %u %s", reply->code,
	    reply->text);
}

const struct check check_c[] = {
    {"C00", "vantage", CHECK_RUN, vantage,
	"If nothing at all answers, the fault is here: the run says UNKNOWN, "
	"nothing is called down. A family without a route is not tested."},
    {"C01", "connect", CHECK_ENDPOINT, connect_to,
	"The server must take connections on port 25 (RFC 5321 5.1). The text "
	"tells refused (nothing listens), filtered (no answer at all), no "
	"route and reset apart."},
    {"C02", "v6 parity", CHECK_HOST, v6_parity,
	"If one family answers and the other does not, some senders do not "
	"fall back and never deliver (RFC 5321 5.2)."},
    {"C03", "single family", CHECK_HOST, single_family,
	"A host without IPv4 cannot be reached by most of the world; one "
	"without IPv6 is worth knowing."},
    {"C04", "some addresses", CHECK_HOST, some_addresses,
	"Each dead address of a host costs every sender a connect time-out "
	"(30 s to 5 min), and counts towards the limit of addresses tried."},
    {"C05", "stage times", CHECK_ENDPOINT, stage_times,
	"Slower than: connect 3 s, greeting 10 s, EHLO, STARTTLS, handshake "
	"5 s, MAIL and RCPT 10 s. Senders wait 5 min (RFC 5321 4.5.3.2), but "
	"hold a slot while they do."},
    {"C06", "limited", CHECK_ENDPOINT, limited,
	"A 4xx that speaks of too many connections or of a rate says nothing "
	"of the server: what was known of it stays. With a state it is not "
	"dialled again for ten minutes."},
    {"C07", "probe refused", CHECK_ENDPOINT, unwelcome,
	"A reply that names the client (DNSBL, PTR, HELO) is about the host "
	"that runs mxcheck, not about the domain's mail."},
    {0},
};
