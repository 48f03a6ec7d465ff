/*
 * The subzones of a combined dataset: which indexes of a generation answer at
 * which names below the apex. A key belongs to one subzone of each combined
 * dataset, the one with the most labels, and is asked for there without those
 * labels; so names and addresses of an index are relative to its subzones, and
 * one index serves several.
 *
 * The value "subzones" of the file, which only such a zone has; for each, those
 * of the first combined dataset first, of these the ones with more labels:
 *
 *	u8	of which combined dataset it is, from 0
 *	u8	bytes of labels, no root byte; 0: the zone itself
 *	u32	a bit for each index
 *	labels
 */
#ifndef ZONES_SUBZONES_H
#define ZONES_SUBZONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dname.h"
#include "zones/buf.h"
#include "zones/key.h"

#define SUBZONES_KEY "subzones"
#define SUBZONES_MAX 1024

struct subzone {
	const uint8_t *labels; /* borrowed */
	unsigned len;	       /* bytes of them */
	unsigned n_labels;
	unsigned group;	  /* the combined dataset; counts up from 0 */
	uint32_t indexes; /* a bit each */
};

/* ---- at the builder's */

/* Starts zeroed. Members private. */
struct subzones_build {
	unsigned n_groups;
	struct buf list; /* struct subzones_entry, see subzones.c */
};

/* A further combined dataset; the subzones that are added are its own. Returns
 * 0, or -E2BIG if they are too many. */
int subzones_group(struct subzones_build *b)
    __attribute__((warn_unused_result));

/* The indexes answer at these lower-case labels, too. Returns 0, -E2BIG or
 * -ENOMEM. */
int subzones_add(struct subzones_build *b, const uint8_t *labels, unsigned len,
    uint32_t indexes) __attribute__((warn_unused_result));

/* The value, as above. */
int subzones_put(struct subzones_build *b, struct buf *out)
    __attribute__((warn_unused_result));

void subzones_free(struct subzones_build *b);

/* ---- at the reader's */

/*
 * Reads the value into *out (owned by the caller: free()), with labels that
 * borrow from it. Returns 0, -EBADMSG or -ENOMEM.
 */
int subzones_read(struct subzone **out, size_t *n, const void *data, size_t len)
    __attribute__((warn_unused_result));

/* Is the key in the subzone, or at its apex? */
bool subzone_holds(const struct subzone *s, const struct zone_key *key);

/* Is the key above the apex of the subzone? Then it exists. */
bool subzone_is_below(const struct subzone *s, const struct zone_key *key);

/*
 * The key without the labels of the subzone, as its indexes are asked. hash has
 * room for DNAME_LABELS_MAX + 1; it is filled if has_names.
 */
void subzone_narrow(const struct subzone *s, const struct zone_key *key,
    bool has_names, struct zone_key *out, uint64_t *hash);

#endif
