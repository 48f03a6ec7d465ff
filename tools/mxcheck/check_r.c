/*
 * R: recipients and relay. Accepted means: at RCPT. Nothing is ever sent.
 */
#include "tools/mxcheck/address.h"
#include "tools/mxcheck/check.h"

static bool
is_2xx(const struct facts_step *step)
{
	return step->reply.code / 100 == 2;
}

static bool
is_there(const struct facts_step *step)
{
	return step->reply.code != 0;
}

/* Is it likely that the server takes us for one of its own? */
static bool
is_trusted(const struct check_on *on)
{
	enum address_scope scope = address_scope(&on->ep->addr->addr);

	if (settings_host(on->settings, on->mx->target)->trusted ||
	    on->settings->trusted_probe == FACTS_YES)
		return true;
	return on->settings->trusted_probe == FACTS_UNKNOWN &&
	    (scope == ADDRESS_SELF || scope == ADDRESS_PRIVATE);
}

static enum severity
relay(const struct check_on *on)
{
	const struct facts_step *step = &on->ep->probe.step[FACTS_RELAY];

	if (!is_there(step))
		return SEV_SKIPPED;
	if (!is_2xx(step))
		return SEV_OK;
	if (is_trusted(on))
		return check_say(on, SEV_INFO, "a foreign recipient is "
		    "accepted, but not conclusive: it may trust this host");
	return check_say(on, SEV_CRIT, "open relay: a foreign recipient is "
	    "accepted at RCPT (nothing was sent): %u %s", step->reply.code,
	    step->reply.text);
}

static enum severity
unknown_user(const struct check_on *on)
{
	const struct facts_rcpt *rcpt = facts_rcpt(&on->ep->probe, on->domain);

	if (rcpt == NULL || !is_there(&rcpt->unknown))
		return SEV_SKIPPED;
	if (rcpt->unknown.reply.code / 100 == 4)
		return SEV_SKIPPED; /* R05 */
	return !is_2xx(&rcpt->unknown) ? SEV_OK : check_say(on, SEV_WARN,
	    "it accepts recipients that do not exist: mail for them is "
	    "returned later, to forged senders (backscatter)");
}

static enum severity
greylist(const struct check_on *on)
{
	const struct facts_rcpt *rcpt = facts_rcpt(&on->ep->probe, on->domain);

	if (rcpt == NULL || !is_there(&rcpt->postmaster))
		return SEV_SKIPPED;
	return on->outcome != OUTCOME_GREY ? SEV_OK : check_say(on, SEV_INFO,
	    "it greylists us, which counts as usable: %u %s",
	    rcpt->postmaster.reply.code, rcpt->postmaster.reply.text);
}

const struct check check_r[] = {
    {"R01", "relay", CHECK_ENDPOINT, relay,
	"A server must not take mail for others from anybody (RFC 2505 2.1). "
	"From a host that it trusts the test is not conclusive."},
    {"R02", "unknown user", CHECK_ENDPOINT, unknown_user,
	"To accept and return later is backscatter (RFC 5321 6.2)."},
    {"R05", "greylist", CHECK_ENDPOINT, greylist,
	"450 or 451 that speaks of greylisting or of trying again: real "
	"senders come back (RFC 6647)."},
    {0},
};
