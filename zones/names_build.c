/*
 * From entries to the name index: a hash table of records by name; then the
 * empty non-terminals above listed names (RFC 4592 2.2.2); then the arrays.
 */
#include "zones/names.h"

#include "lib/bytes.h"
#include "lib/dname.h"

struct name_record {
	uint64_t hash;
	uint32_t name; /* offset in b->names */
	uint32_t exact, wild;
	uint8_t flags;
	uint8_t len;
	uint8_t depth; /* labels */
};

/* A further value of a name that has one. */
struct more {
	uint32_t record;
	uint32_t flag; /* NAME_EXACT or NAME_WILD */
	uint32_t value;
};

static struct name_record *
records_of(const struct name_build *b, size_t *n)
{
	*n = b->records.len / sizeof(struct name_record);
	return (struct name_record *)(void *)b->records.data;
}

void
name_build_init(struct name_build *b, const uint8_t *apex)
{
	*b = (struct name_build){
	    .apex_hash = dname_hash(apex), .apex_len = dname_len(apex)};
}

void
name_build_free(struct name_build *b)
{
	buf_free(&b->records);
	buf_free(&b->names);
	buf_free(&b->more);
	free(b->slots);
	b->slots = NULL;
	b->n_slots = 0;
}

/* ---- the table of records */

static int
grow_slots(struct name_build *b)
{
	uint32_t n = b->n_slots ? b->n_slots * 2 : 1024, at;
	size_t n_records;
	const struct name_record *r = records_of(b, &n_records);
	uint32_t *slots;

	if (n == 0) /* 2^31 names */
		return -ENOMEM;
	slots = calloc(n, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n_records; i++) {
		for (at = r[i].hash & (n - 1); slots[at] != 0;)
			at = (at + 1) & (n - 1);
		slots[at] = i + 1;
	}
	free(b->slots);
	b->slots = slots;
	b->n_slots = n;
	return 0;
}

/* The hash of the labels and the apex, and the number of labels. */
static uint64_t
hash_labels(const struct name_build *b, const uint8_t *labels, unsigned len,
    unsigned *depth)
{
	uint8_t off[DNAME_LABELS_MAX];
	uint64_t h = b->apex_hash;
	unsigned n = 0, pos;

	for (pos = 0; pos < len; pos += labels[pos] + 1u)
		off[n++] = pos;
	*depth = n;
	while (n > 0)
		h = dname_hash_label(h, labels + off[--n]);
	return h;
}

/* The number of the record of a name, new or known. */
static int
find_record(struct name_build *b, const uint8_t *labels, unsigned len,
    uint32_t *number)
{
	struct name_record new = {.len = len, .name = b->names.len}, *r;
	unsigned depth;
	size_t n;
	uint32_t at;

	r = records_of(b, &n);
	if (n >= b->n_slots / 2 && grow_slots(b) != 0)
		return -ENOMEM;
	new.hash = hash_labels(b, labels, len, &depth);
	new.depth = depth;
	for (at = new.hash & (b->n_slots - 1); b->slots[at] != 0;
	    at = (at + 1) & (b->n_slots - 1)) {
		*number = b->slots[at] - 1;
		if (r[*number].hash == new.hash && r[*number].len == len &&
		    memcmp(b->names.data + r[*number].name, labels, len) == 0)
			return 0;
	}
	if (b->names.len + len > UINT32_MAX)
		return -ENOMEM;
	if (buf_room(&b->names, len + 1) != 0 ||
	    buf_put(&b->records, &new, sizeof(new)) != 0 ||
	    buf_put(&b->names, labels, len) != 0)
		return -ENOMEM;
	*number = n;
	b->slots[at] = n + 1;
	return 0;
}

static int
add_value(struct name_build *b, uint32_t number, unsigned flag, uint32_t value)
{
	size_t n;
	struct name_record *r = records_of(b, &n) + number;
	uint32_t *known = flag == NAME_EXACT ? &r->exact : &r->wild;
	struct more m = {number, flag, value};

	if ((r->flags & flag) == 0 || value == 0) {
		r->flags |= flag;
		*known = value;
		return 0;
	}
	if (*known == 0 || *known == value) /* an exclusion stays one */
		return 0;
	return buf_put(&b->more, &m, sizeof(m));
}

int
name_build_add(struct name_build *b, const uint8_t *labels, unsigned len,
    unsigned flags, uint32_t value)
{
	uint32_t number;
	int rc;

	if (len + b->apex_len > DNAME_MAX)
		return -ENAMETOOLONG;
	rc = find_record(b, labels, len, &number);
	if (rc == 0 && (flags & NAME_EXACT) != 0)
		rc = add_value(b, number, NAME_EXACT, value);
	if (rc == 0 && (flags & NAME_WILD) != 0)
		rc = add_value(b, number, NAME_WILD, value);
	b->has_wild |= (flags & NAME_WILD) != 0;
	return rc;
}

/* ---- names with several values */

static int
by_record(const void *a, const void *b)
{
	const struct more *x = a, *y = b;

	if (x->record != y->record)
		return x->record < y->record ? -1 : 1;
	return x->flag < y->flag ? -1 : x->flag > y->flag;
}

static int
unite(struct name_build *b, struct pool *pool)
{
	struct more *m = (struct more *)(void *)b->more.data;
	size_t n = b->more.len / sizeof(*m), n_records, begin, i;
	struct name_record *r = records_of(b, &n_records);
	uint32_t *known;
	struct buf ids = {0};
	int rc = 0;

	if (n > 0)
		qsort(m, n, sizeof(*m), by_record);
	for (i = 0; i < n && rc == 0;) {
		known = m[i].flag == NAME_EXACT ? &r[m[i].record].exact
						: &r[m[i].record].wild;
		ids.len = 0;
		rc = buf_put(&ids, known, sizeof(*known));
		for (begin = i; i < n && rc == 0 &&
		    by_record(&m[i], &m[begin]) == 0; i++)
			rc = buf_put(&ids, &m[i].value, sizeof(m[i].value));
		if (rc == 0 && *known != 0) /* else excluded later on */
			rc = pool_union(pool, (uint32_t *)(void *)ids.data,
			    ids.len / sizeof(*known), known);
	}
	buf_free(&ids);
	return rc;
}

/* ---- empty non-terminals */

/* Marks the ancestors of a record; records that are new move the array. */
static int
mark_ancestors(struct name_build *b, uint32_t number)
{
	size_t n;
	struct name_record *r = records_of(b, &n) + number;
	uint8_t labels[DNAME_MAX];
	unsigned len = r->len, pos = 0;
	int rc;

	memcpy(labels, b->names.data + r->name, len);
	while (pos < len && pos + labels[pos] + 1u < len) {
		pos += labels[pos] + 1u;
		rc = find_record(b, labels + pos, len - pos, &number);
		if (rc != 0)
			return rc;
		r = records_of(b, &n) + number;
		if ((r->flags & NAME_EXISTS) != 0)
			return 0;
		r->flags |= NAME_EXISTS;
	}
	return 0;
}

static int
mark_existing(struct name_build *b)
{
	size_t n, i, ignored;
	struct name_record *r;
	int rc = 0;

	(void)records_of(b, &n);
	for (i = 0; i < n && rc == 0; i++) {
		r = records_of(b, &ignored) + i;
		if (r->exact != 0 || r->wild != 0) {
			r->flags |= NAME_EXISTS;
			rc = mark_ancestors(b, i);
		}
	}
	return rc;
}

/* What exists and has nothing of its own excludes what is above it. */
static void
hide_wildcards(struct name_build *b)
{
	size_t n;
	struct name_record *r = records_of(b, &n);

	for (size_t i = 0; i < n && b->names_hide && b->has_wild; i++)
		if ((r[i].flags & NAME_EXISTS) != 0)
			r[i].flags |= NAME_EXACT | NAME_WILD;
}

/* ---- the arrays */

static int
put_value(struct buf *heap, struct pool *pool, struct intern *values,
    uint32_t raw)
{
	uint32_t value;
	uint8_t le[4];
	int rc;

	rc = pool_final(pool, values, raw, &value);
	put_le32(le, value);
	return rc == 0 ? buf_put(heap, le, sizeof(le)) : rc;
}

static int
put_record(const struct name_build *b, const struct name_record *r,
    struct buf *heap, struct pool *pool, struct intern *values)
{
	uint8_t head[2] = {r->flags, r->len};
	static const uint8_t zeros[NAME_HEAP_UNIT];
	int rc;

	rc = buf_put(heap, head, sizeof(head));
	if (rc == 0 && (r->flags & NAME_EXACT) != 0)
		rc = put_value(heap, pool, values, r->exact);
	if (rc == 0 && (r->flags & NAME_WILD) != 0)
		rc = put_value(heap, pool, values, r->wild);
	if (rc == 0)
		rc = buf_put(heap, b->names.data + r->name, r->len);
	if (rc == 0)
		rc = buf_put(heap, zeros, -heap->len % NAME_HEAP_UNIT);
	return rc;
}

/* Writes the records; their places go into `name`, which is not needed any
 * more. The bytes before and behind them are room that lookups count on. */
static int
make_heap(struct name_build *b, struct buf *heap, struct pool *pool,
    struct intern *values)
{
	static const uint8_t zeros[NAME_HEAP_UNIT + 8];
	size_t n, i, place;
	struct name_record *r = records_of(b, &n);
	int rc;

	rc = buf_put(heap, zeros, NAME_HEAP_UNIT);
	for (i = 0; i < n && rc == 0; i++) {
		place = heap->len / NAME_HEAP_UNIT;
		rc = put_record(b, &r[i], heap, pool, values);
		if (place > UINT32_MAX)
			rc = -EFBIG;
		r[i].name = place;
	}
	return rc == 0 ? buf_put(heap, zeros, sizeof(zeros)) : rc;
}

static int
make_slots(const struct name_build *b, struct buf *slots, size_t heap_len)
{
	size_t n;
	const struct name_record *r = records_of(b, &n);
	int rc;

	rc = slots_make(slots, n, heap_len / NAME_HEAP_UNIT);
	for (size_t i = 0; i < n && rc == 0; i++)
		slots_insert(slots, r[i].hash, r[i].name);
	return rc;
}

static int
make_meta(const struct name_build *b, struct buf *meta)
{
	size_t n;
	const struct name_record *r = records_of(b, &n);
	uint64_t depths[2] = {0}, wild[2] = {0}, bit;
	int rc;

	for (size_t i = 0; i < n; i++) {
		bit = 1ull << r[i].depth % 64;
		depths[r[i].depth / 64] |= bit;
		if ((r[i].flags & NAME_WILD) != 0)
			wild[r[i].depth / 64] |= bit;
	}
	rc = buf_room(meta, NAME_META_LEN);
	if (rc != 0)
		return rc;
	for (unsigned i = 0; i < 2; i++) {
		put_le64(meta->data + i * 8, depths[i]);
		put_le64(meta->data + 16 + i * 8, wild[i]);
	}
	meta->len = NAME_META_LEN;
	return 0;
}

int
name_build_finish(struct name_build *b, struct pool *pool,
    struct intern *values, struct arrays *arrays)
{
	struct buf heap = {0}, slots = {0}, meta = {0};
	unsigned index;
	int rc;

	rc = unite(b, pool);
	if (rc == 0)
		rc = mark_existing(b);
	if (rc == 0)
		hide_wildcards(b);
	if (rc == 0)
		rc = make_heap(b, &heap, pool, values);
	if (rc == 0)
		rc = make_slots(b, &slots, heap.len);
	if (rc == 0)
		rc = make_meta(b, &meta);
	name_build_free(b);
	if (rc == 0)
		rc = arrays_index(arrays, &name_index_kind, &index);
	if (rc == 0)
		rc = arrays_take(arrays, index, "heap", &heap);
	if (rc == 0)
		rc = arrays_take(arrays, index, "slots", &slots);
	if (rc == 0)
		rc = arrays_take(arrays, index, "meta", &meta);
	buf_free(&heap);
	buf_free(&slots);
	buf_free(&meta);
	return rc;
}
