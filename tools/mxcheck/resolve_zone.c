/*
 * The zone of each domain and of each MX host, and its name servers. No answer
 * says where a zone begins, but a negative one says who gives it (RFC 2308 3):
 * NS of a name is either there, and the name is an apex, or the SOA beside "no
 * data" has the apex for its owner.
 *
 * Zones of the root and of a single label are left alone: what stands in them
 * is not delegated to anybody whom it could be told.
 */
#include <string.h>

#include "lib/dns.h"
#include "tools/mxcheck/resolve_impl.h"

struct seek {
	struct facts_zone **out;
	const char *name; /* that is asked for */
};

static bool
is_delegated(const char *zone)
{
	const char *dot = strchr(zone, '.');

	return dot != NULL && dot[1] != '\0';
}

static void
add_addresses(struct resolve *r, struct facts_server *server,
    const struct dns_answer *answer)
{
	size_t n;

	for (size_t i = 0; i < answer->n_records && i < FACTS_ADDRS_MAX; i++) {
		n = r->facts->n_addrs;
		facts_server_add(r->facts, server, &answer->records[i].addr);
		if (r->facts->n_addrs > n) /* it is new */
			resolve_asn(r, r->facts->addrs[n]);
	}
}

static void
on_server_a(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_server *server = of;

	resolve_keep(r, &server->a, answer);
	add_addresses(r, server, answer);
}

static void
on_server_aaaa(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_server *server = of;

	resolve_keep(r, &server->aaaa, answer);
	add_addresses(r, server, answer);
}

struct facts_server *
resolve_server(struct resolve *r, const char *name)
{
	size_t n = r->facts->n_servers;
	struct facts_server *server = facts_server(r->facts, name);

	if (r->facts->n_servers > n) { /* it is new */
		resolve_ask(r, name, DNS_TYPE_A, on_server_a, server);
		resolve_ask(r, name, DNS_TYPE_AAAA, on_server_aaaa, server);
	}
	return server;
}

static void
on_ns(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_zone *zone = of;

	resolve_keep(r, &zone->ns, answer);
	for (size_t i = 0; i < answer->n_records && i < FACTS_SERVERS_MAX; i++)
		facts_zone_add(r->facts, zone, resolve_server(r,
		    resolve_name(r, answer->records[i].name)));
}

/* NULL if it is none that we look at. */
static struct facts_zone *
need_zone(struct resolve *r, const char *name, bool *is_new)
{
	size_t n = r->facts->n_zones;
	struct facts_zone *zone;

	*is_new = false;
	if (!is_delegated(name))
		return NULL;
	zone = facts_zone(r->facts, name);
	*is_new = r->facts->n_zones > n;
	return zone;
}

static void
on_seek(struct resolve *r, void *of, const struct dns_answer *answer)
{
	const struct facts_lookup *lookup = &answer->lookup;
	struct seek *seek = of;
	const char *name;
	bool is_new;

	if (lookup->dns == FACTS_EXISTS) {
		name = lookup->alias != NULL ? facts_str(r->facts,
		    lookup->alias) : seek->name;
		*seek->out = need_zone(r, name, &is_new);
		if (is_new)
			on_ns(r, *seek->out, answer);
	} else if (lookup->dns != FACTS_FAILED && answer->zone != NULL) {
		name = resolve_name(r, answer->zone);
		*seek->out = need_zone(r, name, &is_new);
		if (is_new)
			resolve_ask(r, name, DNS_TYPE_NS, on_ns, *seek->out);
	}
}

static void
seek(struct resolve *r, const char *name, struct facts_zone **out)
{
	struct seek *seek = facts_alloc(r->facts, 1, sizeof(*seek));

	seek->out = out;
	seek->name = name;
	resolve_ask(r, name, DNS_TYPE_NS, on_seek, seek);
}

static bool
exists(const struct facts_lookup *lookup)
{
	return lookup->dns == FACTS_EXISTS || lookup->dns == FACTS_NODATA;
}

void
resolve_zones(struct resolve *r)
{
	for (size_t i = 0; i < r->facts->n_domains; i++) {
		struct facts_domain *domain = r->facts->domains[i];

		if (exists(&domain->mx))
			seek(r, domain->name, &domain->zone);
	}
	for (size_t i = 0; i < r->facts->n_hosts; i++) {
		struct facts_host *host = r->facts->hosts[i];

		if (host->n_endpoints > 0)
			seek(r, host->name, &host->zone);
	}
}
