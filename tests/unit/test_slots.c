/* zones/slots.c: what was put in is found; what was not seldom passes. */
#include "tests/unit/unit.h"
#include "zones/slots.h"

#define N 20000

/* splitmix64 */
static uint64_t
hash_of(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static bool
has(const struct slots *s, uint64_t hash, uint32_t wanted)
{
	struct slots_search search = slots_first(s, hash);
	uint32_t place;

	while ((place = slots_next(s, &search)) != 0)
		if (place == wanted)
			return true;
	return false;
}

START_TEST(test_find)
{
	struct buf bytes = {0};
	unsigned passed = 0;
	struct slots s;

	ck_assert_int_eq(slots_make(&bytes, N, N), 0);
	for (uint32_t i = 1; i <= N; i++)
		ck_assert_int_eq(slots_insert(&bytes, hash_of(i), i), 0);
	ck_assert_int_eq(slots_open(&s, bytes.data, bytes.len), 0);
	for (uint32_t i = 1; i <= N; i++) {
		ck_assert(slots_may_have(&s, hash_of(i)));
		ck_assert(has(&s, hash_of(i), i));
		ck_assert(!has(&s, hash_of(i), i + 1));
		passed += slots_may_have(&s, hash_of(N + i));
	}
	ck_assert_msg(passed < N / 25, "%u of %u", passed, N);
	buf_free(&bytes);
}
END_TEST

/* Keys that were made to meet do not make a search long. */
START_TEST(test_meeting)
{
	struct buf bytes = {0};
	struct slots s;
	uint32_t i = 0;

	ck_assert_int_eq(slots_make(&bytes, N, N), 0);
	while (slots_insert(&bytes, hash_of(7), i + 1) == 0)
		ck_assert_uint_le(++i, SLOTS_REACH_MAX + 1);
	ck_assert_int_eq(slots_insert(&bytes, hash_of(7), 1), -ELOOP);
	ck_assert_uint_gt(i, SLOTS_REACH_MAX / 2);
	ck_assert_int_eq(slots_open(&s, bytes.data, bytes.len), 0);
	ck_assert_uint_le(s.reach, SLOTS_REACH_MAX);
	ck_assert(has(&s, hash_of(7), i));
	buf_free(&bytes);
}
END_TEST

START_TEST(test_open)
{
	struct buf bytes = {0};
	struct slots s;

	ck_assert_int_eq(slots_make(&bytes, 0, 0), 0);
	for (size_t len = 0; len < bytes.len; len++)
		ck_assert_int_eq(slots_open(&s, bytes.data, len), -EBADMSG);
	ck_assert_int_eq(slots_open(&s, bytes.data, bytes.len), 0);
	ck_assert(!slots_may_have(&s, 1) && !has(&s, 1, 1));
	for (unsigned i = 0; i < 3; i++) {
		uint32_t was = get_le32(bytes.data + i * 4);

		put_le32(bytes.data + i * 4, UINT32_MAX);
		ck_assert_int_eq(slots_open(&s, bytes.data, bytes.len),
		    -EBADMSG);
		put_le32(bytes.data + i * 4, was);
	}
	buf_free(&bytes);
}
END_TEST

UNIT_MAIN("slots", UNIT_ONCE(test_find), UNIT_ONCE(test_meeting),
    UNIT_ONCE(test_open))
