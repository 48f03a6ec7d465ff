/*
 * For the formats of zones/export.h: what they are called with, and the pieces
 * of text that several of them write.
 */
#ifndef ZONES_EXPORT_FORMAT_H
#define ZONES_EXPORT_FORMAT_H

#include "lib/addr.h"
#include "zones/export.h"
#include "zones/value.h"
#include "zones/walk.h"

/* Values that a key has. `$` in the text of one is the name of the last
 * key_len bytes of the labels; for addresses, the address. */
struct export_values {
	unsigned n;
	struct {
		uint32_t value;
		unsigned key_len;
	} of[ZONE_DATASETS_MAX];
};

/*
 * A name, everything worked in that its ancestors have. All names that are said
 * anything about come so, ancestors first; and where an ancestor lists all
 * below it, also names between, since in a zone file a name that exists hides a
 * wildcard above it (RFC 4592 4.3).
 */
struct export_name {
	const uint8_t *labels; /* below the apex, no root byte */
	unsigned len;
	bool says_it, says_below; /* of itself, not by an ancestor alone */
	struct export_values it, below; /* none: not listed */
	struct export_values above;	/* what it would have if not excluded */
};

struct export {
	const struct generation *gen;
	const uint8_t *apex;
	char apex_txt[DNAME_TXT_MAX];
	const struct zone_apex *soa_ns;
	FILE *out;
	struct generation_view *views; /* the zone first, then its subzones */
	size_t n_views;
	struct walk *walk; /* of one view; apex_txt is its apex */
	uint64_t left_out;
	uint64_t now;
	const struct export_format *format;
	union { /* of the format */
		struct {
			uint32_t ttl;
			uint32_t common; /* the value that is not written */
			int wanted, section;
			bool has_rules; /* wildcards, exclusions */
			bool all_generic;
		} rbldnsd;
		struct {
			unsigned family, n;
		} nftables;
	};
};

struct export_format {
	const char *name;
	/* Each may be NULL; what there is then nothing for is left out. */
	void (*begin)(struct export *x);
	/* A subzone begins, which what follows is relative to; without it,
	 * there is one view at a time. */
	void (*subzone)(struct export *x);
	/* Do not overlap; in order, IPv4 first. */
	void (*put_prefix)(struct export *x, const struct prefix *p,
	    const struct export_values *v);
	void (*put_name)(struct export *x, const struct export_name *n);
	void (*end)(struct export *x);
	/* Instead of all these: export_view() opens the views. */
	int (*run)(struct export *x);
};

extern const struct export_format export_rbldnsd, export_bind, export_rpz,
    export_unbound, export_postfix_cidr, export_nftables, export_plain;

/* Takes up a view. Returns 0 or -ENOMEM. */
int export_view(struct export *x, size_t view)
    __attribute__((warn_unused_result));

/* All prefixes of a family, or all names, to a function. */
void export_prefixes(struct export *x, int family,
    void (*fn)(struct export *, const struct prefix *,
    const struct export_values *));
void export_names(struct export *x,
    void (*fn)(struct export *, const struct export_name *));

/* Gives the RRs of a value that have not expired, one by one; start with at->p
 * NULL. */
bool export_next_rr(const struct export *x, uint32_t value,
    struct value_walk *at, struct value_rr *rr);

/* The whole prefix, or the address if that is all of it. */
char *export_prefix_txt(char *out, const struct prefix *p);

/* A name below the apex; "@" for the apex. out: DNAME_TXT_MAX. */
char *export_name_txt(char *out, const uint8_t *labels, unsigned len);

/* The text of a TXT RR, `$` as key_txt. out: 256 bytes. Returns its length, and
 * a NUL stands behind it. */
size_t export_txt(char *out, const struct value_rr *rr, const char *key_txt);

/* "TYPE rdata" in the form of a zone file. */
void export_put_rdata(FILE *out, const struct value_rr *rr,
    const char *key_txt);

#endif
