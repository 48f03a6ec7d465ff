/*
 * What takes the values of a route, and what is known of routes when all of
 * them are there. The rows stand in conf_values.c.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/conf_values.h"
#include "lib/xalloc.h"

static struct conf_route *
route_of(const struct conf_reader *r)
{
	return &r->conf->routes[r->conf->n_routes - 1];
}

/* ---- values */

static const char *
ask_txt(enum conf_ask ask)
{
	return ask == CONF_ASK_FORWARD ? "forward" :
	    ask == CONF_ASK_STUB ? "stub" : "recurse";
}

/* False if it was said otherwise before, which has been reported then. */
static bool
set_ask(struct conf_reader *r, enum conf_ask ask)
{
	struct conf_route *route = route_of(r);

	if ((route->own & CONF_ROUTE_ASK) && route->ask != ask) {
		conf_complain(r, "route \"%s\": has both %s and %s; remove one",
		    route->name, ask_txt(route->ask), ask_txt(ask));
		return false;
	}
	route->own |= CONF_ROUTE_ASK;
	route->ask = ask;
	return true;
}

static void
add_server(struct conf_reader *r, const struct conf_row *row, const char *value,
    enum conf_ask ask)
{
	struct conf_route *route = route_of(r);

	if (set_ask(r, ask))
		(void)conf_add_server(
		    r, row, value, &route->servers, &route->n_servers);
}

void
conf_set_route_forward(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	add_server(r, row, value, CONF_ASK_FORWARD);
}

void
conf_set_route_stub(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	add_server(r, row, value, CONF_ASK_STUB);
}

void
conf_set_route_recurse(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	bool yes;

	if (conf_read_switch(r, row, value, &yes) && yes)
		(void)set_ask(r, CONF_ASK_RECURSE);
}

void
conf_set_route_minimise(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	if (conf_read_switch(r, row, value, &route_of(r)->minimise))
		route_of(r)->own |= CONF_ROUTE_MINIMISE;
}

void
conf_set_route_validate(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	if (conf_read_switch(r, row, value, &route_of(r)->validate))
		route_of(r)->own |= CONF_ROUTE_VALIDATE;
}

void
conf_set_route_deadline(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	if (conf_read_duration(r, row, value, &route_of(r)->deadline_s))
		route_of(r)->own |= CONF_ROUTE_DEADLINE;
}

/* ---- the section as a whole */

void
conf_begin_route(struct conf_reader *r, const char *title)
{
	struct conf_route route = {.line = r->line};
	struct conf *c = r->conf;

	if (strcmp(title, ".") == 0)
		conf_complain(r,
		    "route \".\": is what the section upstream is for");
	else
		conf_take_name(r, "route", title, &route.name, route.apex);
	if (!route.name)
		route.name = xstrdup("");
	c->routes =
	    xreallocarray(c->routes, c->n_routes + 1, sizeof(route));
	c->routes[c->n_routes++] = route;
}

void
conf_free_route(struct conf_route *route)
{
	free(route->name);
	free(route->servers);
}

/* ---- all of them */

/* The next shorter route that holds for the names of this one; or NULL. */
static const struct conf_route *
parent_of(const struct conf *c, const struct conf_route *route)
{
	const struct conf_route *best = NULL;

	for (size_t i = 0; i < c->n_routes; i++) {
		const struct conf_route *other = &c->routes[i];

		if (other != route &&
		    dname_is_below(route->apex, other->apex) &&
		    (!best || dname_is_below(other->apex, best->apex)))
			best = other;
	}
	return best;
}

static void
copy_ask(struct conf_route *to, const struct conf_route *from)
{
	to->ask = from->ask;
	to->n_servers = from->n_servers;
	if (from->n_servers == 0)
		return;
	to->servers =
	    xreallocarray(NULL, from->n_servers, sizeof(*to->servers));
	memcpy(to->servers, from->servers,
	    from->n_servers * sizeof(*to->servers));
}

/* Takes from the route above what this one does not say. */
static void
inherit(struct conf_route *to, const struct conf_route *from)
{
	if (!(to->own & CONF_ROUTE_ASK))
		copy_ask(to, from);
	if (!(to->own & CONF_ROUTE_MINIMISE))
		to->minimise = from->minimise;
	if (!(to->own & CONF_ROUTE_VALIDATE))
		to->validate = from->validate;
	if (!(to->own & CONF_ROUTE_DEADLINE))
		to->deadline_s = from->deadline_s;
}

static void
check(struct conf_reader *r, const struct conf_route *route,
    const struct conf_route *above)
{
	const struct conf *c = r->conf;

	if (route->own == 0)
		conf_complain(r,
		    "route \"%s\": says nothing; add forward, stub or another "
		    "option, or remove it",
		    route->name);
	/* libunbound can except names from validation, not the other way */
	if (route->validate && !above->validate)
		conf_complain(r,
		    "route \"%s\": validate = yes, but %s%s%s has validate = "
		    "no, which holds for all names below; remove one",
		    route->name, above->name ? "route \"" : "",
		    above->name ? above->name : "upstream",
		    above->name ? "\"" : "");
	for (size_t i = 0; i < route->n_servers; i++) {
		if (conf_has_endpoint(c->listen, c->n_listen,
			route->servers[i].txt))
			conf_complain(r,
			    "route \"%s\": %s is listened on; name another "
			    "server to ask",
			    route->name, route->servers[i].txt);
	}
}

static int
by_length(const void *a, const void *b)
{
	const struct conf_route *const *x = a, *const *y = b;
	size_t len_x = strlen((*x)->name), len_y = strlen((*y)->name);

	return (len_x > len_y) - (len_x < len_y);
}

void
conf_settle_routes(struct conf_reader *r)
{
	struct conf *c = r->conf;
	const struct conf_route upstream = {
	    .minimise = true, .validate = c->upstream.validate};
	struct conf_route **order;

	order = xcalloc(c->n_routes + 1, sizeof(struct conf_route *));
	for (size_t i = 0; i < c->n_routes; i++)
		order[i] = &c->routes[i];
	qsort(order, c->n_routes, sizeof(struct conf_route *), by_length);
	for (size_t i = 0; i < c->n_routes; i++) {
		const struct conf_route *above = parent_of(c, order[i]);

		if (!above)
			above = &upstream;
		r->line = order[i]->line;
		inherit(order[i], above);
		check(r, order[i], above);
	}
	free(order);
}
