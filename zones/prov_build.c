/*
 * Writing down where entries come from. It is gathered apart from the entries
 * themselves, so that a zone that does not want it pays nothing.
 */
#include "zones/prov.h"

#include "lib/bytes.h"
#include "zones/index.h"
#include "zones/radix.h"
#include "zones/thread.h"

/* ---- gathering */

int
prov_files_add(struct prov_files *f, const char *path)
{
	size_t len = strlen(path);
	uint8_t head[6];
	int rc;

	if (f->line == NULL)
		return 0;
	f->before = *f->line < PROV_PLACE_MAX - f->before ?
	    f->before + *f->line : PROV_PLACE_MAX;
	put_le32(head, f->before);
	put_le16(head + 4, len); /* a path is shorter than PATH_MAX */
	rc = buf_put(&f->bytes, head, sizeof(head));
	return rc == 0 ? buf_put(&f->bytes, path, len) : rc;
}

void
prov_files_free(struct prov_files *f)
{
	buf_free(&f->bytes);
}

int
prov_add_lines(struct prov_build *b, const uint32_t *keys, size_t n)
{
	uint64_t place = prov_is_wanted(b)
	    ? (uint64_t)b->files->before + *b->files->line : 0;
	struct prov_one *to;
	int rc;

	if (!prov_is_wanted(b))
		return 0;
	rc = buf_room(&b->ones, n * sizeof(*to));
	if (rc != 0)
		return rc;
	to = (struct prov_one *)(void *)(b->ones.data + b->ones.len);
	for (size_t i = 0; i < n; i++) {
		place++;
		to[i].key = keys[i];
		to[i].tag = place > PROV_PLACE_MAX ? 0 : (uint32_t)place << 3;
	}
	b->ones.len += n * sizeof(*to);
	return 0;
}

int
prov_add_range(struct prov_build *b, uint32_t first, uint32_t last,
    bool excludes)
{
	struct prov_range range = {.key = first, .last = last};

	if (!prov_is_wanted(b))
		return 0;
	range.tag = prov_tag(b, PROV_RANGE, excludes);
	return buf_put(&b->ranges, &range, sizeof(range));
}

/* ---- blocks */

struct writer {
	struct buf from, heads;
	unsigned left; /* entries that the block still has room for */
	uint32_t key, place; /* of the entry before */
	uint32_t last; /* of the block */
};

static uint8_t *
put_number(uint8_t *to, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		*to++ = n | 0x80;
	*to++ = n;
	return to;
}

/* The block before is whole: its last key is known. */
static void
end_block(struct writer *w)
{
	if (w->heads.len > 0)
		put_le32(w->heads.data + w->heads.len - 8, w->last);
}

static int
begin_block(struct writer *w, const struct prov_range *e)
{
	uint8_t head[PROV_HEAD];

	if (w->from.len > UINT32_MAX)
		return -EFBIG;
	end_block(w);
	w->left = PROV_BLOCK;
	w->key = e->key;
	w->place = e->tag >> 3;
	w->last = 0;
	put_le32(head, w->key);
	put_le32(head + 4, w->place);
	put_le32(head + 8, 0);
	put_le32(head + 12, w->from.len);
	return buf_put(&w->heads, head, sizeof(head));
}

static inline int
put_entry(struct writer *w, const struct prov_range *e)
{
	int64_t by;
	uint8_t *to;
	int rc = 0;

	if (w->left == 0)
		rc = begin_block(w, e);
	if (rc == 0)
		rc = buf_room(&w->from, 3 * 10);
	if (rc != 0)
		return rc;
	by = (int64_t)(e->tag >> 3) - w->place;
	to = w->from.data + w->from.len;
	to = put_number(to, (uint64_t)(e->key - w->key) << 3 | (e->tag & 7));
	if ((e->tag >> 1 & 3) == PROV_RANGE)
		to = put_number(to, e->last - e->key);
	to = put_number(to, (uint64_t)by << 1 ^ (by < 0 ? UINT64_MAX : 0));
	w->from.len = to - w->from.data;
	w->key = e->key;
	w->place = e->tag >> 3;
	w->left--;
	if (e->last > w->last)
		w->last = e->last;
	return 0;
}

static bool
is_before(const struct prov_one *one, const struct prov_range *range)
{
	return one->key != range->key ? one->key < range->key
				      : one->tag >> 3 <= range->tag >> 3;
}

/* Both lists, by key, then by line. */
static int
put_entries(struct writer *w, const struct prov_build *b)
{
	const struct prov_one *ones = (const void *)b->ones.data;
	const struct prov_range *ranges = (const void *)b->ranges.data;
	size_t n = b->ones.len / sizeof(*ones), i = 0;
	size_t m = b->ranges.len / sizeof(*ranges), j = 0;
	struct prov_range e;
	int rc = 0;

	while (rc == 0 && (i < n || j < m)) {
		if (j == m || (i < n && is_before(&ones[i], &ranges[j]))) {
			e = (struct prov_range){ones[i].key, ones[i].tag,
			    ones[i].key};
			i++;
		} else {
			e = ranges[j++];
		}
		rc = put_entry(w, &e);
	}
	end_block(w);
	return rc;
}

/* ---- sorted, and in blocks */

static void
encode(struct prov_build *b)
{
	struct writer w = {0};
	int rc;

	rc = radix_sort(&b->ones, sizeof(struct prov_one), 0);
	if (rc == 0)
		rc = radix_sort(&b->ranges, sizeof(struct prov_range), 0);
	if (rc == 0)
		rc = put_entries(&w, b);
	buf_free(&b->ones);
	buf_free(&b->ranges);
	b->from = w.from;
	b->heads = w.heads;
	b->rc = rc;
	b->is_encoded = true;
}

static void *
run(void *b)
{
	encode(b);
	return NULL;
}

void
prov_begin(struct prov_build *b)
{
	if (prov_is_wanted(b))
		b->has_thread = thread_begin(&b->thread, run, b);
}

static void
end_thread(struct prov_build *b)
{
	if (b->has_thread)
		(void)pthread_join(b->thread, NULL);
	b->has_thread = false;
}

void
prov_build_free(struct prov_build *b)
{
	end_thread(b);
	buf_free(&b->ones);
	buf_free(&b->ranges);
	buf_free(&b->from);
	buf_free(&b->heads);
}

/* ---- arrays */

static int
take_files(const struct prov_files *f, unsigned rule, struct arrays *arrays,
    unsigned index)
{
	size_t len = strlen(f->type);
	uint8_t head[2] = {rule, len < 255 ? len : 255};
	struct buf bytes = {0};
	int rc;

	rc = buf_put(&bytes, head, sizeof(head));
	if (rc == 0)
		rc = buf_put(&bytes, f->type, head[1]);
	if (rc == 0)
		rc = buf_put(&bytes, f->bytes.data, f->bytes.len);
	if (rc == 0)
		rc = arrays_take(arrays, index, prov_arrays[2], &bytes);
	buf_free(&bytes);
	return rc;
}

int
prov_finish(struct prov_build *b, unsigned rule, struct arrays *arrays,
    unsigned index)
{
	int rc;

	if (!prov_is_wanted(b))
		return 0;
	end_thread(b);
	if (!b->is_encoded)
		encode(b);
	rc = b->rc;
	if (rc == 0)
		rc = arrays_take(arrays, index, prov_arrays[0], &b->from);
	if (rc == 0)
		rc = arrays_take(arrays, index, prov_arrays[1], &b->heads);
	if (rc == 0)
		rc = take_files(b->files, rule, arrays, index);
	prov_build_free(b);
	return rc;
}
