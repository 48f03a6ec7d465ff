/*
 * How the bytes of a dataset file become text: as they are, or unpacked. A row
 * of the table in source.c and a file for each; chosen by the first bytes.
 */
#ifndef ZONES_SOURCE_READER_H
#define ZONES_SOURCE_READER_H

#include <sys/types.h>

#include "zones/source.h"

#define SOURCE_MAGIC_MAX 4

struct source_reader {
	const char *name;
	const char *magic; /* what such files begin with */
	size_t magic_len;
	/* Makes s->state. Returns 0 or -ENOMEM, then end() is called, too. */
	int (*begin)(struct source *s);
	/*
	 * Puts 1 to n bytes of text at out. Returns how many, 0 at the end of
	 * whole data, or -errno; -EBADMSG if the data is damaged, cut short or
	 * followed by something else, with the reason in s->wrong.
	 */
	ssize_t (*read)(struct source *s, char *out, size_t n);
	void (*end)(struct source *s); /* s->state may be NULL */
};

extern const struct source_reader source_gzip;
extern const struct source_reader source_zstd;

#define SOURCE_RAW_MAX 65536 /* bytes a reader asks for at a time */

/* The next bytes of the file as it is. Returns how many, 0 at its end, or
 * -errno. */
ssize_t source_raw(struct source *s, void *out, size_t n);

#endif
