/*
 * For lib/store_txn.c: whether the pages of a file are what LMDB wrote.
 */
#ifndef LIB_STORE_CHECK_H
#define LIB_STORE_CHECK_H

#include "lib/store_format.h"

/*
 * Follows every page from a meta page. map is the whole file, which holds
 * meta->last_pgno; its pages must not change meanwhile.
 * Returns 0; -EBADMSG if LMDB must not be given the file, -ENOMEM.
 */
int store_check_pages(const uint8_t *map, const struct store_meta *meta)
    __attribute__((warn_unused_result));

#endif
