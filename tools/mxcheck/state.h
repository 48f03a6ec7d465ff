/*
 * What earlier runs left: one LMDB file, DIR/state.mdb, and a lock, so that one
 * run at a time works on it. A run reads as it goes and writes everything in
 * one transaction at its end: one that is killed has changed nothing.
 *
 * A file that is damaged is put aside as state.mdb.bad and begun anew.
 */
#ifndef TOOLS_MXCHECK_STATE_H
#define TOOLS_MXCHECK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/mxcheck/alert.h"

#define STATE_WHY_MAX 512
#define STATE_NAME_MAX 256 /* of a domain or host, with its NUL */
#define STATE_FORGET_S (90 * 86400) /* what no run has seen for so long goes */
#define STATE_WORD_LEN 33
#define STATE_DIGEST_LEN 32 /* bytes of a SHA-256 */

struct state;

struct state_opening {
	bool is_new;	 /* there was none */
	bool was_lost;	 /* there was one that could not be read */
	int64_t last_run; /* s since 1970; 0: none */
	int64_t held_since; /* -EAGAIN: when the other run began; 0: unknown */
};

/*
 * Makes DIR (0700) if it is not there, takes the lock, opens the file; now: the
 * time of the run. Returns 0; -EAGAIN if another run holds the lock; -errno.
 * why is set for all but 0.
 */
int state_open(struct state **out, const char *dir, int64_t now,
    struct state_opening *opening, char why[STATE_WHY_MAX]);
void state_close(struct state *st); /* NULL is fine; what is not saved goes */

/*
 * Keeps everything that was put since state_open(), and that the run took
 * place; lets go of what is older than STATE_FORGET_S. Returns 0 or -errno.
 */
int state_save(struct state *st, char why[STATE_WHY_MAX]);

/* Keeps everything that was put, and nothing else: no run took place. Returns 0
 * or -errno. */
int state_amend(struct state *st, char why[STATE_WHY_MAX]);

/* ---- the tables. Each get returns false if there is nothing that is whole;
 * what was put in this run is not seen before state_save(). */

struct state_finding { /* whose alert it is */
	const char *domain, *id, *subject; /* "" for the run's domain */
};

bool state_get_alert(struct state *st, const struct state_finding *f,
    struct alert *out);
void state_put_alert(struct state *st, const struct state_finding *f,
    const struct alert *alert);

/*
 * The alerts of a domain, or all (NULL), in the order of domain, id, subject.
 */
void state_each_alert(struct state *st, const char *domain,
    void (*fn)(void *arg, const struct state_finding *f,
    const struct alert *alert), void *arg);

struct state_endpoint {
	int64_t first_usable, last_usable, seen; /* s since 1970; 0: never */
	int64_t next_probe;	/* not before: it said that we are too many */
	int64_t not_after;	/* of the leaf; 0: none seen */
	uint32_t n_tls;		/* runs with TLS, up to the last without */
	bool has_key;
	uint8_t spki[STATE_DIGEST_LEN]; /* SHA-256 of the leaf's key */
};

bool state_get_endpoint(struct state *st, const char *host, const char *addr,
    struct state_endpoint *out);
void state_put_endpoint(struct state *st, const char *host, const char *addr,
    const struct state_endpoint *ep);

struct state_sts { /* the last policy that was fetched whole */
	char id[STATE_WORD_LEN];
	uint8_t body[STATE_DIGEST_LEN];
	uint8_t mode;	  /* enum sts_mode */
	uint32_t max_age; /* s */
	int64_t fetched;
};

bool state_get_sts(struct state *st, const char *domain, struct state_sts *out);
void state_put_sts(struct state *st, const char *domain,
    const struct state_sts *sts);

/* Nothing is to be told of this domain or host until then, s since 1970; 0: not
 * any more. */
int64_t state_get_mute(struct state *st, const char *name);
void state_put_mute(struct state *st, const char *name, int64_t until);

/* Everything of this domain or host goes with the next state_save(). Returns
 * how much that is. */
unsigned state_forget(struct state *st, const char *name);

#endif
