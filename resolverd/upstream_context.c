/*
 * A libunbound context: made of a table of options, tried with one question,
 * asked by its event API.
 *
 * libunbound may call on_answer() from inside ub_resolve_event(), and does so
 * for all that is under way from inside ub_ctx_delete(). We never cancel: it
 * would go on all the same. Who waits for an answer, and what becomes of it, is
 * for upstream.c.
 */
#include "resolverd/upstream_context.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#include "lib/dns.h"
#include "lib/log.h"
#include "resolverd/query.h"

#define ANCHOR_FILE "/usr/share/dns/root.key" /* Debian's dns-root-data */

struct upstream_context {
	struct ub_ctx *ub;
};

/* ---- options */

struct option {
	const char *name, *value;
	bool required; /* an older libunbound that lacks it will not do */
};

#define TXT_(n) #n
#define TXT(n) TXT_(n)

/*
 * libunbound's own defaults suit a stub. The cache in front of it is ours, so
 * its own stay small: they serve what many questions share, such as the servers
 * of a zone. With the last three a silent name does not make it hold a whole
 * server for dead.
 */
static const struct option options[] = {
    {"use-syslog:", "no", true},
    {"outgoing-range:", TXT(UPSTREAM_UDP_MAX), true},
    {"outgoing-num-tcp:", TXT(UPSTREAM_TCP_MAX), true},
    {"edns-buffer-size:", TXT(QUERY_UDP_MAX), true},
    {"msg-cache-size:", "2m", true},
    {"msg-cache-slabs:", "1", true},
    {"rrset-cache-size:", "4m", true},
    {"rrset-cache-slabs:", "1", true},
    {"key-cache-size:", "1m", true},
    {"key-cache-slabs:", "1", true},
    {"neg-cache-size:", "1m", true},
    {"infra-cache-slabs:", "1", true},
    /* TTLs come as they are: to bound them is ours */
    {"cache-max-ttl:", "604800", true},
    {"cache-max-negative-ttl:", "604800", true},
    {"unwanted-reply-threshold:", "0", true},
    {"outbound-msg-retry:", "3", false},
    {"infra-cache-min-rtt:", "400", false},
    {"infra-keep-probing:", "yes", false},
};

/* A site's own resolver knows the site's private reverse zones. */
static const struct option forward_options[] = {
    {"unblock-lan-zones:", "yes", true},
    {"insecure-lan-zones:", "yes", true},
};

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

static int explain(char *why, int rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
explain(char *why, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, UPSTREAM_WHY_MAX, fmt, ap);
	va_end(ap);
	return rc;
}

static int
set_options(struct ub_ctx *ctx, const struct option *rows, size_t n, char *why)
{
	for (size_t i = 0; i < n; i++) {
		int rc = ub_ctx_set_option(ctx, rows[i].name, rows[i].value);

		if (rc != 0 && rows[i].required)
			return explain(why, -EINVAL,
			    "libunbound %s does not take \"%s %s\": %s",
			    ub_version(), rows[i].name, rows[i].value,
			    ub_strerror(rc));
		if (rc != 0)
			log_info("libunbound %s has no \"%s\": left out",
			    ub_version(), rows[i].name);
	}
	return 0;
}

static int
set_option(struct ub_ctx *ctx, const char *name, const char *value, char *why)
{
	const struct option row = {name, value, true};

	return set_options(ctx, &row, 1, why);
}

static bool
is_loopback(const struct conf_endpoint *e)
{
	struct addr a;

	if (addr_from_sockaddr(&a, (const struct sockaddr *)&e->sa) != 0)
		return false;
	if (a.family == AF_INET)
		return a.bytes[0] == 127;
	return memcmp(a.bytes, &in6addr_loopback, sizeof(a.bytes)) == 0;
}

static int
set_forwarders(struct ub_ctx *ctx, const struct conf *conf, char *why)
{
	bool loopback = false;
	int rc;

	for (size_t i = 0; i < conf->upstream.n_forward; i++) {
		const struct conf_endpoint *e = &conf->upstream.forward[i];

		rc = ub_ctx_set_fwd(ctx, e->txt); /* IP@PORT, as ours */
		if (rc != 0)
			return explain(why, -EINVAL,
			    "libunbound does not take the forwarder %s: %s",
			    e->txt, ub_strerror(rc));
		loopback |= is_loopback(e);
	}
	if (conf->upstream.n_forward == 0)
		return 0;
	rc =
	    set_options(ctx, forward_options, N_ELEMENTS(forward_options), why);
	if (rc == 0 && loopback)
		rc = set_option(ctx, "do-not-query-localhost:", "no", why);
	return rc;
}

static int
set_validation(struct ub_ctx *ctx, const struct conf *conf, char *why)
{
	int rc;

	if (!conf->upstream.validate)
		return set_option(ctx, "module-config:", "iterator", why);
	rc = set_option(ctx, "module-config:", "validator iterator", why);
	if (rc != 0)
		return rc;
	if (access(ANCHOR_FILE, R_OK) != 0)
		return explain(why, -errno,
		    "upstream validate = yes needs the root's trust anchor, "
		    "%s: %s. On Debian: apt-get install dns-root-data",
		    ANCHOR_FILE, strerror(errno));
	rc = ub_ctx_add_ta_file(ctx, ANCHOR_FILE);
	if (rc != 0)
		return explain(
		    why, -EINVAL, "%s: %s", ANCHOR_FILE, ub_strerror(rc));
	return 0;
}

static int
configure(struct ub_ctx *ctx, const struct conf *conf, char *why)
{
	int rc;

	rc = set_options(ctx, options, N_ELEMENTS(options), why);
	if (rc != 0)
		return rc;
	/* it would write to stderr in its own form */
	rc = ub_ctx_debugout(ctx, NULL);
	if (rc != 0)
		return explain(
		    why, -EINVAL, "ub_ctx_debugout: %s", ub_strerror(rc));
	rc = set_forwarders(ctx, conf, why);
	return rc != 0 ? rc : set_validation(ctx, conf, why);
}

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
	struct upstream_result result = {.why_bogus = why_bogus};

	(void)was_ratelimited;
	if (rcode == 0 && len > 0) {
		result.message = packet;
		result.len = (size_t)len;
	}
	if (sec >= 0 && (size_t)sec < N_ELEMENTS(securities))
		result.security = securities[sec];
	ask->done(ask, &result);
}

int
upstream_context_ask(struct upstream_context *c, const uint8_t *qname,
    uint16_t qtype, struct upstream_ask *ask)
{
	char name[DNAME_TXT_MAX];
	int rc;

	dname_to_txt(name, qname);
	rc = ub_resolve_event(
	    c->ub, name, qtype, DNS_CLASS_IN, ask, on_answer, NULL);
	if (rc == 0)
		return 0;
	log_warn("%s/%u: libunbound does not take it: %s", name, qtype,
	    ub_strerror(rc));
	return rc == UB_NOMEM ? -EBUSY : -EINVAL;
}

/* ---- open and close */

int
upstream_context_open(struct upstream_context **out, struct event_base *base,
    const struct conf *conf, char *why)
{
	struct upstream_context *c;
	int rc;

	*out = NULL;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return explain(why, -ENOMEM, "out of memory");
	c->ub = ub_ctx_create_event(base);
	if (c->ub == NULL) {
		rc = explain(why, -ENOTSUP,
		    "libunbound %s does not run on a libevent base: it was "
		    "built without one",
		    ub_version());
		goto out;
	}
	rc = configure(c->ub, conf, why);
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
	free(c);
}
