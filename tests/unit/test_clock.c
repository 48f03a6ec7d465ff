/*
 * lib/clock.c: both clocks go, and a test moves them while they are in use.
 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "lib/clock.h"
#include "tests/unit/unit.h"

static void
write_moves(const struct clock_test *moves, size_t len)
{
	int fd = open(unit_path("clock"), O_RDWR | O_CREAT, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(pwrite(fd, moves, len, 0), (ssize_t)len);
	close(fd);
	setenv(CLOCK_TEST_ENV, unit_path("clock"), 1);
}

START_TEST(test_real)
{
	uint64_t wall = (uint64_t)time(NULL), boot = clock_boot_s();

	unsetenv(CLOCK_TEST_ENV);
	ck_assert_int_eq(clock_init(), 0);
	ck_assert(clock_wall_s() - wall <= 60);
	ck_assert(clock_boot_s() - boot <= 60);
}
END_TEST

START_TEST(test_moved)
{
	struct clock_test moves = {0};
	uint64_t wall, boot;

	write_moves(&moves, sizeof(moves));
	ck_assert_int_eq(clock_init(), 0);
	wall = clock_wall_s();
	boot = clock_boot_s();
	moves = (struct clock_test){.passed_s = 1000};
	write_moves(&moves, sizeof(moves));
	ck_assert(clock_wall_s() - wall - 1000 <= 60);
	ck_assert(clock_boot_s() - boot - 1000 <= 60);
	moves.stepped_s = -5000; /* somebody sets it back */
	write_moves(&moves, sizeof(moves));
	ck_assert(wall - clock_wall_s() <= 4000);
	ck_assert(wall - clock_wall_s() >= 4000 - 60);
	ck_assert(clock_boot_s() - boot - 1000 <= 60);
}
END_TEST

START_TEST(test_no_file)
{
	setenv(CLOCK_TEST_ENV, unit_path("none"), 1);
	ck_assert_int_eq(clock_init(), -ENOENT);
	write_moves(&(struct clock_test){0}, sizeof(struct clock_test) - 1);
	ck_assert_int_eq(clock_init(), -EINVAL);
}
END_TEST

UNIT_MAIN("clock", UNIT_ONCE(test_real), UNIT_ONCE(test_moved),
    UNIT_ONCE(test_no_file))
