/*
 * Inside the builder of the name index: records as they stand in the heap (see
 * zones/names.h), and who leads to them. Values are the pool's until the end.
 */
#ifndef ZONES_NAMES_RECORD_H
#define ZONES_NAMES_RECORD_H

#include "lib/bytes.h"
#include "zones/names.h"

/* The hash of a name, and the place of its record. By `low` it is sorted, which
 * is the order of the slots. */
struct name_item {
	uint32_t low, high;
	uint32_t place;
};

/* Names that may have the same `low`. Of 50 M, four do by chance; more were
 * made to (see slots_insert()): then it is -ELOOP. */
#define NAME_SAME_MAX 100

static inline struct name_item
name_item(uint64_t hash, uint32_t place)
{
	return (struct name_item){(uint32_t)hash, hash >> 32, place};
}

static inline struct name_item *
name_items(const struct buf *b, size_t *n)
{
	*n = b->len / sizeof(struct name_item);
	return (struct name_item *)(void *)b->data;
}

static inline uint8_t *
name_record(const struct buf *heap, uint32_t place)
{
	return heap->data + (size_t)place * NAME_HEAP_UNIT;
}

/* Where the value for a flag stands, which must be set. */
static inline uint8_t *
name_value(uint8_t *record, unsigned flag)
{
	return record + 2 +
	    (flag == NAME_WILD && (record[0] & NAME_EXACT) != 0 ? 4 : 0);
}

/* 0 also where the flag is not set. */
static inline uint32_t
name_get_value(uint8_t *record, unsigned flag)
{
	return (record[0] & flag) != 0 ? get_le32(name_value(record, flag)) : 0;
}

static inline uint8_t *
name_labels(uint8_t *record)
{
	return record + 2 + ((record[0] & NAME_EXACT) != 0 ? 4 : 0) +
	    ((record[0] & NAME_WILD) != 0 ? 4 : 0);
}

/* The next record. */
static inline uint32_t
name_after(const struct buf *heap, uint32_t place)
{
	uint8_t *record = name_record(heap, place);

	return place + (name_labels(record) - record + record[1] +
	    NAME_HEAP_UNIT - 1) / NAME_HEAP_UNIT;
}

/* Appends a record. labels may stand in the heap itself. Returns 0, -EFBIG if
 * the heap is full, or -ENOMEM. */
int name_put_record(struct buf *heap, unsigned flags, uint32_t exact,
    uint32_t wild, const uint8_t *labels, unsigned len, uint32_t *place)
    __attribute__((warn_unused_result));

/*
 * Marks what is listed and, with records of their own, the names above it
 * (RFC 4592 2.2.2). items are those of the heap, sorted; *more gets those of
 * records that are new, sorted, too.
 */
int name_mark_existing(const struct name_build *b, struct buf *heap,
    const struct buf *items, struct buf *more)
    __attribute__((warn_unused_result));

#endif
