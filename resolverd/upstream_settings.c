/*
 * All that is set in a libunbound context before its first question: a table of
 * options, forwarders, routes, what validation starts from. What is wrong with
 * a value may show with that question only: upstream_context.c asks one.
 */
#include "resolverd/upstream_settings.h"

#include <sys/mman.h>

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/dns.h"
#include "lib/log.h"
#include "lib/why.h"
#include "resolverd/anchor.h"
#include "resolverd/localdata.h"
#include "resolverd/query.h"
#include "resolverd/upstream_context.h"
#include "resolverd/upstream_rules.h"

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
 * of a zone. Of whole messages it keeps one, which is as little as it can: what
 * we ask for anew must not come from there. With the last three a silent name
 * does not make it hold a whole server for dead.
 */
static const struct option options[] = {
    {"use-syslog:", "no", true},
    {"outgoing-range:", TXT(UPSTREAM_UDP_MAX), true},
    {"outgoing-num-tcp:", TXT(UPSTREAM_TCP_MAX), true},
    {"edns-buffer-size:", TXT(QUERY_UDP_MAX), true},
    {"msg-cache-size:", "0", true},
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
    {"insecure-lan-zones:", "yes", true},
    {"outbound-msg-retry:", "3", false},
    {"infra-cache-min-rtt:", "400", false},
    {"infra-keep-probing:", "yes", false},
};


#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))


#define explain(why, rc, ...) why_fail(why, UPSTREAM_WHY_MAX, rc, __VA_ARGS__)

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

static bool
any_is_loopback(const struct conf_endpoint *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_loopback(&list[i]))
			return true;
	}
	return false;
}

/* ---- servers */

/* libunbound reads its clauses from a file only; this one needs no disk. */
static int
read_clauses(struct ub_ctx *ctx, const char *txt, char *why)
{
	char path[sizeof("/proc/self/fd/") + 10];
	size_t len = strlen(txt);
	int fd, rc = 0;

	if (len == 0)
		return 0;
	fd = memfd_create("upstream", MFD_CLOEXEC);
	if (fd == -1)
		return explain(
		    why, -errno, "memfd_create: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, txt, len) != (ssize_t)len)
		rc = explain(why, -EIO, "%s: cannot be written", path);
	else if (ub_ctx_config(ctx, path) != 0)
		rc = explain(why, -EINVAL,
		    "libunbound does not take the servers that are named in "
		    "the configuration");
	close(fd);
	return rc;
}

/* What is set for a route besides its servers. */
static int
set_route(struct ub_ctx *ctx, const struct conf_route *route, char *why)
{
	if (route->validate)
		return 0;
	return set_option(ctx, "domain-insecure:", route->name, why);
}

/* What is asked of it is not answered by localdata.c, nor by itself then. */
static int
unset_zones(struct ub_ctx *ctx, char *why)
{
	char value[128];
	const char *zone;
	int rc = 0;

	for (size_t i = 0; rc == 0 && (zone = localdata_zone(i)) != NULL; i++) {
		snprintf(value, sizeof(value), "%s. transparent", zone);
		rc = set_option(ctx, "local-zone:", value, why);
	}
	return rc;
}

static int
set_routes(
    struct ub_ctx *ctx, const struct conf *conf, unsigned kind, char *why)
{
	char *txt = upstream_rules_txt(conf, kind);
	int rc;

	if (txt == NULL)
		return explain(why, -ENOMEM, "out of memory");
	rc = read_clauses(ctx, txt, why);
	free(txt);
	for (size_t i = 0; rc == 0 && i < conf->n_routes; i++)
		rc = set_route(ctx, &conf->routes[i], why);
	return rc;
}

/* libunbound sends nothing to loopback, if it is not told to. */
static int
allow_loopback(
    struct ub_ctx *ctx, const struct conf *conf, unsigned kind, char *why)
{
	bool loopback = upstream_kind_forwards(conf, kind) &&
	    any_is_loopback(conf->upstream.forward, conf->upstream.n_forward);

	for (size_t i = 0; i < conf->n_routes; i++) {
		const struct conf_route *r = &conf->routes[i];

		if (upstream_kind_has(conf, kind, r))
			loopback |= any_is_loopback(r->servers, r->n_servers);
	}
	if (!loopback)
		return 0;
	return set_option(ctx, "do-not-query-localhost:", "no", why);
}

/* ---- where validation starts, and where it does not */

static int
add_anchor_file(struct ub_ctx *ctx, const char *path, char *why)
{
	int rc;

	if (access(path, R_OK) != 0)
		return explain(why, -errno, "%s: %s", path, strerror(errno));
	rc = ub_ctx_add_ta_file(ctx, path);
	if (rc != 0)
		return explain(why, -EINVAL, "%s: %s", path, ub_strerror(rc));
	return 0;
}

/* A line each; it is cut up. */
static int
add_keys(struct ub_ctx *ctx, char *keys, char *why)
{
	char *rest = keys, *line;

	if (keys[0] == '\0')
		log_warn("trust anchor: every key of the root was revoked: "
			 "nothing is validated; see to `trust-anchor`");
	while ((line = strsep(&rest, "\n")) != NULL) {
		int rc = line[0] != '\0' ? ub_ctx_add_ta(ctx, line) : 0;

		if (rc != 0)
			return explain(why, -EINVAL, "trust anchor \"%s\": %s",
			    line, ub_strerror(rc));
	}
	return 0;
}

static int
add_anchor(struct ub_ctx *ctx, const struct conf *conf, char *why)
{
	char *keys;
	int rc = anchor_keys(&keys, conf->state_dir);

	if (rc != 0) /* nothing is known yet, or can be read */
		return add_anchor_file(ctx, conf->upstream.trust_anchor, why);
	rc = add_keys(ctx, keys, why);
	free(keys);
	return rc;
}

/* libunbound keeps the state there: see anchor.h. */
static int
add_anchor_state(struct ub_ctx *ctx, const struct conf *conf, char *why)
{
	char path[PATH_MAX];
	int rc = anchor_path(path, sizeof(path), conf->state_dir);

	if (rc == 0)
		rc = ub_ctx_add_ta_autr(ctx, path) == 0 ? 0 : -EINVAL;
	return rc == 0 ? 0 :
	    explain(why, rc, "%s: no trust anchor", conf->state_dir);
}

/* RFC 7646: what is still in force. */
static int
add_negative_anchors(struct ub_ctx *ctx, const struct conf *conf, char *why)
{
	int64_t now = (int64_t)clock_wall_s();
	char name[DNAME_TXT_MAX];

	for (size_t i = 0; i < conf->upstream.n_negative; i++) {
		const struct conf_negative_anchor *na =
		    &conf->upstream.negative[i];
		int rc;

		if (na->until_s <= now)
			continue;
		rc = set_option(ctx, "domain-insecure:",
		    dname_to_txt(name, na->name), why);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
set_validation(
    struct ub_ctx *ctx, const struct conf *conf, unsigned kind, char *why)
{
	int rc;

	if (!conf->upstream.validate)
		return set_option(ctx, "module-config:", "iterator", why);
	rc = set_option(ctx, "module-config:", "validator iterator", why);
	if (rc != 0)
		return rc;
	if (kind & UPSTREAM_PROBE)
		return add_anchor_state(ctx, conf, why);
	rc = add_anchor(ctx, conf, why);
	return rc != 0 ? rc : add_negative_anchors(ctx, conf, why);
}

/* ---- the whole context */

int
upstream_settings_apply(
    struct ub_ctx *ctx, const struct conf *conf, unsigned kind, char *why)
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
	rc = set_option(ctx, "qname-minimisation:",
	    kind & UPSTREAM_WHOLE_NAMES ? "no" : "yes", why);
	if (rc == 0)
		rc = unset_zones(ctx, why);
	if (rc == 0)
		rc = set_routes(ctx, conf, kind, why);
	if (rc == 0)
		rc = allow_loopback(ctx, conf, kind, why);
	return rc != 0 ? rc : set_validation(ctx, conf, kind, why);
}
