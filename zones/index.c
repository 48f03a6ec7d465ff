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

struct array_index {
	const struct index_kind *kind;
	enum index_role role;
};

static const struct array_index *
indexes_of(const struct arrays *a, size_t *n)
{
	*n = a->indexes.len / sizeof(struct array_index);
	return (const struct array_index *)(const void *)a->indexes.data;
}

int
arrays_index(struct arrays *a, const struct index_kind *kind, unsigned *index)
{
	struct array_index one = {.kind = kind, .role = a->role};
	size_t n;

	(void)indexes_of(a, &n);
	*index = (unsigned)n;
	if (n == ZONE_DATASETS_MAX)
		return -E2BIG;
	return buf_put(&a->indexes, &one, sizeof(one));
}

const struct index_kind *
arrays_kind(const struct arrays *a, unsigned index)
{
	size_t n;
	const struct array_index *all = indexes_of(a, &n);

	return index < n ? all[index].kind : NULL;
}

enum index_role
arrays_role(const struct arrays *a, unsigned index)
{
	size_t n;
	const struct array_index *all = indexes_of(a, &n);

	return index < n ? all[index].role : INDEX_LIST;
}

uint32_t
arrays_bits(const struct arrays *a)
{
	size_t n;

	_Static_assert(ZONE_DATASETS_MAX <= 32, "an index has a bit");
	(void)indexes_of(a, &n);
	return n < 32 ? (1u << n) - 1 : UINT32_MAX;
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
	subzones_free(&a->subzones);
}
