/*
 * ip6tset: networks of length 64, written as four words without a `::`, that
 * share one value, the first that the dataset sets; and single addresses that
 * are excluded.
 */
#include "zones/ds_types.h"
#include "zones/text.h"

static void
begin(struct dataset *ds)
{
	ds->build.ip6 = (struct ip6_build){0};
}

static void
end(struct dataset *ds)
{
	ip6_build_free(&ds->build.ip6);
}

static int
line(struct dataset *ds, char *s)
{
	bool is_exclusion = *s == '!';
	uint32_t value = is_exclusion ? 0 : ds->first_value;
	const char *after;
	struct ip6 ip;
	unsigned bits;

	if (*s == ':' && s[1] != ':')
		return dataset_shared(ds, s);
	after = text_ip6_words(is_exclusion ? text_skip_space(s + 1) : s, &ip,
	    &bits);
	if (after == NULL || !text_ends_key(*after) ||
	    bits != (is_exclusion ? 128 : 64))
		return dataset_bad_line(ds, is_exclusion ?
		    "not an IPv6 address; write !2001:db8:1:2::5" :
		    "not four words of a /64; write 2001:db8:1:2, or make it "
		    "an ip6trie");
	if (bits < ds->range6_bits)
		return dataset_bad_line(ds, "a /%u is more than $MAXRANGE6 /%u "
		    "allows", bits, ds->range6_bits);
	if (!is_exclusion)
		dataset_no_value(ds, after);
	if (!is_exclusion && dataset_expiring(ds, &value) != 0)
		return -ENOMEM;
	ds->entries++;
	return ip6_build_add(&ds->build.ip6, ip, bits, value);
}

static int
finish(struct dataset *ds, struct intern *values, struct arrays *arrays)
{
	dataset_share(ds);
	return ip6_build_finish(&ds->build.ip6, &ds->pool, values, arrays);
}

const struct dataset_type ds_ip6tset = {
    .name = "ip6tset",
    .has_expiry = true,
    .begin = begin,
    .line = line,
    .finish = finish,
    .end = end,
};
