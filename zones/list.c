/*
 * Keys and values of foreign lists. They are stricter than rbldnsd's formats:
 * these lists are made by programs, so what looks odd is a fault, and a cut
 * address must not become a prefix.
 */
#include "zones/list.h"

#include <ctype.h>

#include "lib/addr.h"
#include "lib/bytes.h"
#include "zones/text.h"

/* ---- the builders */

void
list_begin(struct dataset *ds)
{
	ds->build.ip4 = (struct ip4_build){.rule = IP4_RULE_LONGEST};
	ds->build.ip6 = (struct ip6_build){0};
	name_build_init(&ds->build.name, ds->apex);
}

void
list_end(struct dataset *ds)
{
	ip4_build_free(&ds->build.ip4);
	ip6_build_free(&ds->build.ip6);
	name_build_free(&ds->build.name);
}

/* An index for each kind of key that is there; for an empty list one, too. */
int
list_finish(struct dataset *ds, struct intern *values, struct arrays *arrays)
{
	bool has_ip6 = ds->build.ip6.entries.len > 0;
	bool has_names = ds->build.name.items.len > 0;
	bool has_ip4 = ds->build.ip4.singles.len > 0;
	int rc = 0;

	for (int i = 0; i < 4; i++)
		has_ip4 |= ds->build.ip4.pieces[i].len > 0;
	if (has_ip4 || !(has_ip6 || has_names))
		rc = ip4_build_finish(&ds->build.ip4, &ds->pool, values,
		    arrays);
	if (rc == 0 && has_ip6)
		rc = ip6_build_finish(&ds->build.ip6, &ds->pool, values,
		    arrays);
	if (rc == 0 && has_names)
		rc = name_build_finish(&ds->build.name, &ds->pool, values,
		    arrays);
	return rc;
}

/* ---- options, values */

int
list_option(struct dataset *ds, const char *word)
{
	if (strcmp(word, "text") == 0)
		ds->list.text = true;
	else if (strcmp(word, "below") == 0)
		ds->list.below = true;
	else if (strcmp(word, "exact") == 0)
		ds->list.exact = true;
	else
		return -EINVAL;
	return 0;
}

int
list_value(struct dataset *ds, const char *text, uint32_t *value)
{
	char out[POOL_TEXT_MAX];
	uint32_t a;
	size_t n = 0, unused;
	int rc;

	*value = ds->default_value;
	text += strspn(text, "= \t"); /* `=` would leave $= out */
	if (!ds->list.text || *text == '\0')
		return dataset_expiring(ds, value);
	for (; *text != '\0' && n + 2 <= sizeof(out); text++) {
		out[n++] = iscntrl((unsigned char)*text) ? '?' : *text;
		if (*text == '$')
			out[n++] = '$';
	}
	(void)pool_get_a_txt(&ds->pool, ds->default_value, &a, &unused);
	rc = pool_a_txt(&ds->pool, a, out, n, value);
	return rc == 0 ? dataset_expiring(ds, value) : rc;
}

/* ---- text */

char *
list_trim(char *s)
{
	char *end;

	while (text_is_space(*s))
		s++;
	end = s + strlen(s);
	while (end > s && text_is_space(end[-1]))
		end--;
	*end = '\0';
	return s;
}

const char *
list_cut_comment(char *s)
{
	char *mark = strpbrk(s, "#;"), *end;

	if (mark == NULL)
		return "";
	end = mark;
	while (end > s && text_is_space(end[-1]))
		end--;
	*end = '\0';
	return list_trim(mark + 1);
}

/* ---- addresses */

#define NO_ADDRESS "not an address, prefix or range; write 192.0.2.1, " \
    "192.0.2.0/24, 192.0.2.1-192.0.2.9, or the same of IPv6"

static struct ip6
to_ip6(const struct addr *a)
{
	return (struct ip6){
	    (uint64_t)get_be32(a->bytes) << 32 | get_be32(a->bytes + 4),
	    (uint64_t)get_be32(a->bytes + 8) << 32 | get_be32(a->bytes + 12)};
}

/* In as few prefixes as there can be: it is the longest that counts. */
static int
add_ip4(struct dataset *ds, uint32_t first, uint32_t last, uint32_t value)
{
	uint64_t at = first, size;
	int rc = 0;

	for (; at <= last && rc == 0; at += size) {
		size = at != 0 ? at & -at : 1ull << 32;
		while (size > last - at + 1ull)
			size /= 2;
		rc = ip4_build_range(&ds->build.ip4, (uint32_t)at,
		    (uint32_t)(at + size - 1), value);
	}
	return rc;
}

static int
add_ip6(struct dataset *ds, struct ip6 at, struct ip6 last, uint32_t value)
{
	struct ip6 end, masked;
	unsigned bits;
	int rc;

	for (;; at = ip6_next(end)) {
		for (bits = 1; bits < 128; bits++) {
			masked = ip6_mask(at, bits);
			end = ip6_last(at, bits);
			if (ip6_compare(&masked, &at) == 0 &&
			    ip6_compare(&end, &last) <= 0)
				break;
		}
		end = ip6_last(at, bits);
		rc = ip6_build_add(&ds->build.ip6, at, bits, value);
		if (rc != 0 || ip6_compare(&end, &last) >= 0)
			return rc;
	}
}

/* Has it more addresses than a prefix of this length? */
static bool
is_wider(const struct ip6 *first, const struct ip6 *last, unsigned bits)
{
	struct ip6 most = ip6_last((struct ip6){0, 0}, bits);
	struct ip6 span = {
	    last->high - first->high - (last->low < first->low),
	    last->low - first->low};

	return ip6_compare(&span, &most) > 0;
}

/*
 * Global unicast addresses only (2000::/3, RFC 4291 2.4): others, such as the
 * test points of RFC 5782 in ::ffff:0:0/96, are not handed out by the /64.
 */
static void
widen(struct dataset *ds, struct ip6 *first, struct ip6 *last)
{
	if (first->high >> 61 != 1 || (first->low == 0 &&
	    last->low == UINT64_MAX))
		return;
	first->low = 0;
	last->low = UINT64_MAX;
	if (ds->list.widened++ == 0)
		ds->list.widened_line = ds->line;
}

void
list_tell_widened(struct dataset *ds)
{
	unsigned line = ds->line;

	if (ds->list.widened == 0)
		return;
	ds->line = ds->list.widened_line;
	dataset_note(ds, "the first of %llu IPv6 entries that are smaller than "
	    "a /64: the whole /64 is listed; add the option exact to list them "
	    "as they stand", (unsigned long long)ds->list.widened);
	ds->line = line;
	ds->list.widened = 0;
}

static int
add_range(struct dataset *ds, const struct addr *a, const struct addr *b,
    uint32_t value)
{
	struct ip6 first = to_ip6(a), last = to_ip6(b);
	uint32_t first4 = addr_ip4(a), last4 = addr_ip4(b);
	bool is_ip4 = a->family == AF_INET;

	if (a->family != b->family || memcmp(a->bytes, b->bytes, 16) > 0)
		return dataset_bad_line(ds, "not a range: it ends before it "
		    "begins");
	if (is_ip4 ? last4 - first4 == UINT32_MAX
		   : ip6_compare(&first, &(struct ip6){0, 0}) == 0 &&
		     (last.high & last.low) == UINT64_MAX)
		return dataset_bad_line(ds, "this would list every address");
	if (!is_ip4 && is_wider(&first, &last, ds->range6_bits))
		return dataset_bad_line(ds, "more addresses than $MAXRANGE6 "
		    "allows");
	if (is_ip4 && ds->range4_max != 0 && last4 - first4 >= ds->range4_max)
		return dataset_bad_line(ds, "%llu addresses are more than "
		    "$MAXRANGE4 allows", last4 - first4 + 1ull);
	if (!is_ip4 && !ds->list.exact && value != 0)
		widen(ds, &first, &last);
	ds->entries++;
	return is_ip4 ? add_ip4(ds, first4, last4, value)
		      : add_ip6(ds, first, last, value);
}

static struct addr
last_of(const struct prefix *p)
{
	struct addr a = p->addr;
	unsigned n = a.family == AF_INET ? 4 : 16;

	for (unsigned i = p->len / 8; i < n; i++)
		a.bytes[i] |= i == p->len / 8u ? 0xff >> p->len % 8 : 0xff;
	return a;
}

int
list_addresses(struct dataset *ds, char *s, uint32_t value)
{
	char *dash = strchr(s, '-');
	struct addr first, last;
	struct prefix p;

	if (dash == NULL) {
		switch (prefix_parse(&p, s)) {
		case 0:
			last = last_of(&p);
			return add_range(ds, &p.addr, &last, value);
		case -ERANGE:
			return dataset_bad_line(ds, "address bits are set "
			    "beyond the length of the prefix");
		default:
			return dataset_bad_line(ds, NO_ADDRESS);
		}
	}
	*dash = '\0';
	if (addr_parse(&first, list_trim(s)) != 0 ||
	    addr_parse(&last, list_trim(dash + 1)) != 0)
		return dataset_bad_line(ds, NO_ADDRESS);
	return add_range(ds, &first, &last, value);
}

/* ---- names */

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

int
list_name(struct dataset *ds, const char *s, uint32_t value)
{
	unsigned flags = ds->list.below ? NAME_EXACT | NAME_WILD : NAME_EXACT;
	uint8_t name[DNAME_MAX];
	int len, rc;

	if (s[0] == '*' && s[1] == '.') {
		flags = NAME_WILD;
		s += 2;
	} else if (s[0] == '.') {
		flags = NAME_EXACT | NAME_WILD;
		s++;
	}
	for (const char *p = s; *p != '\0'; p++)
		if (!is_name_char(*p))
			return dataset_bad_line(ds, "not a domain name: only "
			    "letters, digits, - and _ may stand in it; write "
			    "other scripts as xn--");
	len = dname_from_txt(name, s, strlen(s));
	if (len <= 1)
		return dataset_bad_line(ds, "not a domain name; write "
		    "example.com, *.example.com or .example.com");
	dname_lower(name, len);
	rc = name_build_add(&ds->build.name, name, len - 1, flags, value);
	if (rc == -ENAMETOOLONG)
		return dataset_bad_line(ds, "the name is too long to be asked "
		    "for below the zone");
	ds->entries++;
	return rc;
}

int
list_key(struct dataset *ds, char *s, uint32_t value)
{
	struct addr a;
	struct prefix p;
	size_t n = strcspn(s, "-/ ");
	char first[ADDR_TXT_MAX];

	if (n < sizeof(first)) {
		memcpy(first, s, n);
		first[n] = '\0';
		if (addr_parse(&a, first) == 0 || prefix_parse(&p, s) == 0)
			return list_addresses(ds, s, value);
	}
	/* 1.2.3 or 300.1.1.1 is no name, but a broken address */
	if (s[strspn(s, "0123456789./")] == '\0')
		return dataset_bad_line(ds, NO_ADDRESS);
	return list_name(ds, s, value);
}
