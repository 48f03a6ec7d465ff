/*
 * What takes the values of the names that are answered here, of where
 * validation starts, and where it does not. The rows stand in conf_values.c.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/conf_values.h"
#include "lib/xalloc.h"

static void
set_path(struct conf_reader *r, const struct conf_row *row, const char *value,
    char **path)
{
	if (value[0] == '\0') {
		conf_complain_of(r, row, value, "is empty; name a file");
		return;
	}
	free(*path);
	*path = conf_complete_path(r, value);
}

void
conf_set_hosts_file(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_path(r, row, value, &r->conf->hosts_file);
}

void
conf_set_trust_anchor(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_path(r, row, value, &r->conf->upstream.trust_anchor);
}

/* Reads n digits; -1 where there are none. */
static int
digits(const char *s, int n)
{
	int value = 0;

	for (; n > 0; n--, s++) {
		if (*s < '0' || *s > '9')
			return -1;
		value = value * 10 + (*s - '0');
	}
	return value;
}

/*
 * 2026-12-31, which is to its end, or 2026-12-31T18:00:00Z (RFC 3339, UTC
 * only). Returns the first second that is no longer within; -1 if it is no
 * time.
 */
static int64_t
parse_end(const char *s)
{
	static const char form[] = "####-##-##T##:##:##Z";
	size_t len = strlen(s);
	struct tm tm = {0};
	struct tm same;
	time_t t;

	if (len != 10 && len != sizeof(form) - 1)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (form[i] == '#' ? digits(s + i, 1) < 0 : s[i] != form[i])
			return -1;
	}
	tm.tm_year = digits(s, 4) - 1900;
	tm.tm_mon = digits(s + 5, 2) - 1;
	tm.tm_mday = digits(s + 8, 2);
	if (len > 10) {
		tm.tm_hour = digits(s + 11, 2);
		tm.tm_min = digits(s + 14, 2);
		tm.tm_sec = digits(s + 17, 2);
	}
	same = tm;
	t = timegm(&same); /* it makes a 1 March of a 29 February */
	if (same.tm_mday != tm.tm_mday || same.tm_mon != tm.tm_mon ||
	    same.tm_hour != tm.tm_hour || same.tm_min != tm.tm_min ||
	    same.tm_sec != tm.tm_sec)
		return -1;
	return t + (len == 10 ? 86400 : 0);
}

void
conf_set_negative_anchor(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	struct conf *c = r->conf;
	struct conf_negative_anchor na = {.line = r->line};
	const char *space = strchrnul(value, ' ');
	int len = dname_from_txt(na.name, value, (size_t)(space - value));

	na.until_s = parse_end(space + strspn(space, " "));
	if (len <= 1 || na.until_s < 0) {
		conf_complain_of(r, row, value,
		    "is no name with an end; write it as \"example.org "
		    "2026-12-31\" or \"example.org 2026-12-31T18:00:00Z\"");
		return;
	}
	dname_lower(na.name, (size_t)len);
	c->upstream.negative =
	    xreallocarray(c->upstream.negative, c->upstream.n_negative + 1,
		sizeof(*c->upstream.negative));
	c->upstream.negative[c->upstream.n_negative++] = na;
}
