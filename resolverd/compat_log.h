/*
 * rbldnsd's query log (-l): a line for each question that was answered.
 */
#ifndef RESOLVERD_COMPAT_LOG_H
#define RESOLVERD_COMPAT_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "resolverd/handle.h"

struct compat_log;

/* path: a file to append to, or "-" for the standard output; borrowed. */
struct compat_log *compat_log_new(const char *path, bool flushed);
void compat_log_free(struct compat_log *l); /* NULL is fine */

/* Opens the file anew, which was moved away; what was kept back is written. */
void compat_log_reopen(struct compat_log *l);

void compat_log_packet(struct compat_log *l, const struct handling *g,
    const struct client *client, size_t reply_len);

#endif
