/*
 * A dataset: files of one type, read line by line into builders of indexes.
 * A type is a row of a table and a file of its own (ds_*.c).
 */
#ifndef ZONES_DATASET_H
#define ZONES_DATASET_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "zones/acl.h"
#include "zones/build.h"
#include "zones/index.h"
#include "zones/ip4.h"
#include "zones/ip6.h"
#include "zones/names.h"
#include "zones/pool.h"

#define DATASET_TTL 2100 /* seconds, where the data has no $TTL: rbldnsd's */
#define DATASET_A 0x7f000002u /* 127.0.0.2, where an entry has no value */

struct dataset_soa {
	bool is_set;
	uint32_t ttl;
	struct buf rdata; /* names uncompressed; serial 0: time of the data */
};

struct dataset_ns {
	bool is_set;
	uint32_t ttl;
	struct buf names; /* dnames one behind the other */
};

enum { LIST_KEY, LIST_TEXT, LIST_EXPIRY, LIST_COLUMNS };

/* For zones/list.h and the types that use it. */
struct list_state {
	bool text, below, exact; /* the options */
	uint64_t widened; /* IPv6 entries of this file that became a /64 */
	unsigned widened_line; /* of the first */
	struct list_column {
		char *name;	 /* as it is given; owned */
		unsigned fixed;	 /* if that is a number */
		unsigned number; /* in this file, from 1; 0: not known yet */
	} columns[LIST_COLUMNS];
	bool is_lost;		 /* a file has no such column */
	bool has_records;	 /* a file says how many entries it has */
	uint64_t records, read;
	uint8_t origin[DNAME_MAX]; /* of a zone file */
	bool is_own_ns;		   /* the NS come from it, too */
};

/* A value that was read before, by its text: feeds have few, and often. */
struct value_memo {
	char text[24];
	uint32_t base; /* the default value it was read under */
	uint32_t value; /* 0: unused */
};

#define VALUE_MEMOS 16 /* a power of two */

struct dataset {
	const struct dataset_type *type;
	const uint8_t *apex; /* borrowed */
	struct conf_reading reading; /* zeroed, as usual */

	/* where bad lines are told about */
	build_report_fn *report;
	void *report_arg;
	const char *file; /* that is read; borrowed */
	unsigned line;
	uint64_t entries;
	uint64_t bad_lines;
	unsigned pages;	    /* files that begin with < */
	unsigned cut_files; /* whose last line has no newline */
	int64_t modified; /* newest time of a file */
	time_t file_modified; /* of the one that is read */
	uint64_t now;	  /* when it began to be read */
	bool wants_build; /* false: only to be checked */

	/* what `$` lines say */
	struct dataset_soa soa;
	struct dataset_ns ns;
	uint64_t range4_max; /* addresses of an entry; 0: no limit */
	unsigned range6_bits; /* shortest prefix of an entry; 0: no limit */
	int64_t stamp;	     /* newest $TIMESTAMP; 0: none */
	int64_t expires;     /* 0: never */
	struct pool pool;    /* and its TTL and $0-$9, $= */

	uint32_t default_value; /* of the pool, from here on in this file */
	uint32_t first_value;	/* what a file starts with: 127.0.0.2 */
	uint32_t shared_value;	/* of a type that has one; 0: not known yet */
	uint32_t expiry; /* of entries from here on in this file; 0: none */
	uint32_t lifetime; /* of entries from the time of their file on, in
			    * seconds, by the option expires-in; 0: no end */
	enum acl_action acl_default; /* of an acl; ACL_LISTED: default_value */
	struct value_memo memos[VALUE_MEMOS];

	struct list_state list; /* of the types of foreign lists */
	struct combined *combined; /* of ds_combined.c, which owns it */

	struct prov_files prov; /* its line: whether provenance is wanted */

	/* a type uses one or more */
	struct {
		struct ip4_build ip4;
		struct ip6_build ip6;
		struct name_build name;
	} build;
};

struct source;
struct dataset_type {
	const char *name;
	enum index_role role; /* of its indexes */
	bool is_container;    /* holds datasets of other types */
	bool has_expiry;      /* entries may end with $EXPIRES */
	void (*begin)(struct dataset *ds);
	/* Optional: a word of the parentheses behind the type's name. Returns
	 * 0, -EINVAL if it means nothing, or -ENOMEM. */
	int (*option)(struct dataset *ds, const char *word);
	/*
	 * Optional: a file begins; it was read, to which the type may object.
	 */
	void (*start)(struct dataset *ds);
	int (*done)(struct dataset *ds, char *why);
	/*
	 * Optional: reads a whole file that is not made of lines; instead of
	 * line(). Returns 0 or -errno, with the reason in why.
	 */
	int (*read)(struct dataset *ds, struct source *s, char *why);
	/*
	 * Optional: a `$` line, s behind the `$`, before it is looked at as
	 * one of this dataset. Returns 1 if it was taken, 0, or -errno.
	 */
	int (*special)(struct dataset *ds, char *s, char *why);
	/*
	 * An entry: a line without space at its ends that is no comment, `$`
	 * line or empty. It may be written to. Returns 0, also for a bad line,
	 * which it has told about; or -errno.
	 */
	int (*line)(struct dataset *ds, char *s);
	/*
	 * Optional: n lines that hold an IPv4 address and nothing else, read
	 * already (zones/ahead.h): an entry each, of the default value. Counts
	 * ds->line and ds->entries. Returns 0 or -errno.
	 */
	int (*addresses)(struct dataset *ds, const uint32_t *ips, size_t n);
	/* Optional: may it be called now? Else such lines are as others. */
	bool (*takes_addresses)(const struct dataset *ds);
	int (*finish)(struct dataset *ds, struct intern *values,
	    struct arrays *arrays);
	void (*end)(struct dataset *ds);
};

/* "csv", or "csv(ip)" with options; NULL if there is no such type. */
const struct dataset_type *dataset_type_find(const char *name);

int dataset_begin(struct dataset *ds, const struct dataset_type *type,
    const uint8_t *apex, build_report_fn *report, void *report_arg)
    __attribute__((warn_unused_result));

/*
 * The options in "csv(ip)", behind dataset_begin(). An address is the A record
 * of entries that have none, other words are the type's. Returns 0 or -errno
 * with the reason in why.
 */
int dataset_options(struct dataset *ds, const char *name, char *why)
    __attribute__((warn_unused_result));

/* Behind dataset_begin(), for data that is not read as usual. */
void dataset_reading(struct dataset *ds, const struct conf_reading *reading);

/* A TTL of the data as it is taken; 0 stands for otherwise, and that for the
 * one of data that has none. */
uint32_t dataset_ttl(const struct dataset *ds, uint32_t ttl,
    uint32_t otherwise);

/* Before the first file: where entries come from is to be kept, as from a
 * dataset of this type, which is borrowed. */
void dataset_want_provenance(struct dataset *ds, const char *name);

/* Reads a file into the dataset. Returns 0 or -errno with the reason in why. */
int dataset_read(struct dataset *ds, const char *path, char *why)
    __attribute__((warn_unused_result));

/* Makes the indexes of it, one or more; values are added. */
int dataset_finish(struct dataset *ds, struct intern *values,
    struct arrays *arrays, char *why)
    __attribute__((warn_unused_result));

void dataset_end(struct dataset *ds);

/* ---- for the types */

/* Tells about the line at hand. */
void dataset_note(struct dataset *ds, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, and the line is left out. Returns 0, for a tail call. */
int dataset_bad_line(struct dataset *ds, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A `:A:TXT` line: the default from here on. */
int dataset_default(struct dataset *ds, char *s)
    __attribute__((warn_unused_result));

/*
 * What stands behind the key of an entry: nothing or a comment, `:A`, `:A:TXT`
 * or a text. Returns 1 with *value, 0 for a bad line, or -errno.
 */
int dataset_value(struct dataset *ds, const char *s, uint32_t *value)
    __attribute__((warn_unused_result));

/* An entry: a line that is not empty, no comment and no `$` line. Returns 0 or
 * -errno. */
int dataset_line(struct dataset *ds, char *s)
    __attribute__((warn_unused_result));

/* May type->addresses() be called for the lines that come next? */
bool dataset_takes_addresses(const struct dataset *ds);

/* A file, or a section of one, begins: its entries last as the option
 * expires-in says, or else up to a time. */
void dataset_start_expiry(struct dataset *ds, time_t modified,
    uint32_t otherwise);

/* Is what is listed from here on over already? For what dataset_line() is not
 * called for. */
static inline bool
dataset_is_over(const struct dataset *ds)
{
	return ds->expiry != 0 && ds->expiry <= ds->now;
}

/* The value up to the time of $EXPIRES, if there was one. */
int dataset_expiring(struct dataset *ds, uint32_t *value)
    __attribute__((warn_unused_result));

/*
 * The same where all entries of the dataset have one value, also those before
 * it: that of the first such line.
 */
int dataset_shared(struct dataset *ds, char *s)
    __attribute__((warn_unused_result));

/* When all is read: first_value becomes that of all entries. */
void dataset_share(struct dataset *ds);

/* What stands behind the key of such an entry: a value is told about. */
void dataset_no_value(struct dataset *ds, const char *s);

/* A `$` line, s behind the `$` (see special.c). Returns 0 or -errno; -EINVAL
 * with the reason in why if the data must not be served. */
int special_line(struct dataset *ds, char *s, char *why)
    __attribute__((warn_unused_result));

#endif
