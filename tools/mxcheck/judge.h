/*
 * The judgment: would mail flow, now and if something dies, for which senders
 * and to whom. walk.c follows one sender through one list; scenario.c walks
 * all scenarios, models and orders; verdict.c says one sentence per domain.
 */
#ifndef TOOLS_MXCHECK_JUDGE_H
#define TOOLS_MXCHECK_JUDGE_H

#include "tools/mxcheck/facts.h"
#include "tools/mxcheck/finding.h"
#include "tools/mxcheck/model.h"
#include "tools/mxcheck/settings.h"

/* ---- one walk */

#define WALK_HOPS_MAX 128

struct walk_hop { /* an address, or a name that has none */
	uint16_t pref;
	const char *host;
	uint8_t family; /* AF_INET, AF_INET6; 0 for a name without address */
	enum outcome outcome;
	enum outcome_tls tls;
	bool sts_fails, dane_fails; /* a sender with that overlay skips it */
	const struct facts_endpoint *ep; /* NULL for a name without address */
};

struct walk_list { /* by preference */
	struct walk_hop hop[WALK_HOPS_MAX];
	size_t n;
	bool null_mx; /* "." stands among them */
};

enum walk_overlay { WALK_PLAIN, WALK_STS, WALK_DANE, WALK_V4, WALK_V6 };
#define WALK_OVERLAYS 5

/* Hosts of one preference come at random: both ends are walked. */
enum walk_order { WALK_WORST, WALK_BEST };

/* How what is dead answers: at once, or not at all. */
enum walk_death { WALK_DEAD_REFUSES, WALK_DEAD_SILENT };

enum walk_end { WALK_FLOWS, WALK_DEFERRED, WALK_BOUNCED };

struct walk_result {
	enum walk_end end;
	const char *host; /* FLOWS: to whom; else where it ended, or NULL */
	bool clear;	  /* FLOWS: without TLS, though the server has it */
	uint32_t delay_s; /* spent on hosts before */
	const char *why;  /* of DEFERRED and BOUNCED: a literal */
};

struct walk_how {
	const struct model *model;
	enum walk_overlay overlay;
	enum walk_order order;
	enum walk_death death;
	const bool *dead; /* one for each hop; NULL: none */
	const bool *lost; /* its name can be looked up no more; NULL: none */
};

void walk(struct walk_result *out, const struct walk_list *list,
    const struct walk_how *how);

const char *walk_end_txt(enum walk_end end); /* "FLOWS" */
const char *walk_overlay_txt(enum walk_overlay overlay); /* "", "sts" */

/* ---- one domain */

/* One walk of a scenario: what the outputs list. */
struct judge_walk {
	const struct model *model;
	enum walk_overlay overlay;
	struct walk_result worst, best; /* over the orders */
	uint32_t silent_delay_s; /* if what is dead does not even refuse */
};

enum judge_kind {
	JUDGE_NOW,
	JUDGE_HOST,
	JUDGE_LEVEL,
	JUDGE_FAULT, /* a network, a site: several hosts at once */
	JUDGE_FAMILY,
	JUDGE_ASSUMED,
};

#define JUDGE_SCENARIOS_MAX 64

struct judge_scenario {
	const char *name; /* "now", "-mx1.example.com", "-level 10", "-v4",
			   * "-198.51.100.0/24" */
	const char *what; /* for the sentence: "mx1 dies", "mx1 dies (and all
			   * name servers of example.com with it)" */
	enum judge_kind kind;
	bool takes_names; /* those of the domain, or of a host that is alive */
	struct judge_walk *walks;
	size_t n_walks;
};

/* A domain's list and all its walks. */
struct judge_case {
	struct walk_list list;
	struct judge_scenario *scenarios; /* "now" is the first */
	size_t n_scenarios;
};

/* Builds list and scenarios; what it gives belongs to the facts. */
void scenario_all(struct judge_case *out, struct facts *facts,
    const struct settings *settings, const struct findings *findings,
    const struct facts_domain *domain);

enum verdict { /* the last that holds counts */
	VERDICT_OK,
	VERDICT_NONE, /* one usable host: no failover */
	VERDICT_PARTIAL,
	VERDICT_ILLUSION,
	VERDICT_DIRTY,
	VERDICT_DEGRADED,
	VERDICT_DEFER,
	VERDICT_BOUNCE,
	VERDICT_UNKNOWN,
	VERDICT_NOMAIL,
};

struct judgment {
	const struct facts_domain *domain;
	enum verdict verdict;
	enum severity severity;
	const char *sentence; /* without the domain's name */
	struct judge_scenario *scenarios; /* "now" is the first, or none */
	size_t n_scenarios;
	size_t n_usable, n_hosts; /* distinct hosts */
};

/* One for each of facts->domains; memory belongs to the facts. */
struct judgment *judge_all(struct facts *facts, const struct settings *settings,
    const struct findings *findings);

const char *verdict_txt(enum verdict verdict);

#endif
