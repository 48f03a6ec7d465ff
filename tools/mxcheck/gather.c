/*
 * First the MX sets, then the sessions and what else is asked of DNS, side by
 * side. What must not be dialled is sorted out in between.
 */
#include "tools/mxcheck/gather.h"

#include <sys/socket.h>

#include <event2/event.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "tools/mxcheck/access.h"
#include "tools/mxcheck/address.h"
#include "tools/mxcheck/asn.h"
#include "tools/mxcheck/fetch.h"
#include "tools/mxcheck/prober.h"
#include "tools/mxcheck/resolve.h"
#include "tools/tool.h"

struct gather {
	struct facts *facts;
	const struct settings *settings;
	struct event_base *base;
	struct dns *dns;
	struct resolve *resolve;
	struct tls_ctx *tls;
	struct prober_how how;
	struct prober *prober;
	struct prober_how access_how;
	struct access_prober *access_prober;
	struct fetcher *fetcher;
	bool begun, sessions_done, accesses_done; /* the sessions */
	bool servers_asked; /* the name servers themselves */
	bool interrupted;
	void (*before_dialling)(void *arg, struct facts *facts);
	void *arg;
};

/* ---- what is not dialled */

/*
 * The address that packets to there would come from. Nothing is sent: a UDP
 * socket only looks the route up. False: there is no route.
 */
static bool
source_for(const char *there, struct addr *out)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	bool found;
	int fd;

	if (addr_parse_at_port(&sa, &len, there, 53) != 0)
		return false;
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return false;
	found = connect(fd, (struct sockaddr *)&sa, len) == 0;
	len = sizeof(sa);
	found = found && getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
	    addr_from_sockaddr(out, (struct sockaddr *)&sa) == 0;
	close(fd);
	return found;
}

/* Documentation addresses stand for "anywhere": nobody has a route of his own
 * to them. */
#define ANYWHERE4 "192.0.2.1"
#define ANYWHERE6 "2001:db8::1"

static void
look_at_routes(struct gather *g)
{
	const struct settings *s = g->settings;
	struct addr us[2];
	size_t n = 0;

	g->facts->no_route4 = !source_for(ANYWHERE4, &us[n]);
	n += !g->facts->no_route4;
	g->facts->no_route6 = !source_for(ANYWHERE6, &us[n]);
	n += !g->facts->no_route6;
	if (s->has_source4 || s->has_source6) {
		n = 0;
		if (s->has_source4)
			us[n++] = s->source4;
		if (s->has_source6)
			us[n++] = s->source6;
	}
	resolve_helo(g->resolve, us, n);
}

/* NULL: it is to be dialled. */
static const char *
why_not(const struct gather *g, const struct addr *addr, bool internal)
{
	const struct settings *s = g->settings;
	enum address_scope scope = address_scope(addr);
	bool v4 = addr->family == AF_INET;

	if (scope == ADDRESS_NOWHERE)
		return "a multicast or reserved address";
	if (scope != ADDRESS_GLOBAL && !internal)
		return scope == ADDRESS_SELF ? "a loopback address" :
		    scope == ADDRESS_PRIVATE ? "a private address" :
		    "a documentation address";
	if ((s->only4 && !v4) || (s->only6 && v4))
		return "not of the family that was asked for";
	if (scope == ADDRESS_GLOBAL &&
	    (v4 ? g->facts->no_route4 : g->facts->no_route6))
		return "no route for its family from here";
	return NULL;
}

/* ---- the loop */

static void
check_finished(struct gather *g)
{
	if (g->sessions_done && g->accesses_done &&
	    !resolve_is_busy(g->resolve) && !fetcher_is_busy(g->fetcher))
		event_base_loopbreak(g->base);
}

static void
on_sessions_done(void *arg)
{
	struct gather *g = arg;

	if (!g->sessions_done)
		access_prober_release(g->access_prober);
	g->sessions_done = true;
	check_finished(g);
}

static void
on_accesses_done(void *arg)
{
	struct gather *g = arg;

	g->accesses_done = true;
	check_finished(g);
}

static void
on_endpoint(void *arg, struct facts_endpoint *ep)
{
	struct gather *g = arg;

	resolve_greeting(g->resolve, ep);
}

static void
on_trace(void *arg, const char *name, const char *addr, char way,
    const char *text)
{
	(void)arg;
	fprintf(stderr, "%s %s %c %s\n", name, addr, way, text);
}

/* ---- policies */

static const char *
refuse(void *arg, const struct addr *addr)
{
	const struct gather *g = arg;

	return why_not(g, addr, g->settings->internal);
}

static void
on_fetched(void *arg)
{
	check_finished(arg);
}

static bool
wants_any(const struct settings *s, const char *const *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (settings_wants(s, ids[i]))
			return true;
	return false;
}

static void
begin_fetches(struct gather *g)
{
	static const char *const ids[] = {"P02", "P03", "P04", "P05", "P06"};
	const struct fetch_how how = {
	    .base = g->base,
	    .settings = g->settings,
	    .facts = g->facts,
	    .refuse = refuse,
	    .done = on_fetched,
	    .arg = g,
	};

	if (wants_any(g->settings, ids, sizeof(ids) / sizeof(ids[0])))
		g->fetcher = fetcher_new(&how);
}

/* ---- */

static void
begin_zones(struct gather *g)
{
	static const char *const ids[] = {"F04", "F05", "F06"};

	if (g->settings->authoritative ||
	    wants_any(g->settings, ids, sizeof(ids) / sizeof(ids[0])))
		resolve_zones(g->resolve);
}

/* What is dialled, and what is not. */
static void
plan(struct gather *g)
{
	const struct settings *s = g->settings;

	access_plan(g->facts);
	facts_sort(g->facts);
	look_at_routes(g);
	if (g->before_dialling != NULL)
		g->before_dialling(g->arg, g->facts);
	for (size_t i = 0; i < g->facts->n_endpoints; i++) {
		struct facts_endpoint *ep = g->facts->endpoints[i];

		ep->untried = why_not(g, &ep->addr->addr, s->internal ||
		    settings_host(s, ep->host->name)->internal);
		ep->held &= ep->untried == NULL;
		if (ep->held)
			ep->untried = "it has said that we are too many, less "
			    "than ten minutes ago";
	}
	for (size_t i = 0; i < g->facts->n_accesses; i++) {
		struct facts_access *access = g->facts->accesses[i];

		access->untried = why_not(g, &access->addr->addr,
		    s->internal ||
		    settings_host(s, access->server->name)->internal);
	}
}

static void
begin_sessions(struct gather *g)
{
	const struct settings *s = g->settings;

	g->begun = true;
	plan(g);
	if (s->dry_run) {
		g->sessions_done = g->accesses_done = true;
		return;
	}
	if (g->settings->outbound)
		resolve_outbound(g->resolve);
	resolve_addrs(g->resolve);
	resolve_asns(g->resolve);
	/* a hook is another way than mail */
	if (s->alert_to != NULL && s->hook == NULL)
		resolve_alerts(g->resolve, s->alert_to);
	begin_zones(g);
	begin_fetches(g);
	g->how = (struct prober_how){
	    .base = g->base,
	    .settings = g->settings,
	    .tls = g->tls,
	    .facts = g->facts,
	    .on_endpoint = on_endpoint,
	    .done = on_sessions_done,
	    .trace = g->settings->verbose > 0 ? on_trace : NULL,
	    .arg = g,
	};
	g->prober = prober_new(&g->how);
	g->access_how = g->how;
	g->access_how.done = on_accesses_done;
	g->access_prober = access_prober_new(&g->access_how);
}

/* Their names and addresses are known now. */
static void
ask_servers(struct gather *g)
{
	if (g->servers_asked || !g->settings->authoritative ||
	    g->settings->dry_run)
		return;
	g->servers_asked = true;
	resolve_told(g->resolve, refuse, g);
}

static void
on_resolved(void *arg)
{
	struct gather *g = arg;

	if (!g->begun)
		begin_sessions(g);
	else
		ask_servers(g);
	check_finished(g);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct gather *g = arg;

	(void)fd, (void)what;
	g->facts->stopped = true;
	if (g->prober != NULL) {
		prober_stop(g->prober);
		access_prober_stop(g->access_prober);
	}
	event_base_loopbreak(g->base);
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct gather *g = arg;

	(void)fd, (void)what;
	g->interrupted = true;
	event_base_loopbreak(g->base);
}

static struct event *
add_event(struct gather *g, int fd, short what, event_callback_fn callback,
    const struct timeval *tv)
{
	struct event *event = event_new(g->base, fd, what, callback, g);

	if (event == NULL || event_add(event, tv) != 0)
		fatal("out of memory");
	return event;
}

static void
run(struct gather *g)
{
	struct timeval tv = {.tv_sec = (time_t)g->settings->deadline_s};
	struct event *deadline = add_event(g, -1, 0, on_deadline, &tv);
	struct event *term =
	    add_event(g, SIGTERM, EV_SIGNAL | EV_PERSIST, on_signal, NULL);
	struct event *intr =
	    add_event(g, SIGINT, EV_SIGNAL | EV_PERSIST, on_signal, NULL);

	resolve_domains(g->resolve);
	if (g->settings->access)
		resolve_access(g->resolve);
	if (g->facts->n_domains > 0)
		event_base_dispatch(g->base);
	event_free(deadline);
	event_free(term);
	event_free(intr);
}

/* A file that cannot be used is told of; it ends no run. */
static void
look_up_asns(struct facts *facts, const struct settings *settings)
{
	char why[ASN_WHY_MAX];

	if (settings->asn_file != NULL &&
	    asn_read_file(facts, settings->asn_file, why) != 0)
		tool_error("%s", why);
}

int
gather(struct facts *facts, const struct settings *settings,
    void (*before_dialling)(void *arg, struct facts *facts), void *arg,
    char *why)
{
	struct gather g = {
	    .facts = facts,
	    .settings = settings,
	    .before_dialling = before_dialling,
	    .arg = arg,
	};

	g.tls = tls_ctx_new(settings->ca_file, why);
	if (g.tls == NULL)
		return -EIO;
	g.base = event_base_new();
	if (g.base == NULL) {
		snprintf(why, GATHER_WHY_MAX, "no event loop can be had");
		tls_ctx_free(g.tls);
		return -EIO;
	}
	g.dns = dns_new(g.base, settings);
	g.resolve = resolve_new(g.dns, facts, settings, on_resolved,
	    &g);
	run(&g);
	facts_sort(facts);
	look_up_asns(facts, settings);
	prober_free(g.prober);
	access_prober_free(g.access_prober);
	fetcher_free(g.fetcher);
	resolve_free(g.resolve);
	dns_free(g.dns);
	event_base_free(g.base);
	tls_ctx_free(g.tls);
	return g.interrupted ? -EINTR : 0;
}
