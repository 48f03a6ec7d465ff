/*
 * rbldnsd's counters, five of a zone and five in all, and its forms of them:
 * lines of the statistics file (-s) and of the log (SIGUSR1).
 */
#ifndef RESOLVERD_COMPAT_COUNT_H
#define RESOLVERD_COMPAT_COUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/conf.h"
#include "resolverd/handle.h"

struct compat_count;

/*
 * path: of the statistics file, or NULL; relative: its lines tell what came
 * since the last one. conf and path are borrowed.
 */
struct compat_count *compat_count_new(const struct conf *conf,
    const char *path, bool relative);
void compat_count_free(struct compat_count *c); /* NULL is fine */

/* A packet was answered with reply_len bytes; 0: with nothing. */
void compat_count_packet(struct compat_count *c, const struct handling *g,
    size_t reply_len);

/* A line of counters; a line with the time alone: the counters start at 0. */
void compat_count_write(struct compat_count *c);
void compat_count_mark(const struct compat_count *c);

void compat_count_log(const struct compat_count *c);
void compat_count_reset(struct compat_count *c);

#endif
