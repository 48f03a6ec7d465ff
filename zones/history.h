/*
 * The history of a zone: what was built, refused and rolled back, in the text
 * file STATE/zones/ZONE/history, to which a line is added each time:
 *
 *	SECONDS WHAT GENERATION TEXT
 *
 * It is for people and for the state that is shown; nothing is served from it.
 */
#ifndef ZONES_HISTORY_H
#define ZONES_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_FILE "history"
#define HISTORY_TEXT_MAX 1024 /* bytes of text, what is longer is cut */

enum history_what {
	HISTORY_PUBLISHED,
	HISTORY_REFUSED, /* by the gate */
	HISTORY_FAILED,	 /* could not be built */
	HISTORY_ROLLBACK,
};

struct history_event {
	int64_t when; /* seconds since the epoch */
	enum history_what what;
	uint64_t generation; /* 0 where there is none */
	char text[HISTORY_TEXT_MAX + 1]; /* one line, no control bytes */
};

/* "published", ... */
const char *history_what_txt(enum history_what what);

/* One line, without its '\n'. False if it is not of the form. */
bool history_parse(struct history_event *out, const char *line, size_t len);

/* Adds a line with the time of now. Returns 0 or -errno. */
int history_add(const char *state_dir, const char *zone,
    enum history_what what, uint64_t generation, const char *text);

/*
 * Calls fn for each event, the oldest first; lines that are not of the form
 * are passed over. Returns 0, also where there is no history, or -errno.
 */
typedef void history_fn(void *arg, const struct history_event *event);
int history_each(const char *state_dir, const char *zone, history_fn *fn,
    void *arg) __attribute__((warn_unused_result));

/* The newest event. Returns 0, -ENOENT or another -errno. */
int history_last(const char *state_dir, const char *zone,
    struct history_event *out) __attribute__((warn_unused_result));

#endif
