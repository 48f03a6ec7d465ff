/*
 * A fault domain is a set of marks; a server with one of them is in it. What is
 * not known to be in it is not: a site without name, an address without AS.
 */
#include "tools/mxcheck/fault.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/address.h"

uint32_t
fault_asn(const struct settings *settings, const char *name,
    const struct facts_addr *addr)
{
	uint32_t asn = settings_host(settings, name)->asn;

	return asn != 0 || addr == NULL ? asn : addr->asn;
}

void
fault_add(struct fault *f, const struct addr *addr, unsigned len4,
    unsigned len6)
{
	if (f->n_prefixes == FAULT_PREFIXES_MAX)
		return;
	for (size_t i = 0; i < f->n_prefixes; i++)
		if (prefix_contains(&f->prefixes[i], addr))
			return;
	address_prefix(&f->prefixes[f->n_prefixes++], addr,
	    addr->family == AF_INET ? len4 : len6);
}

static void
add_host(struct fault *f, const struct facts_host *host, unsigned len4,
    unsigned len6)
{
	for (size_t i = 0; i < host->n_endpoints; i++)
		fault_add(f, &host->endpoints[i]->addr->addr, len4, len6);
}

/* One by one; what does not fit is left out. */
static void
say_prefixes(struct fault *f)
{
	char txt[ADDR_TXT_MAX];
	size_t len = 0;

	for (size_t i = 0; i < f->n_prefixes; i++) {
		prefix_to_txt(txt, &f->prefixes[i]);
		if (len + strlen(txt) + 2 > sizeof(f->txt))
			return;
		len += (size_t)sprintf(f->txt + len, "%s%s",
		    i > 0 ? "," : "", txt);
	}
}

bool
fault_of(struct fault *out, enum fault_kind kind,
    const struct settings *settings, const struct facts_endpoint *ep)
{
	const struct facts_host *host = ep->host;

	memset(out, 0, sizeof(*out));
	out->kind = kind;
	switch (kind) {
	case FAULT_HOST:
		out->name = host->name;
		add_host(out, host, 32, 128);
		snprintf(out->txt, sizeof(out->txt), "%s", host->name);
		return true;
	case FAULT_NETWORK:
		add_host(out, host, 24, 48);
		say_prefixes(out);
		return true;
	case FAULT_AS:
		out->asn = fault_asn(settings, host->name, ep->addr);
		snprintf(out->txt, sizeof(out->txt), "AS%u", out->asn);
		return out->asn != 0;
	case FAULT_SITE:
		out->site = settings_host(settings, host->name)->site;
		snprintf(out->txt, sizeof(out->txt), "site %s",
		    out->site != NULL ? out->site : "");
		return out->site != NULL;
	}
	return false;
}

bool
fault_takes(const struct fault *f, const struct settings *settings,
    const char *name, const struct facts_addr *addr)
{
	const char *site = f->site != NULL ?
	    settings_host(settings, name)->site : NULL;

	if (f->name != NULL && strcasecmp(f->name, name) == 0)
		return true;
	if (site != NULL && strcmp(f->site, site) == 0)
		return true;
	if (f->asn != 0 && fault_asn(settings, name, addr) == f->asn)
		return true;
	for (size_t i = 0; addr != NULL && i < f->n_prefixes; i++)
		if (prefix_contains(&f->prefixes[i], &addr->addr))
			return true;
	return false;
}

bool
fault_takes_zone(const struct fault *f, const struct settings *settings,
    const struct facts_zone *zone)
{
	bool any = false;

	for (size_t i = 0; zone != NULL && i < zone->n_servers; i++) {
		const struct facts_server *server = zone->servers[i];

		if (server->a.dns == FACTS_FAILED ||
		    server->aaaa.dns == FACTS_FAILED)
			return false; /* it may be elsewhere */
		for (size_t k = 0; k < server->n_addrs; k++)
			if (!fault_takes(f, settings, server->name,
			    server->addrs[k]))
				return false;
		any |= server->n_addrs > 0;
	}
	return any;
}
