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
ip6_build_share(struct ip6_build *b, uint32_t value)
{
	size_t n;
	struct ip6_entry *e = entries_of(b, &n);

	for (size_t i = 0; i < n; i++)
		if (e[i].value != 0)
			e[i].value = value;
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

/* Sorts, and drops all but the first of equal prefixes, of which we only know
 * where they come from. */
static int
settle(struct ip6_build *b)
{
	size_t n, kept = 0;
	struct ip6_entry *e = entries_of(b, &n), *before;
	int rc = 0;

	if (n > 0)
		qsort(e, n, sizeof(*e), by_prefix);
	for (size_t i = 0; i < n && rc == 0; i++) {
		before = kept > 0 ? &e[kept - 1] : NULL;
		if (before == NULL || before->bits != e[i].bits ||
		    before->ip.high != e[i].ip.high ||
		    before->ip.low != e[i].ip.low) {
			e[kept++] = e[i];
		} else if (b->repeated++ == 0) {
			b->repeated_ip = e[i].ip;
			b->repeated_bits = e[i].bits;
		}
		rc = prov_add_tag(&b->prov, kept - 1, e[i].tag);
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

	rc = settle(b);
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
