/*
 * Where the generations of a zone live and which one is served:
 *
 *	STATE/zones/ZONE/gen-00000007.mdb	immutable, named by its number
 *	STATE/zones/ZONE/current		symlink to the one that is
 *served STATE/zones/ZONE/build.lock		held (flock) while one is built
 *	STATE/zones/ZONE/history		what was built (zones/history.h)
 *
 * Publishing is one rename() of a symlink; a reader sees the old generation or
 * the new one, never neither.
 */
#ifndef ZONES_PUBLISH_H
#define ZONES_PUBLISH_H

#include <stddef.h>
#include <stdint.h>

#define PUBLISH_CURRENT "current"
#define PUBLISH_KEEP 3 /* generations, the current one included */

/* STATE/zones/ZONE into out (PATH_MAX). Returns 0 or -ENAMETOOLONG. */
int publish_dir(char *out, const char *state_dir, const char *zone)
    __attribute__((warn_unused_result));

/* STATE/zones/ZONE/current into out (PATH_MAX). */
int publish_current(char *out, const char *state_dir, const char *zone)
    __attribute__((warn_unused_result));

/* The file of a generation into out (PATH_MAX). */
int publish_path(char *out, const char *state_dir, const char *zone,
    uint64_t number) __attribute__((warn_unused_result));

struct publish_list {
	uint64_t *numbers; /* ascending; free() it */
	size_t n;
	uint64_t current; /* 0: none, or a file of another name */
};

/* What generations there are. Returns 0 or -errno; no folder is none. */
int publish_list(struct publish_list *out, const char *state_dir,
    const char *zone) __attribute__((warn_unused_result));

struct publish;

/*
 * Begins a new generation: makes the folder, takes the lock (waiting for
 * another build to end), clears what a killed build left, picks the number.
 * Returns 0 or -errno with the reason in why (GENERATION_WHY_MAX bytes).
 */
int publish_begin(struct publish **out, const char *state_dir,
    const char *zone, char *why) __attribute__((warn_unused_result));
uint64_t publish_number(const struct publish *p);
const char *publish_temp_path(const struct publish *p); /* build it here */

/* How many generations a commit keeps; 0: PUBLISH_KEEP. */
void publish_keep(struct publish *p, unsigned n);

/* Makes `current` name a generation that there is. Returns 0 or -errno. */
int publish_turn(struct publish *p, uint64_t number, char *why)
    __attribute__((warn_unused_result));

/* fsync, rename into place, turn `current`, drop the oldest. Frees p. */
int publish_commit(struct publish *p, char *why)
    __attribute__((warn_unused_result));
void publish_abort(struct publish *p); /* removes the temporary, lets go of the
					 * lock; NULL is fine */

#endif
