/*
 * Entries are cut into pieces, each within one window, as they come; then they
 * are sorted by window. Single addresses, of which there are the most, stand
 * apart, and stay where they are if they are in order.
 */
#include "zones/ip4_gather.h"

#include "zones/radix.h"

/* ---- entries */

static int
add_single(struct ip4_build *b, uint32_t ip, uint32_t value)
{
	struct ip4_single s = {ip, value};

	return buf_put(&b->singles, &s, sizeof(s));
}

static int
add_piece(struct ip4_build *b, enum level level, uint64_t first_unit,
    uint64_t units, uint32_t value)
{
	unsigned shift = UNIT_SHIFT(level);
	struct ip4_piece p = {
	    .first = first_unit << shift,
	    .last = ((first_unit + units) << shift) - 1,
	    .value = value,
	};

	if (units == 0)
		return 0;
	if (p.first == p.last)
		return add_single(b, p.first, value);
	return buf_put(&b->pieces[level], &p, sizeof(p));
}

/* Into the largest octet-aligned pieces, ends first, then what is between. */
static int
add_octets(struct ip4_build *b, uint64_t first, uint64_t end, uint32_t value)
{
	uint64_t inner, inner_end; /* whole windows of the level */
	int rc = 0;

	for (enum level level = LEVEL_32; level > LEVEL_8 && rc == 0; level--) {
		inner = (first + 255) & ~255ull;
		inner_end = end & ~255ull;
		if (inner > inner_end) /* within one window */
			return add_piece(b, level, first, end - first, value);
		rc = add_piece(b, level, first, inner - first, value);
		if (rc == 0)
			rc = add_piece(b, level, inner_end, end - inner_end,
			    value);
		first = inner >> 8;
		end = inner_end >> 8;
	}
	return rc == 0 ? add_piece(b, LEVEL_8, first, end - first, value) : rc;
}

int
ip4_build_lines(struct ip4_build *b, const uint32_t *ips, size_t n,
    uint32_t value)
{
	struct ip4_single *to;
	int rc = prov_add_lines(&b->prov, b->singles.len / sizeof(*to), n);

	if (rc == 0)
		rc = buf_room(&b->singles, n * sizeof(*to));
	if (rc != 0)
		return rc;
	to = (struct ip4_single *)(void *)(b->singles.data + b->singles.len);
	for (size_t i = 0; i < n; i++)
		to[i] = (struct ip4_single){ips[i], value};
	b->singles.len += n * sizeof(*to);
	return 0;
}

int
ip4_build_range(struct ip4_build *b, uint32_t first, uint32_t last,
    uint32_t value)
{
	uint64_t n = (uint64_t)last - first + 1;
	enum level level = LEVEL_8;
	int rc;

	if (n == 1)
		return ip4_build_single(b, first, value);
	rc = prov_add_range(&b->prov, first, last, value == 0);
	if (rc != 0)
		return rc;
	if (b->rule == IP4_RULE_OCTETS)
		return add_octets(b, first, (uint64_t)last + 1, value);
	while (n < 1u << UNIT_SHIFT(level))
		level++;
	return add_piece(b, level, first >> UNIT_SHIFT(level),
	    n >> UNIT_SHIFT(level), value);
}

/* ---- in order */

/* How many of the addresses, from the first on, are in order. */
static size_t
count_sorted(const struct buf *singles)
{
	const struct ip4_single *s = (const void *)singles->data;
	size_t n = singles->len / sizeof(*s), i = 1;

	while (i < n && s[i - 1].ip <= s[i].ip)
		i++;
	return i < n ? i : n;
}

/*
 * A list that is in order, but for what was added to it since, stays where it
 * is: where its entries come from can be taken down from it as it stands. Of
 * any other, that is noted now.
 */
static int
settle_order(struct ip4_build *b)
{
	const size_t size = sizeof(struct ip4_single);
	_Static_assert(sizeof(struct ip4_single) == sizeof(struct prov_key),
	    "an address is a key, and something behind it");
	size_t head = count_sorted(&b->singles) * size;
	int rc;

	if (b->singles.len - head > head)
		head = 0;
	rc = prov_take_keys(&b->prov, (const void *)b->singles.data,
	    head / size);
	if (rc != 0 || head == 0)
		return rc;
	rc = buf_put(&b->late, b->singles.data + head, b->singles.len - head);
	b->singles.len = head;
	return rc;
}

int
ip4_gather_sort(struct ip4_build *b)
{
	int rc = settle_order(b);

	if (rc != 0)
		return rc;
	prov_begin(&b->prov);
	rc = radix_sort(&b->singles, sizeof(struct ip4_single), 8);
	if (rc == 0)
		rc = radix_sort(&b->late, sizeof(struct ip4_single), 8);
	for (enum level level = LEVEL_16; level < LEVELS && rc == 0; level++)
		rc = radix_sort(&b->pieces[level], sizeof(struct ip4_piece),
		    UNIT_SHIFT(level) + 8);
	return rc;
}

void
ip4_build_free(struct ip4_build *b)
{
	prov_build_free(&b->prov); /* its thread reads the singles */
	buf_free(&b->singles);
	buf_free(&b->late);
	for (unsigned i = 0; i < LEVELS; i++)
		buf_free(&b->pieces[i]);
}
