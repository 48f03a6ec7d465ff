/*
 * From entries to the IPv6 index: sorted, the first of equal prefixes kept.
 */
#include "zones/ip6.h"

#include "lib/bytes.h"

struct ip6_entry {
	struct ip6 ip;
	uint32_t value;
	uint32_t number; /* in the order of the files */
	uint32_t tag;	 /* where it comes from, see prov_tag() */
	uint8_t bits;
};

static struct ip6_entry *
entries_of(const struct ip6_build *b, size_t *n)
{
	*n = b->entries.len / sizeof(struct ip6_entry);
	return (struct ip6_entry *)(void *)b->entries.data;
}

int
ip6_build_add(struct ip6_build *b, struct ip6 ip, unsigned bits,
    uint32_t value)
{
	struct ip6_entry e = {.ip = ip, .value = value, .bits = bits};
	size_t n;

	(void)entries_of(b, &n);
	if (n >= UINT32_MAX)
		return -ENOMEM;
	e.number = n;
	if (prov_is_wanted(&b->prov))
		e.tag = prov_tag(&b->prov, PROV_ONE, value == 0);
	return buf_put(&b->entries, &e, sizeof(e));
}

void
ip6_build_free(struct ip6_build *b)
{
	buf_free(&b->entries);
	prov_build_free(&b->prov);
}

static int
compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_prefix(const void *va, const void *vb)
{
	const struct ip6_entry *a = va, *b = vb;
	int c;

	c = compare(a->ip.high, b->ip.high);
	if (c == 0)
		c = compare(a->ip.low, b->ip.low);
	if (c == 0)
		c = compare(a->bits, b->bits);
	return c != 0 ? c : compare(a->number, b->number);
}

static bool
is_same_prefix(const struct ip6_entry *a, const struct ip6_entry *b)
{
	return a->bits == b->bits && ip6_compare(&a->ip, &b->ip) == 0;
}

/* The prefixes around the one at hand, which stand before it. */
struct around {
	const struct ip6_entry *prefix[129];
	unsigned n;
};

/* What is listed where a prefix is not. */
static uint32_t
value_around(struct around *a, const struct ip6_entry *e)
{
	struct ip6 masked;

	for (; a->n > 0; a->n--) {
		masked = ip6_mask(e->ip, a->prefix[a->n - 1]->bits);
		if (ip6_compare(&masked, &a->prefix[a->n - 1]->ip) == 0)
			return a->prefix[a->n - 1]->value;
	}
	return 0;
}

/* Of n equal prefixes the first counts, behind which come the others. */
static int
unite(const struct ip6_entry *e, size_t n, struct pool *pool, uint32_t *value)
{
	int rc = 0;

	while (n-- > 0 && rc == 0)
		rc = pool_over(pool, e[n].value, *value, value);
	return rc;
}

static void
note_repeated(struct ip6_build *b, const struct ip6_entry *e, size_t n)
{
	if (n > 0 && b->repeated == 0) {
		b->repeated_ip = e->ip;
		b->repeated_bits = e->bits;
	}
	b->repeated += n;
}

/* Sorts, and leaves one entry for each prefix. */
static int
settle(struct ip6_build *b, struct pool *pool)
{
	size_t n, kept = 0, begin, end;
	struct ip6_entry *e = entries_of(b, &n);
	struct around around = {.n = 0};
	uint32_t value;
	int rc = 0;

	if (n > 0)
		qsort(e, n, sizeof(*e), by_prefix);
	for (begin = 0; begin < n && rc == 0; begin = end) {
		value = value_around(&around, &e[begin]);
		for (end = begin; end < n && rc == 0 &&
		    is_same_prefix(&e[begin], &e[end]); end++)
			rc = prov_add_tag(&b->prov, kept, e[end].tag);
		if (rc == 0)
			rc = unite(&e[begin], end - begin, pool, &value);
		note_repeated(b, &e[begin], end - begin - 1);
		e[kept] = e[begin];
		e[kept].value = value;
		around.prefix[around.n++] = &e[kept++];
	}
	b->entries.len = kept * sizeof(*e);
	return rc;
}

static int
put_entry(struct buf *out, const struct ip6_entry *e, struct pool *pool,
    struct intern *values)
{
	uint8_t bytes[IP6_ENTRY] = {0};
	uint32_t value;
	int rc;

	rc = pool_final(pool, values, e->value, &value);
	if (rc != 0)
		return rc;
	put_be32(bytes, e->ip.high >> 32);
	put_be32(bytes + 4, e->ip.high);
	put_be32(bytes + 8, e->ip.low >> 32);
	put_be32(bytes + 12, e->ip.low);
	put_le32(bytes + IP6_ENTRY_VALUE, value);
	bytes[IP6_ENTRY_BITS] = e->bits;
	return buf_put(out, bytes, sizeof(bytes));
}

static int
put_lengths(struct buf *out, const bool occurs[129])
{
	uint8_t bits;
	int rc = 0;

	for (unsigned i = 129; i-- > 0 && rc == 0;) {
		bits = i;
		if (occurs[i])
			rc = buf_put(out, &bits, 1);
	}
	return rc;
}

int
ip6_build_finish(struct ip6_build *b, struct pool *pool,
    struct intern *values, struct arrays *arrays)
{
	struct buf entries = {0}, slots = {0}, lengths = {0};
	bool occurs[129] = {false};
	const struct ip6_entry *e;
	unsigned index;
	size_t n;
	int rc;

	rc = settle(b, pool);
	e = entries_of(b, &n);
	if (rc == 0)
		rc = slots_make(&slots, n, n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = put_entry(&entries, &e[i], pool, values);
		slots_insert(&slots, ip6_hash(&e[i].ip, e[i].bits), i + 1);
		occurs[e[i].bits] = true;
	}
	if (rc == 0)
		rc = put_lengths(&lengths, occurs);
	if (rc == 0)
		rc = arrays_index(arrays, &ip6_index_kind, &index);
	if (rc == 0)
		rc = prov_finish(&b->prov, 0, arrays, index);
	ip6_build_free(b);
	if (rc == 0)
		rc = arrays_take(arrays, index, "entries", &entries);
	if (rc == 0)
		rc = arrays_take(arrays, index, "slots", &slots);
	if (rc == 0)
		rc = arrays_take(arrays, index, "lengths", &lengths);
	buf_free(&entries);
	buf_free(&slots);
	buf_free(&lengths);
	return rc;
}
