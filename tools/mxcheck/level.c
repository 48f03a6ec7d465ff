/*
 * Levels are runs of equal preference in a sorted list.
 */
#include "tools/mxcheck/level.h"

struct level
level_first(const struct facts_domain *domain)
{
	struct level level = {.domain = domain, .mx = domain->mxs};

	while (level.n < domain->n_mxs &&
	    domain->mxs[level.n].pref == domain->mxs[0].pref)
		level.n++;
	return level;
}

struct level
level_of(const struct check_on *on)
{
	return (struct level){
	    .domain = on->domain,
	    .mx = on->level,
	    .n = on->n_level,
	};
}

bool
level_is_first(const struct check_on *on)
{
	return on->level == on->domain->mxs;
}

const struct facts_endpoint *
level_find(const struct level *level, level_test *test)
{
	for (size_t i = 0; i < level->n; i++) {
		const struct facts_host *host = level->mx[i].host;

		for (size_t k = 0; host != NULL && k < host->n_endpoints; k++)
			if (test(host->endpoints[k], level->domain))
				return host->endpoints[k];
	}
	return NULL;
}
