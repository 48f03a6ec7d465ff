/*
 * F: failover illusions: hosts that look like several and die as one.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/fault.h"
#include "tools/mxcheck/network.h"

#define CERTS_APART 172800 /* s: two days */

/* Distinct MX hosts that have an address. */
static size_t
count_hosts(const struct facts_domain *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_mxs; i++) {
		const struct facts_host *host = d->mxs[i].host;

		n += host != NULL && host->n_endpoints > 0 &&
		    !facts_mx_is_repeated(d, i);
	}
	return n;
}

/* Its MX hosts that have an address. */
static void
look_at_hosts(struct network *net, const struct facts_domain *d)
{
	for (size_t i = 0; i < d->n_mxs; i++) {
		const struct facts_host *host = d->mxs[i].host;

		if (host == NULL || host->n_endpoints == 0 ||
		    facts_mx_is_repeated(d, i))
			continue;
		network_server(net);
		for (size_t k = 0; k < host->n_endpoints; k++)
			network_addr(net, &host->endpoints[k]->addr->addr);
	}
}

static enum severity
one_network(const struct check_on *on, unsigned len4, unsigned len6,
    const char *what)
{
	char txt[NETWORK_TXT_MAX];
	struct network net;

	network_init(&net, len4, len6);
	look_at_hosts(&net, on->domain);
	return !network_is_one(&net) ? SEV_OK : check_say(on, SEV_WARN,
	    "all MX hosts are %s: %s", what, network_txt(txt, &net));
}

static enum severity
same_address(const struct check_on *on)
{
	return one_network(on, 32, 128, "one address");
}

static enum severity
same_network(const struct check_on *on)
{
	if (same_address(on) != SEV_OK)
		return SEV_OK; /* F01 */
	return one_network(on, 24, 48, "in one network");
}

/* The first address of the first MX host that has one; NULL: none has. */
static const struct facts_endpoint *
first_endpoint(const struct facts_domain *d)
{
	for (size_t i = 0; i < d->n_mxs; i++)
		if (d->mxs[i].host != NULL && d->mxs[i].host->n_endpoints > 0)
			return d->mxs[i].host->endpoints[0];
	return NULL;
}

static bool
takes_all(const struct check_on *on, const struct fault *f)
{
	const struct facts_domain *d = on->domain;

	for (size_t i = 0; i < d->n_mxs; i++) {
		const struct facts_host *host = d->mxs[i].host;

		for (size_t k = 0; host != NULL && k < host->n_endpoints; k++)
			if (!fault_takes(f, on->settings, host->name,
			    host->endpoints[k]->addr))
				return false;
	}
	return true;
}

static enum severity
same_site(const struct check_on *on)
{
	const struct facts_endpoint *first = first_endpoint(on->domain);
	struct fault f;

	if (first == NULL || count_hosts(on->domain) < 2)
		return SEV_OK;
	for (enum fault_kind kind = FAULT_SITE; kind >= FAULT_AS; kind--)
		if (fault_of(&f, kind, on->settings, first) &&
		    takes_all(on, &f))
			return check_say(on, SEV_WARN, kind == FAULT_SITE ?
			    "all MX hosts are at the %s" :
			    "all MX hosts are in %s", f.txt);
	return SEV_OK;
}

/* ---- name servers */

/* Some address of some server could not be had: it may be elsewhere. */
static bool
is_known(const struct facts_zone *zone)
{
	if (zone == NULL || zone->n_servers == 0)
		return false;
	for (size_t i = 0; i < zone->n_servers; i++)
		if (zone->servers[i]->a.dns == FACTS_FAILED ||
		    zone->servers[i]->aaaa.dns == FACTS_FAILED)
			return false;
	return true;
}

/* What the names are wanted for is left: the endpoint, or any MX (NULL). Where
 * nothing is left, F01 to F03 have told. */
static bool
spares(const struct check_on *on, const struct fault *f,
    const struct facts_endpoint *leave)
{
	return leave == NULL ? !takes_all(on, f) :
	    !fault_takes(f, on->settings, leave->host->name, leave->addr);
}

/* Where the zone dies with an MX host, and leave is not taken by it; leave may
 * be NULL. */
static bool
dies_with(const struct check_on *on, const struct facts_zone *zone,
    const struct facts_host *host, const struct facts_endpoint *leave,
    struct fault *f)
{
	for (enum fault_kind kind = FAULT_HOST; kind < FAULT_KINDS; kind++)
		for (size_t i = 0; i < host->n_endpoints; i++)
			if (fault_of(f, kind, on->settings,
			    host->endpoints[i]) &&
			    fault_takes_zone(f, on->settings, zone) &&
			    spares(on, f, leave))
				return true;
	return false;
}

/* The first MX host that the zone dies with; NULL: it dies with none. */
static const struct facts_host *
dies_with_any(const struct check_on *on, const struct facts_zone *zone,
    const struct facts_endpoint *leave, struct fault *f)
{
	const struct facts_domain *d = on->domain;

	for (size_t i = 0; i < d->n_mxs; i++) {
		const struct facts_host *host = d->mxs[i].host;

		if (host != NULL && (leave == NULL || host != leave->host) &&
		    dies_with(on, zone, host, leave, f))
			return host;
	}
	return NULL;
}

static enum severity
say_dies(const struct check_on *on, const struct facts_zone *zone,
    const struct facts_host *host, const struct fault *f, const char *who)
{
	if (f->kind == FAULT_HOST)
		return check_say(on, SEV_WARN, "all name servers of %s are %s: "
		    "if that dies, %s found", zone->name, host->name, who);
	return check_say(on, SEV_WARN, "all name servers of %s are in %s, as "
	    "%s is: if that dies, %s found", zone->name, f->txt, host->name,
	    who);
}

static enum severity
domain_names_die(const struct check_on *on)
{
	const struct facts_zone *zone = on->domain->zone;
	const struct facts_host *host;
	struct fault f;

	if (!is_known(zone))
		return SEV_SKIPPED;
	if (count_hosts(on->domain) < 2)
		return SEV_OK;
	host = dies_with_any(on, zone, NULL, &f);
	return host == NULL ? SEV_OK : say_dies(on, zone, host, &f, "no MX is");
}

static enum severity
host_names_die(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host, *other;
	struct fault f;

	if (host == NULL || host->n_endpoints == 0 || !is_known(host->zone))
		return SEV_SKIPPED;
	if (host->zone == on->domain->zone)
		return SEV_OK; /* the domain's row */
	other = dies_with_any(on, host->zone, host->endpoints[0], &f);
	return other == NULL ? SEV_OK : say_dies(on, host->zone, other, &f,
	    "this host is not");
}

static bool
is_one_network(const struct facts_zone *zone, struct network *net)
{
	for (size_t i = 0; i < zone->n_servers; i++) {
		const struct facts_server *server = zone->servers[i];

		if (server->n_addrs == 0)
			continue;
		network_server(net);
		for (size_t k = 0; k < server->n_addrs; k++)
			network_addr(net, &server->addrs[k]->addr);
	}
	return network_is_one(net);
}

static bool
is_one_as(const struct check_on *on, const struct facts_zone *zone,
    struct fault *f)
{
	const struct facts_server *first = zone->servers[0];

	*f = (struct fault){0};
	f->asn = first->n_addrs == 0 ? 0 : fault_asn(on->settings, first->name,
	    first->addrs[0]);
	snprintf(f->txt, sizeof(f->txt), "AS%u", f->asn);
	return f->asn != 0 && zone->n_servers > 1 &&
	    fault_takes_zone(f, on->settings, zone);
}

static enum severity
servers_of_zone(const struct check_on *on, const struct facts_zone *zone)
{
	char txt[NETWORK_TXT_MAX];
	struct network net;
	struct fault f;

	if (!is_known(zone))
		return SEV_SKIPPED;
	network_init(&net, 32, 128);
	if (is_one_network(zone, &net))
		return check_say(on, SEV_WARN, "all name servers of %s are one "
		    "address: %s", zone->name, network_txt(txt, &net));
	network_init(&net, 24, 48);
	if (is_one_network(zone, &net))
		return check_say(on, SEV_WARN, "all name servers of %s are in "
		    "one network: %s", zone->name, network_txt(txt, &net));
	if (is_one_as(on, zone, &f))
		return check_say(on, SEV_WARN, "all name servers of %s are in "
		    "%s", zone->name, f.txt);
	return SEV_OK;
}

static enum severity
domain_servers(const struct check_on *on)
{
	return servers_of_zone(on, on->domain->zone);
}

/* The zone of an MX host, unless it is the domain's. */
static const struct facts_zone *
other_zone(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;

	return host == NULL || host->zone == on->domain->zone ? NULL :
	    host->zone;
}

static enum severity
host_servers(const struct check_on *on)
{
	return servers_of_zone(on, other_zone(on));
}

static enum severity
single_server(const struct check_on *on, const struct facts_zone *zone)
{
	if (zone == NULL || zone->n_servers == 0)
		return SEV_SKIPPED;
	return zone->n_servers > 1 ? SEV_OK : check_say(on, SEV_WARN,
	    "the zone %s has a single name server, %s", zone->name,
	    zone->servers[0]->name);
}

static enum severity
domain_single_server(const struct check_on *on)
{
	return single_server(on, on->domain->zone);
}

static enum severity
host_single_server(const struct check_on *on)
{
	return single_server(on, other_zone(on));
}

/* ---- certificates and providers */

static enum severity
same_expiry(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;
	int64_t least = INT64_MAX, most = INT64_MIN;
	const struct facts_host *with = NULL;
	bool several = false;

	for (size_t i = 0; i < d->n_mxs; i++) {
		const struct facts_host *host = d->mxs[i].host;

		for (size_t k = 0; host != NULL && k < host->n_endpoints;
		    k++) {
			const struct facts_tls *tls =
			    &host->endpoints[k]->probe.tls;

			if (tls->n_certs == 0)
				continue;
			several |= with != NULL && with != host;
			with = host;
			if (tls->certs[0].not_after < least)
				least = tls->certs[0].not_after;
			if (tls->certs[0].not_after > most)
				most = tls->certs[0].not_after;
		}
	}
	return !several || most - least > CERTS_APART ? SEV_OK :
	    check_say(on, SEV_INFO, "the certificates of all hosts end within "
	    "two days of each other: one missed renewal takes all");
}

/* The name without its first label, if two labels are left. */
static const char *
parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL && strchr(dot + 1, '.') != NULL ? dot + 1 : NULL;
}

static bool
is_below(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	return n >= z && strcasecmp(name + n - z, zone) == 0 &&
	    (n == z || name[n - z - 1] == '.');
}

static enum severity
same_provider(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;
	const char *zone;

	if (count_hosts(d) < 2)
		return SEV_OK;
	zone = parent(d->mxs[0].target);
	if (zone == NULL || is_below(d->mxs[0].target, d->name))
		return SEV_OK; /* it is the domain's own */
	for (size_t i = 1; i < d->n_mxs; i++)
		if (!is_below(d->mxs[i].target, zone))
			return SEV_OK;
	return check_say(on, SEV_INFO, "all MX hosts are of %s: if that "
	    "provider is down, so is the mail", zone);
}

/* ---- the alert */

static bool
is_mx_of(const struct facts_domain *d, const char *name)
{
	for (size_t i = 0; i < d->n_mxs; i++)
		if (strcasecmp(d->mxs[i].target, name) == 0)
			return true;
	return false;
}

static enum severity
alert_path(const struct check_on *on)
{
	const struct facts_alerts *alerts = &on->facts->alerts;

	if (alerts->domain == NULL || alerts->targets.n == 0 ||
	    facts_has_null_mx(on->domain))
		return SEV_SKIPPED;
	for (size_t i = 0; i < alerts->targets.n; i++)
		if (!is_mx_of(on->domain, alerts->targets.name[i]))
			return SEV_OK;
	return check_say(on, SEV_WARN, "mail about this domain goes to %s, "
	    "behind the same MX: what is to be told would wait for its end; "
	    "give --hook, or an address elsewhere", alerts->domain);
}

#define NAMES_DIE                                                                \
	"If all name servers of the domain, or of an MX host's name, stand "     \
	"where an MX host stands (its address, its network, its AS, its "        \
	"site), what takes that host takes the names too: the other MX are up, " \
	"and nobody finds them (RFC 2182 3.1)."
#define SERVERS_APART                                                            \
	"The name servers of the domain, and those of the MX hosts' names, "     \
	"are to stand in networks apart, and not all in one AS (RFC 2182 3.1): " \
	"without names no MX "                                                   \
	"is found, however many there are."
#define SINGLE_SERVER \
	"A zone has two name servers at least (RFC 1034 4.1); with one of " \
	"them, the names of the MX hosts die with it."

const struct check check_f[] = {
    {"F01", "same address", CHECK_DOMAIN, same_address,
	"Several names of one address are one server."},
    {"F02", "same network", CHECK_DOMAIN, same_network,
	"A /24 or /48 is routed, and lost, as one."},
    {"F03", "same site", CHECK_DOMAIN, same_site,
	"Who is at one site, or announced by one AS, fails together. Sites are "
	"the configuration's; so may AS numbers be, or they are looked up "
	"(--asn-file, --asn-zone)."},
    {"F04", "names die too", CHECK_DOMAIN, domain_names_die, NAMES_DIE},
    {"F04", "names die too", CHECK_HOST, host_names_die, NAMES_DIE},
    {"F05", "name servers apart", CHECK_DOMAIN, domain_servers,
	SERVERS_APART},
    {"F05", "name servers apart", CHECK_HOST, host_servers,
	SERVERS_APART},
    {"F06", "single name server", CHECK_DOMAIN, domain_single_server,
	SINGLE_SERVER},
    {"F06", "single name server", CHECK_HOST, host_single_server,
	SINGLE_SERVER},
    {"F07", "same expiry", CHECK_DOMAIN, same_expiry,
	"What is renewed together is forgotten together."},
    {"F08", "same provider", CHECK_DOMAIN, same_provider,
	"Hosts below one foreign name are one provider's."},
    {"F09", "alert path", CHECK_DOMAIN, alert_path,
	"The mail about an outage must not need what is out: the address that "
	"reads it (--alert-to, or cron's MAILTO) has other MX hosts than the "
	"domain, or --hook tells by another way."},
    {0},
};
