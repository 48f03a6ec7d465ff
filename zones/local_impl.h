/*
 * Inside the local store only: what zones/local.c and zones/local_edit.c share.
 */
#ifndef ZONES_LOCAL_IMPL_H
#define ZONES_LOCAL_IMPL_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/store.h"
#include "lib/why.h"
#include "zones/local.h"
#include "zones/local_record.h"

/* The data file and LMDB's lock file, to tell them from others. */
struct local_files {
	dev_t dev[2];
	ino_t ino[2];
};

struct local {
	struct store *store;
	struct local_files files; /* as they were opened */
	struct store_txn *view;
	bool is_viewing; /* the view is taken and not paused */
	struct local_meta meta; /* of the view */
	struct local_lengths ip4, ip6;
	uint8_t apex_name[DNAME_MAX];
	size_t apex_len;
	struct zone_apex apex;
	uint8_t soa[2 * DNAME_MAX + 20];
	char path[PATH_MAX];
};

/* Takes the newest state, unless it was taken since local_pause(). */
int local_view(struct local *l);

/* Commits with the counters; t is gone in any case. */
int local_commit(struct local *l, struct store_txn *t, struct local_meta *m,
    char *why) __attribute__((warn_unused_result));

/* Each puts the reason into why (LOCAL_WHY_MAX bytes) and returns rv. */
#define local_fail(why, rv, ...) why_fail(why, LOCAL_WHY_MAX, rv, __VA_ARGS__)
int local_fail_store(char *why, int rv, const struct local *l);

#endif
