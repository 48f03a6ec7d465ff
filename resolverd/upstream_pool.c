/*
 * Contexts by kind, and the old ones until what they were asked is answered.
 */
#include "resolverd/upstream_pool.h"

#include <sys/queue.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/log.h"
#include "resolverd/route.h"
#include "resolverd/upstream_rules.h"

/* One that is not asked any more; each frees itself. */
struct retired {
	LIST_ENTRY(retired) link;
	struct upstream_context *context;
};

struct upstream_pool {
	struct event_base *base;
	const struct conf *conf; /* both borrowed */
	struct routes *routes;
	struct upstream_context *contexts[UPSTREAM_KINDS]; /* NULL: not yet */
	LIST_HEAD(, retired) retired;
};

static int
make(struct upstream_pool *p, unsigned kind, char *why)
{
	return upstream_context_open(
	    &p->contexts[kind], p->base, p->conf, kind, why);
}

static int
make_all(struct upstream_pool *p, char *why)
{
	for (size_t i = 0; i < p->conf->n_routes; i++) {
		unsigned kind = upstream_kind_of(p->conf, &p->conf->routes[i]);
		int rc = p->contexts[kind] == NULL ? make(p, kind, why) : 0;

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
upstream_pool_open(struct upstream_pool **out, struct event_base *base,
    const struct conf *conf, bool check, char *why)
{
	struct upstream_pool *p;
	int rc;

	*out = NULL;
	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		snprintf(why, UPSTREAM_WHY_MAX, "out of memory");
		return -ENOMEM;
	}
	LIST_INIT(&p->retired);
	p->base = base;
	p->conf = conf;
	p->routes = routes_new(conf);
	if (p->routes == NULL) {
		snprintf(why, UPSTREAM_WHY_MAX, "out of memory");
		rc = -ENOMEM;
	} else {
		rc = make(p, 0, why);
	}
	if (rc == 0 && check)
		rc = make_all(p, why);
	if (rc != 0) {
		upstream_pool_close(p);
		return rc;
	}
	*out = p;
	return 0;
}

static void
end_retired(void *arg)
{
	struct retired *r = arg;

	LIST_REMOVE(r, link);
	upstream_context_close(r->context);
	free(r);
}

void
upstream_pool_close(struct upstream_pool *p)
{
	if (p == NULL)
		return;
	while (!LIST_EMPTY(&p->retired))
		end_retired(LIST_FIRST(&p->retired));
	for (unsigned kind = 0; kind < UPSTREAM_KINDS; kind++)
		upstream_context_close(p->contexts[kind]);
	routes_free(p->routes);
	free(p);
}

const struct conf_route *
upstream_pool_route(const struct upstream_pool *p, const uint8_t *qname)
{
	return routes_find(p->routes, qname);
}

int
upstream_pool_ask(struct upstream_pool *p, const uint8_t *qname, uint16_t qtype,
    struct upstream_ask *ask)
{
	const struct conf_route *route = routes_find(p->routes, qname);
	unsigned kind = route != NULL ? upstream_kind_of(p->conf, route) : 0;
	char why[UPSTREAM_WHY_MAX];

	if (p->contexts[kind] == NULL && make(p, kind, why) != 0) {
		log_warn("upstream: %s", why);
		return -EBUSY;
	}
	return upstream_context_ask(p->contexts[kind], qname, qtype, ask);
}

static void
renew(struct upstream_pool *p, unsigned kind)
{
	struct retired *old = malloc(sizeof(*old));
	struct upstream_context *new;
	char why[UPSTREAM_WHY_MAX] = "out of memory";

	if (old == NULL ||
	    upstream_context_open(&new, p->base, p->conf, kind, why) != 0) {
		log_warn("upstream: %s; going on as before", why);
		free(old);
		return;
	}
	old->context = p->contexts[kind];
	p->contexts[kind] = new;
	LIST_INSERT_HEAD(&p->retired, old, link);
	upstream_context_retire(old->context, end_retired, old);
}

void
upstream_pool_renew(struct upstream_pool *p)
{
	for (unsigned kind = 0; kind < UPSTREAM_KINDS; kind++) {
		if (p->contexts[kind] != NULL)
			renew(p, kind);
	}
}
