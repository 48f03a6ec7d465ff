/*
 * The gate: what a new generation must meet before it is published. The rules
 * are a table; each is a pure function of what was built, what is served, the
 * zone's configuration and the time.
 */
#ifndef ZONES_GATE_H
#define ZONES_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/conf.h"
#include "zones/generation.h"

#define GATE_WHY_MAX 360
#define GATE_RULES_TXT 160 /* the names of all rules, a comma between */

/* Lists change by a few entries, and have a few bad lines, without harm. */
#define GATE_SLACK_ENTRIES 100
#define GATE_SLACK_BAD_LINES 10

/* What reading the files has shown. */
struct gate_counts {
	uint64_t entries, bad_lines;
	uint64_t cut_files; /* whose last line has no newline */
	uint64_t pages;	    /* files that begin as a web page does */
	int64_t stamp;	    /* newest $TIMESTAMP; 0: none */
	int64_t expires;    /* the first that expires; 0: never */
};

struct gate_case {
	const struct conf_zone *zone;
	const struct gate_counts *counts;
	const struct generation *next;	  /* that wants to pass */
	const struct generation *current; /* NULL: none is served */
	int64_t now;
};

struct gate_verdict {
	bool passed;
	/* The rules that it fell short of, and those that were forced. */
	char refused[GATE_RULES_TXT], forced[GATE_RULES_TXT];
	char why[GATE_WHY_MAX]; /* of the first that refused it: the figures */
};

/* The names of rules to pass over, NULL behind the last; or NULL. */
void gate_judge(struct gate_verdict *out, const struct gate_case *c,
    const char *const *force);

/*
 * NULL if all of these are names of rules; otherwise the first that is none.
 */
const char *gate_unknown_rule(const char *const *names, size_t n);

/* The table, for those who print it; NULL past the last. */
struct gate_rule {
	const char *name;
	const char *option; /* of the zone, that it goes by; "" for none */
	/* Writes the reason, with its figures, if it does not pass. */
	bool (*passes)(const struct gate_case *c, char why[GATE_WHY_MAX]);
};
const struct gate_rule *gate_rule(size_t i);

#endif
