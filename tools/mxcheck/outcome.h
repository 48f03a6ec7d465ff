/*
 * What one probe of an endpoint showed for one domain, in one word, and what
 * its TLS was like. The first that matches wins.
 */
#ifndef TOOLS_MXCHECK_OUTCOME_H
#define TOOLS_MXCHECK_OUTCOME_H

#include "tools/mxcheck/facts.h"

enum outcome {
	OUTCOME_UNTRIED, /* nothing was dialled, or the run ended first */
	OUTCOME_LIMITED, /* we are limited: nothing is known of the server */
	OUTCOME_UNWELCOME, /* the probe host is refused, not mail as such */
	OUTCOME_REFUSED, /* UNREACH, at once: refused, unreachable */
	OUTCOME_FILTERED, /* UNREACH, after the time to connect */
	OUTCOME_MUTE,	 /* no whole greeting in time */
	OUTCOME_DROP,	 /* closed or reset before the reply to EHLO */
	OUTCOME_GREET4,
	OUTCOME_GREET5,
	OUTCOME_PROTO,
	OUTCOME_EHLOFAIL,
	OUTCOME_MAIL4, /* MAIL FROM:<> */
	OUTCOME_MAIL5,
	OUTCOME_RCPT4, /* postmaster */
	OUTCOME_RCPT5,
	OUTCOME_GREY, /* greylisted: usable */
	OUTCOME_OK,
	/* of names, for the walk: there is nothing to dial */
	OUTCOME_NO_ADDRESS, /* NXDOMAIN, NODATA */
	OUTCOME_NUMBER,	    /* an address as target: no name to look up */
	OUTCOME_NAME_FAILED, /* the lookup failed */
	OUTCOME_LOOP,	    /* localhost, 127.0.0.1: the sender's own host */
	OUTCOMES,
};

enum outcome_tls {
	OUTCOME_TLS_NONE, /* not offered, or refused: clear text goes on */
	OUTCOME_TLS_OK,
	OUTCOME_TLS_FAIL, /* the handshake failed */
	OUTCOME_TLS_HANG, /* 220, then silence */
};

enum outcome outcome_of(const struct facts_endpoint *ep,
    const struct facts_domain *domain);
enum outcome_tls outcome_tls(const struct facts_endpoint *ep);

/* Mail for the domain would be taken, as far as can be seen. */
bool outcome_is_usable(enum outcome outcome);

const char *outcome_txt(enum outcome outcome); /* "GREET4" */

/* Why, for people: "refused", "greeting 554 no", "no greeting in 30 s". out
 * holds FINDING_TEXT_MAX bytes; returns out. */
char *outcome_why(char *out, const struct facts_endpoint *ep,
    const struct facts_domain *domain);

/* A reply that says: too many, slower. Or: it is you who is not welcome. */
bool outcome_reply_limits(const struct facts_reply *reply);
bool outcome_reply_unwelcome(const struct facts_reply *reply);
bool outcome_reply_greylists(const struct facts_reply *reply);

/* A 5xx for this mailbox (5.1.x, "user unknown"), not for the domain. */
bool outcome_reply_no_mailbox(const struct facts_reply *reply);

#endif
