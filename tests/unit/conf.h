/*
 * For tests of lib/conf.c and what it consists of: a text parsed, and all that
 * is said about it as "line: text\n".
 */
#ifndef TESTS_UNIT_CONF_H
#define TESTS_UNIT_CONF_H

#include <stdarg.h>
#include <string.h>

#include "lib/conf.h"
#include "tests/unit/unit.h"

#define OUT_LEN 8192

/* Text that grows line by line. */
struct out {
	char txt[OUT_LEN];
	size_t len;
};

__attribute__((unused, format(printf, 2, 3))) static void
put(struct out *out, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out->txt + out->len, OUT_LEN - out->len, fmt, ap);
	va_end(ap);
	ck_assert_int_ge(n, 0);
	out->len +=
	    (size_t)n < OUT_LEN - out->len ? (size_t)n : OUT_LEN - out->len - 1;
}

__attribute__((unused)) static void
report(void *arg, const char *path, unsigned line, const char *text)
{
	(void)path;
	put(arg, "%u: %s\n", line, text);
}

/* Parses a copy that ends where its allocation ends, for ASan to see. */
__attribute__((unused)) static int
parse(struct conf **conf, const char *text, size_t len, struct out *out)
{
	char *copy = malloc(len + 1);
	int rc;

	memcpy(copy, text, len);
	copy[len] = '\0';
	rc = conf_parse(conf, copy, len, "/nowhere/test.conf", report, out);
	free(copy);
	return rc;
}

__attribute__((unused)) static struct conf *
must_parse(const char *text)
{
	struct out out = {0};
	struct conf *conf;

	ck_assert_msg(
	    parse(&conf, text, strlen(text), &out) == 0, "%s", out.txt);
	ck_assert_str_eq(out.txt, "");
	return conf;
}

#endif
