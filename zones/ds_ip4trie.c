/*
 * ip4trie: CIDR prefixes, each with a value, of which the longest counts; and
 * exclusions.
 */
#include "zones/ds_types.h"
#include "zones/text.h"

static void
begin(struct dataset *ds)
{
	ds->build.ip4 = (struct ip4_build){.rule = IP4_RULE_LONGEST};
}

static void
end(struct dataset *ds)
{
	ip4_build_free(&ds->build.ip4);
}

static int
line(struct dataset *ds, char *s)
{
	bool is_exclusion = *s == '!';
	uint32_t ip, last, value = 0;
	const char *after, *why;
	unsigned bits;
	int rc;

	if (*s == ':')
		return dataset_default(ds, s);
	after = text_ip4_prefix(is_exclusion ? text_skip_space(s + 1) : s, &ip,
	    &bits, ds->reading.host_bits, &why);
	if (after == NULL)
		return dataset_bad_line(ds, "%s", why);
	if (!text_ends_key(*after))
		return dataset_bad_line(ds, "something stands behind the "
		    "prefix; write a space between it and a text");
	last = ip | text_ip4_host(bits);
	if (ds->range4_max != 0 && last - ip >= ds->range4_max)
		return dataset_bad_line(ds, "%llu addresses are more than "
		    "$MAXRANGE4 allows", last - ip + 1ull);
	if (!is_exclusion) {
		rc = dataset_value(ds, after, &value);
		if (rc <= 0)
			return rc;
	}
	ds->entries++;
	return ip4_build_range(&ds->build.ip4, ip, last, value);
}

static int
finish(struct dataset *ds, struct intern *values, struct arrays *arrays)
{
	struct ip4_build *b = &ds->build.ip4;
	uint32_t ip;
	int rc;

	rc = ip4_build_finish(b, &ds->pool, values, arrays);
	ip = b->repeated_ip;
	if (rc == 0 && b->repeated > 0)
		dataset_note(ds, "%llu prefixes are there more than once, one "
		    "is %u.%u.%u.%u/%u; the first of each counts",
		    (unsigned long long)b->repeated, ip >> 24, ip >> 16 & 255,
		    ip >> 8 & 255, ip & 255, b->repeated_bits);
	return rc;
}

const struct dataset_type ds_ip4trie = {
    .name = "ip4trie",
    .has_expiry = true,
    .begin = begin,
    .line = line,
    .finish = finish,
    .end = end,
};
