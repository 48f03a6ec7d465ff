/*
 * Questions are tasks: each knows what its answer is for. When the last one is
 * answered, the caller is told.
 */
#include "tools/mxcheck/resolve.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/dns.h"
#include "lib/xalloc.h"
#include "tools/mxcheck/policy.h"
#include "tools/mxcheck/resolve_impl.h"

#define PTR_NAMES_MAX 5 /* whose addresses are looked up */

struct task {
	LIST_ENTRY(task) entry;
	struct resolve *r;
	resolve_fn *fn;
	void *of;
};

static void
on_done(void *arg, const struct dns_answer *answer)
{
	struct task *task = arg;
	struct resolve *r = task->r;

	task->fn(r, task->of, answer);
	LIST_REMOVE(task, entry);
	free(task);
	if (--r->n_tasks == 0)
		r->done(r->arg);
}

static struct task *
add_task(struct resolve *r, resolve_fn *fn, void *of)
{
	struct task *task = xcalloc(1, sizeof(*task));

	*task = (struct task){.r = r, .fn = fn, .of = of};
	LIST_INSERT_HEAD(&r->tasks, task, entry);
	r->n_tasks++;
	return task;
}

void
resolve_ask(struct resolve *r, const char *name, uint16_t qtype,
    resolve_fn *fn, void *of)
{
	uint8_t qname[DNAME_MAX];

	if (dname_from_txt(qname, name, strlen(name)) >= 0)
		dns_ask(r->dns, qname, qtype, on_done, add_task(r, fn, of));
}

void
resolve_ask_server(struct resolve *r, const struct settings_dns *server,
    const char *name, uint16_t qtype, resolve_fn *fn, void *of)
{
	uint8_t qname[DNAME_MAX];

	if (dname_from_txt(qname, name, strlen(name)) >= 0)
		dns_ask_server(r->dns, server, qname, qtype, on_done,
		    add_task(r, fn, of));
}

void
resolve_keep(struct resolve *r, struct facts_lookup *out,
    const struct dns_answer *answer)
{
	*out = answer->lookup;
	if (out->alias != NULL)
		out->alias = facts_str(r->facts, out->alias);
}

const char *
resolve_name(struct resolve *r, const uint8_t *dname)
{
	char txt[DNAME_TXT_MAX];

	return facts_str(r->facts, dname_to_txt(txt, dname));
}

/* ---- MX and addresses */

bool
resolve_is_host_name(const char *name, bool loose)
{
	size_t label = 0, len = strlen(name);

	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (name[i] == '.' || name[i] == '\0') {
			if (label == 0 || label > 63 || name[i - 1] == '-')
				return false;
			label = 0;
		} else if (isalnum((unsigned char)name[i]) ||
		    (name[i] == '-' && label > 0) ||
		    (name[i] == '_' && loose)) {
			label++;
		} else {
			return false;
		}
	}
	return true;
}

/* In the place of a name; "192.0.2.1" has the form of a host name, too. */
static bool
is_address(const char *name)
{
	struct addr addr;

	return addr_parse(&addr, name) == 0;
}

static void
add_endpoints(struct resolve *r, struct facts_host *host,
    const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->n_records && i < FACTS_ADDRS_MAX; i++)
		facts_endpoint(r->facts, host, &answer->records[i].addr);
}

static void
on_a(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_host *host = of;

	resolve_keep(r, &host->a, answer);
	add_endpoints(r, host, answer);
}

static void
on_aaaa(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_host *host = of;

	resolve_keep(r, &host->aaaa, answer);
	add_endpoints(r, host, answer);
}

void
resolve_ask_below(struct resolve *r, const char *prefix, const char *name,
    uint16_t qtype, resolve_fn *fn, void *of)
{
	char full[DNAME_TXT_MAX];

	if (snprintf(full, sizeof(full), "%s.%s", prefix, name) <
	    (int)sizeof(full))
		resolve_ask(r, full, qtype, fn, of);
}

static const char *
hex_txt(struct resolve *r, const uint8_t *bytes, size_t len)
{
	char *out = facts_alloc(r->facts, 2 * len + 1, 1);

	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return out;
}

static void
on_tlsa(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_host *host = of;
	const struct dnsmsg_record *record;

	resolve_keep(r, &host->tlsa, answer);
	host->tlsas = facts_alloc(r->facts, FACTS_TLSA_MAX,
	    sizeof(*host->tlsas));
	for (size_t i = 0; i < answer->n_records &&
	    host->n_tlsas < FACTS_TLSA_MAX; i++) {
		record = &answer->records[i];
		if (record->data_len < 3)
			continue;
		host->tlsas[host->n_tlsas++] = (struct facts_tlsa){
		    .usage = record->data[0],
		    .selector = record->data[1],
		    .matching = record->data[2],
		    .data = hex_txt(r, record->data + 3, record->data_len - 3),
		};
	}
}

static struct facts_host *
need_host(struct resolve *r, const char *name)
{
	size_t n = r->facts->n_hosts;
	struct facts_host *host;

	if (!resolve_is_host_name(name, true) || is_address(name) ||
	    strcasecmp(name, "localhost") == 0)
		return NULL;
	host = facts_host(r->facts, name);
	if (r->facts->n_hosts > n) { /* it is new */
		resolve_ask(r, name, DNS_TYPE_A, on_a, host);
		resolve_ask(r, name, DNS_TYPE_AAAA, on_aaaa, host);
		resolve_ask_below(r, "_25._tcp", name, DNS_TYPE_TLSA, on_tlsa,
		    host);
	}
	return host;
}

static void
set_mxs(struct resolve *r, struct facts_domain *domain, size_t n)
{
	domain->mxs = facts_alloc(r->facts, n, sizeof(*domain->mxs));
	domain->n_mxs = n;
}

static void
on_mx(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_domain *domain = of;
	struct facts_mx *mx;

	resolve_keep(r, &domain->mx, answer);
	if (domain->mx.dns == FACTS_NODATA) {
		set_mxs(r, domain, 1);
		domain->implicit = true;
		domain->mxs[0].target = domain->name;
		domain->mxs[0].host = need_host(r, domain->name);
	}
	if (domain->mx.dns != FACTS_EXISTS)
		return;
	set_mxs(r, domain, answer->n_records);
	for (size_t i = 0; i < domain->n_mxs; i++) {
		mx = &domain->mxs[i];
		mx->pref = answer->records[i].pref;
		mx->target = resolve_name(r, answer->records[i].name);
		mx->host = need_host(r, mx->target);
	}
	facts_sort_mxs(domain);
}

/* ---- policy */

static void
on_fetch_addr(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_domain *domain = of;
	char txt[ADDR_TXT_MAX];

	for (size_t i = 0; i < answer->n_records && i < FACTS_ADDRS_MAX; i++)
		facts_name_add(r->facts, &domain->fetch.addrs,
		    addr_to_txt(txt, &answer->records[i].addr));
}

void
resolve_on_txt(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_txt *txt = of;

	resolve_keep(r, &txt->lookup, answer);
	for (size_t i = 0; i < answer->n_records; i++)
		facts_name_add(r->facts, &txt->texts, facts_text_whole(
		    r->facts, answer->records[i].data,
		    answer->records[i].data_len));
}

/* Without a record there is no policy to fetch (RFC 8461 3.1). */
static void
on_sts(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_domain *domain = of;
	char id[STS_ID_LEN], why[STS_WHY_MAX];

	resolve_on_txt(r, &domain->sts, answer);
	if (policy_sts_id(domain, id, why) != 0)
		return;
	resolve_ask_below(r, "mta-sts", domain->name, DNS_TYPE_A,
	    on_fetch_addr, domain);
	resolve_ask_below(r, "mta-sts", domain->name, DNS_TYPE_AAAA,
	    on_fetch_addr, domain);
}

void
resolve_domains(struct resolve *r)
{
	for (size_t i = 0; i < r->facts->n_domains; i++) {
		struct facts_domain *domain = r->facts->domains[i];

		resolve_ask(r, domain->name, DNS_TYPE_MX, on_mx, domain);
		resolve_ask_below(r, "_mta-sts", domain->name, DNS_TYPE_TXT,
		    on_sts, domain);
		resolve_ask_below(r, "_smtp._tls", domain->name, DNS_TYPE_TXT,
		    resolve_on_txt, &domain->tlsrpt);
	}
}

/* ---- where alerts go */

static void
on_alerts(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_alerts *alerts = of;

	resolve_keep(r, &alerts->mx, answer);
	if (alerts->mx.dns == FACTS_NODATA)
		facts_name_add(r->facts, &alerts->targets, alerts->domain);
	for (size_t i = 0; i < answer->n_records; i++)
		facts_name_add(r->facts, &alerts->targets,
		    resolve_name(r, answer->records[i].name));
	facts_sort_names(&alerts->targets);
}

void
resolve_alerts(struct resolve *r, const char *mailbox)
{
	struct facts_alerts *alerts = &r->facts->alerts;

	alerts->domain = facts_str(r->facts, strchr(mailbox, '@') + 1);
	resolve_ask(r, alerts->domain, DNS_TYPE_MX, on_alerts, alerts);
}

/* ---- PTR, and back */

static void
on_ptr_addr(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_addr *addr = of;

	(void)r;
	addr->unchecked |= answer->lookup.dns == FACTS_FAILED;
	for (size_t i = 0; i < answer->n_records; i++)
		addr->confirmed |= memcmp(&answer->records[i].addr,
		    &addr->addr, sizeof(addr->addr)) == 0;
}

static void
on_ptr(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_addr *addr = of;
	uint16_t qtype = addr->addr.family == AF_INET ? DNS_TYPE_A :
	    DNS_TYPE_AAAA;

	resolve_keep(r, &addr->ptr, answer);
	for (size_t i = 0; i < answer->n_records && i < PTR_NAMES_MAX; i++) {
		facts_name_add(r->facts, &addr->ptrs,
		    resolve_name(r, answer->records[i].name));
		resolve_ask(r, addr->ptrs.name[i], qtype, on_ptr_addr, addr);
	}
}

void
resolve_addrs(struct resolve *r)
{
	uint8_t qname[DNAME_MAX];
	char txt[DNAME_TXT_MAX];

	for (size_t i = 0; i < r->facts->n_addrs; i++) {
		dnsmsg_reverse(qname, &r->facts->addrs[i]->addr);
		resolve_ask(r, dname_to_txt(txt, qname), DNS_TYPE_PTR, on_ptr,
		    r->facts->addrs[i]);
	}
}

/* ---- names that are said */

static void
on_greeting(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_endpoint *ep = of;

	resolve_keep(r, &ep->greeting_name, answer);
}

void
resolve_greeting(struct resolve *r, struct facts_endpoint *ep)
{
	const char *text = ep->probe.step[FACTS_GREETING].reply.text;
	char name[256];
	size_t len;

	if (text == NULL || ep->probe.step[FACTS_GREETING].reply.code != 220)
		return;
	len = strcspn(text, " ");
	if (len >= sizeof(name))
		return;
	memcpy(name, text, len);
	name[len] = '\0';
	if (strchr(name, '.') != NULL && resolve_is_host_name(name, false) &&
	    !is_address(name))
		resolve_ask(r, name, DNS_TYPE_A, on_greeting, ep);
}

static void
on_helo(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts *facts = of;

	for (size_t i = 0; i < answer->n_records; i++)
		for (size_t k = 0; k < r->n_us; k++)
			if (memcmp(&answer->records[i].addr, &r->us[k],
			    sizeof(r->us[k])) == 0)
				facts->helo_is_us = FACTS_YES;
	if (facts->helo_is_us == FACTS_UNKNOWN &&
	    answer->lookup.dns != FACTS_FAILED)
		facts->helo_is_us = FACTS_NO;
}

void
resolve_helo(struct resolve *r, const struct addr *us, size_t n)
{
	r->n_us = n < 2 ? n : 2;
	memcpy(r->us, us, r->n_us * sizeof(*us));
	if (r->n_us == 0)
		return;
	resolve_ask(r, r->facts->helo, DNS_TYPE_A, on_helo, r->facts);
	resolve_ask(r, r->facts->helo, DNS_TYPE_AAAA, on_helo, r->facts);
}

/* ---- */

bool
resolve_is_busy(const struct resolve *r)
{
	return r->n_tasks > 0;
}

struct resolve *
resolve_new(struct dns *dns, struct facts *facts,
    const struct settings *settings, void (*done)(void *arg), void *arg)
{
	struct resolve *r = xcalloc(1, sizeof(*r));

	r->dns = dns;
	r->facts = facts;
	r->settings = settings;
	r->done = done;
	r->arg = arg;
	LIST_INIT(&r->tasks);
	return r;
}

void
resolve_free(struct resolve *r)
{
	struct task *task;

	if (r == NULL)
		return;
	while ((task = LIST_FIRST(&r->tasks)) != NULL) {
		LIST_REMOVE(task, entry);
		free(task);
	}
	free(r);
}
