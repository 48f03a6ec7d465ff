/*
 * Asks the root for its keys, with a context of libunbound's that does RFC
 * 5011.
 */
#include "resolverd/anchor.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "lib/dns.h"
#include "resolverd/upstream_context.h"
#include "resolverd/upstream_rules.h"

#define PROBE_S 20 /* for an answer */

struct probe {
	struct upstream_ask ask; /* the first member: on_answer() */
	struct event_base *base;
	bool secure;
	char why[ANCHOR_WHY_MAX];
};

static void
on_answer(struct upstream_ask *ask, const struct upstream_result *result)
{
	struct probe *p = (struct probe *)ask;

	p->secure = result->security == UPSTREAM_SECURE;
	if (result->why_bogus != NULL)
		snprintf(p->why, sizeof(p->why), "%s", result->why_bogus);
	event_base_loopbreak(p->base);
}

/* An answer has to be validated, and for that the root's keys be fetched. */
static int
ask_root(struct probe *p, const struct conf *conf)
{
	static const uint8_t root[] = "";
	static const struct timeval patience = {.tv_sec = PROBE_S};
	struct upstream_context *context;
	int rc;

	rc = upstream_context_open(
	    &context, p->base, conf, UPSTREAM_PROBE, p->why);
	if (rc != 0)
		return rc;
	snprintf(p->why, sizeof(p->why), "no answer that is signed");
	rc = upstream_context_ask(context, root, DNS_TYPE_NS, &p->ask);
	if (rc == 0) {
		event_base_loopexit(p->base, &patience);
		event_base_dispatch(p->base);
	}
	upstream_context_close(context);
	return rc != 0 ? rc : p->secure ? 0 : -EIO;
}

int
anchor_probe(const struct conf *conf, char *why)
{
	struct probe p = {.ask = {.done = on_answer}};
	int rc;

	_Static_assert(ANCHOR_WHY_MAX >= UPSTREAM_WHY_MAX, "room for both");
	p.base = event_base_new();
	if (p.base == NULL) {
		snprintf(why, ANCHOR_WHY_MAX, "cannot make an event base");
		return -ENOMEM;
	}
	rc = ask_root(&p, conf);
	snprintf(why, ANCHOR_WHY_MAX, "%s", p.why);
	event_base_free(p.base);
	return rc;
}
