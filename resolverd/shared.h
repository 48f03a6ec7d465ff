/*
 * Memory that all processes of the daemon share.
 */
#ifndef RESOLVERD_SHARED_H
#define RESOLVERD_SHARED_H

#include <stddef.h>

/*
 * Before the workers are forked: len zeroed bytes that live as long as the
 * processes do. Into the first key_len of them comes a secret (0: none).
 * Returns NULL with errno.
 */
void *shared_new(size_t len, size_t key_len)
    __attribute__((warn_unused_result));

#endif
