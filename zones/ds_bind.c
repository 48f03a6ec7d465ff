/*
 * bind: a zone file, whose records become those of the list zone, as with the
 * type generic, but of any type and with wildcards (RFC 4592).
 */
#include "lib/dns.h"
#include "zones/ds_types.h"
#include "zones/list.h"
#include "zones/value.h"
#include "zones/zonefile.h"

enum { TYPE_DNAME = 39, TYPE_DS = 43, TYPE_RRSIG = 46,
    TYPE_NSEC = 47, TYPE_DNSKEY = 48, TYPE_NSEC3 = 50, TYPE_NSEC3PARAM = 51 };

static int
take_soa(struct dataset *ds, const struct zonefile_rr *rr)
{
	memcpy(ds->list.origin, rr->owner, rr->owner_len);
	if (ds->soa.is_set || rr->rdata_len <= 20)
		return 0;
	ds->soa.is_set = true;
	ds->soa.ttl = rr->ttl;
	return buf_put(&ds->soa.rdata, rr->rdata, rr->rdata_len);
}

static int
take_ns(struct dataset *ds, const struct zonefile_rr *rr)
{
	if (ds->ns.is_set && !ds->list.is_own_ns)
		return 0;
	ds->ns.is_set = ds->list.is_own_ns = true;
	ds->ns.ttl = rr->ttl;
	return buf_put(&ds->ns.names, rr->rdata, rr->rdata_len);
}

static int
take_rr(struct dataset *ds, const struct zonefile_rr *rr,
    const struct zonefile_name *name)
{
	uint8_t bytes[VALUE_RR_HEADER + ZONEFILE_RDATA_MAX];
	uint32_t ttl = rr->ttl != 0 ? rr->ttl : ds->pool.ttl, value;
	int rc;

	if (dataset_is_over(ds))
		return 0;
	rc = pool_rrs(&ds->pool, bytes, value_put(bytes, rr->type, ttl,
	    rr->rdata, rr->rdata_len, false), &value);
	if (rc == 0)
		rc = dataset_expiring(ds, &value);
	if (rc == 0)
		rc = name_build_add(&ds->build.name, name->labels, name->len,
		    name->is_wild ? NAME_WILD : NAME_EXACT, value);
	if (rc == -ENAMETOOLONG)
		return dataset_bad_line(ds, "the name is too long to be asked "
		    "for below the zone");
	ds->entries++;
	return rc;
}

static int
on_rr(void *arg, const struct zonefile_rr *rr)
{
	struct dataset *ds = arg;
	struct zonefile_name name;
	int rc;

	if (rr->type == DNS_TYPE_SOA)
		return take_soa(ds, rr);
	rc = zonefile_relative(ds, rr, &name);
	if (rc <= 0)
		return rc;
	switch (rr->type) {
	case DNS_TYPE_NS:
		if (name.len == 0)
			return take_ns(ds, rr);
		return dataset_bad_line(ds, "a list zone delegates nothing");
	case DNS_TYPE_CNAME:
		if (name.len > 0)
			return take_rr(ds, rr, &name);
		return dataset_bad_line(ds, "a CNAME cannot stand beside the "
		    "zone's SOA");
	case TYPE_DNAME:
		return dataset_bad_line(ds, "a list zone has no DNAME");
	case TYPE_DS:
	case TYPE_RRSIG:
	case TYPE_NSEC:
	case TYPE_DNSKEY:
	case TYPE_NSEC3:
	case TYPE_NSEC3PARAM:
		return 0; /* signatures would not hold for what we answer */
	default:
		return take_rr(ds, rr, &name);
	}
}

static int
read_file(struct dataset *ds, struct source *s, char *why)
{
	ds->build.name.names_hide = true;
	memcpy(ds->list.origin, ds->apex, dname_len(ds->apex));
	return zonefile_read(s, ds->file, ds->apex, on_rr, ds, why);
}

const struct dataset_type ds_bind = {
    .name = "bind",
    .has_expiry = true,
    .begin = list_begin,
    .read = read_file,
    .finish = list_finish,
    .end = list_end,
};
