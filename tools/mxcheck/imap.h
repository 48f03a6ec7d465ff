/*
 * Replies of IMAP servers before login (RFC 9051 7.1, 7.2.2): the greeting, and
 * what comes up to the tagged line that ends a command. Bytes are untrusted,
 * nothing is allocated.
 */
#ifndef TOOLS_MXCHECK_IMAP_H
#define TOOLS_MXCHECK_IMAP_H

#include "tools/mxcheck/lines.h"

struct imap_reply { /* members private but for those with a comment */
	struct lines lines; /* words: of the last CAPABILITY */
	const char *tag;
	uint16_t code; /* FACTS_REPLY_OK or _NO; 0 before the end */
	bool preauth;  /* the greeting takes us for logged in already */
};

/* tag: of the command that is replied to, a literal; NULL: the greeting. */
void imap_reply_init(struct imap_reply *r, const char *tag);

/* Takes bytes up to the end of the reply; *used is how many it took. */
enum reply_status imap_reply_feed(struct imap_reply *r, const uint8_t *bytes,
    size_t len, size_t *used);

#endif
