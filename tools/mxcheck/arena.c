/*
 * Blocks in a list, the newest first; what does not fit into a block of the
 * usual size gets its own.
 */
#include "tools/mxcheck/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/xalloc.h"

#define BLOCK_LEN 16384
#define ALIGN sizeof(max_align_t)

struct block {
	struct block *next;
	max_align_t bytes[];
};

struct arena {
	struct block *blocks;
	size_t used, cap; /* of the newest block */
};

struct arena *
arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

void
arena_free(struct arena *arena)
{
	struct block *b, *next;

	if (arena == NULL)
		return;
	for (b = arena->blocks; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(arena);
}

void *
arena_alloc(struct arena *arena, size_t count, size_t size)
{
	struct block *b;
	size_t len;
	void *p;

	if (__builtin_mul_overflow(count, size, &len) ||
	    len > SIZE_MAX / 2)
		fatal("out of memory");
	len = (len + ALIGN - 1) / ALIGN * ALIGN;
	if (arena->blocks == NULL || len > arena->cap - arena->used) {
		arena->cap = len > BLOCK_LEN ? len : BLOCK_LEN;
		arena->used = 0;
		b = xmalloc(sizeof(*b) + arena->cap);
		b->next = arena->blocks;
		arena->blocks = b;
	}
	p = (char *)arena->blocks->bytes + arena->used;
	arena->used += len;
	return memset(p, 0, len);
}
