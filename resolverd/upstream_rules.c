/*
 * Pure functions of the configuration; libunbound is upstream_context.c's.
 */
#include "resolverd/upstream_rules.h"

#include <stdio.h>
#include <stdlib.h>

static bool
is_above(const struct conf_route *a, const struct conf_route *below)
{
	return a != below && dname_is_below(below->apex, a->apex);
}

static bool
has_servers(const struct conf_route *route)
{
	return route->ask == CONF_ASK_FORWARD || route->ask == CONF_ASK_STUB;
}

/* Would its names be asked elsewhere if it were not for this route? */
static bool
is_under_servers(const struct conf *conf, const struct conf_route *route)
{
	if (conf->upstream.n_forward > 0)
		return true;
	for (size_t i = 0; i < conf->n_routes; i++) {
		if (has_servers(&conf->routes[i]) &&
		    is_above(&conf->routes[i], route))
			return true;
	}
	return false;
}

static bool
is_above_recursion(const struct conf *conf, const struct conf_route *route)
{
	for (size_t i = 0; i < conf->n_routes; i++) {
		if (conf->routes[i].ask == CONF_ASK_RECURSE &&
		    is_above(route, &conf->routes[i]))
			return true;
	}
	return false;
}

unsigned
upstream_kind_of(const struct conf *conf, const struct conf_route *route)
{
	unsigned kind = 0;

	if (route->ask == CONF_ASK_RECURSE && is_under_servers(conf, route))
		kind |= UPSTREAM_DIRECT;
	if (!route->minimise)
		kind |= UPSTREAM_WHOLE_NAMES;
	return kind;
}

bool
upstream_kind_forwards(const struct conf *conf, unsigned kind)
{
	return !(kind & UPSTREAM_DIRECT) && conf->upstream.n_forward > 0;
}

bool
upstream_kind_has(
    const struct conf *conf, unsigned kind, const struct conf_route *route)
{
	/* one that inherits its servers is part of the zone above */
	if (!has_servers(route) || !(route->own & CONF_ROUTE_ASK))
		return false;
	return !(kind & UPSTREAM_DIRECT) || !is_above_recursion(conf, route);
}

/*
 * Its own cache is left out where it can be: what we ask for anew, since it is
 * about to expire or was flushed, must not come from there.
 */
static void
put_zone(FILE *f, const char *what, const char *name,
    const struct conf_endpoint *servers, size_t n)
{
	fprintf(f, "%s-zone:\n name: \"%s.\"\n %s-no-cache: yes\n", what, name,
	    what);
	for (size_t i = 0; i < n; i++)
		fprintf(f, " %s-addr: %s\n", what, servers[i].txt);
}

char *
upstream_rules_txt(const struct conf *conf, unsigned kind)
{
	char *txt = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&txt, &len);

	if (f == NULL)
		return NULL;
	if (upstream_kind_forwards(conf, kind))
		put_zone(f, "forward", "", conf->upstream.forward,
		    conf->upstream.n_forward);
	for (size_t i = 0; i < conf->n_routes; i++) {
		const struct conf_route *r = &conf->routes[i];

		if (upstream_kind_has(conf, kind, r))
			put_zone(f,
			    r->ask == CONF_ASK_STUB ? "stub" : "forward",
			    r->name, r->servers, r->n_servers);
	}
	if (fclose(f) != 0) {
		free(txt);
		return NULL;
	}
	return txt;
}
