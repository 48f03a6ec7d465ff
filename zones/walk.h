/*
 * Everything that a view of a generation lists, in order: what exports write
 * and what differences are found by. The datasets are laid over each other: a
 * step is given once, with what each of them has for it. What has expired when
 * the walk is opened is not there.
 *
 * Three walks, each from its start to its end, in any order; walk_rewind() is
 * for all three:
 *
 *	walk_open(&w, gen, view);
 *	while (walk_ip4(w, &ip4)) ...
 *	while (walk_ip6(w, &ip6)) ...
 *	while (walk_name(w, &name)) ...
 *	walk_close(w);
 */
#ifndef ZONES_WALK_H
#define ZONES_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "zones/generation.h"
#include "zones/ip6.h"
#include "zones/names.h"

/* What is answered: for generation_value(), in the order of the datasets, each
 * once. */
struct walk_values {
	unsigned n;
	uint32_t value[ZONE_DATASETS_MAX];
};

/* Neighbours that differ in nothing are one step; what is not listed is none.
 * Exclusions are worked in. */
struct walk_ip4 {
	uint32_t first, last;
	struct walk_values values;
};

struct walk_ip6 {
	struct ip6 first, last;
	struct walk_values values;
};

/*
 * A name, in canonical order (RFC 4034 6.1): one stands before all below it.
 * What its ancestors have for all below them is not worked in. An entry that
 * has flags 0 says nothing; values 0 are exclusions. Empty non-terminals have
 * entries, too: NAME_EXISTS alone.
 */
struct walk_name {
	const uint8_t *labels; /* below the apex, no root byte; borrowed */
	unsigned len;	       /* 0: the apex */
	struct name_entry in[ZONE_DATASETS_MAX]; /* by dataset */
};

struct walk;

/* A view of the generation; both must outlive the walk. Returns 0 or -ENOMEM:
 * names are sorted, which needs 16 bytes for each. */
int walk_open(struct walk **out, const struct generation *gen,
    const struct generation_view *view) __attribute__((warn_unused_result));
void walk_close(struct walk *w); /* NULL is fine */
void walk_rewind(struct walk *w);

/* The next step; false at the end. */
bool walk_ip4(struct walk *w, struct walk_ip4 *out);
bool walk_ip6(struct walk *w, struct walk_ip6 *out);
bool walk_name(struct walk *w, struct walk_name *out);

#endif
