/*
 * The container of the facts. Everything lives in one arena; what is looked up
 * by name is in a tree besides.
 */
#include "tools/mxcheck/facts.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tools/mxcheck/arena.h"

enum { BY_DOMAIN, BY_HOST, BY_ADDR, BY_ZONE, BY_SERVER, BY_ACCESS };

struct named { /* a node's content: the name must stay the first member */
	const char *name;
	void *what;
};

struct facts *
facts_new(void)
{
	struct facts *facts = xcalloc(1, sizeof(*facts));

	facts->arena = arena_new();
	return facts;
}

static void
keep(void *node)
{
	(void)node; /* it is in the arena */
}

void
facts_free(struct facts *facts)
{
	if (facts == NULL)
		return;
	for (unsigned i = 0; i <= BY_ACCESS; i++)
		tdestroy(facts->names[i], keep);
	free(facts->domains);
	free(facts->hosts);
	free(facts->addrs);
	free(facts->endpoints);
	free(facts->zones);
	free(facts->servers);
	free(facts->accesses);
	arena_free(facts->arena);
	free(facts);
}

void *
facts_alloc(struct facts *facts, size_t count, size_t size)
{
	return arena_alloc(facts->arena, count, size);
}

const char *
facts_str(struct facts *facts, const char *s)
{
	size_t len = strlen(s) + 1;

	return memcpy(facts_alloc(facts, len, 1), s, len);
}

const char *
facts_text_whole(struct facts *facts, const void *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *in = bytes;
	char *out, *p;

	out = p = facts_alloc(facts, 4 * len + 1, 1);
	for (size_t i = 0; i < len; i++) {
		if (in[i] >= 0x20 && in[i] < 0x7f && in[i] != '\\') {
			*p++ = (char)in[i];
			continue;
		}
		*p++ = '\\';
		*p++ = 'x';
		*p++ = hex[in[i] >> 4];
		*p++ = hex[in[i] & 15];
	}
	return out;
}

const char *
facts_text(struct facts *facts, const void *bytes, size_t len)
{
	return facts_text_whole(facts, bytes,
	    len < FACTS_TEXT_MAX ? len : FACTS_TEXT_MAX);
}

/* ---- what is there once */

static int
by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The place for what has this name; *is_new if nothing had it. */
static struct named *
find(struct facts *facts, unsigned tree, const char *name, bool *is_new)
{
	struct named key = {.name = name}, *named, **found;

	found = tfind(&key, &facts->names[tree], by_name);
	*is_new = found == NULL;
	if (found != NULL)
		return *found;
	named = facts_alloc(facts, 1, sizeof(*named));
	named->name = facts_str(facts, name);
	if (tsearch(named, &facts->names[tree], by_name) == NULL)
		abort(); /* as xalloc.h has it: out of memory is the end */
	return named;
}

/* Pointers grow by doubling: whenever n is a power of two. */
static void *
grow(void *list, size_t n, void *item)
{
	void **items = list;

	if ((n & (n - 1)) == 0)
		items = xreallocarray(items, n > 0 ? 2 * n : 1,
		    sizeof(*items));
	items[n] = item;
	return items;
}

struct facts_domain *
facts_domain(struct facts *facts, const char *name)
{
	struct facts_domain *domain;
	struct named *named;
	bool is_new;

	named = find(facts, BY_DOMAIN, name, &is_new);
	if (!is_new)
		return named->what;
	named->what = domain = facts_alloc(facts, 1, sizeof(*domain));
	domain->name = named->name;
	domain->index = facts->n_domains;
	facts->domains = grow(facts->domains, facts->n_domains++, domain);
	return domain;
}

struct facts_host *
facts_host(struct facts *facts, const char *name)
{
	struct facts_host *host;
	struct named *named;
	bool is_new;

	named = find(facts, BY_HOST, name, &is_new);
	if (!is_new)
		return named->what;
	named->what = host = facts_alloc(facts, 1, sizeof(*host));
	host->name = named->name;
	facts->hosts = grow(facts->hosts, facts->n_hosts++, host);
	return host;
}

struct facts_addr *
facts_addr(struct facts *facts, const struct addr *addr)
{
	char txt[ADDR_TXT_MAX];
	struct facts_addr *out;
	struct named *named;
	bool is_new;

	named = find(facts, BY_ADDR, addr_to_txt(txt, addr), &is_new);
	if (!is_new)
		return named->what;
	named->what = out = facts_alloc(facts, 1, sizeof(*out));
	out->addr = *addr;
	memcpy(out->txt, txt, sizeof(txt));
	facts->addrs = grow(facts->addrs, facts->n_addrs++, out);
	return out;
}

struct facts_zone *
facts_zone(struct facts *facts, const char *name)
{
	struct facts_zone *zone;
	struct named *named;
	bool is_new;

	named = find(facts, BY_ZONE, name, &is_new);
	if (!is_new)
		return named->what;
	named->what = zone = facts_alloc(facts, 1, sizeof(*zone));
	zone->name = named->name;
	facts->zones = grow(facts->zones, facts->n_zones++, zone);
	return zone;
}

struct facts_server *
facts_server(struct facts *facts, const char *name)
{
	struct facts_server *server;
	struct named *named;
	bool is_new;

	named = find(facts, BY_SERVER, name, &is_new);
	if (!is_new)
		return named->what;
	named->what = server = facts_alloc(facts, 1, sizeof(*server));
	server->name = named->name;
	facts->servers = grow(facts->servers, facts->n_servers++, server);
	return server;
}

/* ---- what belongs to another */

static int
order_addrs(const struct facts_addr *x, const struct facts_addr *y)
{
	if (x->addr.family != y->addr.family)
		return x->addr.family == AF_INET ? -1 : 1;
	return memcmp(x->addr.bytes, y->addr.bytes, sizeof(x->addr.bytes));
}

static int
by_addr(const void *a, const void *b)
{
	const struct facts_endpoint *x = *(struct facts_endpoint *const *)a;
	const struct facts_endpoint *y = *(struct facts_endpoint *const *)b;

	return order_addrs(x->addr, y->addr);
}

static int
by_plain_addr(const void *a, const void *b)
{
	return order_addrs(*(struct facts_addr *const *)a,
	    *(struct facts_addr *const *)b);
}

static int
by_server_name(const void *a, const void *b)
{
	const struct facts_server *x = *(struct facts_server *const *)a;
	const struct facts_server *y = *(struct facts_server *const *)b;

	return strcmp(x->name, y->name);
}

/* A longer copy of the list, with the item in its place. */
static void *
with(struct facts *facts, void *list, size_t *n, void *item,
    int order(const void *a, const void *b))
{
	void **items = facts_alloc(facts, *n + 1, sizeof(*items));

	if (*n > 0)
		memcpy(items, list, *n * sizeof(*items));
	items[(*n)++] = item;
	qsort(items, *n, sizeof(*items), order);
	return items;
}

void
facts_zone_add(struct facts *facts, struct facts_zone *zone,
    struct facts_server *server)
{
	for (size_t i = 0; i < zone->n_servers; i++)
		if (zone->servers[i] == server)
			return;
	zone->servers = with(facts, zone->servers, &zone->n_servers, server,
	    by_server_name);
}

void
facts_server_add(struct facts *facts, struct facts_server *server,
    const struct addr *addr)
{
	struct facts_addr *known = facts_addr(facts, addr);

	for (size_t i = 0; i < server->n_addrs; i++)
		if (server->addrs[i] == known)
			return;
	server->addrs = with(facts, server->addrs, &server->n_addrs, known,
	    by_plain_addr);
}

struct facts_endpoint *
facts_endpoint(struct facts *facts, struct facts_host *host,
    const struct addr *addr)
{
	struct facts_addr *known = facts_addr(facts, addr);
	struct facts_endpoint *ep;

	for (size_t i = 0; i < host->n_endpoints; i++)
		if (host->endpoints[i]->addr == known)
			return host->endpoints[i];
	ep = facts_alloc(facts, 1, sizeof(*ep));
	ep->index = facts->n_endpoints;
	ep->host = host;
	ep->addr = known;
	facts->endpoints = grow(facts->endpoints, facts->n_endpoints++, ep);
	host->endpoints = with(facts, host->endpoints, &host->n_endpoints, ep,
	    by_addr);
	return ep;
}

#define ACCESS_NAME_MAX 400

static void
access_name(char out[ACCESS_NAME_MAX], enum facts_service service,
    const struct facts_server *server, const struct facts_addr *addr,
    uint16_t port)
{
	snprintf(out, ACCESS_NAME_MAX, "%s %s %s %u",
	    facts_service_txt(service), server->name, addr->txt, port);
}

const struct facts_access *
facts_access_of(const struct facts *facts, enum facts_service service,
    const struct facts_srv *srv, const struct facts_addr *addr)
{
	char name[ACCESS_NAME_MAX];
	struct named key = {.name = name}, **found;

	access_name(name, service, srv->server, addr, srv->port);
	found = tfind(&key, &facts->names[BY_ACCESS], by_name);
	return found != NULL ? (*found)->what : NULL;
}

struct facts_access *
facts_access(struct facts *facts, enum facts_service service,
    struct facts_server *server, const struct addr *addr, uint16_t port)
{
	struct facts_addr *known = facts_addr(facts, addr);
	char name[ACCESS_NAME_MAX];
	struct facts_access *access;
	struct named *named;
	bool is_new;

	access_name(name, service, server, known, port);
	named = find(facts, BY_ACCESS, name, &is_new);
	if (!is_new)
		return named->what;
	named->what = access = facts_alloc(facts, 1, sizeof(*access));
	access->service = service;
	access->server = server;
	access->addr = known;
	access->port = port;
	facts->accesses = grow(facts->accesses, facts->n_accesses++, access);
	return access;
}

void
facts_name_add(struct facts *facts, struct facts_names *names,
    const char *name)
{
	const char **list = facts_alloc(facts, names->n + 1, sizeof(*list));

	if (names->n > 0)
		memcpy(list, names->name, names->n * sizeof(*list));
	list[names->n++] = facts_str(facts, name);
	names->name = list;
}

static int
by_host_name(const void *a, const void *b)
{
	const struct facts_host *x = *(struct facts_host *const *)a;
	const struct facts_host *y = *(struct facts_host *const *)b;

	return strcmp(x->name, y->name);
}

static int
by_zone_name(const void *a, const void *b)
{
	const struct facts_zone *x = *(struct facts_zone *const *)a;
	const struct facts_zone *y = *(struct facts_zone *const *)b;

	return strcmp(x->name, y->name);
}

static int
by_addr_txt(const void *a, const void *b)
{
	const struct facts_addr *x = *(struct facts_addr *const *)a;
	const struct facts_addr *y = *(struct facts_addr *const *)b;

	return strcmp(x->txt, y->txt);
}

static int
by_access(const void *a, const void *b)
{
	const struct facts_access *x = *(struct facts_access *const *)a;
	const struct facts_access *y = *(struct facts_access *const *)b;
	int order = strcmp(x->server->name, y->server->name);

	if (order == 0)
		order = (int)x->service - (int)y->service;
	if (order == 0)
		order = (int)x->port - (int)y->port;
	return order != 0 ? order : order_addrs(x->addr, y->addr);
}

static int
by_endpoint(const void *a, const void *b)
{
	const struct facts_endpoint *x = *(struct facts_endpoint *const *)a;
	const struct facts_endpoint *y = *(struct facts_endpoint *const *)b;
	int order = strcmp(x->host->name, y->host->name);

	return order != 0 ? order : by_addr(a, b);
}

static void
sort(void *list, size_t n, int order(const void *a, const void *b))
{
	if (n > 0)
		qsort(list, n, sizeof(void *), order);
}

void
facts_sort(struct facts *facts)
{
	sort(facts->hosts, facts->n_hosts, by_host_name);
	sort(facts->addrs, facts->n_addrs, by_addr_txt);
	sort(facts->zones, facts->n_zones, by_zone_name);
	sort(facts->servers, facts->n_servers, by_server_name);
	sort(facts->accesses, facts->n_accesses, by_access);
	sort(facts->endpoints, facts->n_endpoints, by_endpoint);
	for (size_t i = 0; i < facts->n_endpoints; i++)
		facts->endpoints[i]->index = i;
}

static int
by_pref(const void *a, const void *b)
{
	const struct facts_mx *x = a, *y = b;

	if (x->pref != y->pref)
		return x->pref < y->pref ? -1 : 1;
	return strcmp(x->target, y->target);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
facts_sort_names(struct facts_names *names)
{
	sort(names->name, names->n, by_text);
}

void
facts_sort_mxs(struct facts_domain *domain)
{
	if (domain->n_mxs > 0)
		qsort(domain->mxs, domain->n_mxs, sizeof(*domain->mxs),
		    by_pref);
}
