/*
 * ip4set: addresses, prefixes (1.2.3), CIDR and ranges, each with a value; and
 * exclusions. Feeds are millions of lines that hold an address and nothing
 * else: ds_ip4set_plain() takes those.
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
		*last = *last >> (bits - 8) | (first & ~text_ip4_host(bits - 8));
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

static inline const char *
plain_octet(const char *s, uint32_t *ip)
{
	unsigned v = s[0] - (unsigned)'0', d;

	if (v > 9)
		return NULL;
	for (s++; (d = *s - (unsigned)'0') <= 9; s++) {
		v = v * 10 + d;
		if (v > 255)
			return NULL;
	}
	*ip = *ip << 8 | v;
	return s;
}

/* The address that a whole line at s is; NULL if the line is anything else.
 * The line has an end, so this stops there. */
static inline const char *
plain_line(const char *s, uint32_t *ip)
{
	*ip = 0;
	for (int i = 0; i < 4; i++) {
		if (i > 0 && *s++ != '.')
			return NULL;
		s = plain_octet(s, ip);
		if (s == NULL)
			return NULL;
	}
	if (*s == '\r')
		s++;
	return *s == '\n' ? s + 1 : NULL;
}

char *
ds_ip4set_plain(struct dataset *ds, char *p, char *block_end)
{
	uint32_t ip, value = ds->default_value;
	const char *next;
	unsigned n = 0;

	for (; p < block_end; p += next - p, n++) {
		next = plain_line(p, &ip);
		if (next == NULL)
			break;
		ds->line++;
		if (ip4_build_single(&ds->build.ip4, ip, value) != 0)
			return NULL;
	}
	ds->entries += n;
	return p;
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
    .plain = ds_ip4set_plain,
    .finish = finish,
    .end = end,
};
