/*
 * The text of a configuration file before libConfuse sees it.
 *
 * libConfuse 3.3 takes more than we want an admin to write, and takes some of
 * it wrongly. It replaces ${NAME} by the environment; drops characters that it
 * does not know; counts a line too many at each C comment; stumbles over a
 * comment inside a list; takes a section or string that is still open at the
 * end of the file for closed; writes a last \ to stdout; takes a name such as
 * zone|datasets for a path into a section; needs quadratic time for a long
 * string. Rather than to work around each, the text is held to a smaller
 * language here, which both read alike:
 *
 *	name = value		name = { value, value }		name title { ...
 *}
 *
 * A comment runs from # to the end of the line. Names are bare words. A value
 * or title is a bare word (letters, digits and - _ . : @) or stands in quotes,
 * on one line, without \ or ${.
 *
 * What follows what is left to libConfuse, and names and values to conf.c,
 * the only caller.
 */
#include "lib/conf_text.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"

#define DEPTH_MAX 3 /* a list in a section in a section */

enum token { START, NAME, EQUALS, COMMA, VALUE, LIST, SECTION, CLOSE };

struct scan {
	char *p;
	const char *end;
	unsigned line;
	enum token last;
	unsigned depth;
	enum token open[DEPTH_MAX]; /* LIST or SECTION */
	unsigned open_line[DEPTH_MAX];
	unsigned sections;
	char *why;
};

static int refuse(struct scan *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

int
conf_text_read(char **text, size_t *len, const char *path)
{
	struct stat st;
	char *buf = NULL;
	size_t used = 0;
	ssize_t n;
	int fd, rc = 0;

	/* not to hang on a FIFO */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return -errno;
	if (fstat(fd, &st) == -1)
		rc = -errno;
	else if (S_ISDIR(st.st_mode))
		rc = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		rc = -EINVAL;
	if (rc)
		goto out;

	buf = xmalloc(CONF_TEXT_MAX + 1);
	while (used <= CONF_TEXT_MAX) {
		n = read(fd, buf + used, CONF_TEXT_MAX + 1 - used);
		if (n == 0)
			break;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			rc = -errno;
			goto out;
		}
		used += (size_t)n;
	}
	if (used > CONF_TEXT_MAX) {
		rc = -EFBIG;
		goto out;
	}
	buf[used] = '\0';
	*text = buf;
	*len = used;
	buf = NULL;
out:
	free(buf);
	close(fd);
	return rc;
}

static int
refuse(struct scan *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->why, CONF_TEXT_WHY_LEN, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c && strchr("-_.:@", c));
}

static bool
wants_value(const struct scan *s)
{
	return s->last == EQUALS || s->last == LIST || s->last == COMMA ||
	    s->last == NAME;
}

static void
scan_comment(struct scan *s)
{
	for (; s->p < s->end && *s->p != '\n'; s->p++)
		*s->p = ' ';
}

static int
scan_word(struct scan *s)
{
	char *q;

	if (!is_word(*s->p)) {
		if (is_control(*s->p) || (unsigned char)*s->p > 0x7e)
			return refuse(s,
			    "byte 0x%02x outside of quotes; remove it",
			    (unsigned char)*s->p);
		return refuse(
		    s, "%c outside of quotes; quote the value", *s->p);
	}
	for (q = s->p; is_word(*q); q++) /* '\0' is none */
		continue;
	if (q - s->p > CONF_TEXT_VALUE_MAX)
		return refuse(
		    s, "a word of more than %d bytes", CONF_TEXT_VALUE_MAX);
	s->p = q;
	s->last = wants_value(s) ? VALUE : NAME;
	return 0;
}

static int
scan_string(struct scan *s)
{
	char quote = *s->p;
	char *q;

	if (!wants_value(s)) {
		if (s->depth && s->open[s->depth - 1] == LIST)
			return refuse(
			    s, "a comma is missing in front of %c", quote);
		return refuse(
		    s, "quotes where a name should stand; remove them");
	}
	for (q = s->p + 1; q < s->end && *q != quote; q++) {
		if (*q == '\n')
			break;
		if (is_control(*q) && *q != '\t')
			return refuse(s,
			    "byte 0x%02x inside of quotes; remove it",
			    (unsigned char)*q);
		if (*q == '\\')
			return refuse(s,
			    "\\ inside of quotes escapes nothing; remove it");
		if (*q == '$' && q[1] == '{')
			return refuse(
			    s, "${ inside of quotes; write the value itself");
	}
	if (q == s->end || *q == '\n')
		return refuse(
		    s, "quotes not closed on their line; add a %c", quote);
	if (q - s->p > CONF_TEXT_VALUE_MAX)
		return refuse(s, "more than %d bytes inside of quotes",
		    CONF_TEXT_VALUE_MAX);
	s->p = q + 1;
	s->last = VALUE;
	return 0;
}

static int
scan_open(struct scan *s)
{
	enum token what = s->last == EQUALS ? LIST : SECTION;

	if (s->depth == DEPTH_MAX ||
	    (s->depth > 0 && s->open[s->depth - 1] == LIST))
		return refuse(s, "{ inside of a list; is a } missing above?");
	if (what == SECTION && ++s->sections > CONF_TEXT_SECTIONS_MAX)
		return refuse(
		    s, "more than %d sections", CONF_TEXT_SECTIONS_MAX);
	s->open[s->depth] = what;
	s->open_line[s->depth] = s->line;
	s->depth++;
	s->last = what;
	s->p++;
	return 0;
}

static int
scan_close(struct scan *s)
{
	if (s->depth == 0)
		return refuse(s, "} closes nothing; remove it");
	if (s->last == LIST)
		return refuse(s, "empty list; name a value or drop the option");
	s->depth--;
	s->last = CLOSE;
	s->p++;
	return 0;
}

static int
scan_token(struct scan *s)
{
	switch (*s->p) {
	case '\n':
		s->line++;
		s->p++;
		return 0;
	case ' ':
	case '\t':
		s->p++;
		return 0;
	case '\r':
		if (s->p[1] != '\n')
			return scan_word(s);
		s->p++;
		return 0;
	case '#':
		scan_comment(s);
		return 0;
	case '=':
	case ',':
		s->last = *s->p == '=' ? EQUALS : COMMA;
		s->p++;
		return 0;
	case '"':
	case '\'':
		return scan_string(s);
	case '{':
		return scan_open(s);
	case '}':
		return scan_close(s);
	default:
		return scan_word(s);
	}
}

int
conf_text_check(char *text, size_t len, unsigned *line, char *why)
{
	struct scan s = {.p = text, .end = text + len, .line = 1, .why = why};

	while (s.p < s.end) {
		if (scan_token(&s) != 0) {
			*line = s.line;
			*s.p = '\0';
			return -EINVAL;
		}
	}
	if (s.depth > 0) {
		*line = s.open_line[s.depth - 1];
		return refuse(&s, "this { is never closed; add the missing }");
	}
	return 0;
}
