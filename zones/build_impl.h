/*
 * A generation on its way from files to a file; for zones/build*.c alone.
 */
#ifndef ZONES_BUILD_IMPL_H
#define ZONES_BUILD_IMPL_H

#include "zones/build.h"
#include "zones/dataset.h"

/* What is known of a zone while its datasets are read, one by one. */
struct build {
	const struct conf_zone *zone;
	struct intern values;
	struct arrays arrays;
	struct dataset_soa soa; /* of the first dataset that has one */
	struct dataset_ns ns;
	uint32_t min_ttl;
	int64_t modified;
	struct gate_counts counts;
	struct build_result *result;
};

/*
 * Writes all of it as the generation of that number into a new file, and lets
 * go of the arrays. Returns 0, or -errno with the reason in why
 * (GENERATION_WHY_MAX bytes).
 */
int build_write(struct build *b, const char *path, uint64_t number, char *why)
    __attribute__((warn_unused_result));

#endif
