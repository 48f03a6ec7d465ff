/*
 * Routes by the hash of their names: a question hashes itself from the root to
 * the left (lib/dname.h) and so passes every suffix that a route may have.
 */
#include "resolverd/route.h"

#include <stdlib.h>
#include <string.h>

struct slot {
	const struct conf_route *route; /* NULL: free */
	uint64_t hash;
};

struct routes {
	unsigned labels_max; /* of the longest */
	size_t mask;
	struct slot slots[]; /* mask + 1, half of them free at least */
};

static struct slot *
slot_of(struct routes *rs, uint64_t hash)
{
	size_t i = hash & rs->mask;

	while (rs->slots[i].route != NULL)
		i = (i + 1) & rs->mask;
	return &rs->slots[i];
}

static const struct conf_route *
find(const struct routes *rs, uint64_t hash, const uint8_t *name)
{
	for (size_t i = hash & rs->mask; rs->slots[i].route != NULL;
	     i = (i + 1) & rs->mask) {
		const struct slot *s = &rs->slots[i];

		if (s->hash == hash && dname_equal(s->route->apex, name))
			return s->route;
	}
	return NULL;
}

struct routes *
routes_new(const struct conf *conf)
{
	struct routes *rs;
	size_t n = 1;

	while (n < 2 * conf->n_routes + 1)
		n *= 2;
	rs = calloc(1, sizeof(*rs) + n * sizeof(rs->slots[0]));
	if (rs == NULL)
		return NULL;
	rs->mask = n - 1;
	for (size_t i = 0; i < conf->n_routes; i++) {
		const struct conf_route *route = &conf->routes[i];
		uint64_t hash = dname_hash(route->apex);
		unsigned labels = dname_labels(route->apex);

		if (labels > rs->labels_max)
			rs->labels_max = labels;
		*slot_of(rs, hash) =
		    (struct slot){.route = route, .hash = hash};
	}
	return rs;
}

void
routes_free(struct routes *rs)
{
	free(rs);
}

const struct conf_route *
routes_find(const struct routes *rs, const uint8_t *qname)
{
	const uint8_t *labels[DNAME_LABELS_MAX], *p = qname;
	const struct conf_route *route, *longest = NULL;
	uint64_t hash = DNAME_HASH_ROOT;
	unsigned n = 0, hashed = 0;

	if (rs->labels_max == 0)
		return NULL;
	for (; *p != 0; p += *p + 1)
		labels[n++] = p;
	while (n > 0 && hashed++ < rs->labels_max) {
		hash = dname_hash_label(hash, labels[--n]);
		route = find(rs, hash, labels[n]);
		if (route != NULL)
			longest = route;
	}
	return longest;
}
