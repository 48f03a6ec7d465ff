/*
 * Every name server of a zone is asked itself, at each of its addresses and
 * without recursion: MX of the domain, A and AAAA of an MX host (D09).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dns.h"
#include "tools/mxcheck/resolve_impl.h"

#define DNS_PORT 53

/* ---- an RRset as a text, whatever order it came in */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
record_txt(struct resolve *r, const struct dnsmsg_record *record, bool is_mx)
{
	char name[DNAME_TXT_MAX], txt[DNAME_TXT_MAX + 8];

	if (!is_mx)
		return facts_str(r->facts, addr_to_txt(txt, &record->addr));
	snprintf(txt, sizeof(txt), "%u %s", record->pref,
	    dname_to_txt(name, record->name));
	return facts_str(r->facts, txt);
}

static const char *
rrset_txt(struct resolve *r, const struct dns_answer *answer, bool is_mx)
{
	const char *txt[DNSMSG_RECORDS_MAX] = {NULL};
	size_t len = 1, n = answer->n_records;
	char *out, *to;

	for (size_t i = 0; i < n; i++) {
		txt[i] = record_txt(r, &answer->records[i], is_mx);
		len += strlen(txt[i]) + 2;
	}
	qsort(txt, n, sizeof(*txt), by_text);
	out = to = facts_alloc(r->facts, len, 1);
	for (size_t i = 0; i < n; i++)
		to += sprintf(to, "%s%s", i > 0 ? ", " : "", txt[i]);
	return out;
}

/* ---- */

static const char *
data_txt(struct resolve *r, const struct dns_answer *answer, bool is_mx)
{
	char txt[DNAME_TXT_MAX + 16];

	if (answer->lookup.dns == FACTS_EXISTS)
		return rrset_txt(r, answer, is_mx);
	if (answer->lookup.alias == NULL)
		return facts_dns_txt(answer->lookup.dns);
	snprintf(txt, sizeof(txt), "alias of %s", answer->lookup.alias);
	return facts_str(r->facts, txt);
}

static void
on_told(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_told *told = of;

	told->dns = answer->lookup.dns;
	told->why = answer->lookup.why;
	told->aa = answer->aa;
	if (told->dns != FACTS_FAILED)
		told->data = data_txt(r, answer,
		    strcmp(told->type, "MX") == 0);
}

static void
ask_one(struct resolve *r, struct facts_told *told, const char *name,
    uint16_t qtype, resolve_refuse_fn *refuse, void *arg)
{
	struct settings_dns server;
	char txt[ADDR_TXT_MAX];

	told->why = refuse(arg, &told->addr->addr);
	addr_to_txt(txt, &told->addr->addr);
	if (told->why == NULL && addr_parse_at_port(&server.addr,
	    &server.addr_len, txt, DNS_PORT) == 0)
		resolve_ask_server(r, &server, name, qtype, on_told, told);
}

struct telling { /* one question of all servers of a zone */
	const struct facts_zone *zone;
	const char *name, *type;
	uint16_t qtype;
};

static size_t
count(const struct facts_zone *zone)
{
	size_t n = 0;

	for (size_t i = 0; zone != NULL && i < zone->n_servers; i++)
		n += zone->servers[i]->n_addrs;
	return n < FACTS_TOLD_MAX ? n : FACTS_TOLD_MAX;
}

/* out has room for all of them. */
static void
ask_all(struct resolve *r, const struct telling *what,
    struct facts_tellings *out, resolve_refuse_fn *refuse, void *arg)
{
	size_t end = out->n + count(what->zone);
	struct facts_told *told;

	for (size_t i = 0; what->zone != NULL && i < what->zone->n_servers;
	    i++) {
		const struct facts_server *server = what->zone->servers[i];

		for (size_t k = 0; k < server->n_addrs && out->n < end; k++) {
			told = &out->told[out->n++];
			told->type = what->type;
			told->server = server;
			told->addr = server->addrs[k];
			ask_one(r, told, what->name, what->qtype, refuse, arg);
		}
	}
}

void
resolve_told(struct resolve *r, resolve_refuse_fn *refuse, void *arg)
{
	const struct facts *facts = r->facts;

	for (size_t i = 0; i < facts->n_domains; i++) {
		struct facts_domain *d = facts->domains[i];
		const struct telling mx = {d->zone, d->name, "MX",
		    DNS_TYPE_MX};

		d->told.told = facts_alloc(r->facts, count(d->zone) + 1,
		    sizeof(*d->told.told));
		ask_all(r, &mx, &d->told, refuse, arg);
	}
	for (size_t i = 0; i < facts->n_hosts; i++) {
		struct facts_host *h = facts->hosts[i];
		const struct telling a = {h->zone, h->name, "A", DNS_TYPE_A};
		const struct telling aaaa = {h->zone, h->name, "AAAA",
		    DNS_TYPE_AAAA};

		h->told.told = facts_alloc(r->facts, 2 * count(h->zone) + 1,
		    sizeof(*h->told.told));
		ask_all(r, &a, &h->told, refuse, arg);
		ask_all(r, &aaaa, &h->told, refuse, arg);
	}
}
