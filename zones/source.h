/*
 * A dataset file, read in large blocks of whole lines, unpacked on the way if
 * it is compressed. Read, not mapped: a file that is cut while it is mapped
 * would end the process.
 */
#ifndef ZONES_SOURCE_H
#define ZONES_SOURCE_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_LINE_MAX 32768 /* bytes; rbldnsd cuts lines there */
#define SOURCE_BUFFERS 3      /* blocks that may be in use at a time */

/* Members private, but for block, block_end, modified and at_end. */
struct source {
	int fd;
	const struct source_reader *reader;
	void *state;	   /* the reader's */
	const char *wrong; /* what it says of data that is damaged; static */
	struct stat before;
	char *buffers[SOURCE_BUFFERS]; /* cap bytes each, and one for a NUL */
	unsigned at;	 /* the one that is filled */
	char *buf;	 /* which is this */
	size_t cap;
	size_t len;	 /* bytes in buf */
	size_t taken;	 /* of them, given out as blocks, or passed over */
	bool is_in_use;	 /* a block of buf was given out */
	uint64_t total;	 /* bytes of the file read so far */
	char *block, *block_end;
	bool at_end; /* all is read, though not all may be given out */
	bool in_long_line;
	time_t modified;
};

enum source_event {
	SOURCE_END,
	SOURCE_BLOCK,     /* block..block_end: whole lines, each with its '\n';
	                   * may be written to until SOURCE_BUFFERS calls on */
	SOURCE_LONG_LINE, /* a line did not fit; it is passed over */
	SOURCE_CUT_LINE,  /* block: the last line, with a NUL, but no '\n' */
};

/*
 * Opens a regular file. Returns 0 or -errno with the reason in why
 * (GENERATION_WHY_MAX bytes).
 */
int source_open(struct source *s, const char *path, char *why)
    __attribute__((warn_unused_result));

/*
 * What comes next: an event, or -errno with the reason in why: -EBADMSG where
 * compressed data is damaged, cut short or followed by something else; also
 * when the file turns out, at its end, to have changed meanwhile.
 */
int source_next(struct source *s, const char *path, char *why)
    __attribute__((warn_unused_result));

void source_close(struct source *s);

#endif
