/*
 * S: SMTP. What the server said, stage by stage; what was not reached is
 * skipped, and what only tells of us (C06, C07) is left to those.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/level.h"

static const struct facts_step *
step_of(const struct check_on *on, enum facts_stage stage)
{
	return &on->ep->probe.step[stage];
}

static bool
was_reached(const struct facts_step *step)
{
	return step->end != FACTS_END_NONE && step->end != FACTS_END_STOPPED;
}

static bool
is_about_us(const struct check_on *on)
{
	return on->outcome == OUTCOME_LIMITED ||
	    on->outcome == OUTCOME_UNWELCOME;
}

/* "554 no" or "timed out after 30.0 s". */
static enum severity
say_step(const struct check_on *on, enum severity severity, const char *what,
    const struct facts_step *step)
{
	if (step->end == FACTS_END_DONE)
		return check_say(on, severity, "%s: %u %s", what,
		    step->reply.code, step->reply.text);
	return check_say(on, severity, "%s: %s after %.1f s", what,
	    facts_end_txt(step->end), step->ms / 1000.0);
}

/* ---- the greeting */

static enum severity
greeting(const struct check_on *on)
{
	const struct facts_step *step = step_of(on, FACTS_GREETING);

	if (!was_reached(step) || is_about_us(on) ||
	    step->end == FACTS_END_PROTO) /* S02 */
		return SEV_SKIPPED;
	if (step->end != FACTS_END_DONE)
		return say_step(on, SEV_CRIT, "no greeting", step);
	switch (step->reply.code) {
	case 220:
		return SEV_OK;
	case 421:
		return say_step(on, SEV_CRIT, "service not available", step);
	case 521:
		return say_step(on, SEV_CRIT, "a host that takes no mail "
		    "(RFC 7504)", step);
	case 554:
		return say_step(on, SEV_CRIT, "no SMTP service here", step);
	default:
		return say_step(on, SEV_CRIT, "greeting", step);
	}
}

static enum severity
syntax(const struct check_on *on)
{
	for (unsigned i = FACTS_GREETING; i < FACTS_STAGES; i++) {
		const struct facts_step *step = step_of(on, i);
		const char *stage = facts_stage_txt(i);

		if (step->end == FACTS_END_PROTO && i != FACTS_TLS)
			return check_say(on, SEV_CRIT, "%s: not SMTP, or no "
			    "end of it: %s", stage, step->reply.text);
		if (step->reply.faults & FACTS_REPLY_CODES_DIFFER)
			return check_say(on, SEV_WARN, "%s: codes differ "
			    "within one reply", stage);
		if (step->reply.faults & FACTS_REPLY_LONG_LINE)
			return check_say(on, SEV_WARN, "%s: a line of more "
			    "than 512 octets", stage);
		if (step->reply.faults & FACTS_REPLY_BARE_LF)
			return check_say(on, SEV_WARN, "%s: lines end in a "
			    "bare LF", stage);
	}
	return was_reached(step_of(on, FACTS_GREETING)) ? SEV_OK : SEV_SKIPPED;
}

/* ---- EHLO and MAIL */

static enum severity
ehlo(const struct check_on *on)
{
	const struct facts_step *first = step_of(on, FACTS_EHLO);
	const struct facts_step *helo = step_of(on, FACTS_HELO);

	if (!was_reached(first) || is_about_us(on) ||
	    first->end == FACTS_END_PROTO)
		return SEV_SKIPPED;
	if (helo->end == FACTS_END_DONE && helo->reply.code == 250)
		return say_step(on, SEV_WARN, "EHLO is refused, HELO taken",
		    first);
	if (was_reached(helo))
		return say_step(on, SEV_CRIT, "neither EHLO nor HELO", helo);
	if (first->end == FACTS_END_DONE && first->reply.code == 250)
		return SEV_OK;
	return say_step(on, SEV_CRIT, "EHLO", first);
}

static bool
wants_tls_first(const struct check_on *on)
{
	const struct facts_step *mail = step_of(on, FACTS_MAIL);

	return step_of(on, FACTS_EHLO_TLS)->end != FACTS_END_DONE &&
	    (mail->reply.code == 530 || (mail->reply.code == 554 &&
		strcasestr(mail->reply.text, "TLS") != NULL));
}

static enum severity
null_sender(const struct check_on *on)
{
	const struct facts_step *mail = step_of(on, FACTS_MAIL);

	if (!was_reached(mail) || is_about_us(on) || wants_tls_first(on))
		return SEV_SKIPPED;
	if (mail->end != FACTS_END_DONE)
		return say_step(on, SEV_WARN, "MAIL FROM:<>", mail);
	if (mail->reply.code / 100 == 2)
		return SEV_OK;
	return mail->reply.code / 100 == 5 ?
	    say_step(on, SEV_CRIT, "bounces and delivery reports are refused",
		mail) : say_step(on, SEV_WARN, "MAIL FROM:<>", mail);
}

static enum severity
tls_forced(const struct check_on *on)
{
	if (!was_reached(step_of(on, FACTS_MAIL)))
		return SEV_SKIPPED;
	return !wants_tls_first(on) ? SEV_OK : say_step(on, SEV_WARN,
	    "a public server must not require TLS (RFC 3207 4)",
	    step_of(on, FACTS_MAIL));
}

/* ---- postmaster */

static bool
refuses_postmaster(const struct facts_endpoint *ep,
    const struct facts_domain *domain)
{
	const struct facts_rcpt *rcpt = facts_rcpt(&ep->probe, domain);

	return rcpt != NULL && rcpt->postmaster.reply.code / 100 == 5;
}

static bool
takes_postmaster(const struct facts_endpoint *ep,
    const struct facts_domain *domain)
{
	return facts_rcpt(&ep->probe, domain) != NULL &&
	    !refuses_postmaster(ep, domain);
}

static enum severity
postmaster(const struct check_on *on)
{
	const struct facts_rcpt *rcpt = facts_rcpt(&on->ep->probe, on->domain);
	struct level first = level_first(on->domain);
	bool nobody;

	if (rcpt == NULL || !was_reached(&rcpt->postmaster) || is_about_us(on))
		return SEV_SKIPPED;
	if (!refuses_postmaster(on->ep, on->domain))
		return SEV_OK; /* 4xx: R05 */
	nobody = on->mx->pref == first.mx->pref &&
	    level_find(&first, takes_postmaster) == NULL;
	return say_step(on, nobody ? SEV_CRIT : SEV_WARN, nobody ?
	    "postmaster is refused by every server of the first level" :
	    "postmaster is refused", &rcpt->postmaster);
}

/* ---- later levels against the first */

static bool
is_ready(const struct facts_endpoint *ep, const struct facts_domain *domain)
{
	(void)domain;
	return ep->probe.ehlo.n > 0;
}

/* The largest message; 0: no limit is named. -1: the keyword is not there. */
static long long
size_of(const struct facts_endpoint *ep)
{
	const char *line = facts_keyword(&ep->probe, "SIZE");

	if (line == NULL)
		return -1;
	return line[4] != '\0' ? strtoll(line + 5, NULL, 10) : 0;
}

static enum severity
size_parity(const struct check_on *on)
{
	struct level first = level_first(on->domain), this = level_of(on);
	const struct facts_endpoint *a = level_find(&first, is_ready);
	const struct facts_endpoint *b = level_find(&this, is_ready);
	long long size_a, size_b;

	if (level_is_first(on))
		return SEV_OK;
	if (a == NULL || b == NULL)
		return SEV_SKIPPED;
	size_a = size_of(a);
	size_b = size_of(b);
	if (size_b <= 0 || (size_a > 0 && size_a <= size_b))
		return SEV_OK;
	return check_say(on, SEV_WARN, "%s takes messages of %lld bytes, %s "
	    "of %lld: larger ones are returned in a failover", b->host->name,
	    size_b, a->host->name, size_a > 0 ? size_a : 0);
}

static enum severity
feature_parity(const struct check_on *on)
{
	static const char *const features[] = {"SMTPUTF8", "8BITMIME"};
	struct level first = level_first(on->domain), this = level_of(on);
	const struct facts_endpoint *a = level_find(&first, is_ready);
	const struct facts_endpoint *b = level_find(&this, is_ready);

	if (level_is_first(on))
		return SEV_OK;
	if (a == NULL || b == NULL)
		return SEV_SKIPPED;
	for (unsigned i = 0; i < 2; i++)
		if (facts_keyword(&a->probe, features[i]) != NULL &&
		    facts_keyword(&b->probe, features[i]) == NULL)
			return check_say(on, SEV_WARN, "%s has %s, %s has not",
			    a->host->name, features[i], b->host->name);
	return SEV_OK;
}

static enum severity
quit(const struct check_on *on)
{
	const struct facts_step *step = step_of(on, FACTS_QUIT);

	if (!was_reached(step))
		return SEV_SKIPPED;
	return step->reply.code == 221 ? SEV_OK : check_say(on, SEV_INFO,
	    "no 221 to QUIT");
}

const struct check check_s[] = {
    {"S01", "greeting", CHECK_ENDPOINT, greeting,
	"The greeting is 220; any other code turns mail away (RFC 5321 3.1, "
	"4.2; RFC 7504 for 521)."},
    {"S02", "reply syntax", CHECK_ENDPOINT, syntax,
	"One code in a reply, lines of 512 octets at most that end in CRLF "
	"(RFC 5321 4.2.1, 4.5.3.1.5). We read 2048 octets a line, 100 lines a "
	"reply, 64 KiB a session."},
    {"S03", "EHLO", CHECK_ENDPOINT, ehlo,
	"Servers must take EHLO (RFC 5321 4.1.1.1)."},
    {"S04", "null sender", CHECK_ENDPOINT, null_sender,
	"MAIL FROM:<> must be taken, or delivery reports are lost (RFC 5321 "
	"4.5.5)."},
    {"S05", "postmaster", CHECK_ENDPOINT, postmaster,
	"Mail for postmaster must be taken (RFC 5321 4.5.1)."},
    {"S06", "TLS forced", CHECK_ENDPOINT, tls_forced,
	"A server on port 25 that anybody may use must not require STARTTLS "
	"(RFC 3207 4)."},
    {"S07", "SIZE", CHECK_LEVEL, size_parity,
	"What the primary takes and the backup does not is returned in a "
	"failover (RFC 1870)."},
    {"S08", "features", CHECK_LEVEL, feature_parity,
	"Mail that needs SMTPUTF8 or 8BITMIME is returned by a backup without "
	"(RFC 6531, RFC 6152)."},
    {"S09", "QUIT", CHECK_ENDPOINT, quit,
	"QUIT is answered by 221 (RFC 5321 4.1.1.10)."},
    {0},
};
