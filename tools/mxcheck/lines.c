/*
 * What replies of IMAP and POP3 have in common; those of SMTP are of a form of
 * their own (reply.c).
 */
#include "tools/mxcheck/lines.h"

#include <stdbool.h>
#include <string.h>

void
lines_init(struct lines *l)
{
	l->len = l->n_words = 0;
	l->is_whole = false;
	l->n = 0;
	l->faults = 0;
	l->broken = NULL;
}

enum reply_status
lines_break(struct lines *l, const char *why)
{
	l->broken = why;
	return REPLY_BROKEN;
}

static enum reply_status
end_line(struct lines *l)
{
	if (l->len > 0 && l->line[l->len - 1] == '\r')
		l->len--;
	else
		l->faults |= FACTS_REPLY_BARE_LF;
	l->is_whole = true;
	return ++l->n <= LINES_MAX ? REPLY_DONE :
	    lines_break(l, "a reply of more than 100 lines");
}

enum reply_status
lines_feed(struct lines *l, const uint8_t *bytes, size_t len, size_t *used)
{
	*used = 0;
	if (l->is_whole && len > 0) {
		l->is_whole = false;
		l->len = 0;
	}
	while (*used < len) {
		uint8_t c = bytes[(*used)++];

		if (c == '\n')
			return end_line(l);
		if (l->len == sizeof(l->line))
			return lines_break(l,
			    "a line of more than 2048 octets");
		l->line[l->len++] = (char)c;
	}
	return REPLY_MORE;
}

void
lines_keep(struct lines *l, const char *word, size_t len)
{
	size_t used = l->n_words > 0 ? l->word_end[l->n_words - 1] : 0;

	if (l->n_words == FACTS_EHLO_MAX || len > sizeof(l->words) - used) {
		l->faults |= FACTS_REPLY_CUT;
		return;
	}
	memcpy(l->words + used, word, len);
	l->word_end[l->n_words++] = (uint16_t)(used + len);
}

void
lines_forget(struct lines *l)
{
	l->n_words = 0;
}

void
lines_to_facts(const struct lines *l, uint16_t code, struct facts *facts,
    struct facts_reply *out)
{
	out->code = l->broken != NULL ? 0 : code;
	out->faults = l->faults;
	out->text = facts_text(facts, l->line, l->len);
}

void
lines_to_words(const struct lines *l, struct facts *facts,
    struct facts_ehlo *out)
{
	size_t at = 0;

	out->name = "";
	out->keyword = facts_alloc(facts, l->n_words, sizeof(*out->keyword));
	out->n = l->n_words;
	for (size_t i = 0; i < l->n_words; i++) {
		out->keyword[i] = facts_text(facts, l->words + at,
		    l->word_end[i] - at);
		at = l->word_end[i];
	}
}
