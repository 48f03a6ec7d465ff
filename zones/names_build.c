/*
 * From entries to the name index. Each entry becomes a record in the heap at
 * once; sorted by hash, those of one name stand together and are merged, and
 * the slots are filled from one end to the other: no step but the last jumps
 * about in memory.
 */
#include "zones/names_record.h"

#include "lib/dname.h"
#include "zones/radix.h"

void
name_build_init(struct name_build *b, const uint8_t *apex)
{
	*b = (struct name_build){
	    .apex_hash = dname_hash(apex), .apex_len = dname_len(apex)};
}

void
name_build_free(struct name_build *b)
{
	buf_free(&b->heap);
	buf_free(&b->items);
	prov_build_free(&b->prov);
}

/* ---- gathering */

int
name_put_record(struct buf *heap, unsigned flags, uint32_t exact,
    uint32_t wild, const uint8_t *labels, unsigned len, uint32_t *place)
{
	uint8_t name[DNAME_MAX], *to;
	size_t most = NAME_HEAP_UNIT + 2 + 8 + len + NAME_HEAP_UNIT;

	memcpy(name, labels, len); /* the heap may move */
	if (buf_room(heap, most) != 0)
		return -ENOMEM;
	if (heap->len == 0) { /* the unit before NAME_FIRST */
		memset(heap->data, 0, NAME_HEAP_UNIT);
		heap->len = NAME_HEAP_UNIT;
	}
	if (heap->len / NAME_HEAP_UNIT > UINT32_MAX)
		return -EFBIG;
	*place = heap->len / NAME_HEAP_UNIT;
	to = heap->data + heap->len;
	memset(to, 0, most - NAME_HEAP_UNIT);
	to[0] = flags;
	to[1] = len;
	if ((flags & NAME_EXACT) != 0)
		put_le32(name_value(to, NAME_EXACT), exact);
	if ((flags & NAME_WILD) != 0)
		put_le32(name_value(to, NAME_WILD), wild);
	memcpy(name_labels(to), name, len);
	heap->len = (size_t)name_after(heap, *place) * NAME_HEAP_UNIT;
	return 0;
}

/* The hash of the labels and the apex. */
static uint64_t
hash_labels(const struct name_build *b, const uint8_t *labels, unsigned len)
{
	uint8_t off[DNAME_LABELS_MAX];
	uint64_t h = b->apex_hash;
	unsigned n = 0, pos;

	for (pos = 0; pos < len; pos += labels[pos] + 1u)
		off[n++] = pos;
	while (n > 0)
		h = dname_hash_label(h, labels + off[--n]);
	return h;
}

int
name_build_add(struct name_build *b, const uint8_t *labels, unsigned len,
    unsigned flags, uint32_t value)
{
	struct name_item item;
	uint32_t place;
	int rc;

	if (len + b->apex_len > DNAME_MAX)
		return -ENAMETOOLONG;
	rc = name_put_record(&b->heap, flags, value, value, labels, len,
	    &place);
	if (rc != 0)
		return rc;
	rc = prov_add(&b->prov, place, flags == NAME_EXACT ? PROV_ONE :
	    flags == NAME_WILD ? PROV_BELOW : PROV_BOTH, value == 0);
	if (rc != 0)
		return rc;
	b->has_wild |= (flags & NAME_WILD) != 0;
	item = name_item(hash_labels(b, labels, len), place);
	return buf_put(&b->items, &item, sizeof(item));
}

/* ---- one record for each name */

static int
compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int
compare_names(const struct buf *heap, const struct name_item *a,
    const struct name_item *b)
{
	uint8_t *x = name_record(heap, a->place);
	uint8_t *y = name_record(heap, b->place);
	int c = compare(a->high, b->high);

	if (c == 0)
		c = compare(x[1], y[1]);
	return c != 0 ? c : memcmp(name_labels(x), name_labels(y), x[1]);
}

/* Of items of equal `low`: those of one name together, in their order. */
static int
by_name(const void *va, const void *vb, void *heap)
{
	const struct name_item *a = va, *b = vb;
	int c = compare_names(heap, a, b);

	return c != 0 ? c : compare(a->place, b->place);
}

/* What all of these records have for a flag: none if one of them excludes. */
static int
unite(const struct buf *heap, const struct name_item *items, size_t n,
    unsigned flag, struct pool *pool, uint32_t *value)
{
	struct buf ids = {0};
	bool excluded = false;
	uint32_t id;
	int rc = 0;

	*value = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		uint8_t *r = name_record(heap, items[i].place);

		if ((r[0] & flag) == 0)
			continue;
		id = get_le32(name_value(r, flag));
		excluded |= id == 0;
		rc = buf_put(&ids, &id, sizeof(id));
	}
	if (rc == 0 && !excluded && ids.len > 0)
		rc = pool_union(pool, (uint32_t *)(void *)ids.data,
		    ids.len / sizeof(id), value);
	buf_free(&ids);
	return rc;
}

/* A new record in the place of others, which say where it is; in one of them
 * if it has room for both values. */
static int
replace(struct buf *heap, struct name_item *items, size_t n, unsigned flags,
    uint32_t exact, uint32_t wild)
{
	uint8_t *r = name_record(heap, items[0].place);
	uint32_t place = items[0].place;
	size_t first_moved = 1;
	int rc;

	if ((r[0] & (NAME_EXACT | NAME_WILD)) !=
	    (flags & (NAME_EXACT | NAME_WILD))) {
		rc = name_put_record(heap, flags, exact, wild, name_labels(r),
		    r[1], &place);
		if (rc != 0)
			return rc;
		first_moved = 0;
	} else {
		r[0] = flags;
		if ((flags & NAME_EXACT) != 0)
			put_le32(name_value(r, NAME_EXACT), exact);
		if ((flags & NAME_WILD) != 0)
			put_le32(name_value(r, NAME_WILD), wild);
	}
	for (size_t i = first_moved; i < n; i++) {
		r = name_record(heap, items[i].place);
		if ((r[0] & (NAME_EXACT | NAME_WILD)) != 0)
			put_le32(r + 2, place);
		r[0] |= NAME_MOVED;
	}
	items[0].place = place;
	return 0;
}

static int
merge(struct name_build *b, struct name_item *items, size_t n,
    struct pool *pool)
{
	unsigned flags = 0;
	uint32_t exact, wild;
	int rc;

	for (size_t i = 0; i < n; i++)
		flags |= name_record(&b->heap, items[i].place)[0];
	rc = unite(&b->heap, items, n, NAME_EXACT, pool, &exact);
	if (rc == 0)
		rc = unite(&b->heap, items, n, NAME_WILD, pool, &wild);
	return rc != 0 ? rc : replace(&b->heap, items, n, flags, exact, wild);
}

/* Leaves one item for each name. */
static int
merge_all(struct name_build *b, struct pool *pool)
{
	size_t n, kept = 0, begin, end, i, same;
	struct name_item *items = name_items(&b->items, &n);
	int rc = 0;

	for (begin = 0; begin < n && rc == 0; begin = end) {
		for (end = begin + 1; end < n &&
		    items[end].low == items[begin].low; end++)
			;
		if (end > begin + 1)
			qsort_r(items + begin, end - begin, sizeof(*items),
			    by_name, &b->heap);
		for (same = 0; begin < end && rc == 0; begin = i) {
			for (i = begin + 1; i < end && compare_names(&b->heap,
			    &items[begin], &items[i]) == 0; i++)
				;
			if (i > begin + 1)
				rc = merge(b, items + begin, i - begin, pool);
			items[kept++] = items[begin];
			if (++same > NAME_SAME_MAX)
				rc = -ELOOP;
		}
	}
	b->items.len = kept * sizeof(*items);
	return rc;
}

/* What exists and has nothing of its own excludes what is above it. */
static int
hide_wildcards(struct name_build *b, struct buf *items)
{
	unsigned both = NAME_EXACT | NAME_WILD;
	size_t n;
	struct name_item *item = name_items(items, &n);
	uint8_t *r;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		r = name_record(&b->heap, item[i].place);
		if ((r[0] & NAME_EXISTS) != 0 && (r[0] & both) != both)
			rc = replace(&b->heap, &item[i], 1, r[0] | both,
			    name_get_value(r, NAME_EXACT),
			    name_get_value(r, NAME_WILD));
	}
	return rc;
}

/* ---- the arrays */

static int
put_final(uint8_t *record, unsigned flag, struct pool *pool,
    struct intern *values)
{
	uint32_t value;
	int rc;

	if ((record[0] & flag) == 0)
		return 0;
	rc = pool_final(pool, values, get_le32(name_value(record, flag)),
	    &value);
	put_le32(name_value(record, flag), value);
	return rc;
}

static void
note_depth(uint8_t *meta, uint8_t *record)
{
	const uint8_t *labels = name_labels(record);
	unsigned depth = 0, pos = 0;

	for (; pos < record[1]; pos += labels[pos] + 1u)
		depth++;
	meta[depth / 8] |= 1 << depth % 8;
	if ((record[0] & NAME_WILD) != 0)
		meta[16 + depth / 8] |= 1 << depth % 8;
}

/* The values that are served, and how many labels there are. The bytes before
 * and behind the records are room that lookups count on. */
static int
finish_heap(struct name_build *b, struct buf *meta, struct pool *pool,
    struct intern *values)
{
	static const uint8_t zeros[NAME_META_LEN];
	uint32_t end = b->heap.len / NAME_HEAP_UNIT, place = NAME_FIRST;
	int rc;

	rc = buf_put(meta, zeros, NAME_META_LEN);
	for (; rc == 0 && place < end; place = name_after(&b->heap, place)) {
		uint8_t *r = name_record(&b->heap, place);

		if ((r[0] & NAME_MOVED) != 0)
			continue;
		note_depth(meta->data, r);
		rc = put_final(r, NAME_EXACT, pool, values);
		if (rc == 0)
			rc = put_final(r, NAME_WILD, pool, values);
	}
	if (rc == 0 && b->heap.len == 0)
		rc = buf_put(&b->heap, zeros, NAME_HEAP_UNIT);
	return rc == 0 ? buf_put(&b->heap, zeros, NAME_HEAP_UNIT + 8) : rc;
}

static int
insert(struct buf *slots, const struct name_item *i)
{
	return slots_insert(slots, (uint64_t)i->high << 32 | i->low, i->place);
}

/* Of both lists, in the order of the slots. */
static int
make_slots(struct buf *slots, const struct buf *items, const struct buf *more,
    size_t heap_len)
{
	size_t n, m, i = 0, j = 0;
	const struct name_item *a = name_items(items, &n);
	const struct name_item *b = name_items(more, &m);
	int rc;

	rc = slots_make(slots, n + m, heap_len / NAME_HEAP_UNIT);
	while (rc == 0 && (i < n || j < m))
		if (j == m || (i < n && a[i].low <= b[j].low))
			rc = insert(slots, &a[i++]);
		else
			rc = insert(slots, &b[j++]);
	return rc;
}

/* From records that moved to those that count. */
static void
find_moved(struct name_build *b)
{
	struct prov_one *one = (struct prov_one *)(void *)b->prov.ones.data;
	uint8_t *r;

	for (size_t i = 0; i < b->prov.ones.len / sizeof(*one); i++)
		while (((r = name_record(&b->heap, one[i].key))[0] &
		    NAME_MOVED) != 0)
			one[i].key = get_le32(r + 2);
}

static int
make_arrays(struct name_build *b, struct buf *slots, struct buf *meta,
    struct pool *pool, struct intern *values)
{
	struct buf more = {0};
	int rc;

	rc = radix_sort(&b->items, sizeof(struct name_item), 0);
	if (rc == 0)
		rc = merge_all(b, pool);
	if (rc == 0)
		rc = name_mark_existing(b, &b->heap, &b->items, &more);
	if (rc == 0 && b->names_hide && b->has_wild) {
		rc = hide_wildcards(b, &b->items);
		if (rc == 0)
			rc = hide_wildcards(b, &more);
	}
	if (rc == 0)
		rc = finish_heap(b, meta, pool, values);
	if (rc == 0)
		rc = make_slots(slots, &b->items, &more, b->heap.len);
	if (rc == 0)
		find_moved(b);
	buf_free(&b->items);
	buf_free(&more);
	return rc;
}

int
name_build_finish(struct name_build *b, struct pool *pool,
    struct intern *values, struct arrays *arrays)
{
	struct buf slots = {0}, meta = {0};
	unsigned index;
	int rc;

	rc = make_arrays(b, &slots, &meta, pool, values);
	if (rc == 0)
		rc = arrays_index(arrays, &name_index_kind, &index);
	if (rc == 0)
		rc = prov_finish(&b->prov, 0, arrays, index);
	if (rc == 0)
		rc = arrays_take(arrays, index, "heap", &b->heap);
	if (rc == 0)
		rc = arrays_take(arrays, index, "slots", &slots);
	if (rc == 0)
		rc = arrays_take(arrays, index, "meta", &meta);
	name_build_free(b);
	buf_free(&slots);
	buf_free(&meta);
	return rc;
}
