/*
 * What a list zone answers, from a generation (zones/) or a local store.
 *
 * Rule that never bends: when we do not know, the answer is SERVFAIL or "not
 * listed", never "listed".
 */
#include "resolverd/listzone_impl.h"

#include <string.h>

#include "lib/bytes.h"
#include "lib/log.h"
#include "zones/acl.h"
#include "zones/generation.h"
#include "zones/local.h"
#include "zones/value.h"

/* Counts RRs that were put; returns false if they did not fit. */
static bool
count(uint16_t *counter, int n)
{
	*counter += n > 0 ? (uint16_t)n : 0;
	return n >= 0;
}

static bool
wanted(const struct query *q, uint16_t type)
{
	return q->qtype == type || q->qtype == DNS_TYPE_ANY;
}

static bool
has_type(const struct zone_hits *hits, uint16_t type)
{
	for (unsigned i = 0; i < hits->n; i++) {
		const uint8_t *p = hits->hit[i].rrs;
		const uint8_t *end = p + hits->hit[i].len;
		struct value_rr rr;

		while (value_next(&p, end, &rr))
			if (rr.type == type)
				return true;
	}
	return false;
}

/* The RRs of an RRset have one TTL, RFC 2181 5.2: the smallest. */
static uint32_t
rrset_ttl(const struct zone_hits *hits, uint16_t type)
{
	uint32_t ttl = UINT32_MAX;

	for (unsigned i = 0; i < hits->n; i++) {
		const uint8_t *p = hits->hit[i].rrs;
		const uint8_t *end = p + hits->hit[i].len;
		struct value_rr rr;

		while (value_next(&p, end, &rr)) {
			if (rr.type == type && rr.ttl < ttl)
				ttl = rr.ttl;
		}
	}
	return ttl;
}

/*
 * Is an equal RR in the answer already (RFC 2181 5)? Two datasets can list one
 * key, and two templates can come to the same text.
 */
static bool
is_in_answer(const struct query *q, size_t start, uint16_t type,
    const uint8_t *rdata, size_t len)
{
	const uint8_t *p = q->reply + start, *end = q->reply + q->reply_len;

	while (end - p >= 12) {
		size_t n = get_be16(p + 10);

		if (get_be16(p + 2) == type && n == len &&
		    memcmp(p + 12, rdata, len) == 0)
			return true;
		p += 12 + n;
	}
	return false;
}

/*
 * A CNAME is the answer for all types, and there is one of it (RFC 1034 3.6.2);
 * what it points to is not looked up. Returns false when the answer is full.
 */
static bool
put_hits(struct query *q, const struct zone_key *key,
    const struct zone_hits *hits)
{
	bool is_alias = has_type(hits, DNS_TYPE_CNAME);
	size_t start = q->reply_len;
	char txt[DNAME_TXT_MAX];
	uint8_t expanded[256];

	for (unsigned i = 0; i < hits->n; i++) {
		const struct zone_hit *hit = &hits->hit[i];
		const uint8_t *p = hit->rrs, *end = p + hit->len;
		struct value_rr rr;

		while (value_next(&p, end, &rr)) {
			const uint8_t *rdata = rr.data;
			size_t len = rr.len;
			uint8_t *to;

			if (is_alias ? rr.type != DNS_TYPE_CNAME
				     : !wanted(q, rr.type))
				continue;
			if (rr.is_template) {
				zone_hit_txt(txt, key, hit);
				len = value_expand(expanded, &rr, txt);
				rdata = expanded;
			}
			if (is_in_answer(q, start, rr.type, rdata, len))
				continue;
			to = query_put_rr(q, DNS_QNAME_POINTER, rr.type,
			    DNS_CLASS_IN, rrset_ttl(hits, rr.type), len);
			if (to == NULL)
				return false;
			memcpy(to, rdata, len);
			q->ancount++;
			if (is_alias)
				return true;
		}
	}
	return true;
}

static void
put_answer(const struct listzone *z, struct query *q,
    const struct zone_key *key, const struct zone_hits *hits)
{
	const struct apex_rrs *rrs = &z->rrs;
	bool at_apex = key->n_labels == 0, fits = true;

	q->aa = true;
	if (at_apex && wanted(q, DNS_TYPE_SOA))
		fits = count(&q->ancount, apex_put_soa(rrs, q, rrs->soa_ttl));
	if (fits && at_apex && wanted(q, DNS_TYPE_NS))
		fits = count(&q->ancount, apex_put_ns(rrs, q));
	if (fits && hits->n > 0)
		fits = put_hits(q, key, hits);
	if (fits && q->ancount == 0) {
		/* RFC 2308 3: the SOA of a negative answer */
		if (!hits->exists && !at_apex)
			q->rcode = DNS_RCODE_NXDOMAIN;
		fits = count(&q->nscount,
		    apex_put_soa(rrs, q, rrs->negative_ttl));
	} else if (fits && z->adds_ns) {
		(void)count(&q->nscount, apex_put_ns(rrs, q));
	}
	if (!fits)
		query_set_truncated(q);
}

static bool
is_expired_as(const struct listzone *z, enum conf_expired how)
{
	return z->age == AGE_EXPIRED && z->limits->when_expired == how;
}

static bool
has_acl(const struct listzone *z)
{
	return z != NULL && z->gen != NULL && generation_has_acl(z->gen);
}

/* Without an acl for all, or before its first build: as usual. */
void
listzones_acl(const struct listzones *zs, struct acl_verdict *v)
{
	if (has_acl(zs->acl))
		generation_acl(zs->acl->gen, v);
}

/* The acl for all, then the zone's own (rbldnsd's order). */
static void
ask_acls(const struct listzone *z, const struct addr *client,
    struct acl_verdict *v)
{
	v->client = client;
	if (has_acl(z->acl))
		generation_acl(z->acl->gen, v);
	if (has_acl(z))
		generation_acl(z->gen, v);
}

/* Returns true if nothing is to be looked up. */
static bool
obey_acl(const struct acl_verdict *v, struct query *q)
{
	if (v->action < ACL_REFUSE)
		return false;
	query_set_error(q, DNS_RCODE_REFUSED);
	query_set_ede(q, EDE_PROHIBITED, "the list's acl");
	return true;
}

bool
listzone_answer(const struct list_lookup *l, struct query *q,
    const struct addr *client)
{
	struct acl_verdict acl = {0};
	struct listzone *z = l->zone;
	struct zone_hits hits;

	if (has_acl(z) || has_acl(z->acl))
		ask_acls(z, client, &acl);
	if (obey_acl(&acl, q))
		return acl.action != ACL_IGNORE;
	hits.n = 0;
	hits.exists = false;
	if (z->gen != NULL) {
		if (is_expired_as(z, CONF_EXPIRED_SERVFAIL)) {
			query_set_error(q, DNS_RCODE_SERVFAIL);
			query_set_ede(q, EDE_NOT_READY, "the list has expired");
			return true;
		}
		if (!is_expired_as(z, CONF_EXPIRED_EMPTY))
			generation_lookup_for(z->gen, &l->key, &acl, &hits);
	} else if (z->local != NULL) {
		int rv = local_lookup(z->local, &l->key, &hits);

		if (rv != 0 && !z->unreadable)
			log_warn("%s: local store: %s; answered as not listed",
			    z->name, strerror(-rv));
		z->unreadable = rv != 0;
		apex_rrs_update(&z->rrs, local_apex(z->local));
	} else {
		query_set_error(q, DNS_RCODE_SERVFAIL);
		query_set_ede(q, EDE_NOT_READY, "the list is not there yet");
		return true;
	}
	put_answer(z, q, &l->key, &hits);
	return true;
}
