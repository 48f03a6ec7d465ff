/*
 * The AS of each address, by TXT records of a zone that knows (--asn-zone). Who
 * runs that zone learns which addresses we look at: private ones are not asked
 * for.
 */
#include "lib/dns.h"
#include "tools/mxcheck/address.h"
#include "tools/mxcheck/asn.h"
#include "tools/mxcheck/resolve_impl.h"

/* Of several records the one of the longest prefix, then of the least AS. */
static void
on_asn(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_addr *addr = of;
	unsigned bits, most = 0;
	uint32_t asn;

	(void)r;
	for (size_t i = 0; i < answer->n_records; i++) {
		const struct dnsmsg_record *record = &answer->records[i];

		if (asn_read_txt(&asn, &bits, (const char *)record->data,
		    record->data_len) != 0)
			continue;
		if (addr->asn != 0 && (bits < most ||
		    (bits == most && asn > addr->asn)))
			continue;
		addr->asn = asn;
		most = bits;
	}
}

void
resolve_asn(struct resolve *r, struct facts_addr *addr)
{
	bool v6 = addr->addr.family == AF_INET6;
	const char *zone = r->settings->asn_zones[v6];
	char name[DNAME_TXT_MAX];

	if (zone != NULL && (r->settings->internal ||
	    address_scope(&addr->addr) == ADDRESS_GLOBAL) &&
	    asn_name(name, &addr->addr, zone))
		resolve_ask(r, name, DNS_TYPE_TXT, on_asn, addr);
}

void
resolve_asns(struct resolve *r)
{
	for (size_t i = 0; i < r->facts->n_addrs; i++)
		resolve_asn(r, r->facts->addrs[i]);
}
