/*
 * Zones and name servers, in either direction.
 */
#include "tools/mxcheck/record_impl.h"

/* The servers of a zone: by name. */
void
record_visit_zone(struct visit *r, struct facts_zone *zone)
{
	struct facts_names names = {0};

	record_visit_lookup(r, "ns", &zone->ns);
	for (size_t i = 0; !r->reads && i < zone->n_servers; i++)
		facts_name_add(r->facts, &names, zone->servers[i]->name);
	visit_texts(r, "servers", &names.name, &names.n, FACTS_SERVERS_MAX);
	for (size_t i = 0; r->reads && i < names.n; i++)
		facts_zone_add(r->facts, zone,
		    facts_server(r->facts, names.name[i]));
}

void
record_visit_server(struct visit *r, struct facts_server *server)
{
	struct facts_names names = {0};
	struct addr addr;

	record_visit_lookup(r, "a", &server->a);
	record_visit_lookup(r, "aaaa", &server->aaaa);
	for (size_t i = 0; !r->reads && i < server->n_addrs; i++)
		facts_name_add(r->facts, &names, server->addrs[i]->txt);
	visit_texts(r, "addrs", &names.name, &names.n, LIST_MAX);
	for (size_t i = 0; r->reads && i < names.n; i++) {
		if (addr_parse(&addr, names.name[i]) == 0)
			facts_server_add(r->facts, server, &addr);
		else
			visit_spoil(r, "addrs");
	}
}

void
record_visit_in_zone(struct visit *r, struct facts_zone **zone)
{
	const char *name = !r->reads && *zone != NULL ? (*zone)->name : NULL;

	visit_text(r, "zone", &name);
	if (r->reads && name != NULL)
		*zone = facts_zone(r->facts, name);
}
