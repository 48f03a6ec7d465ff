/*
 * acl: prefixes of clients, of both families, each with what is done with its
 * questions. Of prefixes that hold a client the longest counts, and of equal
 * ones the first. rbldnsd(8), "acl Dataset".
 */
#include <strings.h>

#include "zones/acl.h"
#include "zones/ds_types.h"
#include "zones/text.h"

static int
put_action(struct dataset *ds, enum acl_action action, uint32_t *value)
{
	uint8_t bytes[ACL_VALUE_MAX];

	int rc;

	*value = 0;
	if (action == ACL_PASS && ds->expiry == 0)
		return 0; /* ends the search, as an exclusion does */
	rc = pool_rrs(&ds->pool, bytes, acl_value_put(bytes, action), value);
	return rc == 0 ? dataset_expiring(ds, value) : rc;
}

static void
begin(struct dataset *ds)
{
	ds->build.ip4 = (struct ip4_build){.rule = IP4_RULE_LONGEST};
	ds->build.ip6 = (struct ip6_build){0};
}

static void
end(struct dataset *ds)
{
	ip4_build_free(&ds->build.ip4);
	ip6_build_free(&ds->build.ip6);
}

/* What an entry without a value means where no line has said so yet. */
static void
start(struct dataset *ds)
{
	ds->acl_default = ACL_IGNORE;
}

static const struct {
	const char *word;
	enum acl_action action;
} words[] = {
    {"ignore", ACL_IGNORE}, {"blackhole", ACL_IGNORE}, {"refuse", ACL_REFUSE},
    {"empty", ACL_EMPTY}, {"pass", ACL_PASS},
};

/* `:refuse`, with anything behind it; ACL_LISTED if it is no such word. */
static enum acl_action
read_action(const char *s)
{
	size_t len = strcspn(s + 1, ": \t#;");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len &&
		    strncasecmp(s + 1, words[i].word, len) == 0)
			return words[i].action;
	return ACL_LISTED;
}

/* A line that starts with a colon: for entries that have nothing behind them */
static int
read_default(struct dataset *ds, char *s)
{
	enum acl_action action = read_action(s);
	uint64_t bad_lines = ds->bad_lines;
	int rc;

	rc = action == ACL_LISTED ? dataset_default(ds, s) : 0;
	if (rc == 0 && ds->bad_lines == bad_lines)
		ds->acl_default = action;
	return rc;
}

/* As dataset_value(). */
static int
read_value(struct dataset *ds, const char *s, uint32_t *value)
{
	enum acl_action action = ACL_LISTED;
	int rc;

	s = text_skip_space(s);
	if (*s == '\0' || text_is_comment(*s))
		action = ds->acl_default;
	else if (*s == ':')
		action = read_action(s);
	if (action == ACL_LISTED)
		return dataset_value(ds, s, value);
	rc = put_action(ds, action, value);
	return rc == 0 ? 1 : rc;
}

/* `12::5` begins as `12` with a value does. */
static bool
is_ip6(const char *s)
{
	const char *end = s + strspn(s, "0123456789abcdefABCDEF:.");
	const char *colon = memchr(s, ':', end - s);

	return colon != NULL && memchr(s, '.', colon - s) == NULL &&
	    (*end == '\0' || *end == '/' || text_is_space(*end) ||
	    text_is_comment(*end));
}

static int
line_ip4(struct dataset *ds, char *s)
{
	const char *after, *why;
	uint32_t ip, value;
	unsigned bits;
	int rc;

	after = text_ip4_prefix(s, &ip, &bits, ds->reading.host_bits, &why);
	if (after == NULL)
		return dataset_bad_line(ds, "%s", why);
	if (!text_ends_key(*after))
		return dataset_bad_line(ds, "something stands behind the "
		    "prefix; write a space between it and a text");
	if (ds->range4_max != 0 && text_ip4_host(bits) >= ds->range4_max)
		return dataset_bad_line(ds, "a /%u is more than $MAXRANGE4 "
		    "allows", bits);
	rc = read_value(ds, after, &value);
	if (rc <= 0)
		return rc;
	ds->entries++;
	return ip4_build_range(&ds->build.ip4, ip, ip | text_ip4_host(bits),
	    value);
}

static int
line_ip6(struct dataset *ds, char *s)
{
	const char *after, *why;
	uint32_t value;
	struct ip6 ip;
	unsigned bits;
	int rc;

	after = text_ip6_prefix(s, &ip, &bits, ds->reading.host_bits, &why);
	if (after == NULL)
		return dataset_bad_line(ds, "%s", why);
	if (!text_ends_key(*after))
		return dataset_bad_line(ds, "something stands behind the "
		    "prefix; write a space between it and a text");
	if (bits < ds->range6_bits)
		return dataset_bad_line(ds, "a /%u is more than $MAXRANGE6 /%u "
		    "allows", bits, ds->range6_bits);
	rc = read_value(ds, after, &value);
	if (rc <= 0)
		return rc;
	ds->entries++;
	return ip6_build_add(&ds->build.ip6, ip, bits, value);
}

static int
line(struct dataset *ds, char *s)
{
	if (*s == '!')
		return dataset_bad_line(ds, "an acl has no exclusions; write "
		    "the prefix and :pass");
	if (is_ip6(s))
		return line_ip6(ds, s);
	return *s == ':' ? read_default(ds, s) : line_ip4(ds, s);
}

static int
finish(struct dataset *ds, struct intern *values, struct arrays *arrays)
{
	uint64_t repeated;
	int rc;

	rc = ip4_build_finish(&ds->build.ip4, &ds->pool, values, arrays);
	if (rc == 0)
		rc = ip6_build_finish(&ds->build.ip6, &ds->pool, values,
		    arrays);
	repeated = ds->build.ip4.repeated + ds->build.ip6.repeated;
	if (rc == 0 && repeated > 0)
		dataset_note(ds, "%llu prefixes are there more than once; the "
		    "first of each counts", (unsigned long long)repeated);
	return rc;
}

const struct dataset_type ds_acl = {
    .name = "acl",
    .role = INDEX_ACL,
    .has_expiry = true,
    .begin = begin,
    .start = start,
    .line = line,
    .finish = finish,
    .end = end,
};
