#include "lib/why.h"

#include <stdarg.h>
#include <stdio.h>

int
why_fail(char *why, size_t size, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return rc;
}
