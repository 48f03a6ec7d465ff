/*
 * Provenance: which line of which file each entry of an index comes from, those
 * included that others cover. It stands beside the index in arrays of its own
 * that no lookup touches; `zonectl why` reads them.
 *
 *	from	the entries, sorted by key, PROV_BLOCK to a block
 *	heads	PROV_HEAD bytes for each block: u32 key and u32 place of its
 *		first entry, u32 the last key that one of it covers, u32 where
 *		it begins in `from`
 *	files	u8 enum ip4_rule, u8 length and name of the dataset's type;
 *		then for each file u32 the place of its line 0, u16 length and
 *		path
 *
 * An entry's key is: of IPv4, its first address; of IPv6, the number of the
 * prefix in the index; of a name, the place of its record. The place of a line
 * is its number, counted on from file to file. An entry is two or three
 * numbers, the lowest 7 bits of each first, the top bit set if more follow:
 *
 *	(key, less that of the entry before) << 3 | enum prov_form << 1 |
 *	    is an exclusion
 *	with PROV_RANGE, addresses - 1
 *	place, less that of the entry before; << 1, all bits turned if < 0
 */
#ifndef ZONES_PROV_H
#define ZONES_PROV_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/store.h"
#include "zones/buf.h"

#define PROV_BLOCK 128
#define PROV_HEAD 16
#define PROV_PLACE_MAX (UINT32_MAX >> 3) /* lines beyond are not told apart */

enum prov_form {
	PROV_ONE,   /* an address, a prefix of IPv6, a name itself */
	PROV_RANGE, /* of IPv4 */
	PROV_BELOW, /* all below a name */
	PROV_BOTH,  /* the name and all below it */
};

struct prov_entry {
	uint32_t key, last; /* the same, but for a range */
	enum prov_form form;
	bool excludes;
	uint32_t place; /* 0: not known */
};

/* ---- reading; all is borrowed from the file, which may be damaged */

struct prov {
	const uint8_t *from, *heads, *files;
	size_t from_len, n_heads, files_len;
};

#define PROV_ARRAYS 3
extern const char *const prov_arrays[PROV_ARRAYS];

/* Takes the arrays, in that order. Returns 0 or -EBADMSG. */
int prov_open(struct prov *p, const struct store_bytes *arrays)
    __attribute__((warn_unused_result));

/* The entries that cover a key, in order of their own keys, then of lines:
 * prov_search(), then prov_next() until it gives false. Members private. */
struct prov_search {
	const struct prov *prov;
	uint32_t key;
	size_t head;   /* the next one */
	unsigned left; /* entries in the block at hand */
	const uint8_t *at;
	uint32_t last_key, last_place;
};
void prov_search(struct prov_search *s, const struct prov *p, uint32_t key);
bool prov_next(struct prov_search *s, struct prov_entry *out);

struct prov_text {
	const char *text; /* not terminated; from the file, as it was given */
	size_t len;
};

/* Is it of IP4_RULE_LONGEST, and the dataset's type. False if damaged. */
bool prov_type(const struct prov *p, unsigned *rule, struct prov_text *type);

/* The file and the line of a place. False for 0, and if it is damaged. */
bool prov_line(const struct prov *p, uint32_t place, struct prov_text *file,
    uint32_t *line);

/* ---- building */

/* The files of a dataset, and where in them it is. Starts zeroed. */
struct prov_files {
	const unsigned *line; /* the one that is read; NULL: not wanted */
	const char *type;     /* of the dataset, for the array; borrowed */
	uint32_t before;      /* lines in the files before this one */
	struct buf bytes;     /* the array, but for its start */
};

/* A file begins, when *line is still that of the end of the one before. */
int prov_files_add(struct prov_files *f, const char *path)
    __attribute__((warn_unused_result));
void prov_files_free(struct prov_files *f);

/* What the entries of an index come from. Starts zeroed. Members private, but
 * for files. */
struct prov_build {
	struct prov_files *files; /* NULL: not wanted; borrowed */
	struct buf lines;	  /* struct prov_lines */
	struct buf ones;	  /* struct prov_one */
	struct buf ranges;	  /* struct prov_range */
	const struct prov_key *keys; /* of the lines; borrowed */
	struct buf from, heads;	  /* once it is encoded */
	int rc;
	bool is_encoded, has_thread;
	pthread_t thread;
};

/*
 * n lines, one behind the other, that are an entry each (PROV_ONE): what large
 * lists are made of. Their keys stand in a list that the builder of the index
 * has anyway, of records that begin with the key.
 */
struct prov_lines {
	uint32_t at; /* the first key in that list */
	uint32_t n;
	uint32_t place; /* the first line */
};

struct prov_key {
	uint32_t key, unused;
};

struct prov_one {
	uint32_t key;
	uint32_t tag; /* place << 3 | enum prov_form << 1 | is an exclusion */
};

struct prov_range {
	uint32_t key;
	uint32_t tag;
	uint32_t last;
};

static inline bool
prov_is_wanted(const struct prov_build *b)
{
	return b->files != NULL && b->files->line != NULL;
}

/* The tag of an entry in the line at hand. */
static inline uint32_t
prov_tag(const struct prov_build *b, enum prov_form form, bool excludes)
{
	uint64_t place = (uint64_t)b->files->before + *b->files->line;

	if (place > PROV_PLACE_MAX)
		place = 0;
	return (uint32_t)place << 3 | form << 1 | excludes;
}

/* An entry of the line at hand, or of the one that a tag was for. */
static inline int __attribute__((warn_unused_result))
prov_add_tag(struct prov_build *b, uint32_t key, uint32_t tag)
{
	struct prov_one one = {key, tag};

	return prov_is_wanted(b) ? buf_put(&b->ones, &one, sizeof(one)) : 0;
}

static inline int __attribute__((warn_unused_result))
prov_add(struct prov_build *b, uint32_t key, enum prov_form form, bool excludes)
{
	return prov_is_wanted(b) ?
	    prov_add_tag(b, key, prov_tag(b, form, excludes)) : 0;
}

/* An entry in each of n lines, the next one being the first. Key `at` of the
 * list is that of the first. */
int prov_add_lines(struct prov_build *b, size_t at, size_t n)
    __attribute__((warn_unused_result));

/*
 * When all is gathered: the list of the lines' keys. The first n are in order,
 * and stay there, unchanged, until prov_finish(); the others may go.
 */
int prov_take_keys(struct prov_build *b, const struct prov_key *keys, size_t n)
    __attribute__((warn_unused_result));

int prov_add_range(struct prov_build *b, uint32_t first, uint32_t last,
    bool excludes) __attribute__((warn_unused_result));

/*
 * Optional, when all is gathered and no key changes any more: begins the work
 * of prov_finish() in a thread of its own, while the caller makes the index.
 * Until then nobody may touch *b, which stays where it is.
 */
void prov_begin(struct prov_build *b);

/* Makes the arrays of an index, which goes by this enum ip4_rule; what was
 * gathered is gone. Does nothing where it is not wanted. */
struct arrays;
int prov_finish(struct prov_build *b, unsigned rule, struct arrays *arrays,
    unsigned index) __attribute__((warn_unused_result));
void prov_build_free(struct prov_build *b);

#endif
