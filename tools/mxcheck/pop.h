/*
 * Replies of POP3 servers before login (RFC 1939 3, RFC 2449 5). Bytes are
 * untrusted, nothing is allocated.
 */
#ifndef TOOLS_MXCHECK_POP_H
#define TOOLS_MXCHECK_POP_H

#include "tools/mxcheck/lines.h"

struct pop_reply { /* members private but for those with a comment */
	struct lines lines; /* words: the lines of a list */
	bool is_list;
	uint16_t code; /* FACTS_REPLY_OK or _NO; 0 before the first line */
};

/* is_list: behind +OK come lines up to one of a dot. */
void pop_reply_init(struct pop_reply *r, bool is_list);

/* Takes bytes up to the end of the reply; *used is how many it took. */
enum reply_status pop_reply_feed(struct pop_reply *r, const uint8_t *bytes,
    size_t len, size_t *used);

#endif
