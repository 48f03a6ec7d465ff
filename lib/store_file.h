/*
 * For lib/store.c: whether a file may be given to LMDB.
 */
#ifndef LIB_STORE_FILE_H
#define LIB_STORE_FILE_H

#include "lib/store.h"

/*
 * Checks the file at path for the mode (not STORE_NEW). *size is its length;
 * 0 if it is missing or empty and the mode makes it.
 * Returns 0; -EBADMSG if it is no LMDB file or shorter than it says; -ENOENT
 * if it is missing, or empty (being made) in STORE_LIVE_READ; -errno if it
 * cannot be read. why (STORE_WHY_MAX bytes) is filled then.
 */
int store_file_check(const char *path, enum store_mode mode, size_t *size,
    char *why) __attribute__((warn_unused_result));

#endif
