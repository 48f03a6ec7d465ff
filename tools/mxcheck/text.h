/*
 * Pieces of a text, and the records of mail that are lists of tag=value between
 * semicolons (MTA-STS, TLSRPT, DMARC, DKIM, BIMI). The bytes are untrusted.
 */
#ifndef TOOLS_MXCHECK_TEXT_H
#define TOOLS_MXCHECK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_WHY_MAX 128
#define TEXT_SHOWN_LEN 24

struct text { /* what is left to read; not NUL-terminated */
	const char *s;
	size_t len;
};

bool text_is_alnum(char c);
bool text_is(const struct text *t, const char *word);
bool text_is_nocase(const struct text *t, const char *word);

/*
 * How many bytes of blanks stand in front. A tab may stand there as "\x09", for
 * so it is escaped when it becomes a fact (facts_text()).
 */
size_t text_blank(const struct text *t);
void text_trim(struct text *t);

/* What stands before the mark, trimmed; t goes on behind it. Returns false if
 * the mark is not there: then out has all that was left. */
bool text_cut(struct text *t, char mark, struct text *out);

/* For messages: what is printable of the first bytes. */
const char *text_shown(const struct text *t, char buf[TEXT_SHOWN_LEN]);

/* A URI that reports are sent to: mailto: with an address, or https:. */
bool text_is_report_uri(const struct text *uri);

/* A name as those of tags, and of the keys in a policy: extensions of all have
 * that form. */
bool text_is_tag(const struct text *tag);

/* The next field that is not empty, as tag and value. Returns 1, 0 at the end,
 * -EINVAL with why if it is no tag=value. */
int text_next_tag(struct text *t, struct text *tag, struct text *value,
    char why[TEXT_WHY_MAX]);

#endif
