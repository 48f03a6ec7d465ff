/*
 * ip6trie: IPv6 prefixes, each with a value, of which the longest counts; and
 * exclusions. Fewer than eight words are a prefix: 2001:db8 is 2001:db8::/32.
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
	uint32_t value = 0;
	struct ip6 ip;
	unsigned bits;
	const char *after, *why;
	int rc;

	if (*s == ':' && s[1] != ':')
		return dataset_default(ds, s);
	after = text_ip6_prefix(is_exclusion ? text_skip_space(s + 1) : s, &ip,
	    &bits, ds->reading.host_bits, &why);
	if (after == NULL)
		return dataset_bad_line(ds, "%s", why);
	if (!text_ends_key(*after))
		return dataset_bad_line(ds, "something stands behind the "
		    "prefix; write a space between it and a text");
	if (bits < ds->range6_bits)
		return dataset_bad_line(ds, "a /%u is more than $MAXRANGE6 /%u "
		    "allows", bits, ds->range6_bits);
	if (!is_exclusion) {
		rc = dataset_value(ds, after, &value);
		if (rc <= 0)
			return rc;
	}
	ds->entries++;
	return ip6_build_add(&ds->build.ip6, ip, bits, value);
}

static int
finish(struct dataset *ds, struct intern *values, struct arrays *arrays)
{
	struct ip6_build *b = &ds->build.ip6;
	struct ip6 ip;
	int rc;

	rc = ip6_build_finish(b, &ds->pool, values, arrays);
	ip = b->repeated_ip;
	if (rc == 0 && b->repeated > 0)
		dataset_note(ds, "%llu prefixes are there more than once, one "
		    "is %llx:%llx:%llx:%llx.../%u; the first of each counts",
		    (unsigned long long)b->repeated,
		    (unsigned long long)(ip.high >> 48),
		    (unsigned long long)(ip.high >> 32 & 0xffff),
		    (unsigned long long)(ip.high >> 16 & 0xffff),
		    (unsigned long long)(ip.high & 0xffff), b->repeated_bits);
	return rc;
}

const struct dataset_type ds_ip6trie = {
    .name = "ip6trie",
    .has_expiry = true,
    .begin = begin,
    .line = line,
    .finish = finish,
    .end = end,
};
