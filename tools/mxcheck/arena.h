/*
 * Memory that is taken in pieces and given back as a whole. For tools: ends the
 * process when memory is out.
 */
#ifndef TOOLS_MXCHECK_ARENA_H
#define TOOLS_MXCHECK_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is fine */

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

#endif
