/*
 * A growing array of bytes, for the builder. No function here reads what it
 * has not written; running out of memory is -ENOMEM, never an exit.
 */
#ifndef ZONES_BUF_H
#define ZONES_BUF_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct buf {
	uint8_t *data; /* owned; moves when the buffer grows */
	size_t len;
	size_t cap;
};

int buf_grow(struct buf *b, size_t more) __attribute__((warn_unused_result));
void buf_free(struct buf *b); /* empties it, too */

/* Room for more bytes behind the used ones. */
static inline int __attribute__((warn_unused_result))
buf_room(struct buf *b, size_t more)
{
	return b->cap - b->len >= more ? 0 : buf_grow(b, more);
}

static inline int __attribute__((warn_unused_result))
buf_put(struct buf *b, const void *p, size_t n)
{
	int rc = buf_room(b, n);

	if (rc == 0 && n > 0) {
		memcpy(b->data + b->len, p, n);
		b->len += n;
	}
	return rc;
}

#endif
