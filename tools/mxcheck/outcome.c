/*
 * Replies are judged by their code first; the words that are looked for tell
 * the few cases apart in which the code says nothing: whether it is us, our
 * pace, or the mail that is refused.
 */
#include "tools/mxcheck/outcome.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/finding.h"

static bool
says(const struct facts_reply *reply, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasestr(reply->text, *words) != NULL)
			return true;
	return false;
}

static bool
is_4xx(const struct facts_reply *reply)
{
	return reply->code / 100 == 4;
}

static bool
is_5xx(const struct facts_reply *reply)
{
	return reply->code / 100 == 5;
}

bool
outcome_reply_limits(const struct facts_reply *reply)
{
	static const char *const words[] = {
	    "too many", "rate", "limit", "connections from", "throttl", NULL,
	};

	return is_4xx(reply) && says(reply, words);
}

bool
outcome_reply_unwelcome(const struct facts_reply *reply)
{
	static const char *const words[] = {
	    "blocked", "blacklist", "blocklist", "dnsbl", "spamhaus",
	    "reverse", "helo", "your host name", NULL,
	};

	return (is_4xx(reply) || is_5xx(reply)) &&
	    (says(reply, words) || strstr(reply->text, "PTR") != NULL);
}

bool
outcome_reply_greylists(const struct facts_reply *reply)
{
	static const char *const words[] = {
	    "grey", "gray", "try again", "4.2.0", "4.7.1", "4.3.2", NULL,
	};

	return (reply->code == 450 || reply->code == 451) &&
	    says(reply, words);
}

bool
outcome_reply_no_mailbox(const struct facts_reply *reply)
{
	static const char *const words[] = {
	    "5.1.", "user unknown", "unknown user", "no such user",
	    "mailbox", "no such recipient", "unknown recipient", NULL,
	};

	return is_5xx(reply) && says(reply, words);
}

/* ---- one probe */

static bool
is_lost(enum facts_end end)
{
	return end == FACTS_END_CLOSED || end == FACTS_END_RESET;
}

static enum outcome
of_connect(const struct facts_step *step)
{
	switch (step->end) {
	case FACTS_END_TIMEOUT:
		return OUTCOME_FILTERED;
	case FACTS_END_DONE:
		return OUTCOME_OK;
	case FACTS_END_NONE:
	case FACTS_END_STOPPED:
		return OUTCOME_UNTRIED;
	default:
		return OUTCOME_REFUSED;
	}
}

static enum outcome
of_greeting(const struct facts_step *step)
{
	if (step->end == FACTS_END_TIMEOUT)
		return OUTCOME_MUTE;
	if (is_lost(step->end))
		return OUTCOME_DROP;
	if (step->end == FACTS_END_PROTO)
		return OUTCOME_PROTO;
	if (is_4xx(&step->reply))
		return OUTCOME_GREET4;
	if (is_5xx(&step->reply))
		return OUTCOME_GREET5;
	return step->reply.code == 220 ? OUTCOME_OK : OUTCOME_PROTO;
}

static enum outcome
of_ehlo(const struct facts_step *step)
{
	if (is_lost(step->end))
		return OUTCOME_DROP;
	if (step->end == FACTS_END_PROTO)
		return OUTCOME_PROTO;
	return step->end == FACTS_END_DONE && step->reply.code == 250 ?
	    OUTCOME_OK : OUTCOME_EHLOFAIL;
}

static enum outcome
of_mail(const struct facts_step *step)
{
	if (step->end != FACTS_END_DONE || is_4xx(&step->reply))
		return OUTCOME_MAIL4;
	return step->reply.code == 250 ? OUTCOME_OK : OUTCOME_MAIL5;
}

static enum outcome
of_rcpt(const struct facts_step *step)
{
	if (outcome_reply_greylists(&step->reply))
		return OUTCOME_GREY;
	if (step->end != FACTS_END_DONE || is_4xx(&step->reply))
		return OUTCOME_RCPT4;
	if (step->reply.code / 100 == 2 ||
	    outcome_reply_no_mailbox(&step->reply))
		return OUTCOME_OK;
	return OUTCOME_RCPT5;
}

typedef enum outcome step_fn(const struct facts_step *step);

/* A stage at the end of which the walk stops. */
static enum outcome
of_step(const struct facts_step *step, step_fn *of)
{
	enum outcome outcome;

	if (step->end == FACTS_END_NONE)
		return OUTCOME_OK; /* not wanted */
	if (step->end == FACTS_END_STOPPED)
		return OUTCOME_UNTRIED;
	outcome = of(step);
	if (outcome == OUTCOME_OK || outcome == OUTCOME_GREY)
		return outcome;
	if (outcome_reply_limits(&step->reply))
		return OUTCOME_LIMITED;
	if (outcome_reply_unwelcome(&step->reply))
		return OUTCOME_UNWELCOME;
	return outcome;
}

/* The step that decides; *outcome is what it says. NULL: none was reached. */
static const struct facts_step *
decide(const struct facts_endpoint *ep, const struct facts_domain *domain,
    enum outcome *outcome, enum facts_stage *stage)
{
	static const struct {
		enum facts_stage stage;
		step_fn *of;
	} stages[] = {
	    {FACTS_CONNECT, of_connect},
	    {FACTS_GREETING, of_greeting},
	    {FACTS_EHLO, of_ehlo},
	    {FACTS_HELO, of_ehlo},
	    {FACTS_EHLO_TLS, of_ehlo},
	    {FACTS_MAIL, of_mail},
	};
	const struct facts_probe *probe = &ep->probe;
	const struct facts_rcpt *rcpt = facts_rcpt(probe, domain);
	const struct facts_step *step = NULL;

	*outcome = ep->held ? OUTCOME_LIMITED : OUTCOME_UNTRIED;
	if (ep->untried != NULL ||
	    probe->step[FACTS_CONNECT].end == FACTS_END_NONE)
		return NULL;
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		*stage = stages[i].stage;
		step = &probe->step[*stage];
		if (*stage == FACTS_EHLO &&
		    probe->step[FACTS_HELO].end != FACTS_END_NONE)
			continue; /* HELO decides */
		*outcome = of_step(step, stages[i].of);
		if (*outcome != OUTCOME_OK)
			return step;
	}
	if (rcpt != NULL) {
		step = &rcpt->postmaster;
		*outcome = of_step(step, of_rcpt);
	}
	return step;
}

enum outcome
outcome_of(const struct facts_endpoint *ep, const struct facts_domain *domain)
{
	enum outcome outcome;
	enum facts_stage stage;

	decide(ep, domain, &outcome, &stage);
	return outcome;
}

enum outcome_tls
outcome_tls(const struct facts_endpoint *ep)
{
	const struct facts_step *tls = &ep->probe.step[FACTS_TLS];

	switch (tls->end) {
	case FACTS_END_NONE:
	case FACTS_END_STOPPED:
		return OUTCOME_TLS_NONE;
	case FACTS_END_DONE:
		return OUTCOME_TLS_OK;
	case FACTS_END_TIMEOUT:
		return OUTCOME_TLS_HANG;
	default:
		return OUTCOME_TLS_FAIL;
	}
}

bool
outcome_is_usable(enum outcome outcome)
{
	return outcome == OUTCOME_OK || outcome == OUTCOME_GREY;
}

/* ---- words */

const char *
outcome_txt(enum outcome outcome)
{
	static const char *const txt[OUTCOMES] = {
	    [OUTCOME_UNTRIED] = "UNTRIED",
	    [OUTCOME_LIMITED] = "LIMITED",
	    [OUTCOME_UNWELCOME] = "UNWELCOME",
	    [OUTCOME_REFUSED] = "UNREACH",
	    [OUTCOME_FILTERED] = "UNREACH",
	    [OUTCOME_MUTE] = "MUTE",
	    [OUTCOME_DROP] = "DROP",
	    [OUTCOME_GREET4] = "GREET4",
	    [OUTCOME_GREET5] = "GREET5",
	    [OUTCOME_PROTO] = "PROTO",
	    [OUTCOME_EHLOFAIL] = "EHLOFAIL",
	    [OUTCOME_MAIL4] = "MAIL4",
	    [OUTCOME_MAIL5] = "MAIL5",
	    [OUTCOME_RCPT4] = "RCPT4",
	    [OUTCOME_RCPT5] = "RCPT5",
	    [OUTCOME_GREY] = "GREY",
	    [OUTCOME_OK] = "OK",
	    [OUTCOME_NO_ADDRESS] = "NOADDRESS",
	    [OUTCOME_NUMBER] = "NUMBER",
	    [OUTCOME_NAME_FAILED] = "NAMEFAIL",
	    [OUTCOME_LOOP] = "LOOP",
	};

	return txt[outcome];
}

char *
outcome_why(char *out, const struct facts_endpoint *ep,
    const struct facts_domain *domain)
{
	const struct facts_step *step;
	enum outcome outcome;
	enum facts_stage stage = FACTS_MAIL;

	step = decide(ep, domain, &outcome, &stage);
	if (step == NULL)
		snprintf(out, FINDING_TEXT_MAX, "%s",
		    ep->untried != NULL ? ep->untried : "not tried");
	else if (step->reply.code != 0)
		snprintf(out, FINDING_TEXT_MAX, "%s %u %s",
		    facts_stage_txt(stage), step->reply.code,
		    step->reply.text);
	else if (stage == FACTS_CONNECT)
		snprintf(out, FINDING_TEXT_MAX, "%s",
		    facts_end_txt(step->end));
	else
		snprintf(out, FINDING_TEXT_MAX, "%s: %s after %.1f s",
		    facts_stage_txt(stage), facts_end_txt(step->end),
		    step->ms / 1000.0);
	return out;
}
