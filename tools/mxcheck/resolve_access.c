/*
 * Where a domain sends its users: RFC 6186 3, RFC 8314 5.1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dns.h"
#include "tools/mxcheck/resolve_impl.h"

#define SRVS_MAX 8 /* of a service; more are not looked at */

static int
by_pref(const void *a, const void *b)
{
	const struct facts_srv *x = a, *y = b;
	int order = strcmp(x->target, y->target);

	if (x->pref != y->pref)
		return x->pref < y->pref ? -1 : 1;
	return order != 0 ? order : (int)x->port - (int)y->port;
}

static void
on_srv(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_offer *offer = of;
	size_t n = answer->n_records < SRVS_MAX ? answer->n_records : SRVS_MAX;

	resolve_keep(r, &offer->lookup, answer);
	offer->srvs = facts_alloc(r->facts, n, sizeof(*offer->srvs));
	for (size_t i = 0; i < n; i++) {
		const struct dnsmsg_record *record = &answer->records[i];
		struct facts_srv *srv = &offer->srvs[i];

		srv->pref = record->pref;
		srv->weight = record->weight;
		srv->port = record->port;
		srv->target = resolve_name(r, record->name);
		if (resolve_is_host_name(srv->target, false))
			srv->server = resolve_server(r, srv->target);
	}
	offer->n_srvs = n;
	if (n > 0)
		qsort(offer->srvs, n, sizeof(*offer->srvs), by_pref);
}

void
resolve_access(struct resolve *r)
{
	char prefix[32];

	for (size_t i = 0; i < r->facts->n_domains; i++) {
		struct facts_domain *domain = r->facts->domains[i];

		for (unsigned s = 0; s < FACTS_SERVICES; s++) {
			snprintf(prefix, sizeof(prefix), "_%s._tcp",
			    facts_service_txt((enum facts_service)s));
			resolve_ask_below(r, prefix, domain->name,
			    DNS_TYPE_SRV, on_srv, &domain->offers[s]);
		}
	}
}
