/*
 * Sorting large arrays of small records by the upper bytes of a u32 that each
 * record begins with.
 */
#ifndef ZONES_RADIX_H
#define ZONES_RADIX_H

#include "zones/buf.h"

/*
 * Sorts b's records of size bytes (8 or 12) by key >> shift, where shift is 0,
 * 8, 16 or 24; equal ones keep their order. Needs as much memory again, or
 * twice that of what stands behind those that are in order already, if that is
 * less than half. Returns 0 or -ENOMEM.
 */
int radix_sort(struct buf *b, size_t size, unsigned shift)
    __attribute__((warn_unused_result));

#endif
