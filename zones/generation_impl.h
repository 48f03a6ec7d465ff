/*
 * What a generation is, for generation.c, which opens it, and those who look
 * into it.
 */
#ifndef ZONES_GENERATION_IMPL_H
#define ZONES_GENERATION_IMPL_H

#include "lib/store.h"
#include "zones/generation.h"
#include "zones/index.h"
#include "zones/subzones.h"

struct dataset_index {
	const struct index_kind *kind;
	enum index_role role;
	unsigned number; /* in the names of its arrays */
	union index index;
};

#define ACL_INDEXES_MAX 2 /* one per family */

struct generation {
	struct dataset_index datasets[ZONE_DATASETS_MAX];
	unsigned n_datasets;
	struct dataset_index acl[ACL_INDEXES_MAX];
	unsigned n_acl;
	struct subzone *subzones; /* owned; their indexes are numbers of
				   * datasets here */
	size_t n_subzones;
	uint32_t plain; /* a bit for each dataset that is in no subzone */
	uint32_t ip4;	/* for each that lists IPv4 addresses */
	uint32_t names; /* for each that is asked by name */
	const uint8_t *ends, *rrs;
	uint32_t n_values, rrs_len;
	struct zone_apex apex;
	struct generation_info info;
	struct store *store;
	struct store_txn *txn;
};

#endif
