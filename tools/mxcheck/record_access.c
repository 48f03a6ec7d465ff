/*
 * The part of a record that --access adds.
 */
#include "tools/mxcheck/record_impl.h"

static const char *
service_txt(unsigned i)
{
	return facts_service_txt((enum facts_service)i);
}

enum facts_service
record_visit_service(struct visit *r, enum facts_service service)
{
	return (enum facts_service)visit_enum(r, "service", service,
	    FACTS_SERVICES, service_txt);
}

static void
visit_srv(struct visit *r, struct facts_srv *srv)
{
	const char *server = !r->reads && srv->server != NULL ?
	    srv->server->name : NULL;

	NUMBER(r, srv, pref, UINT16_MAX);
	NUMBER(r, srv, weight, UINT16_MAX);
	NUMBER(r, srv, port, UINT16_MAX);
	WORD(r, srv, target);
	visit_text(r, "host", &server);
	if (r->reads && server != NULL)
		srv->server = facts_server(r->facts, server);
}

static void
visit_offer(struct visit *r, const char *member, struct facts_offer *offer)
{
	struct visit sub, item;
	json_t *array;

	if (!visit_enter(r, member, &sub))
		return;
	record_visit_lookup(&sub, "lookup", &offer->lookup);
	offer->n_srvs = visit_list(&sub, "srv", offer->n_srvs, LIST_MAX,
	    &array);
	if (r->reads)
		offer->srvs = facts_alloc(r->facts, offer->n_srvs + 1,
		    sizeof(*offer->srvs));
	for (size_t i = 0; i < offer->n_srvs; i++) {
		if (visit_item(&sub, "srv", array, i, &item))
			visit_srv(&item, &offer->srvs[i]);
		sub.bad = item.bad != NULL ? item.bad : sub.bad;
	}
	visit_leave(r, member, &sub);
}

void
record_visit_offers(struct visit *r, struct facts_offer offers[FACTS_SERVICES])
{
	struct visit sub;

	if (!visit_enter(r, "services", &sub))
		return;
	for (unsigned i = 0; i < FACTS_SERVICES; i++)
		visit_offer(&sub, service_txt(i), &offers[i]);
	visit_leave(r, "services", &sub);
}

void
record_visit_access(struct visit *r, struct facts_access *access)
{
	record_visit_names(r, "domains", &access->domains);
	record_visit_names(r, "good-for", &access->good_for);
	TEXT(r, access, untried);
	FLAG(r, access, preauth);
	record_visit_probe(r, "session", &access->probe);
}
