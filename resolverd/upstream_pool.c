/*
 * Contexts by kind, and the old ones until what they were asked is answered.
 */
#include "resolverd/upstream_pool.h"

#include <sys/queue.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "resolverd/anchor.h"
#include "resolverd/route.h"
#include "resolverd/upstream_rules.h"

#define LOOK_S 1 /* at the clock, and at the state of the trust anchor */

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
	struct event *look;
	char *keys;	/* the root's, that contexts were made with; or NULL */
	int64_t look_s; /* when the contexts were looked at */
	LIST_HEAD(, retired) retired;
};

/* ---- what contexts are made from changes */

/* Has a negative anchor come to its end since the last look? */
static bool
negative_ended(struct upstream_pool *p)
{
	int64_t before = p->look_s, now = (int64_t)clock_wall_s();
	char name[DNAME_TXT_MAX];
	bool ended = false;

	p->look_s = now;
	for (size_t i = 0; i < p->conf->upstream.n_negative; i++) {
		const struct conf_negative_anchor *na =
		    &p->conf->upstream.negative[i];

		if (na->until_s <= before || na->until_s > now)
			continue;
		log_info("%s: its negative trust anchor has ended, it is "
			 "validated again",
		    dname_to_txt(name, na->name));
		ended = true;
	}
	return ended;
}

/* Are other keys of the root to be trusted than before? */
static bool
keys_changed(struct upstream_pool *p)
{
	char *keys;

	if (anchor_keys(&keys, p->conf->state_dir) != 0)
		return false;
	if (p->keys != NULL && strcmp(keys, p->keys) == 0) {
		free(keys);
		return false;
	}
	if (p->keys != NULL)
		log_info("the root's trust anchor has changed");
	free(p->keys);
	p->keys = keys;
	return true;
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_pool *p = arg;
	bool ended = negative_ended(p), changed = keys_changed(p);

	(void)fd, (void)what;
	if (ended || changed)
		upstream_pool_renew(p);
}

/* Before the first context is made, so that no change is missed. */
static int
start_looking(struct upstream_pool *p)
{
	static const struct timeval period = {.tv_sec = LOOK_S};

	if (!p->conf->upstream.validate)
		return 0;
	p->look_s = (int64_t)clock_wall_s();
	(void)keys_changed(p);
	p->look = event_new(p->base, -1, EV_PERSIST, on_look, p);
	if (p->look == NULL || event_add(p->look, &period) == -1)
		return -ENOMEM;
	return 0;
}

/* ---- contexts */

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
	if (p->routes == NULL || start_looking(p) != 0) {
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
	if (p->look != NULL)
		event_free(p->look);
	routes_free(p->routes);
	free(p->keys);
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
