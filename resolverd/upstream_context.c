/*
 * A libunbound context: set up, tried with one question, asked by its event
 * API.
 *
 * libunbound may call on_answer() from inside ub_resolve_event(), and does so
 * for all that is under way from inside ub_ctx_delete(). We never cancel: it
 * would go on all the same. Who waits for an answer, and what becomes of it, is
 * for upstream.c.
 */
#include "resolverd/upstream_context.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unbound-event.h>
#include <unbound.h>

#include "lib/dns.h"
#include "lib/log.h"
#include "lib/why.h"
#include "resolverd/bogus.h"
#include "resolverd/upstream_settings.h"

struct upstream_context {
	struct ub_ctx *ub;
	struct event *idle; /* pending once retired, nothing asked */
	unsigned n_asks;    /* under way */
	bool retired;
	upstream_context_idle_fn *on_idle;
	void *idle_arg;
};


#define explain(why, rc, ...) why_fail(why, UPSTREAM_WHY_MAX, rc, __VA_ARGS__)

/* ---- self-test */

static void
on_self_test(void *arg, int rcode, void *packet, int len, int sec,
    char *why_bogus, int was_ratelimited)
{
	bool *passed = arg;

	(void)packet, (void)sec, (void)why_bogus, (void)was_ratelimited;
	*passed = rcode == 0 && len > DNS_HEADER_LEN;
}

/*
 * Wrong settings surface with the first question only. localhost is answered
 * on the spot, without a packet.
 */
static int
self_test(struct ub_ctx *ctx, char *why)
{
	/* not on the stack: nobody knows when a faulty one would be called */
	static bool passed;
	int rc;

	passed = false;
	rc = ub_resolve_event(ctx, "localhost", DNS_TYPE_A, DNS_CLASS_IN,
	    &passed, on_self_test, NULL);
	if (rc != 0)
		return explain(why, -EINVAL,
		    "libunbound does not start with these settings: %s",
		    ub_strerror(rc));
	if (!passed)
		return explain(why, -EINVAL,
		    "libunbound %s does not answer for localhost",
		    ub_version());
	return 0;
}

/* ---- questions */

/* libunbound may be at work above us: not from here (a use after free). */
static void
wake_if_idle(struct upstream_context *c)
{
	static const struct timeval at_once = {0};

	if (c->retired && c->n_asks == 0)
		evtimer_add(c->idle, &at_once);
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_context *c = arg;

	(void)fd, (void)what;
	c->on_idle(c->idle_arg); /* and c may be gone */
}

/*
 * libunbound's completion. rcode is not the answer's RCODE: only where it is 0
 * there is a packet, which holds until we return.
 */
static void
on_answer(void *arg, int rcode, void *packet, int len, int sec, char *why_bogus,
    int was_ratelimited)
{
	/* its numbers, in unbound-event.h's comment only */
	static const enum upstream_security securities[] = {
	    UPSTREAM_INSECURE, UPSTREAM_BOGUS, UPSTREAM_SECURE};
	struct upstream_ask *ask = arg;
	struct upstream_context *c = ask->context;
	struct upstream_result result = {.why_bogus = why_bogus};

	(void)was_ratelimited;
	if (rcode == 0 && len > 0) {
		result.message = packet;
		result.len = (size_t)len;
	}
	if (sec >= 0 && (size_t)sec < sizeof(securities) / sizeof(*securities))
		result.security = securities[sec];
	if (result.security == UPSTREAM_BOGUS)
		result.ede = bogus_ede(why_bogus);
	ask->done(ask, &result); /* and *ask may be gone */
	c->n_asks--;
	wake_if_idle(c);
}

int
upstream_context_ask(struct upstream_context *c, const uint8_t *qname,
    uint16_t qtype, struct upstream_ask *ask)
{
	char name[DNAME_TXT_MAX];
	int rc;

	dname_to_txt(name, qname);
	ask->context = c;
	c->n_asks++;
	rc = ub_resolve_event(
	    c->ub, name, qtype, DNS_CLASS_IN, ask, on_answer, NULL);
	if (rc == 0)
		return 0;
	c->n_asks--;
	log_warn("%s/%u: libunbound does not take it: %s", name, qtype,
	    ub_strerror(rc));
	return rc == UB_NOMEM ? -EBUSY : -EINVAL;
}

/* ---- open and close */

int
upstream_context_open(struct upstream_context **out, struct event_base *base,
    const struct conf *conf, unsigned kind, char *why)
{
	struct upstream_context *c;
	int rc;

	*out = NULL;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return explain(why, -ENOMEM, "out of memory");
	c->idle = evtimer_new(base, on_idle, c);
	if (c->idle == NULL) {
		rc = explain(why, -ENOMEM, "out of memory");
		goto out;
	}
	c->ub = ub_ctx_create_event(base);
	if (c->ub == NULL) {
		rc = explain(why, -ENOTSUP,
		    "libunbound %s does not run on a libevent base: it was "
		    "built without one",
		    ub_version());
		goto out;
	}
	rc = upstream_settings_apply(c->ub, conf, kind, why);
	if (rc == 0)
		rc = self_test(c->ub, why);
out:
	if (rc != 0) {
		upstream_context_close(c);
		return rc;
	}
	*out = c;
	return 0;
}

void
upstream_context_close(struct upstream_context *c)
{
	if (c == NULL)
		return;
	if (c->ub != NULL)
		ub_ctx_delete(c->ub);
	if (c->idle != NULL)
		event_free(c->idle);
	free(c);
}

void
upstream_context_retire(
    struct upstream_context *c, upstream_context_idle_fn *idle, void *arg)
{
	c->on_idle = idle;
	c->idle_arg = arg;
	c->retired = true;
	wake_if_idle(c);
}
