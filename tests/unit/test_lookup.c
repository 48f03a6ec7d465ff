/*
 * Lookups against a naive answer: small random datasets, in which much
 * overlaps, nests and excludes each other, and rules that are applied entry by
 * entry. TEST_SEED=n in the environment repeats a run.
 */
#include <stdarg.h>

#include "tests/unit/zones.h"

#define ROUNDS 40
#define ENTRIES_MAX 120

static uint64_t state;

static uint32_t
random_below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * n >> 32);
}

static void
seed_random(int round)
{
	const char *env = getenv("TEST_SEED");

	state = (env ? strtoull(env, NULL, 10) : 5782) * 1000003u +
	    (unsigned)round + 1;
	for (int i = 0; i < 20; i++)
		random_below(2);
}

/* What is listed: the A records 127.0.0.2 to .7, as a bit each. */
static unsigned
values_of(const char *answer)
{
	unsigned bits = 0;

	if (*answer == 'N')
		return 0;
	for (; answer != NULL; answer = strchr(answer, '|')) {
		answer = strstr(answer, "A 127.0.0.");
		ck_assert_ptr_nonnull(answer);
		bits |= 1u << atoi(answer + 10);
	}
	return bits;
}

struct text {
	char s[65536];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += vsnprintf(t->s + t->len, sizeof(t->s) - t->len, fmt, ap);
	va_end(ap);
	ck_assert_uint_lt(t->len, sizeof(t->s));
}

/* ---- IPv4 */

struct range {
	uint32_t first, last;
	unsigned value; /* 0: an exclusion */
};

struct ranges {
	struct range r[ENTRIES_MAX];
	unsigned n;
};

static uint32_t
random_ip(void)
{
	static const uint8_t octets[] = {0, 1, 2, 3, 127, 128, 254, 255};
	uint32_t ip = 0;

	for (int i = 0; i < 4; i++)
		ip = ip << 8 | octets[random_below(i < 2 ? 4 : 8)];
	return random_below(4) ? ip : ip ^ random_below(256);
}

/* A range of one size, or of any. */
static struct range
random_range(bool is_prefix)
{
	static const uint8_t lengths[] = {32, 32, 32, 32, 31, 30, 28, 26, 25,
	    24, 24, 24, 23, 22, 20, 17, 16, 16, 15, 14, 9, 8, 8, 7, 1};
	unsigned bits = lengths[random_below(sizeof(lengths))];
	uint32_t host = bits < 32 ? UINT32_MAX >> bits : 0;
	struct range r = {.value = random_below(5)};

	r.first = random_ip();
	if (is_prefix || random_below(2)) {
		r.first &= ~host;
		r.last = r.first | host;
	} else {
		r.last = random_ip();
		if (r.last < r.first) {
			uint32_t swap = r.first;

			r.first = r.last;
			r.last = swap;
		}
	}
	r.value = r.value > 0 ? r.value + 1 : 0; /* 127.0.0.2 and up */
	return r;
}

static unsigned
prefix_length(const struct range *r)
{
	uint64_t n = (uint64_t)r->last - r->first + 1;
	unsigned bits = 32;

	for (; n > 1; n /= 2)
		bits--;
	return bits;
}

static void
write_ip4(struct text *t, const struct range *r, bool is_prefix)
{
	uint32_t a = r->first, b = r->last;

	add(t, "%s%u.%u.%u.%u", r->value ? "" : "!", a >> 24, a >> 16 & 255,
	    a >> 8 & 255, a & 255);
	if (is_prefix)
		add(t, "/%u", prefix_length(r));
	else
		add(t, "-%u.%u.%u.%u", b >> 24, b >> 16 & 255, b >> 8 & 255,
		    b & 255);
	if (r->value)
		add(t, " :%u:", r->value);
	add(t, "\n");
}

/* Bytes of the address that the largest octet-aligned piece of the range that
 * is around it leaves open; -1 if it is not in the range. */
static int
open_octets(const struct range *r, uint32_t ip)
{
	uint32_t host;

	if (ip < r->first || ip > r->last)
		return -1;
	for (int octets = 3; octets > 0; octets--) {
		host = (1u << octets * 8) - 1;
		if ((ip & ~host) >= r->first && (ip | host) <= r->last)
			return octets;
	}
	return 0;
}

/* ip4set: the smallest pieces, all of them, unless one is an exclusion. */
static unsigned
naive_octets(const struct ranges *all, uint32_t ip)
{
	unsigned values;
	bool found, excluded;

	for (int octets = 0; octets <= 3; octets++) {
		values = 0;
		found = excluded = false;
		for (unsigned i = 0; i < all->n; i++) {
			if (open_octets(&all->r[i], ip) != octets)
				continue;
			found = true;
			excluded |= all->r[i].value == 0;
			values |= 1u << all->r[i].value;
		}
		if (found)
			return excluded ? 0 : values;
	}
	return 0;
}

/* ip4trie: the longest prefix, the first of equal ones. */
static unsigned
naive_longest(const struct ranges *all, uint32_t ip)
{
	const struct range *best = NULL, *r;

	for (r = all->r; r < all->r + all->n; r++)
		if (ip >= r->first && ip <= r->last && (best == NULL ||
		    prefix_length(r) > prefix_length(best)))
			best = r;
	return best && best->value ? 1u << best->value : 0;
}

typedef unsigned naive_fn(const struct ranges *all, uint32_t ip);

/* Addresses at which an answer may begin to differ from the one before. */
static unsigned
breaks_of(const struct ranges *all, uint32_t *out)
{
	unsigned n = 0;

	out[n++] = 0;
	for (unsigned i = 0; i < all->n; i++) {
		uint64_t ends[2] = {all->r[i].first, all->r[i].last + 1ull};

		for (int e = 0; e < 2; e++) {
			for (int octets = 0; octets <= 3; octets++) {
				uint64_t unit = 1ull << octets * 8;
				uint64_t down = ends[e] & ~(unit - 1);

				if (down <= UINT32_MAX)
					out[n++] = down;
				if (down + unit <= UINT32_MAX)
					out[n++] = down + unit;
			}
		}
	}
	return n;
}

static void
check_ip4(const struct test_zone *z, const struct ranges *all, naive_fn *naive,
    uint32_t ip)
{
	char name[32];
	const char *answer;

	sprintf(name, "%u.%u.%u.%u", ip & 255, ip >> 8 & 255, ip >> 16 & 255,
	    ip >> 24);
	answer = zones_ask(z, name);
	ck_assert_msg(values_of(answer) == naive(all, ip), "%s: %s, not %x",
	    name, answer, naive(all, ip));
}

/* An address is listed in the prefix, or no name is there. */
static void
check_ip4_above(const struct test_zone *z, const struct ranges *all,
    naive_fn *naive, const uint32_t *breaks, unsigned n, uint32_t ip,
    unsigned octets)
{
	uint32_t host = UINT32_MAX >> octets * 8;
	bool exists = naive(all, ip & ~host) != 0;
	char name[32], *p = name;
	const char *answer;

	for (unsigned i = 0; i < n && !exists; i++)
		exists = (breaks[i] & ~host) == (ip & ~host) &&
		    naive(all, breaks[i]) != 0;
	for (unsigned i = octets; i-- > 0;)
		p += sprintf(p, "%s%u", p > name ? "." : "",
		    ip >> (24 - 8 * i) & 255);
	answer = zones_ask(z, name);
	if (strlen(name) == 2 * octets - 1) /* nibbles, too: of 2002::/16 */
		exists |= strcmp(answer, "NODATA") == 0;
	ck_assert_msg(strcmp(answer, exists ? "NODATA" : "NXDOMAIN") == 0,
	    "%s: %s, exists: %d", name, answer, exists);
}

static void
check_random_ip4(const char *type, bool is_prefix, naive_fn *naive)
{
	static uint32_t breaks[ENTRIES_MAX * 16 + 1];
	static struct text t;
	struct ranges all;
	struct test_zone z;
	unsigned n;

	t.len = 0;
	all.n = 1 + random_below(ENTRIES_MAX - 1);
	for (unsigned i = 0; i < all.n; i++) {
		all.r[i] = random_range(is_prefix);
		write_ip4(&t, &all.r[i], is_prefix);
	}
	zones_init(&z, ZONES_APEX);
	zones_add(&z, type, t.s);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_uint_eq(z.result.bad_lines, 0);
	n = breaks_of(&all, breaks);
	for (unsigned i = 0; i < n; i++) {
		check_ip4(&z, &all, naive, breaks[i]);
		check_ip4(&z, &all, naive, breaks[i] - 1);
		check_ip4(&z, &all, naive, random_ip());
		if (i % 16 == 0)
			check_ip4_above(&z, &all, naive, breaks, n,
			    i % 32 ? random_ip() : breaks[i],
			    1 + random_below(3));
	}
	zones_free(&z);
}

START_TEST(test_ip4set)
{
	seed_random(_i);
	check_random_ip4("ip4set", false, naive_octets);
}
END_TEST

START_TEST(test_ip4trie)
{
	seed_random(_i);
	check_random_ip4("ip4trie", true, naive_longest);
}
END_TEST

/* ---- IPv6: 16 bits at one place, the others 0 */

struct prefix6 {
	uint32_t bits16;
	unsigned length; /* 0-16, of the bits at that place */
	unsigned value;
};

static void
write_ip6(struct text *t, const struct prefix6 *p, unsigned place)
{
	add(t, "%s2001:db8:", p->value ? "" : "!");
	for (unsigned i = 2; i < 8; i++)
		add(t, "%x%s", i == place ? p->bits16 : 0, i < 7 ? ":" : "");
	add(t, "/%u", place * 16 + p->length);
	if (p->value)
		add(t, " :%u:", p->value);
	add(t, "\n");
}

static unsigned
naive_ip6(const struct prefix6 *p, unsigned n, uint32_t bits16, unsigned most)
{
	const struct prefix6 *best = NULL;

	for (; n > 0; n--, p++)
		if (p->length <= most &&
		    (bits16 ^ p->bits16) >> (16 - p->length) == 0 &&
		    (best == NULL || p->length > best->length))
			best = p;
	return best && best->value ? 1u << best->value : 0;
}

/* The name of the address, or of the first `nibbles` of its 16 bits. */
static void
ip6_name(char *name, uint32_t bits16, unsigned place, unsigned nibbles)
{
	char hex[40], *p = name;

	sprintf(hex, "20010db8%024d", 0);
	sprintf(hex + place * 4, "%04x", bits16);
	if (place < 7 && nibbles == 32)
		sprintf(hex + place * 4 + 4, "%0*d", (int)(28 - place * 4), 0);
	if (nibbles < 32)
		hex[place * 4 + nibbles] = '\0';
	for (size_t i = strlen(hex); i-- > 0;)
		p += sprintf(p, "%s%c", p > name ? "." : "", hex[i]);
}

static void
check_ip6_above(const struct test_zone *z, const struct prefix6 *p, unsigned n,
    unsigned place, uint32_t bits16, unsigned nibbles)
{
	unsigned bits = nibbles * 4;
	uint32_t mask = 0xffff0000u >> bits & 0xffff;
	bool exists;
	char name[80];

	exists = naive_ip6(p, n, bits16 & mask, bits) != 0;
	for (unsigned i = 0; i < n; i++) /* a listed prefix inside; the first
					  * of equal ones counts */
		exists |= p[i].length >= bits && p[i].value != 0 &&
		    ((p[i].bits16 ^ bits16) & mask) == 0 &&
		    naive_ip6(p, n, p[i].bits16, p[i].length) != 0;
	ip6_name(name, bits16, place, nibbles);
	ck_assert_msg(strcmp(zones_ask(z, name),
	    exists ? "NODATA" : "NXDOMAIN") == 0, "%s: %s", name,
	    zones_ask(z, name));
}

START_TEST(test_ip6trie)
{
	static struct text t;
	struct prefix6 p[ENTRIES_MAX];
	unsigned place, n, want;
	struct test_zone z;
	char name[80];

	seed_random(_i);
	place = 2 + random_below(6);
	n = 1 + random_below(40);
	t.len = 0;
	for (unsigned i = 0; i < n; i++) {
		p[i].length = random_below(17);
		p[i].bits16 = (random_below(16) << 12 | random_below(4) << 4 |
		    random_below(2)) & (0xffff0000u >> p[i].length);
		p[i].value = random_below(5);
		p[i].value += p[i].value > 0;
		write_ip6(&t, &p[i], place);
	}
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip6trie", t.s);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	ck_assert_msg(z.result.bad_lines == 0, "%s", z.reports);
	for (uint32_t bits16 = 0; bits16 < 65536; bits16 += 13) {
		uint32_t at = bits16 % 2 ? bits16 : p[bits16 % n].bits16;

		ip6_name(name, at, place, 32);
		want = naive_ip6(p, n, at, 16);
		ck_assert_msg(values_of(zones_ask(&z, name)) == want,
		    "%s: %s", name, zones_ask(&z, name));
		if (bits16 % 5 == 0 && place < 7)
			check_ip6_above(&z, p, n, place, at,
			    1 + random_below(4));
	}
	zones_free(&z);
}
END_TEST

/* ---- names */

struct entry {
	char name[64];
	bool exact, wild;
	unsigned value;
};

static void
random_name(char *name, unsigned most)
{
	static const char *const labels[] = {"a", "b", "c", "longer-label",
	    "0"};
	unsigned n = 1 + random_below(most);
	char *p = name;

	for (; n > 0; n--)
		p += sprintf(p, "%s%s", p > name ? "." : "",
		    labels[random_below(5)]);
}

static unsigned
naive_values(const struct entry *e, unsigned n, const char *name, bool wild,
    bool *found)
{
	unsigned values = 0;
	bool excluded = false;

	*found = false;
	for (; n > 0; n--, e++) {
		if (!(wild ? e->wild : e->exact) || strcmp(e->name, name) != 0)
			continue;
		*found = true;
		excluded |= e->value == 0;
		values |= 1u << e->value;
	}
	return excluded ? 0 : values;
}

static unsigned
naive_name(const struct entry *e, unsigned n, const char *name)
{
	bool found;
	unsigned values = naive_values(e, n, name, false, &found);

	while (!found && (name = strchr(name, '.')) != NULL)
		values = naive_values(e, n, ++name, true, &found);
	return values;
}

/* RFC 4592 2.2.2, with each wildcard as a name of its own. */
static bool
naive_exists(const struct entry *all, unsigned n, const char *name)
{
	size_t len = strlen(name), below;
	const struct entry *e;
	bool found;

	for (e = all; e < all + n; e++) {
		if (strlen(e->name) < len)
			continue;
		below = strlen(e->name) - len;
		if (strcmp(e->name + below, name) != 0 ||
		    (below > 0 && e->name[below - 1] != '.'))
			continue;
		if (e->exact && naive_values(all, n, e->name, false, &found))
			return true;
		if (e->wild && naive_values(all, n, e->name, true, &found))
			return true;
	}
	return false;
}

START_TEST(test_dnset)
{
	static const char *const forms[] = {"", "", "*.", "."};
	static struct text t;
	struct entry e[ENTRIES_MAX];
	struct test_zone z;
	char name[128];
	const char *answer;
	unsigned n, form, want;

	seed_random(_i);
	n = 1 + random_below(60);
	t.len = 0;
	for (unsigned i = 0; i < n; i++) {
		random_name(e[i].name, 4);
		form = random_below(4);
		e[i].exact = form != 2;
		e[i].wild = form >= 2;
		e[i].value = random_below(5);
		e[i].value += e[i].value > 0;
		add(&t, "%s%s%s", e[i].value ? "" : "!", forms[form],
		    e[i].name);
		if (e[i].value)
			add(&t, " :%u:", e[i].value);
		add(&t, "\n");
	}
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "dnset", t.s);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	for (unsigned i = 0; i < 3000; i++) {
		random_name(name, 6);
		answer = zones_ask(&z, name);
		want = naive_name(e, n, name);
		ck_assert_msg(values_of(answer) == want, "%s: %s, not %x", name,
		    answer, want);
		if (want == 0)
			ck_assert_msg((strcmp(answer, "NODATA") == 0) ==
			    naive_exists(e, n, name), "%s: %s", name, answer);
	}
	zones_free(&z);
}
END_TEST

/* ---- shapes that random data seldom has */

/* Every form of a cell: n addresses of a /24, of one value or of two. */
START_TEST(test_ip4_cells)
{
	static struct text t;
	static const uint8_t counts[] = {1, 2, 3, 4, 5, 31, 32, 33, 100, 200,
	    255};
	struct test_zone z;
	unsigned step, n;

	step = 1 + (unsigned)_i % 3;   /* runs, or none */
	n = counts[(unsigned)_i / 3];
	if (n * step > 256)
		n = 256 / step;
	t.len = 0;
	add(&t, "9.9.8 :2:\n9.9.7.7 :2:\n"); /* so 2 is the common value */
	for (unsigned net = 0; net < 4; net++) /* of it, of another, both */
		for (unsigned i = 0; i < n; i++)
			add(&t, "9.9.%u.%u :%u:\n", net, i * step,
			    net < 2 ? 2 + net : 2 + i / 2 % 2);
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", t.s);
	ck_assert_int_eq(zones_build(&z), 0);
	for (unsigned net = 0; net < 4; net++)
		for (unsigned o = 0; o < 256; o++) {
			unsigned i = o / step, want = 0;
			char name[32];

			if (o % step == 0 && i < n)
				want = net < 2 ? 4u << net : 4u << i / 2 % 2;
			sprintf(name, "%u.%u.9.9", o, net);
			ck_assert_msg(values_of(zones_ask(&z, name)) == want,
			    "%s: %s", name, zones_ask(&z, name));
		}
	zones_free(&z);
}
END_TEST

/* A listed /16 of which every address is excluded, /24 by /24: no name is
 * there, and none above it. */
START_TEST(test_ip4_nothing_left)
{
	static struct text t;
	struct test_zone z;

	t.len = 0;
	add(&t, "1.2/16\n");
	for (unsigned net = 0; net < 256; net++)
		add(&t, "!1.2.%u.0/25\n!1.2.%u.128/25\n", net, net);
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4trie", t.s);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_str_eq(zones_ask(&z, "4.3.2.1"), "NXDOMAIN");
	ck_assert_str_eq(zones_ask(&z, "3.2.1"), "NXDOMAIN");
	ck_assert_str_eq(zones_ask(&z, "2.1"), "NXDOMAIN");
	ck_assert_str_eq(zones_ask(&z, "1"), "NXDOMAIN");
	zones_free(&z);
}
END_TEST

/* All /16s differ: as many pages as there can be. */
START_TEST(test_ip4_all_pages)
{
	char *text = malloc(65536 * 24), *p = text, name[32];
	struct test_zone z;

	for (unsigned i = 0; i < 65536; i++)
		p += sprintf(p, "%u.%u.%u.%u\n", i >> 8, i & 255, i % 256,
		    i / 3 % 256);
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", text);
	ck_assert_int_eq(zones_build(&z), 0);
	for (unsigned i = 0; i < 65536; i += 7) {
		sprintf(name, "%u.%u.%u.%u", i / 3 % 256, i % 256, i & 255,
		    i >> 8);
		ck_assert_str_eq(zones_ask(&z, name), "A 127.0.0.2");
		sprintf(name, "%u.%u.%u.%u", (i / 3 + 1) % 256, i % 256,
		    i & 255, i >> 8);
		ck_assert_str_eq(zones_ask(&z, name), "NXDOMAIN");
	}
	ck_assert_str_eq(zones_ask(&z, "255.255"), "NODATA");
	zones_free(&z);
	free(text);
}
END_TEST

/* More lines than a block holds, in falling order, all of them found. */
START_TEST(test_large)
{
	unsigned n = 200000;
	char *text = malloc(n * 40), *p = text, name[64];
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	for (unsigned i = n; i-- > 0;)
		p += sprintf(p, "%u.%u.%u.%u\n", 1 + i / 65536, i / 256 % 256,
		    i % 256, i % 251);
	zones_add(&z, "ip4set", text);
	p = text;
	for (unsigned i = 0; i < n / 4; i++)
		p += sprintf(p, "name%u.example%u.test\n", i, i % 1000);
	zones_add(&z, "dnset", text);
	p = text;
	for (unsigned i = 0; i < n / 4; i++)
		p += sprintf(p, "2001:db8:%x:%x::/64\n", i * 7 % 65536, i);
	zones_add(&z, "ip6trie", text);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_uint_eq(z.result.entries, n + n / 4 + n / 4);
	for (unsigned i = 0; i < n; i += 11) {
		sprintf(name, "%u.%u.%u.%u", i % 251, i % 256, i / 256 % 256,
		    1 + i / 65536);
		ck_assert_str_eq(zones_ask(&z, name), "A 127.0.0.2");
	}
	for (unsigned i = 0; i < n / 4; i += 11) {
		sprintf(name, "name%u.example%u.test", i, i % 1000);
		ck_assert_str_eq(zones_ask(&z, name), "A 127.0.0.2");
		sprintf(name, "name%u.example%u.test", i, (i + 1) % 1000);
		ck_assert_str_eq(zones_ask(&z, name), "NXDOMAIN");
		sprintf(name, "example%u.test", i % 1000);
		ck_assert_str_eq(zones_ask(&z, name), "NODATA");
	}
	zones_free(&z);
	free(text);
}
END_TEST

UNIT_MAIN("lookup", {test_ip4set, ROUNDS}, {test_ip4trie, ROUNDS},
    {test_ip6trie, ROUNDS}, {test_dnset, ROUNDS}, {test_ip4_cells, 33},
    UNIT_ONCE(test_ip4_nothing_left), UNIT_ONCE(test_ip4_all_pages),
    UNIT_ONCE(test_large))
