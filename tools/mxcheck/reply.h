/*
 * Replies of SMTP servers, RFC 5321 4.2: read byte for byte as they come, lines
 * of any ending, hostile ones included. Nothing is allocated.
 */
#ifndef TOOLS_MXCHECK_REPLY_H
#define TOOLS_MXCHECK_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "tools/mxcheck/facts.h"

#define REPLY_LINE_RULE 512 /* octets with CRLF, RFC 5321 4.5.3.1.5 */
#define REPLY_LINE_MAX 2048 /* octets that we read */
#define REPLY_LINES_MAX 100

enum reply_status { REPLY_MORE, REPLY_DONE, REPLY_BROKEN };

struct reply { /* members private but for those with a comment */
	uint16_t code;	    /* of the last line; 0 before one was read */
	uint8_t faults;	    /* FACTS_REPLY_* */
	const char *broken; /* REPLY_BROKEN: why, a literal */
	char line[REPLY_LINE_MAX];
	size_t line_len;
	unsigned n_lines;
	char text[FACTS_TEXT_MAX]; /* lines joined by " / ", raw */
	size_t text_len;
	/* the lines behind the first one: keywords of EHLO, raw */
	char keywords[REPLY_LINE_MAX];
	uint16_t keyword_end[FACTS_EHLO_MAX];
	size_t n_keywords;
};

void reply_init(struct reply *r);

/* Takes bytes up to the end of the reply; *used is how many it took. */
enum reply_status reply_feed(struct reply *r, const uint8_t *bytes, size_t len,
    size_t *used);

/* As facts: escaped. */
void reply_to_facts(const struct reply *r, struct facts *facts,
    struct facts_reply *out);
void reply_to_ehlo(const struct reply *r, struct facts *facts,
    struct facts_ehlo *out);

#endif
