/*
 * Checks: one row each in the table of its group (check_c.c, check_d.c, ...),
 * all groups in check.c. A check is a pure function of facts and settings that
 * says one thing of one subject: add a row, and it is run, listed, explained
 * and can be left out.
 */
#ifndef TOOLS_MXCHECK_CHECK_H
#define TOOLS_MXCHECK_CHECK_H

#include "tools/mxcheck/facts.h"
#include "tools/mxcheck/finding.h"
#include "tools/mxcheck/outcome.h"
#include "tools/mxcheck/settings.h"

enum check_subject {
	CHECK_RUN,
	CHECK_DOMAIN,
	CHECK_LEVEL, /* all MX of one preference; also the first one */
	CHECK_HOST,  /* an MX of the domain */
	CHECK_ENDPOINT,
	CHECK_SELECTOR, /* of the domain's DKIM keys */
	CHECK_LIST,	/* of addresses; and each of the domain's in it */
	CHECK_SERVICE,	/* for users of the domain: submission, IMAP, POP3 */
	CHECK_ACCESS,	/* a place where such a service is to be had */
	CHECK_MX_OR_ACCESS, /* each endpoint, and each of those */
};

/* What is looked at; what is below the subject is NULL or 0. Borrowed. */
struct check_on {
	const struct facts *facts;
	const struct settings *settings;
	const struct facts_domain *domain;
	const struct facts_mx *level; /* its MX */
	size_t n_level;
	const struct facts_mx *mx;
	const struct facts_endpoint *ep;
	const struct facts_dkim *dkim;
	const struct facts_dnsbl *list;
	const struct facts_addr *sender; /* NULL: the list itself */
	enum facts_service service;
	const struct facts_access *access;
	enum outcome outcome; /* of ep, for this domain */
	int64_t now; /* s since 1970: when certificates are judged */
	char *text;  /* FINDING_TEXT_MAX bytes for the finding */
};

typedef enum severity check_fn(const struct check_on *on);

struct check {
	const char *id;	  /* "C01" */
	const char *name; /* "connect" */
	enum check_subject subject;
	check_fn *run;
	const char *explain; /* the rule, its reason, its source */
};

/* The groups; each ends with a row of NULLs. */
extern const struct check check_c[], check_d[], check_n[], check_s[], check_t[],
    check_p[], check_r[], check_b[], check_f[], check_a[], check_o[];

/* Runs every check that is wanted over every subject. */
void check_all(struct findings *out, const struct facts *facts,
    const struct settings *settings);

/* One after another: NULL for the first; returns NULL behind the last. */
const struct check *check_next(const struct check *check);
const struct check *check_find(const char *id); /* NULL if there is none */

/*
 * Whether a run with these settings would have come to this subject: some are
 * looked at only with --access or --outbound, and only if their names could be
 * had. What is not looked at is not well again. domain: NULL for the run.
 */
bool check_looks(const struct check *check, const struct settings *settings,
    const struct facts_domain *domain, const char *subject);

/* check_t.c: what the endpoint lacks of the TLS that a policy asks for (T01,
 * T02, T04, T05, T06); false: nothing, or it was not reached. Fills on->text.
 */
bool check_tls_fails(const struct check_on *on);

/* check_agree.c: D09. */
check_fn check_agree_domain, check_agree_host;

/* For checks: fills on->text and returns severity. */
enum severity check_say(const struct check_on *on, enum severity severity,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
