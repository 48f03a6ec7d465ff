/*
 * What may stand as the source of a feed, and as the name of a file in it. Both
 * become arguments of rsync: none may be read as an option, as a shell's word
 * on another host, or as a path out of the folder.
 */
#ifndef LIB_FEED_SOURCE_H
#define LIB_FEED_SOURCE_H

#include <stdbool.h>

enum feed_source_kind {
	FEED_SOURCE_RSYNCD, /* rsync://[user@]host[:port]/module[/path] */
	FEED_SOURCE_SSH,    /* [user@]host:path */
	FEED_SOURCE_LOCAL,  /* a path */
};

/* Returns 0, or -EINVAL with what is wrong (a literal) in *why. */
int feed_source_kind(enum feed_source_kind *kind, const char *source,
    const char **why) __attribute__((warn_unused_result));

/* NAME or FOLDER/NAME, ... below the source. */
bool feed_source_is_file_name(const char *name);

#endif
