/*
 * Lines of a server's reply, read byte for byte as they come, hostile ones
 * included; and the words that are kept of them. Nothing is allocated.
 */
#ifndef TOOLS_MXCHECK_LINES_H
#define TOOLS_MXCHECK_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "tools/mxcheck/facts.h"
#include "tools/mxcheck/reply.h"

#define LINES_MAX 100 /* of one reply */

struct lines { /* members private but for those with a comment */
	char line[REPLY_LINE_MAX]; /* the last one, without its end */
	size_t len;
	bool is_whole;
	unsigned n;
	uint8_t faults; /* FACTS_REPLY_* */
	const char *broken; /* why, a literal; NULL */
	char words[REPLY_LINE_MAX];
	uint16_t word_end[FACTS_EHLO_MAX];
	size_t n_words;
};

void lines_init(struct lines *l);

/* Takes bytes up to the end of a line; *used is how many it took. REPLY_DONE: a
 * whole line is there. */
enum reply_status lines_feed(struct lines *l, const uint8_t *bytes,
    size_t len, size_t *used);

enum reply_status lines_break(struct lines *l, const char *why);

/* Keeps a copy, or notes that there was no room (FACTS_REPLY_CUT). */
void lines_keep(struct lines *l, const char *word, size_t len);
void lines_forget(struct lines *l); /* what was kept */

/* As facts: escaped. code and text are those of the reply as a whole. */
void lines_to_facts(const struct lines *l, uint16_t code, struct facts *facts,
    struct facts_reply *out);
void lines_to_words(const struct lines *l, struct facts *facts,
    struct facts_ehlo *out);

#endif
