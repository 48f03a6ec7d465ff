/*
 * Prefixes in the order of their first address, the wider one first. The last
 * one that starts at or before an address either contains it, or one of those
 * that it is nested in does, or none.
 */
#include "lib/prefix_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

static int
compare_addrs(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int
compare_entries(const void *va, const void *vb)
{
	const struct prefix_entry *a = va, *b = vb;
	int order = compare_addrs(&a->prefix.addr, &b->prefix.addr);

	return order != 0 ? order : (int)a->prefix.len - (int)b->prefix.len;
}

int
prefix_table_add(struct prefix_table *t, const struct prefix *p, uint8_t value,
    uint8_t *there)
{
	const struct prefix_entry e = {.prefix = *p, .value = value};

	for (size_t i = 0; i < t->n; i++) {
		if (compare_entries(&t->entries[i], &e) == 0) {
			*there = t->entries[i].value;
			return -EEXIST;
		}
	}
	t->entries = xreallocarray(t->entries, t->n + 1, sizeof(e));
	t->entries[t->n++] = e;
	return 0;
}

void
prefix_table_sort(struct prefix_table *t)
{
	if (t->n > 0)
		qsort(t->entries, t->n, sizeof(*t->entries), compare_entries);
	for (size_t i = 0; i < t->n; i++) {
		struct prefix_entry *e = &t->entries[i];

		/* the one before it, or one that that is nested in */
		e->parent = (int32_t)i - 1;
		while (e->parent >= 0 &&
		    !prefix_contains(&t->entries[e->parent].prefix,
			&e->prefix.addr))
			e->parent = t->entries[e->parent].parent;
	}
}

uint8_t
prefix_table_find(
    const struct prefix_table *t, const struct addr *addr, uint8_t none)
{
	size_t low = 0, high = t->n;
	int32_t i;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_addrs(&t->entries[middle].prefix.addr, addr) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (i = (int32_t)low - 1; i >= 0; i = t->entries[i].parent) {
		if (prefix_contains(&t->entries[i].prefix, addr))
			return t->entries[i].value;
	}
	return none;
}

void
prefix_table_clear(struct prefix_table *t)
{
	free(t->entries);
	t->entries = NULL;
	t->n = 0;
}
