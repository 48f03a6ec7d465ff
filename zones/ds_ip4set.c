/*
 * ip4set: addresses, prefixes (1.2.3), CIDR and ranges, each with a value; and
 * exclusions.
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

/* The b of `a-b`; with fewer octets than a, one: the last of a's. */
static const char *
range_last(const char *s, uint32_t first, unsigned bits, uint32_t *last)
{
	unsigned last_bits;

	s = text_ip4(s, last, &last_bits);
	if (s == NULL)
		return NULL;
	if (last_bits == 8)
		*last =
		    *last >> (bits - 8) | (first & ~text_ip4_host(bits - 8));
	else if (last_bits != bits)
		return NULL;
	*last |= text_ip4_host(bits);
	return first <= *last ? s : NULL;
}

static const char *
read_range(const char *s, uint32_t *first, uint32_t *last, bool host_bits,
    const char **why)
{
	const char *after;
	unsigned bits;

	after = text_ip4(s, first, &bits);
	if (after != NULL && *after == '-') {
		*why = "not a range; write 192.0.2.1-192.0.2.9 or 192.0.2.1-9";
		return range_last(after + 1, *first, bits, last);
	}
	s = text_ip4_prefix(s, first, &bits, host_bits, why);
	if (s == NULL)
		return NULL;
	if (bits == 0) {
		*why = "a prefix of length 0 would list every address";
		return NULL;
	}
	*last = *first | text_ip4_host(bits);
	return s;
}

static int
line(struct dataset *ds, char *s)
{
	bool is_exclusion = *s == '!';
	uint32_t first, last, value = 0;
	const char *after, *why;
	int rc;

	if (*s == ':')
		return dataset_default(ds, s);
	after = read_range(is_exclusion ? text_skip_space(s + 1) : s, &first,
	    &last, ds->reading.host_bits, &why);
	if (after == NULL)
		return dataset_bad_line(ds, "%s", why);
	if (!text_ends_key(*after))
		return dataset_bad_line(ds, "something stands behind the "
		    "address; write a space between it and a text");
	if (ds->range4_max != 0 && last - first >= ds->range4_max)
		return dataset_bad_line(ds, "%llu addresses are more than "
		    "$MAXRANGE4 allows", last - first + 1ull);
	if (!is_exclusion) {
		rc = dataset_value(ds, after, &value);
		if (rc <= 0)
			return rc;
	}
	ds->entries++;
	return ip4_build_range(&ds->build.ip4, first, last, value);
}

int
ds_ip4set_addresses(struct dataset *ds, const uint32_t *ips, size_t n)
{
	int rc = ip4_build_lines(&ds->build.ip4, ips, n, ds->default_value);

	ds->line += n;
	ds->entries += n;
	return rc;
}

static int
finish(struct dataset *ds, struct intern *values, struct arrays *arrays)
{
	return ip4_build_finish(&ds->build.ip4, &ds->pool, values, arrays);
}

const struct dataset_type ds_ip4set = {
    .name = "ip4set",
    .has_expiry = true,
    .begin = begin,
    .line = line,
    .addresses = ds_ip4set_addresses,
    .finish = finish,
    .end = end,
};
