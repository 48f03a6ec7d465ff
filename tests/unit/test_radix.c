/*
 * Sorting small records: in order, stable, and no record lost, whether they
 * come in order, nearly so, or not at all.
 */
#include "tests/unit/unit.h"
#include "zones/radix.h"

struct record {
	uint32_t key, number, more;
};

static uint32_t
any(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return state >> 33;
}

/* n records: the first `sorted` keys ascend, the others are any; each key has
 * the same few bits, so that many are equal. */
static const struct {
	unsigned n, sorted;
	uint32_t mask;
} cases[] = {
    {0, 0, ~0u}, {1, 1, ~0u}, {2, 1, ~0u}, {1000, 1000, ~0u},
    {1000, 0, ~0u}, {1000, 999, ~0u}, {1000, 998, 0xff}, {1000, 600, 0xf00ff},
    {1000, 500, 0xff000000}, {1000, 400, 0x00ff0000}, {70000, 69000, 0xffff},
    {70000, 1, 0xffff}, {1000, 900, 0},
};

static void
fill(struct buf *b, size_t size, int i)
{
	struct record r = {.key = 0};
	uint32_t step = cases[i].sorted ? UINT32_MAX / cases[i].sorted : 0;

	for (unsigned n = 0; n < cases[i].n; n++) {
		r.key = (n < cases[i].sorted ? n * step : any() * 2) &
		    cases[i].mask;
		r.number = n;
		r.more = ~n;
		ck_assert_int_eq(buf_put(b, &r, size), 0);
	}
}

static void
expect_sorted(const struct buf *b, size_t size, unsigned shift, int i)
{
	struct record r = {.key = 0}, before = r;
	uint64_t sum = 0, n = cases[i].n;

	ck_assert_uint_eq(b->len, n * size);
	for (size_t at = 0; at < b->len; at += size, before = r) {
		memcpy(&r, b->data + at, size);
		sum += r.number;
		ck_assert(size == 8 || r.more == ~r.number);
		if (at == 0)
			continue;
		ck_assert_uint_ge(r.key >> shift, before.key >> shift);
		if (r.key >> shift == before.key >> shift)
			ck_assert_uint_gt(r.number, before.number);
	}
	ck_assert_uint_eq(sum, n > 0 ? n * (n - 1) / 2 : 0);
}

START_TEST(test_sort)
{
	for (unsigned shift = 0; shift < 32; shift += 8) {
		for (size_t size = 8; size <= 12; size += 4) {
			struct buf b = {0};

			fill(&b, size, _i);
			ck_assert_int_eq(radix_sort(&b, size, shift), 0);
			expect_sorted(&b, size, shift, _i);
			buf_free(&b);
		}
	}
}
END_TEST

UNIT_MAIN("radix", UNIT_EACH(test_sort, cases))
