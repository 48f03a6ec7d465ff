/*
 * F: failover illusions: hosts that look like several and die as one.
 */
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/address.h"
#include "tools/mxcheck/check.h"

#define CERTS_APART 172800 /* s: two days */

/* Distinct MX hosts that have an address. */
static size_t
count_hosts(const struct facts_domain *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_mxs; i++) {
		const struct facts_host *host = d->mxs[i].host;
		bool repeated = false;

		for (size_t k = 0; k < i; k++)
			repeated |= d->mxs[k].host == host;
		n += host != NULL && host->n_endpoints > 0 && !repeated;
	}
	return n;
}

/* Every address of the domain is in the prefix. */
static bool
holds_all(const struct facts_domain *d, const struct prefix *prefix)
{
	for (size_t i = 0; i < d->n_mxs; i++) {
		const struct facts_host *host = d->mxs[i].host;

		for (size_t k = 0; host != NULL && k < host->n_endpoints; k++)
			if (!prefix_contains(prefix,
			    &host->endpoints[k]->addr->addr))
				return false;
	}
	return true;
}

/* The first address of the domain as a prefix of that length. */
static bool
first_prefix(const struct facts_domain *d, unsigned len4, unsigned len6,
    struct prefix *out)
{
	for (size_t i = 0; i < d->n_mxs; i++) {
		const struct facts_host *host = d->mxs[i].host;
		const struct addr *addr;

		if (host == NULL || host->n_endpoints == 0)
			continue;
		addr = &host->endpoints[0]->addr->addr;
		address_prefix(out, addr,
		    addr->family == AF_INET ? len4 : len6);
		return true;
	}
	return false;
}

static enum severity
one_prefix(const struct check_on *on, unsigned len4, unsigned len6,
    const char *what)
{
	char txt[ADDR_TXT_MAX];
	struct prefix prefix;

	if (count_hosts(on->domain) < 2 ||
	    !first_prefix(on->domain, len4, len6, &prefix) ||
	    !holds_all(on->domain, &prefix))
		return SEV_OK;
	return check_say(on, SEV_WARN, "all MX hosts are %s: %s", what,
	    prefix_to_txt(txt, &prefix));
}

static enum severity
same_address(const struct check_on *on)
{
	return one_prefix(on, 32, 128, "one address");
}

static enum severity
same_network(const struct check_on *on)
{
	struct prefix prefix;

	if (first_prefix(on->domain, 32, 128, &prefix) &&
	    holds_all(on->domain, &prefix))
		return SEV_OK; /* F01 */
	return one_prefix(on, 24, 48, "in one network");
}

static enum severity
same_site(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;
	const char *first = NULL, *site;

	for (size_t i = 0; i < d->n_mxs; i++) {
		site = settings_host(on->settings, d->mxs[i].target)->site;
		if (site == NULL || (first != NULL &&
		    strcmp(first, site) != 0))
			return SEV_OK;
		first = site;
	}
	return count_hosts(d) < 2 ? SEV_OK : check_say(on, SEV_WARN,
	    "all MX hosts are at the site %s", first);
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

const struct check check_f[] = {
    {"F01", "same address", CHECK_DOMAIN, same_address,
	"Several names of one address are one server."},
    {"F02", "same network", CHECK_DOMAIN, same_network,
	"A /24 or /48 is routed, and lost, as one."},
    {"F03", "same site", CHECK_DOMAIN, same_site,
	"The sites of hosts are the configuration's."},
    {"F07", "same expiry", CHECK_DOMAIN, same_expiry,
	"What is renewed together is forgotten together."},
    {"F08", "same provider", CHECK_DOMAIN, same_provider,
	"Hosts below one foreign name are one provider's."},
    {0},
};
