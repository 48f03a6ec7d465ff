/*
 * The kinds of indexes, and the arrays that they are made of.
 */
#include "zones/index.h"

#include <stdio.h>

const struct index_kind *
index_kind_find(const char *name)
{
	static const struct index_kind *const kinds[] = {
	    &ip4_index_kind, &ip6_index_kind, &name_index_kind};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

void
array_name(char *out, unsigned index, const char *name)
{
	snprintf(out, ARRAY_NAME_MAX, "%u.%s", index, name);
}

int
arrays_index(struct arrays *a, const struct index_kind *kind, unsigned *index)
{
	*index = a->indexes.len / sizeof(kind);
	if (*index == ZONE_DATASETS_MAX)
		return -E2BIG;
	return buf_put(&a->indexes, &kind, sizeof(kind));
}

const struct index_kind *
arrays_kind(const struct arrays *a, unsigned index)
{
	const struct index_kind *kind;

	if (index >= a->indexes.len / sizeof(kind))
		return NULL;
	memcpy(&kind, a->indexes.data + index * sizeof(kind), sizeof(kind));
	return kind;
}

struct array *
arrays_list(const struct arrays *a, size_t *n)
{
	*n = a->list.len / sizeof(struct array);
	return (struct array *)(void *)a->list.data;
}

int
arrays_take(struct arrays *a, unsigned index, const char *name,
    struct buf *bytes)
{
	struct array one = {.bytes = *bytes};
	int rc;

	*bytes = (struct buf){0};
	array_name(one.name, index, name);
	rc = buf_put(&a->list, &one, sizeof(one));
	if (rc != 0)
		buf_free(&one.bytes);
	return rc;
}

void
arrays_free(struct arrays *a)
{
	size_t n;
	struct array *list = arrays_list(a, &n);

	for (size_t i = 0; i < n; i++)
		buf_free(&list[i].bytes);
	buf_free(&a->list);
	buf_free(&a->indexes);
}
