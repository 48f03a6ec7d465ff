/*
 * A line is judged when its LF has come. What is over a cap, or begins with
 * anything but a code, ends the reply: the peer speaks no SMTP.
 */
#include "tools/mxcheck/reply.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

void
reply_init(struct reply *r)
{
	r->code = 0;
	r->faults = 0;
	r->broken = NULL;
	r->line_len = r->text_len = r->n_keywords = 0;
	r->n_lines = 0;
}

static enum reply_status
broken(struct reply *r, const char *why)
{
	r->broken = why;
	return REPLY_BROKEN;
}

static void
keep_text(struct reply *r, const char *text, size_t len)
{
	static const char joint[] = " / ";
	size_t gap = r->n_lines > 0 && r->text_len > 0 ? sizeof(joint) - 1 : 0;
	size_t room = sizeof(r->text) - r->text_len;

	if (gap + len > room) {
		r->faults |= FACTS_REPLY_CUT;
		if (room <= gap)
			return;
		len = room - gap;
	}
	memcpy(r->text + r->text_len, joint, gap);
	memcpy(r->text + r->text_len + gap, text, len);
	r->text_len += gap + len;
}

static void
keep_keyword(struct reply *r, const char *text, size_t len)
{
	size_t used = r->n_keywords > 0 ?
	    r->keyword_end[r->n_keywords - 1] : 0;

	if (r->n_keywords == FACTS_EHLO_MAX ||
	    len > sizeof(r->keywords) - used) {
		r->faults |= FACTS_REPLY_CUT;
		return;
	}
	memcpy(r->keywords + used, text, len);
	r->keyword_end[r->n_keywords++] = (uint16_t)(used + len);
}

static bool
is_code(const char *s, size_t len)
{
	return len >= 3 && s[0] >= '2' && s[0] <= '5' &&
	    isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]);
}

static enum reply_status
end_line(struct reply *r)
{
	const char *s = r->line;
	size_t len = r->line_len;
	uint16_t code;
	bool last;

	if (len > 0 && s[len - 1] == '\r')
		len--;
	else
		r->faults |= FACTS_REPLY_BARE_LF;
	if (r->line_len + 1 > REPLY_LINE_RULE)
		r->faults |= FACTS_REPLY_LONG_LINE;
	r->line_len = 0;
	if (!is_code(s, len) || (len > 3 && s[3] != ' ' && s[3] != '-')) {
		keep_text(r, s, len);
		return broken(r, "not an SMTP reply");
	}
	code = (uint16_t)((s[0] - '0') * 100 + (s[1] - '0') * 10 + s[2] - '0');
	if (r->n_lines > 0 && code != r->code)
		r->faults |= FACTS_REPLY_CODES_DIFFER;
	r->code = code;
	last = len == 3 || s[3] == ' ';
	keep_text(r, s + (len > 4 ? 4 : len), len > 4 ? len - 4 : 0);
	if (r->n_lines > 0)
		keep_keyword(r, s + (len > 4 ? 4 : len),
		    len > 4 ? len - 4 : 0);
	if (last)
		return REPLY_DONE;
	return ++r->n_lines < REPLY_LINES_MAX ? REPLY_MORE :
	    broken(r, "a reply of more than 100 lines");
}

enum reply_status
reply_feed(struct reply *r, const uint8_t *bytes, size_t len, size_t *used)
{
	enum reply_status status;

	for (*used = 0; *used < len; ) {
		uint8_t c = bytes[(*used)++];

		if (c == '\n') {
			status = end_line(r);
			if (status != REPLY_MORE)
				return status;
			continue;
		}
		if (r->line_len == sizeof(r->line)) {
			keep_text(r, r->line, r->line_len);
			return broken(r, "a line of more than 2048 octets");
		}
		r->line[r->line_len++] = (char)c;
	}
	return REPLY_MORE;
}

void
reply_to_facts(const struct reply *r, struct facts *facts,
    struct facts_reply *out)
{
	out->code = r->broken != NULL ? 0 : r->code;
	out->faults = r->faults;
	out->text = facts_text(facts, r->text, r->text_len);
}

void
reply_to_ehlo(const struct reply *r, struct facts *facts,
    struct facts_ehlo *out)
{
	size_t first = 0;

	while (first < r->text_len && r->text[first] != ' ')
		first++;
	out->name = facts_text(facts, r->text, first);
	out->keyword = facts_alloc(facts, r->n_keywords,
	    sizeof(*out->keyword));
	out->n = r->n_keywords;
	for (size_t i = 0, at = 0; i < r->n_keywords; i++) {
		out->keyword[i] = facts_text(facts, r->keywords + at,
		    r->keyword_end[i] - at);
		at = r->keyword_end[i];
	}
}
