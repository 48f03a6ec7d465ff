/*
 * The root's trust anchor, kept current as RFC 5011 has it.
 *
 * The configured file is where it starts. A process of its own asks for the
 * root's keys when that is due (anchor_keeper.h); libunbound does the state
 * machine and writes STATE/anchor/root.key. Workers take the valid keys from
 * there, and take them anew when they have changed.
 */
#ifndef RESOLVERD_ANCHOR_H
#define RESOLVERD_ANCHOR_H

#include <stddef.h>
#include <stdint.h>

#include "lib/conf.h"

#define ANCHOR_WHY_MAX 512

/* Writes STATE/anchor/root.key. Returns 0, -ENAMETOOLONG or -EINVAL. */
int anchor_path(char *out, size_t cap, const char *state_dir)
    __attribute__((warn_unused_result));

/*
 * Starts from the configured file, where it did not, or from another one, or
 * where that has changed since. STATE/anchor is there and ours. Returns 0 or
 * -errno.
 */
int anchor_prepare(const struct conf *conf, char *why)
    __attribute__((warn_unused_result));

/*
 * The keys to be trusted now, a line of DS or DNSKEY each; the caller frees
 * *keys. None: every key was revoked. Returns 0; -ENOENT: nothing is known yet
 * but the configured file; -errno.
 */
int anchor_keys(char **keys, const char *state_dir)
    __attribute__((warn_unused_result));

/*
 * The same from the text of the file. *keys is NULL where it is out of memory.
 */
void anchor_parse(char **keys, const char *text);

/* When the root is to be asked, seconds since the epoch; 0: it never was. */
int64_t anchor_due_s(const char *state_dir);

/*
 * Asks the root, by the way that conf has for it, and so brings the state on.
 * For a process of its own, which libunbound ends where it cannot write.
 * Returns 0, or -errno: the state has noted that, too.
 */
int anchor_probe(const struct conf *conf, char *why)
    __attribute__((warn_unused_result));

#endif
