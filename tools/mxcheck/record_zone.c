/*
 * Zones, name servers and what they said, in either direction.
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

/* ---- what servers said themselves */

static void
visit_told(struct visit *r, struct facts_told *told)
{
	const char *server = r->reads ? NULL : told->server->name;
	const char *txt = r->reads ? NULL : told->addr->txt;
	struct addr addr;

	WORD(r, told, type);
	visit_text(r, "server", &server);
	visit_text(r, "addr", &txt);
	if (r->reads && (server == NULL || txt == NULL ||
	    addr_parse(&addr, txt) != 0)) {
		visit_spoil(r, "told");
		return;
	}
	if (r->reads) {
		told->server = facts_server(r->facts, server);
		told->addr = facts_addr(r->facts, &addr);
	}
	told->dns = visit_enum(r, "dns", told->dns, FACTS_FAILED + 1,
	    record_dns_txt);
	TEXT(r, told, why);
	FLAG(r, told, aa);
	TEXT(r, told, data);
	if (r->reads && told->dns == FACTS_FAILED && told->why == NULL)
		told->why = "";
	if (r->reads && told->dns != FACTS_FAILED &&
	    told->dns != FACTS_NOT_ASKED && told->data == NULL)
		told->data = "";
}

void
record_visit_told(struct visit *r, struct facts_tellings *all)
{
	struct visit item;
	json_t *array;

	all->n = visit_list(r, "told", all->n, 2 * FACTS_TOLD_MAX, &array);
	if (r->reads)
		all->told = facts_alloc(r->facts, all->n + 1,
		    sizeof(*all->told));
	for (size_t i = 0; i < all->n; i++) {
		if (visit_item(r, "told", array, i, &item))
			visit_told(&item, &all->told[i]);
		r->bad = item.bad != NULL ? item.bad : r->bad;
	}
}

void
record_visit_alerts(struct visit *r, struct facts_alerts *alerts)
{
	struct visit sub;

	if (!visit_enter(r, "alerts", &sub))
		return;
	TEXT(&sub, alerts, domain);
	record_visit_lookup(&sub, "lookup", &alerts->mx);
	visit_texts(&sub, "targets", &alerts->targets.name,
	    &alerts->targets.n, LIST_MAX);
	visit_leave(r, "alerts", &sub);
}

void
record_visit_in_zone(struct visit *r, struct facts_zone **zone)
{
	const char *name = !r->reads && *zone != NULL ? (*zone)->name : NULL;

	visit_text(r, "zone", &name);
	if (r->reads && name != NULL)
		*zone = facts_zone(r->facts, name);
}
