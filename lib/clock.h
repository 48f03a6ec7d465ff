/*
 * What time it is, for all that counts down TTLs: the wall clock, which people
 * and NTP set, and the time since the machine started, which nobody can set. A
 * test can make time pass (clock_init()).
 */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>

/* Names the file that moves the clocks of a test; not for real use. */
#define CLOCK_TEST_ENV "RESOLVERD_TEST_CLOCK"

/* What that file holds, host order, changed in place while we run. */
struct clock_test {
	int64_t passed_s;  /* this much more has passed, on both clocks */
	int64_t stepped_s; /* the wall clock was set on by this, as well */
};

/*
 * Maps the file that the environment names, if it does; before any fork.
 * Returns 0, or -errno where there is a name, but no such file.
 */
int clock_init(void) __attribute__((warn_unused_result));

uint64_t clock_wall_s(void); /* seconds since the epoch */
uint64_t clock_boot_s(void); /* seconds since the machine started; it grows
			      * while the machine sleeps, too */

#endif
