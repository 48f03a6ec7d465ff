/*
 * For the cache: where its file stands, and what becomes of one that cannot be
 * trusted.
 */
#ifndef RESOLVERD_CACHE_FILE_H
#define RESOLVERD_CACHE_FILE_H

#include <stdint.h>

#include "lib/store.h"

/* The first key of the file is ours, no answer's. */
#define CACHE_META_KEY 0

/* What is kept under it; another magic is another form of the file. */
struct cache_meta {
	char magic[8];
	uint64_t salt; /* so that nobody outside knows what shares a key */
	/* cache_now() is clock_boot_s() and this, in this boot of the machine
	 * (its id, or all zero: unknown). */
	uint64_t clock_base;
	char boot[40];
};
#define CACHE_META_MAGIC "RVCACHE2"

/*
 * Opens STATE/cache/answers.mdb for the workers, which may do it at the same
 * time. A file larger than size is begun anew, one that is damaged put aside.
 * Returns 0, or -errno with why (CACHE_WHY_MAX bytes).
 */
int cache_file_open(struct store **out, struct cache_meta *meta,
    const char *state_dir, uint64_t size, char *why)
    __attribute__((warn_unused_result));

#endif
