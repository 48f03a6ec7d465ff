/*
 * Reasons: what a function that fails leaves in its caller's buffer.
 */
#ifndef LIB_WHY_H
#define LIB_WHY_H

#include <stddef.h>

/*
 * Writes the text, cut to size, and returns rc, so that a failure is one line.
 * A module gives it the size of its own buffers:
 *
 *	#define fail(why, rc, ...) why_fail(why, FEED_WHY_MAX, rc, __VA_ARGS__)
 */
int why_fail(char *why, size_t size, int rc, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
