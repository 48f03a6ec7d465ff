/*
 * IPv6 entries by address, length and number, whatever order they came in, and
 * wherever in the address they differ.
 */
#include "tests/unit/unit.h"
#include "zones/ip6_sort.h"

/* n entries; the bits of addresses that differ; whether they come in order. */
static const struct {
	unsigned n;
	uint64_t high, low;
	bool in_order;
} cases[] = {
    {0, 0, 0, false}, {1, ~0ull, ~0ull, false}, {2, ~0ull, 0, false},
    {64, ~0ull, ~0ull, false}, {65, ~0ull, ~0ull, false},
    {50000, ~0ull, ~0ull, false}, {50000, ~0ull << 32, 0, false},
    {50000, 0, ~0ull, false}, {50000, 0, 0xff, false}, {50000, 0, 0, false},
    {50000, 0xff, 0xff00000000000000, false}, {50000, 1ull << 63, 1, false},
    {50000, ~0ull, ~0ull, true},
};

static uint64_t
any(void)
{
	static uint64_t state = 1;
	uint64_t high;

	state = state * 6364136223846793005u + 1442695040888963407u;
	high = state & 0xffffffff00000000;
	state = state * 6364136223846793005u + 1442695040888963407u;
	return high | state >> 32;
}

static bool
is_before(const struct ip6_entry *a, const struct ip6_entry *b)
{
	int c = ip6_compare(&a->ip, &b->ip);

	if (c == 0)
		c = (a->bits > b->bits) - (a->bits < b->bits);
	return c != 0 ? c < 0 : a->number < b->number;
}

START_TEST(test_sort)
{
	unsigned n = cases[_i].n;
	struct ip6_entry *e = calloc(n + 1u, sizeof(*e));
	uint64_t sum = 0;

	ck_assert_ptr_nonnull(e);
	for (unsigned i = 0; i < n; i++) {
		e[i].number = i;
		e[i].tag = ~i;
		e[i].bits = cases[_i].in_order ? 128 : any() % 129;
		e[i].ip.high = cases[_i].in_order ? i : any() & cases[_i].high;
		e[i].ip.low = any() & cases[_i].low;
	}
	ip6_sort(e, n);
	for (unsigned i = 0; i < n; i++) {
		ck_assert_uint_eq(e[i].tag, ~e[i].number);
		ck_assert(i == 0 || is_before(&e[i - 1], &e[i]));
		sum += e[i].number;
	}
	ck_assert_uint_eq(sum, n > 0 ? (uint64_t)n * (n - 1) / 2 : 0);
	free(e);
}
END_TEST

UNIT_MAIN("ip6_sort", UNIT_EACH(test_sort, cases))
