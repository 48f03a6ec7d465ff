/*
 * From entries to the IPv6 index: sorted, the first of equal prefixes kept.
 */
#include "zones/ip6_sort.h"

#include "lib/bytes.h"

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

	ip6_sort(e, n);
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
put_entry(uint8_t *bytes, const struct ip6_entry *e, struct pool *pool,
    struct intern *values)
{
	uint32_t value;
	int rc;

	rc = pool_final(pool, values, e->value, &value);
	put_be32(bytes, e->ip.high >> 32);
	put_be32(bytes + 4, e->ip.high);
	put_be32(bytes + 8, e->ip.low >> 32);
	put_be32(bytes + 12, e->ip.low);
	put_le32(bytes + IP6_ENTRY_VALUE, value);
	put_le32(bytes + IP6_ENTRY_BITS, e->bits);
	return rc;
}

#define EXPECTED 16 /* so many entries on: the memory has come by then */

static void
expect(const struct buf *b, size_t i, size_t n, const struct buf *slots)
{
	struct ip6_entry e;

	if (i >= n)
		return;
	memcpy(&e, b->data + i * sizeof(e), sizeof(e));
	slots_expect(slots, ip6_hash(&e.ip, e.bits));
}

/* The entries become those of the index, which are smaller, in their place:
 * there is not the memory for both. */
static int
put_entries(struct buf *b, struct buf *slots, bool occurs[129],
    struct pool *pool, struct intern *values)
{
	size_t n = b->len / sizeof(struct ip6_entry);
	struct ip6_entry e;
	int rc;

	_Static_assert(sizeof(e) >= IP6_ENTRY, "no entry is overtaken");
	rc = slots_make(slots, n, n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		expect(b, i + EXPECTED, n, slots);
		memcpy(&e, b->data + i * sizeof(e), sizeof(e));
		rc = put_entry(b->data + i * IP6_ENTRY, &e, pool, values);
		if (rc == 0)
			rc = slots_insert(slots, ip6_hash(&e.ip, e.bits),
			    i + 1);
		occurs[e.bits] = true;
	}
	b->len = n * IP6_ENTRY;
	return rc;
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
	struct buf slots = {0}, lengths = {0};
	bool occurs[129] = {false};
	unsigned index;
	int rc;

	rc = settle(b, pool);
	prov_begin(&b->prov);
	if (rc == 0)
		rc = put_entries(&b->entries, &slots, occurs, pool, values);
	if (rc == 0)
		rc = put_lengths(&lengths, occurs);
	if (rc == 0)
		rc = arrays_index(arrays, &ip6_index_kind, &index);
	if (rc == 0)
		rc = prov_finish(&b->prov, 0, arrays, index);
	if (rc == 0)
		rc = arrays_take(arrays, index, "entries", &b->entries);
	if (rc == 0)
		rc = arrays_take(arrays, index, "slots", &slots);
	if (rc == 0)
		rc = arrays_take(arrays, index, "lengths", &lengths);
	ip6_build_free(b);
	buf_free(&slots);
	buf_free(&lengths);
	return rc;
}
