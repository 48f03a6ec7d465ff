/*
 * Lists of addresses. The test points of a list come first (RFC 5782 5): one
 * that does not list 127.0.0.2, or lists 127.0.0.1, is dead, lists everything
 * or does not answer us, and is not asked further.
 */
#include <sys/socket.h>

#include "lib/dns.h"
#include "tools/mxcheck/address.h"
#include "tools/mxcheck/dnsbl.h"
#include "tools/mxcheck/resolve_impl.h"

#define ADDRS_MAX 1000 /* of a run and a family, that a list is asked about */

static const struct addr listed_points[2] = {
    {.family = AF_INET, .bytes = {127, 0, 0, 2}},
    {.family = AF_INET6, .bytes = {[10] = 255, [11] = 255, [12] = 127,
	[15] = 2}},
};
static const struct addr clean_points[2] = {
    {.family = AF_INET, .bytes = {127, 0, 0, 1}},
    {.family = AF_INET6, .bytes = {[10] = 255, [11] = 255, [12] = 127,
	[15] = 1}},
};

struct test { /* of one list and family */
	struct facts_dnsbl *list;
	bool v6;
};

static void
ask(struct resolve *r, const char *zone, const struct addr *addr,
    resolve_fn *fn, void *of)
{
	char prefix[DNAME_TXT_MAX];

	dnsbl_prefix(prefix, addr);
	resolve_ask_below(r, prefix, zone, DNS_TYPE_A, fn, of);
}

static void
keep(struct resolve *r, struct facts_dnsbl_answer *out,
    const struct dns_answer *answer)
{
	char txt[ADDR_TXT_MAX];

	resolve_keep(r, &out->lookup, answer);
	for (size_t i = 0; i < answer->n_records && i < FACTS_ADDRS_MAX; i++)
		facts_name_add(r->facts, &out->codes, addr_to_txt(txt,
		    &answer->records[i].addr));
}

static void
on_listing(struct resolve *r, void *of, const struct dns_answer *answer)
{
	keep(r, of, answer);
}

static void
ask_addresses(struct resolve *r, const struct test *test)
{
	size_t n = 0, which = (size_t)(test->list - r->facts->dnsbls);

	for (size_t i = 0; i < r->facts->n_addrs && n < ADDRS_MAX; i++) {
		struct facts_addr *addr = r->facts->addrs[i];

		if (addr->listings == NULL || test->v6 !=
		    (addr->addr.family == AF_INET6))
			continue;
		ask(r, test->list->zone, &addr->addr, on_listing,
		    &addr->listings[which]);
		n++;
	}
}

static void
on_clean(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct test *test = of;

	keep(r, &test->list->clean[test->v6], answer);
	if (dnsbl_is_alive(test->list, test->v6))
		ask_addresses(r, test);
}

static void
on_listed(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct test *test = of;

	keep(r, &test->list->listed[test->v6], answer);
	if (answer->lookup.dns == FACTS_EXISTS)
		ask(r, test->list->zone, &clean_points[test->v6], on_clean,
		    test);
}

/* Those that lists may know something of. */
static void
mark(struct resolve *r, struct facts_addr *addr)
{
	enum address_scope scope = address_scope(&addr->addr);

	if (addr->listings == NULL && (r->settings->internal ||
	    (scope != ADDRESS_SELF && scope != ADDRESS_PRIVATE)))
		addr->listings = facts_alloc(r->facts, r->facts->n_dnsbls,
		    sizeof(*addr->listings));
}

void
resolve_dnsbls(struct resolve *r)
{
	struct facts *facts = r->facts;
	const struct settings_list *zones = &r->settings->dnsbls;

	facts->dnsbls = facts_alloc(facts, zones->n, sizeof(*facts->dnsbls));
	facts->n_dnsbls = zones->n;
	if (zones->n == 0)
		return;
	for (size_t i = 0; i < facts->n_domains; i++)
		for (size_t k = 0; k < facts->domains[i]->outbound.n_senders;
		    k++)
			mark(r, facts->domains[i]->outbound.senders[k]);
	for (size_t i = 0; i < zones->n; i++)
		facts->dnsbls[i].zone = facts_str(facts, zones->word[i]);
	for (size_t i = 0; i < 2 * zones->n; i++) {
		struct test *test = facts_alloc(facts, 1, sizeof(*test));

		test->list = &facts->dnsbls[i / 2];
		test->v6 = i % 2;
		ask(r, test->list->zone, &listed_points[test->v6], on_listed,
		    test);
	}
}
