/* For unit tests: moves the clocks of lib/clock.h, of this process alone. */
#ifndef TESTS_UNIT_CLOCK_H
#define TESTS_UNIT_CLOCK_H

#include <fcntl.h>

#include "lib/clock.h"
#include "tests/unit/unit.h"

static void
move_clock(int64_t passed_s, int64_t stepped_s)
{
	const struct clock_test moves = {passed_s, stepped_s};
	int fd = open(unit_path("clock"), O_RDWR | O_CREAT, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(pwrite(fd, &moves, sizeof(moves), 0), sizeof(moves));
	close(fd);
	setenv(CLOCK_TEST_ENV, unit_path("clock"), 1);
	ck_assert_int_eq(clock_init(), 0);
}

#endif
