/*
 * Reads a dataset file ahead, on a second thread: while the caller takes the
 * lines of one block, those of the next ones that are an IPv4 address and
 * nothing else are found and read. Feeds are millions of them. All that needs
 * to know what stood before, and so the order of the lines, stays with the
 * caller: what is read ahead is text and nothing else.
 */
#ifndef ZONES_AHEAD_H
#define ZONES_AHEAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "zones/buf.h"
#include "zones/source.h"

/* Lines one behind the other that are an address each. */
struct stretch {
	uint32_t begin, end; /* bytes of the block */
	uint32_t n;
};

/* One event of source_next(), or -errno. The rest is of SOURCE_BLOCK and
 * SOURCE_CUT_LINE. */
struct ahead_block {
	int event;
	char *begin, *end;    /* may be written to */
	struct buf stretches; /* struct stretch, in order */
	struct buf ips;	      /* uint32_t: the addresses of all of them */
	enum { AHEAD_DONE, AHEAD_TO_DO, AHEAD_AT_WORK } state;
	int rc; /* 0 or -ENOMEM, once it is done */
};

/* Members private. */
struct ahead {
	struct source *source;
	const char *path;
	char *why;
	bool wants_ips;
	/* a ring: begun blocks are in use or read ahead, up to n_read */
	struct ahead_block ring[SOURCE_BUFFERS];
	size_t n_given, n_read;
	bool has_failed;
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows, and of the states */
	pthread_cond_t changed;
	size_t n_offered; /* blocks that the thread may look at */
	bool is_closing;
};

/* Of a source that is open, and stays so; why is as for source_next(). With
 * !wants_ips no address is looked for, and there is no thread. */
void ahead_open(struct ahead *a, struct source *s, const char *path,
    bool wants_ips, char *why);

/* What comes next, borrowed until the next call: as source_next(), the last one
 * is SOURCE_END or an error. */
const struct ahead_block *ahead_next(struct ahead *a);

void ahead_close(struct ahead *a);

#endif
