/*
 * A line of a record for each fact. The run's has the names of all that there
 * is, in its order.
 */
#include "tools/mxcheck/record.h"

#include <stdint.h>

#include "tools/mxcheck/record_impl.h"

/* The visitors change nothing when they write. */
static struct facts *
visited(const struct facts *facts)
{
	return (struct facts *)(uintptr_t)facts;
}

static struct visit
begin(const struct facts *facts, const char *type)
{
	struct visit r = {.object = json_object(), .facts = visited(facts)};

	json_object_set_new(r.object, "v", json_integer(RECORD_VERSION));
	json_object_set_new(r.object, "type", json_string(type));
	return r;
}

static void
set_text(json_t *object, const char *member, const char *text)
{
	json_object_set_new(object, member, json_string(text));
}

json_t *
record_run(const struct facts *facts)
{
	struct visit r = begin(facts, "run");
	json_t *list, *pair;

	record_visit_run(&r, visited(facts));
	json_object_set_new(r.object, "domains", list = json_array());
	for (size_t i = 0; i < facts->n_domains; i++)
		json_array_append_new(list,
		    json_string(facts->domains[i]->name));
	json_object_set_new(r.object, "hosts", list = json_array());
	for (size_t i = 0; i < facts->n_hosts; i++)
		json_array_append_new(list, json_string(facts->hosts[i]->name));
	json_object_set_new(r.object, "addresses", list = json_array());
	for (size_t i = 0; i < facts->n_addrs; i++)
		json_array_append_new(list, json_string(facts->addrs[i]->txt));
	json_object_set_new(r.object, "zones", list = json_array());
	for (size_t i = 0; i < facts->n_zones; i++)
		json_array_append_new(list, json_string(facts->zones[i]->name));
	json_object_set_new(r.object, "servers", list = json_array());
	for (size_t i = 0; i < facts->n_servers; i++)
		json_array_append_new(list,
		    json_string(facts->servers[i]->name));
	json_object_set_new(r.object, "endpoints", list = json_array());
	for (size_t i = 0; i < facts->n_endpoints; i++) {
		pair = json_array();
		json_array_append_new(pair,
		    json_string(facts->endpoints[i]->host->name));
		json_array_append_new(pair,
		    json_string(facts->endpoints[i]->addr->txt));
		json_array_append_new(list, pair);
	}
	return r.object;
}

json_t *
record_domain(const struct facts *facts, size_t i)
{
	struct visit r = begin(facts, "domain");

	set_text(r.object, "name", facts->domains[i]->name);
	record_visit_domain(&r, facts->domains[i]);
	return r.object;
}

json_t *
record_host(const struct facts *facts, size_t i)
{
	struct visit r = begin(facts, "host");

	set_text(r.object, "name", facts->hosts[i]->name);
	record_visit_host(&r, facts->hosts[i]);
	return r.object;
}

json_t *
record_address(const struct facts *facts, size_t i)
{
	struct visit r = begin(facts, "address");

	set_text(r.object, "addr", facts->addrs[i]->txt);
	record_visit_address(&r, facts->addrs[i]);
	return r.object;
}

json_t *
record_zone(const struct facts *facts, size_t i)
{
	struct visit r = begin(facts, "zone");

	set_text(r.object, "name", facts->zones[i]->name);
	record_visit_zone(&r, facts->zones[i]);
	return r.object;
}

json_t *
record_server(const struct facts *facts, size_t i)
{
	struct visit r = begin(facts, "server");

	set_text(r.object, "name", facts->servers[i]->name);
	record_visit_server(&r, facts->servers[i]);
	return r.object;
}

json_t *
record_endpoint(const struct facts *facts, size_t i)
{
	struct visit r = begin(facts, "endpoint");

	set_text(r.object, "host", facts->endpoints[i]->host->name);
	set_text(r.object, "addr", facts->endpoints[i]->addr->txt);
	record_visit_endpoint(&r, facts->endpoints[i]);
	return r.object;
}

json_t *
record_access(const struct facts *facts, size_t i)
{
	struct visit r = begin(facts, "access");
	const struct facts_access *access = facts->accesses[i];

	set_text(r.object, "service", facts_service_txt(access->service));
	set_text(r.object, "host", access->server->name);
	set_text(r.object, "addr", access->addr->txt);
	json_object_set_new(r.object, "port", json_integer(access->port));
	record_visit_access(&r, facts->accesses[i]);
	return r.object;
}

void
record_put(FILE *to, json_t *object)
{
	json_dumpf(object, to, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', to);
	json_decref(object);
}
