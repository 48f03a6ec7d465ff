/*
 * ip4tset: single addresses that share one value, the first that the dataset
 * sets; no exclusions. As an ip4set, only that all values are left out; rbldnsd
 * does that silently, we tell.
 */
#include "zones/ds_types.h"
#include "zones/text.h"

static void
begin(struct dataset *ds)
{
	ds->build.ip4 = (struct ip4_build){.rule = IP4_RULE_OCTETS};
}

static void
end(struct dataset *ds)
{
	ip4_build_free(&ds->build.ip4);
}

static int
line(struct dataset *ds, char *s)
{
	const char *after;
	uint32_t ip, value = ds->first_value;
	unsigned bits;

	if (*s == ':')
		return dataset_shared(ds, s);
	after = text_ip4(s, &ip, &bits);
	if (after == NULL || bits != 32 || !text_ends_key(*after))
		return dataset_bad_line(ds, "not a single IPv4 address; write "
		    "192.0.2.1, or make it an ip4set");
	dataset_no_value(ds, after);
	if (dataset_expiring(ds, &value) != 0)
		return -ENOMEM;
	ds->entries++;
	return ip4_build_single(&ds->build.ip4, ip, value);
}

static int
finish(struct dataset *ds, struct intern *values, struct arrays *arrays)
{
	dataset_share(ds);
	return ip4_build_finish(&ds->build.ip4, &ds->pool, values, arrays);
}

const struct dataset_type ds_ip4tset = {
    .name = "ip4tset",
    .has_expiry = true,
    .begin = begin,
    .line = line,
    .addresses = ds_ip4set_addresses,
    .finish = finish,
    .end = end,
};
