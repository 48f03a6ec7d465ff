/*
 * Why a key is listed or not: the entries that have to do with it, and which of
 * them count. What is answered is not found out here, but by
 * generation_lookup() and local_lookup(), as in the daemon.
 */
#ifndef ZONES_WHY_H
#define ZONES_WHY_H

#include "zones/generation.h"
#include "zones/index.h"
#include "zones/prov.h"

#define WHY_KEY_MAX (DNAME_TXT_MAX + 4)

enum why_role {
	WHY_LISTS,    /* its value is answered */
	WHY_EXCLUDES, /* it is why the dataset lists nothing */
	WHY_COVERED,  /* another entry counts in its place */
	WHY_EXPIRED,  /* it would count */
};

struct why_entry {
	enum why_role role;
	char key[WHY_KEY_MAX];  /* as in a dataset: !192.0.2.0/24, *.a.test */
	struct prov_text type;  /* of the dataset; len 0: not known */
	struct prov_text file;  /* likewise; all borrowed from the generation */
	uint32_t line;
};

typedef void why_fn(void *arg, const struct why_entry *e);

/*
 * Gives all entries that cover the key, dataset by dataset. If the generation
 * does not say where entries come from, only those that count, of IPv4 as
 * single addresses. Returns 0 or -ENOMEM.
 */
int why_generation(const struct generation *gen, const struct zone_key *key,
    why_fn *fn, void *arg) __attribute__((warn_unused_result));

/* The same of one index, of which nothing expires; prov may be NULL. */
int why_index(const struct index_kind *kind, const union index *ix,
    const struct prov *prov, const struct zone_key *key, why_fn *fn, void *arg)
    __attribute__((warn_unused_result));

#endif
