/*
 * What the readers of mail records have in common.
 */
#include "tools/mxcheck/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/why.h"

bool
text_is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

bool
text_is(const struct text *t, const char *word)
{
	return t->len == strlen(word) && memcmp(t->s, word, t->len) == 0;
}

bool
text_is_nocase(const struct text *t, const char *word)
{
	return t->len == strlen(word) && strncasecmp(t->s, word, t->len) == 0;
}

size_t
text_blank(const struct text *t)
{
	static const char tab[] = "\\x09";
	size_t n = sizeof(tab) - 1;

	if (t->len > 0 && (t->s[0] == ' ' || t->s[0] == '\t'))
		return 1;
	return t->len >= n && memcmp(t->s, tab, n) == 0 ? n : 0;
}

static size_t
blank_at_end(const struct text *t)
{
	for (size_t n = 1; n <= 4 && n <= t->len; n++)
		if (text_blank(&(struct text){t->s + t->len - n, n}) == n)
			return n;
	return 0;
}

void
text_trim(struct text *t)
{
	size_t n;

	while ((n = text_blank(t)) > 0) {
		t->s += n;
		t->len -= n;
	}
	while ((n = blank_at_end(t)) > 0)
		t->len -= n;
}

bool
text_cut(struct text *t, char mark, struct text *out)
{
	const char *end = t->len > 0 ? memchr(t->s, mark, t->len) : NULL;

	*out = *t;
	if (end != NULL) {
		out->len = (size_t)(end - t->s);
		t->s = end + 1;
		t->len -= out->len + 1;
	} else {
		t->s += t->len;
		t->len = 0;
	}
	text_trim(out);
	return end != NULL;
}

const char *
text_shown(const struct text *t, char buf[TEXT_SHOWN_LEN])
{
	size_t n = t->len < 20 ? t->len : 20;

	for (size_t i = 0; i < n; i++)
		buf[i] = t->s[i] >= ' ' && t->s[i] <= '~' ? t->s[i] : '?';
	strcpy(buf + n, t->len > n ? "..." : "");
	return buf;
}

bool
text_is_report_uri(const struct text *uri)
{
	static const char *const schemes[] = {"mailto:", "https://"};

	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(schemes[i]);

		if (uri->len > n && memcmp(uri->s, schemes[i], n) == 0)
			return i == 1 || memchr(uri->s, '@', uri->len) != NULL;
	}
	return false;
}

bool
text_is_tag(const struct text *tag)
{
	if (tag->len == 0 || tag->len > 32 || !text_is_alnum(tag->s[0]))
		return false;
	for (size_t i = 1; i < tag->len; i++)
		if (!text_is_alnum(tag->s[i]) &&
		    memchr("_-.", tag->s[i], 3) == NULL)
			return false;
	return true;
}

int
text_next_tag(struct text *t, struct text *tag, struct text *value,
    char why[TEXT_WHY_MAX])
{
	char buf[TEXT_SHOWN_LEN];

	while (t->len > 0) {
		struct text field;

		(void)text_cut(t, ';', &field);
		if (field.len == 0)
			continue;
		*value = field;
		if (!text_cut(value, '=', tag) || !text_is_tag(tag))
			return why_fail(why, TEXT_WHY_MAX, -EINVAL,
			    "\"%s\" is no tag=value", text_shown(&field, buf));
		text_trim(value);
		return 1;
	}
	return 0;
}
