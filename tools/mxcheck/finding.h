/*
 * Findings: what a check says about its subject. The identity of a finding is
 * (domain, check id, subject), never its text: addresses, times and days left
 * change from run to run.
 */
#ifndef TOOLS_MXCHECK_FINDING_H
#define TOOLS_MXCHECK_FINDING_H

#include <stddef.h>

#include "tools/mxcheck/facts.h"

enum severity {
	SEV_OK,
	SEV_INFO,
	SEV_WARN,
	SEV_CRIT,
	SEV_UNKNOWN, /* could not be decided from here */
	SEV_SKIPPED, /* what the check needs was not reached: the state keeps
		      * what it has, and nobody is told */
};

#define FINDING_TEXT_MAX 320 /* bytes, NUL included */

struct check;

struct finding {
	const struct check *check;
	const struct facts_domain *domain; /* NULL: the run itself */
	const struct facts_mx *mx;	   /* host and endpoint checks */
	const struct facts_endpoint *endpoint; /* endpoint checks */
	const char *subject; /* "run", "example.com", "level 20",
			      * "mx1.example.com", or that and
			      * " 192.0.2.1" */
	enum severity severity;
	const char *text; /* "" for SEV_SKIPPED */
};

/* All but SEV_OK: first the run's, then in the order of the domains and of the
 * table of checks. */
struct findings {
	struct finding *list;
	size_t n, cap;
	size_t *first;	     /* private: where each domain begins */
	struct facts *facts; /* borrowed: holds the texts */
};

const char *severity_txt(enum severity severity); /* "CRIT" */

/* The worse of two: CRIT, UNKNOWN, WARN, INFO, OK; SKIPPED counts as OK. */
enum severity severity_worse(enum severity a, enum severity b);

/* 0 OK or INFO, 1 WARN, 2 CRIT, 3 UNKNOWN. */
int severity_exit(enum severity severity);

void findings_init(struct findings *findings, struct facts *facts);
void findings_clear(struct findings *findings);
/* Of several with one domain, id and subject the worst stays: those are the key
 * of an alert and of a series. */
void findings_add(struct findings *findings, const struct finding *finding);

/* What is added from now on is of this domain: called once for each, in the
 * order of facts->domains. */
void findings_begin(struct findings *findings,
    const struct facts_domain *domain);

/* The findings of one domain; NULL: those of the run. */
const struct finding *findings_of(const struct findings *findings,
    const struct facts_domain *domain, size_t *n);

/* The finding of a check for a domain and, if not NULL, its host or endpoint;
 * NULL if all was well. An MX is known by its target. */
const struct finding *findings_get(const struct findings *findings,
    const char *id, const struct facts_domain *domain,
    const struct facts_mx *mx, const struct facts_endpoint *endpoint);

#endif
