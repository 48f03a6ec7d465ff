/*
 * From dataset files to a published generation.
 */
#ifndef ZONES_BUILD_H
#define ZONES_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/conf.h"
#include "zones/gate.h"

/*
 * Called for each line that was not understood: what is wrong and what to do.
 * line is 0 where it belongs to the file as a whole.
 */
typedef void build_report_fn(void *arg, const char *file, unsigned line,
    const char *text);

struct build_result {
	uint64_t number;    /* of the generation; 0 for a check */
	uint64_t entries;
	uint64_t bad_lines;
	uint64_t file_bytes;
	struct gate_verdict verdict; /* of the gate, where it came so far */
};

/*
 * Reads the zone's datasets, builds a generation under state_dir, judges it
 * (zones/gate.h) and publishes it. Bad lines are reported and left out. Returns
 * 0; or -errno with the reason in why (GENERATION_WHY_MAX bytes) and nothing
 * changed: -ECANCELED where the gate refused it; an unreadable file, an unknown
 * dataset type, a file that changed while it was read, a full disk. What
 * happened is added to the zone's history.
 */
int build_zone(const struct conf_zone *zone, const char *state_dir,
    build_report_fn *report, void *arg, struct build_result *result, char *why)
    __attribute__((warn_unused_result));

/*
 * The same, passing over some rules of the gate: names, NULL behind the last.
 */
int build_zone_forced(const struct conf_zone *zone, const char *state_dir,
    const char *const *force, build_report_fn *report, void *arg,
    struct build_result *result, char *why) __attribute__((warn_unused_result));

/*
 * The same into a file of the caller's choice, which must not exist: nothing is
 * published. result->number is 1.
 */
int build_file(const struct conf_zone *zone, const char *path,
    build_report_fn *report, void *arg, struct build_result *result, char *why)
    __attribute__((warn_unused_result));

/* Reads one dataset file only to report its bad lines. */
int build_check(const char *type, const char *file, build_report_fn *report,
    void *arg, struct build_result *result, char *why)
    __attribute__((warn_unused_result));

/* Is there such a dataset type? */
bool build_type_is_known(const char *type);

#endif
