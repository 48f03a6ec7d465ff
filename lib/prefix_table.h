/*
 * Which of many prefixes, of both families, is the most specific one that an
 * address lies in: a binary search, then a step for each that it is nested in.
 */
#ifndef LIB_PREFIX_TABLE_H
#define LIB_PREFIX_TABLE_H

#include "lib/addr.h"

struct prefix_entry {
	struct prefix prefix;
	uint8_t value;
	int32_t parent; /* index of the next wider one; -1: none */
};

/* Zeroed, it is empty. Members private. */
struct prefix_table {
	struct prefix_entry *entries; /* sorted by prefix_table_sort() */
	size_t n;
};

/*
 * Adds one. Returns 0; or -EEXIST if it is there, with its value in *there,
 * which stays.
 */
int prefix_table_add(struct prefix_table *t, const struct prefix *p,
    uint8_t value, uint8_t *there) __attribute__((warn_unused_result));

/* After the last prefix_table_add(), before the first prefix_table_find(). */
void prefix_table_sort(struct prefix_table *t);

/* The value of the longest prefix that contains addr; none without one. */
uint8_t prefix_table_find(const struct prefix_table *t,
    const struct addr *addr, uint8_t none);

void prefix_table_clear(struct prefix_table *t); /* empty again */

#endif
