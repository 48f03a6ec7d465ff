/*
 * A list is one line that says whether it comes, then its lines: a dot that
 * stands for itself (RFC 1939 3) does not occur in what CAPA lists.
 */
#include "tools/mxcheck/pop.h"

#include <string.h>
#include <strings.h>

void
pop_reply_init(struct pop_reply *r, bool is_list)
{
	lines_init(&r->lines);
	r->is_list = is_list;
	r->code = 0;
}

static bool
begins(const struct lines *l, const char *text)
{
	size_t len = strlen(text);

	return l->len >= len && strncasecmp(l->line, text, len) == 0 &&
	    (l->len == len || l->line[len] == ' ');
}

static enum reply_status
take_line(struct pop_reply *r)
{
	struct lines *l = &r->lines;

	if (r->code == 0) {
		if (!begins(l, "+OK") && !begins(l, "-ERR"))
			return lines_break(l, "not a POP3 reply");
		r->code = begins(l, "+OK") ? FACTS_REPLY_OK : FACTS_REPLY_NO;
		return r->is_list && r->code == FACTS_REPLY_OK ? REPLY_MORE :
		    REPLY_DONE;
	}
	if (l->len == 1 && l->line[0] == '.')
		return REPLY_DONE;
	lines_keep(l, l->line, l->len);
	return REPLY_MORE;
}

enum reply_status
pop_reply_feed(struct pop_reply *r, const uint8_t *bytes, size_t len,
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
