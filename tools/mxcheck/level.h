/*
 * All MX of one preference, for checks that compare levels.
 */
#ifndef TOOLS_MXCHECK_LEVEL_H
#define TOOLS_MXCHECK_LEVEL_H

#include "tools/mxcheck/check.h"

struct level {
	const struct facts_domain *domain;
	const struct facts_mx *mx;
	size_t n;
};

struct level level_first(const struct facts_domain *domain);
struct level level_of(const struct check_on *on); /* of a CHECK_LEVEL */
bool level_is_first(const struct check_on *on);

typedef bool level_test(const struct facts_endpoint *ep,
    const struct facts_domain *domain);

/* The first endpoint of which it holds; NULL if there is none. */
const struct facts_endpoint *level_find(const struct level *level,
    level_test *test);

#endif
