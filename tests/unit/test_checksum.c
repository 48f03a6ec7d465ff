/* lib/checksum.c: every change within a word is seen, and so is its place. */
#include "lib/checksum.h"
#include "tests/unit/unit.h"

static const size_t lengths[] = {0, 1, 7, 8, 9, 31, 32, 33, 64, 100, 1000};

START_TEST(test_each_bit)
{
	uint8_t bytes[1000];
	size_t len = lengths[_i];
	uint64_t sum;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	sum = checksum(0, bytes, len);
	ck_assert_uint_ne(checksum(1, bytes, len), sum);
	for (size_t i = 0; i < len * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_uint_ne(checksum(0, bytes, len), sum);
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	ck_assert_uint_eq(checksum(0, bytes, len), sum);
}
END_TEST

/* Zeros at the end, or words that change places, are no empty change. */
START_TEST(test_order)
{
	uint8_t a[64] = {1}, b[64] = {[32] = 1}, c[64] = {[8] = 1};

	ck_assert_uint_ne(checksum(0, a, 64), checksum(0, b, 64));
	ck_assert_uint_ne(checksum(0, a, 64), checksum(0, c, 64));
	ck_assert_uint_ne(checksum(0, a, 63), checksum(0, a, 64));
	ck_assert_uint_ne(checksum(0, NULL, 0), checksum(0, b, 1));
}
END_TEST

/* It is part of a file format. */
START_TEST(test_fixed)
{
	ck_assert_uint_eq(checksum(0, "", 0), 0xbf01c2b85006490aull);
	ck_assert_uint_eq(checksum(0, "generation", 10), 0x422c5e678f3d2c98ull);
}
END_TEST

UNIT_MAIN("checksum", UNIT_EACH(test_each_bit, lengths),
    UNIT_ONCE(test_order), UNIT_ONCE(test_fixed))
