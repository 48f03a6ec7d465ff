/*
 * A generation: the immutable file from which a list zone is answered. A
 * lookup follows pointers into flat arrays and makes no call into LMDB.
 *
 * The file is trusted to come from zonectl, but not to be whole: sizes are
 * checked when it is opened, offsets when they are followed; damage reads as
 * "not listed", never as a crash.
 */
#ifndef ZONES_GENERATION_H
#define ZONES_GENERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "zones/key.h"

#define GENERATION_WHY_MAX 768

struct generation;

/*
 * Opens a generation file read-only. Returns 0, -ENOENT, -EBADMSG (no
 * generation, damaged, of another format version, or of another apex) or
 * another -errno; why (GENERATION_WHY_MAX bytes) then says more. apex is the
 * lower-case dname of the zone it must have been built for.
 */
int generation_open(struct generation **out, const char *path,
    const uint8_t *apex, char *why) __attribute__((warn_unused_result));
void generation_close(struct generation *gen); /* NULL is fine */

/*
 * Reads all of it, to notice damage that a lookup would not. Returns 0,
 * -EBADMSG or another -errno with the reason in why (GENERATION_WHY_MAX bytes).
 */
int generation_check(const struct generation *gen, char *why)
    __attribute__((warn_unused_result));

/*
 * For a batch of keys: each step for all keys, then the lookups, so that they
 * wait for memory together (see zones/index.h). Optional.
 */
#define GENERATION_FETCH_STEPS 3
void generation_fetch(const struct generation *gen, const struct zone_key *key,
    unsigned step);

/* Is key.hash looked at? Otherwise it need not be filled. */
bool generation_has_names(const struct generation *gen);

/* Adds what the generation has for the key to hits (which starts zeroed). */
void generation_lookup(const struct generation *gen,
    const struct zone_key *key, struct zone_hits *hits);

/* ---- access control, see zones/acl.h for the order of the calls */
struct acl_verdict;

/* Is there an acl in it? Otherwise generation_acl() says nothing. */
bool generation_has_acl(const struct generation *gen);

/* Works in what the generation's acl says of v->client. */
void generation_acl(const struct generation *gen, struct acl_verdict *v);

/*
 * generation_lookup() for a client of whom that was said: with ACL_LISTED and
 * ACL_EMPTY only the records of the zone itself are looked up, and with the
 * former whatever could be listed is, once.
 */
void generation_lookup_for(const struct generation *gen,
    const struct zone_key *key, const struct acl_verdict *v,
    struct zone_hits *hits);

/* Valid for the generation's life. */
const struct zone_apex *generation_apex(const struct generation *gen);

/* What an index gave: RRs as zones/value.h has them, valid for the generation's
 * life. False for 0, and where the file is damaged. */
bool generation_value(const struct generation *gen, uint32_t value,
    const uint8_t **rrs, size_t *len);

/* The index of dataset i (zones/index.h), but for acls; NULL past the last. */
struct index_kind;
union index;
const union index *generation_index(const struct generation *gen, unsigned i,
    const struct index_kind **kind);

/*
 * The key as dataset i is asked for it, without the labels of a subzone; hash
 * has room for DNAME_LABELS_MAX + 1, and *out borrows from it. False if it is
 * not asked for this key.
 */
bool generation_key(const struct generation *gen, unsigned i,
    const struct zone_key *key, struct zone_key *out, uint64_t *hash);

/* Where the entries of index i come from. False if that was not kept. */
struct prov;
bool generation_prov(const struct generation *gen, unsigned i,
    struct prov *out);

/*
 * What is asked of the generation at one place: the zone itself, and each
 * subzone of its combined datasets (zones/subzones.h). What a dataset has is
 * relative to these labels.
 */
struct generation_view {
	const uint8_t *labels; /* below the apex, no root byte; borrowed */
	unsigned len;	       /* 0: the zone itself */
	uint32_t datasets;     /* a bit each */
};

/* *out (free()) has *n of them, the zone itself first. Returns 0 or -ENOMEM. */
int generation_views(const struct generation *gen, struct generation_view **out,
    size_t *n) __attribute__((warn_unused_result));

/* Is the dataset's data relative to subzones? Then the hashes of its names do
 * not count in the apex: key is as subzone_narrow() has it. */
bool generation_is_nested(const struct generation *gen, unsigned dataset);

/*
 * Does a deeper subzone of the same combined dataset take the questions for a
 * name of the view? Then what the dataset has for it is not answered.
 */
bool generation_is_hidden(const struct generation *gen, unsigned dataset,
    const struct generation_view *view, const uint8_t *labels, unsigned len);

struct generation_info {
	uint64_t number;      /* counts up from 1 within a zone */
	uint64_t built;	      /* seconds since the epoch */
	uint64_t source_time; /* newest mtime of the source files */
	uint64_t entries;     /* lines that listed or excluded something */
	uint64_t bad_lines;   /* that were left out */
	uint64_t expires;     /* by the data's own word; 0: never */
	uint64_t file_bytes;
	unsigned datasets;
};
const struct generation_info *generation_info(const struct generation *gen);

#endif
