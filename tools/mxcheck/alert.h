/*
 * What is remembered of one finding from run to run, and when that is worth a
 * word: confirmation, recovery, flapping. Pure: one step per run.
 *
 * soft is what the last run said, hard what is taken for true and told. A hard
 * severity rises when `confirm` runs in a row were worse (to the least of
 * them), at once if the run itself has made sure; it falls when `recover` runs
 * in a row were better (to the worst of them). UNKNOWN and SKIPPED leave it.
 */
#ifndef TOOLS_MXCHECK_ALERT_H
#define TOOLS_MXCHECK_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/mxcheck/finding.h"

#define ALERT_CHANGES 20 /* between the last 21 results, as Nagios has it */
#define ALERT_UNKNOWN_S (6 * 3600) /* of nothing but UNKNOWN: one word */

struct alert_rules {
	unsigned confirm, recover;  /* runs, at least 1 */
	unsigned flap_high, flap_low; /* percent */
	unsigned unknown; /* runs until UNKNOWN is told; 0: hours */
};

struct alert { /* zeroed: nothing was ever wrong */
	enum severity soft, hard;
	enum severity streak_severity; /* what the streak would make of hard */
	uint8_t streak;		       /* runs in a row worse or better */
	bool streak_is_worse;
	bool flapping, unknown_told;
	uint8_t unknown_runs; /* in a row */
	uint32_t changes;	       /* bit 0: the last result differed */
	int64_t since;	       /* s since 1970: hard as it is */
	int64_t unknown_since; /* 0: the last run knew */
	int64_t told;	       /* the last event; 0: none */
	int64_t ack_until;     /* no word until then; 0: none */
	enum severity acked;   /* unless it gets worse than this */
	int64_t seen;	       /* the last run that had it */
};

enum alert_event { /* worth a word, all but the first */
	ALERT_NONE,
	ALERT_RAISED,	  /* hard is WARN or CRIT, and was less */
	ALERT_RECOVERED,  /* hard was WARN or CRIT, and is not */
	ALERT_FLAPPING,	  /* it begins: no word until it ends */
	ALERT_SETTLED,	  /* it ended; hard is how it stands now */
	ALERT_UNKNOWN,	  /* for hours nothing could be said */
};

/*
 * A run at time `at` (s since 1970) found `now`; sure: no need to wait for the
 * next one. *was is the hard severity before.
 */
enum alert_event alert_step(struct alert *a, enum severity now, bool sure,
    const struct alert_rules *rules, int64_t at, enum severity *was);

/* Takes it as known: no word (the first run after the state was lost). */
void alert_take(struct alert *a, enum severity now, int64_t at);

/* No word until then unless it gets worse than it is, confirmed or not. */
void alert_ack(struct alert *a, int64_t until);

/* Percent of changes among the last results, the newer ones weigh more. */
unsigned alert_change_percent(const struct alert *a);

/* As it is kept: ALERT_LEN bytes, little-endian, with a version. */
#define ALERT_LEN 64
void alert_write(uint8_t out[ALERT_LEN], const struct alert *a);
/* Returns false if the bytes are no alert. */
bool alert_read(struct alert *a, const void *data, size_t len);

const char *alert_event_txt(enum alert_event event);

#endif
