/*
 * Literals need no care: they do not occur in what is said before login, and
 * one that did would be taken for lines.
 */
#include "tools/mxcheck/imap.h"

#include <string.h>
#include <strings.h>

void
imap_reply_init(struct imap_reply *r, const char *tag)
{
	lines_init(&r->lines);
	r->tag = tag;
	r->code = 0;
	r->preauth = false;
}

struct rest { /* of a line */
	const char *s;
	size_t len;
};

/* The next word; "" at the end. */
static struct rest
next_word(struct rest *rest)
{
	struct rest word;

	while (rest->len > 0 && *rest->s == ' ') {
		rest->s++;
		rest->len--;
	}
	word.s = rest->s;
	for (word.len = 0; word.len < rest->len && word.s[word.len] != ' ';)
		word.len++;
	rest->s += word.len;
	rest->len -= word.len;
	return word;
}

static bool
is(const struct rest *word, const char *text)
{
	return word->len == strlen(text) &&
	    strncasecmp(word->s, text, word->len) == 0;
}

/* Up to the end of the line, or to the "]" of a response code. */
static void
keep_capabilities(struct lines *l, struct rest rest)
{
	struct rest word;
	const char *end = memchr(rest.s, ']', rest.len);

	if (end != NULL)
		rest.len = (size_t)(end - rest.s);
	lines_forget(l);
	while ((word = next_word(&rest)).len > 0)
		lines_keep(l, word.s, word.len);
}

/* "* OK [CAPABILITY IMAP4rev2 STARTTLS] hello" */
static void
look_for_code(struct lines *l, struct rest rest)
{
	struct rest word = next_word(&rest);

	if (is(&word, "[CAPABILITY"))
		keep_capabilities(l, rest);
}

static enum reply_status
end(struct imap_reply *r, struct rest *rest, const struct rest *status)
{
	r->preauth = r->tag == NULL && is(status, "PREAUTH");
	if (is(status, "OK") || r->preauth)
		r->code = FACTS_REPLY_OK;
	else if (is(status, "NO") || is(status, "BAD") || is(status, "BYE"))
		r->code = FACTS_REPLY_NO;
	else
		return lines_break(&r->lines, "not an IMAP reply");
	look_for_code(&r->lines, *rest);
	return REPLY_DONE;
}

static enum reply_status
take_line(struct imap_reply *r)
{
	struct rest rest = {r->lines.line, r->lines.len};
	struct rest first = next_word(&rest), second = next_word(&rest);

	if (r->tag != NULL && is(&first, r->tag))
		return end(r, &rest, &second);
	if (!is(&first, "*"))
		return lines_break(&r->lines, "not an IMAP reply");
	if (r->tag == NULL)
		return end(r, &rest, &second);
	if (is(&second, "CAPABILITY"))
		keep_capabilities(&r->lines, rest);
	return REPLY_MORE;
}

enum reply_status
imap_reply_feed(struct imap_reply *r, const uint8_t *bytes, size_t len,
    size_t *used)
{
	enum reply_status status = REPLY_MORE;
	size_t n;

	for (*used = 0; *used < len && status == REPLY_MORE; *used += n) {
		status = lines_feed(&r->lines, bytes + *used, len - *used, &n);
		if (status == REPLY_DONE)
			status = take_line(r);
	}
	return status;
}
