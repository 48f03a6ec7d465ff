/*
 * A checksum over bytes in memory, to notice damage by disks and memory; not
 * by people. Part of the format of generation files.
 */
#ifndef LIB_CHECKSUM_H
#define LIB_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* start: what the bytes belong to, for a sum of its own; or 0. Any change
 * within eight bytes changes the sum; other changes do all but surely. */
uint64_t checksum(uint64_t start, const void *data, size_t len);

#endif
