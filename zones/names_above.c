/*
 * Empty non-terminals: the names above those that are listed. There are far
 * fewer than there are names below them, so most are met again soon; a small
 * table of those that were just met keeps the rest short enough to be sorted.
 */
#include "zones/names_record.h"

#include "lib/dname.h"
#include "zones/radix.h"

#define SEEN 65536 /* a power of two */

struct above {
	const struct name_build *build;
	struct buf *heap;
	uint64_t *seen; /* SEEN hashes */
	struct buf found; /* struct name_item: the place is of a name below */
};

/* Calls for each name above a record, the nearest first: where it begins in
 * the labels, and its hash. */
struct suffixes {
	uint64_t hash[DNAME_LABELS_MAX];
	uint8_t begin[DNAME_LABELS_MAX];
	unsigned n;
};

static void
find_suffixes(const struct name_build *b, uint8_t *record, struct suffixes *s)
{
	const uint8_t *labels = name_labels(record);
	uint64_t h = b->apex_hash;

	s->n = 0;
	for (unsigned pos = 0; pos < record[1]; pos += labels[pos] + 1u)
		s->begin[s->n++] = pos;
	for (unsigned i = s->n; i-- > 1;)
		s->hash[i] = h = dname_hash_label(h, labels + s->begin[i]);
}

/* What is in the table has all names above it in there, or in the list. */
static int
note_above(struct above *a, uint32_t place)
{
	struct suffixes s;
	struct name_item item;
	int rc = 0;

	find_suffixes(a->build, name_record(a->heap, place), &s);
	for (unsigned i = 1; i < s.n && rc == 0; i++) {
		uint64_t *seen = &a->seen[s.hash[i] % SEEN];

		if (*seen == s.hash[i])
			break;
		*seen = s.hash[i];
		item = name_item(s.hash[i], place);
		rc = buf_put(&a->found, &item, sizeof(item));
	}
	return rc;
}

static int
note_all(struct above *a)
{
	uint32_t end = a->heap->len / NAME_HEAP_UNIT, place = NAME_FIRST;
	int rc = 0;

	for (; place < end && rc == 0; place = name_after(a->heap, place)) {
		uint8_t *r = name_record(a->heap, place);

		if ((r[0] & NAME_MOVED) != 0 ||
		    (name_get_value(r, NAME_EXACT) == 0 &&
		    name_get_value(r, NAME_WILD) == 0))
			continue;
		r[0] |= NAME_EXISTS;
		rc = note_above(a, place);
	}
	return rc;
}

/* ---- records for them */

struct name {
	const uint8_t *labels;
	unsigned len;
};

/* The name above the record that an item leads to, by its hash. */
static struct name
name_above(const struct above *a, const struct name_item *item)
{
	uint8_t *record = name_record(a->heap, item->place);
	uint64_t hash = (uint64_t)item->high << 32 | item->low;
	struct suffixes s;
	unsigned i = 1;

	find_suffixes(a->build, record, &s);
	while (s.hash[i] != hash)
		i++;
	return (struct name){name_labels(record) + s.begin[i],
	    record[1] - s.begin[i]};
}

/* Is the name among the items from *at on, which are moved to the first that
 * may be? Then it exists. Returns 1, 0 or -ELOOP. */
static int
mark_among(const struct above *a, const struct buf *items, size_t *at,
    const struct name_item *wanted, const struct name *name)
{
	size_t n;
	const struct name_item *item = name_items(items, &n);

	while (*at < n && item[*at].low < wanted->low)
		(*at)++;
	for (size_t i = *at; i < n && item[i].low == wanted->low; i++) {
		uint8_t *r = name_record(a->heap, item[i].place);

		if (i - *at > NAME_SAME_MAX)
			return -ELOOP;
		if (item[i].high == wanted->high && r[1] == name->len &&
		    memcmp(name_labels(r), name->labels, name->len) == 0) {
			r[0] |= NAME_EXISTS;
			return 1;
		}
	}
	return 0;
}

static int
mark_all(struct above *a, const struct buf *items, struct buf *more)
{
	size_t n, in_items = 0, in_more = 0;
	const struct name_item *found = name_items(&a->found, &n);
	struct name_item new;
	struct name name;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		name = name_above(a, &found[i]);
		rc = mark_among(a, items, &in_items, &found[i], &name);
		if (rc == 0)
			rc = mark_among(a, more, &in_more, &found[i], &name);
		if (rc != 0) {
			rc = rc < 0 ? rc : 0;
			continue;
		}
		new = found[i];
		rc = name_put_record(a->heap, NAME_EXISTS, 0, 0, name.labels,
		    name.len, &new.place);
		if (rc == 0)
			rc = buf_put(more, &new, sizeof(new));
	}
	return rc;
}

int
name_mark_existing(const struct name_build *b, struct buf *heap,
    const struct buf *items, struct buf *more)
{
	struct above a = {.build = b, .heap = heap};
	int rc;

	a.seen = calloc(SEEN, sizeof(*a.seen));
	if (a.seen == NULL)
		return -ENOMEM;
	rc = note_all(&a);
	if (rc == 0)
		rc = radix_sort(&a.found, sizeof(struct name_item), 0);
	if (rc == 0)
		rc = mark_all(&a, items, more);
	free(a.seen);
	buf_free(&a.found);
	return rc;
}
