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
prov_add_lines(struct prov_build *b, size_t at, size_t n)
{
	struct prov_lines lines = {.at = at, .n = n};
	uint64_t place;

	if (!prov_is_wanted(b))
		return 0;
	place = (uint64_t)b->files->before + *b->files->line + 1;
	lines.place = place <= PROV_PLACE_MAX ? place : PROV_PLACE_MAX + 1;
	return buf_put(&b->lines, &lines, sizeof(lines));
}

/* Of line i of them. */
static inline uint32_t
line_tag(const struct prov_lines *lines, uint32_t i)
{
	uint64_t place = (uint64_t)lines->place + i;

	return place <= PROV_PLACE_MAX ? (uint32_t)place << 3 | PROV_ONE << 1
				       : 0;
}

/* Those of the lines whose keys are key n and further ones. */
static int
take_out(struct prov_build *b, const struct prov_lines *lines, size_t n)
{
	uint32_t i = n > lines->at ? n - lines->at : 0;
	struct prov_one *to;
	int rc;

	if (i >= lines->n)
		return 0;
	rc = buf_room(&b->ones, (lines->n - i) * sizeof(*to));
	if (rc != 0)
		return rc;
	to = (struct prov_one *)(void *)(b->ones.data + b->ones.len);
	b->ones.len += (lines->n - i) * sizeof(*to);
	for (; i < lines->n; i++, to++) {
		to->key = b->keys[lines->at + i].key;
		to->tag = line_tag(lines, i);
	}
	return 0;
}

int
prov_take_keys(struct prov_build *b, const struct prov_key *keys, size_t n)
{
	struct prov_lines *lines = (struct prov_lines *)(void *)b->lines.data;
	size_t n_lines = b->lines.len / sizeof(*lines), kept = n_lines;
	int rc = 0;

	b->keys = keys;
	for (; kept > 0 && lines[kept - 1].at + lines[kept - 1].n > n; kept--)
		if (lines[kept - 1].at < n)
			break;
	for (size_t i = kept > 0 ? kept - 1 : 0; i < n_lines && rc == 0; i++)
		rc = take_out(b, &lines[i], n);
	if (kept > 0 && lines[kept - 1].at + lines[kept - 1].n > n)
		lines[kept - 1].n = n - lines[kept - 1].at;
	b->lines.len = kept * sizeof(*lines);
	return rc;
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

/* ---- three lists, as one in order of keys, then of lines */

/* What comes next of a list. */
struct next {
	uint64_t order; /* key, then line; UINT64_MAX at the end */
	struct prov_range e;
};

struct lists {
	const struct prov_lines *lines, *lines_end;
	uint32_t i; /* the line of these */
	const struct prov_key *keys;
	const struct prov_one *ones, *ones_end;
	const struct prov_range *ranges, *ranges_end;
	struct next line, one, range;
};

static inline void
set_next(struct next *next, uint32_t key, uint32_t tag, uint32_t last)
{
	next->order = (uint64_t)key << 32 | tag >> 3;
	next->e = (struct prov_range){key, tag, last};
}

static inline void
next_line(struct lists *l)
{
	uint32_t key;

	if (l->lines < l->lines_end && l->i == l->lines->n) {
		l->lines++;
		l->i = 0;
	}
	if (l->lines == l->lines_end) {
		l->line.order = UINT64_MAX;
		return;
	}
	key = l->keys[l->lines->at + l->i].key;
	set_next(&l->line, key, line_tag(l->lines, l->i), key);
	l->i++;
}

static inline void
next_one(struct lists *l)
{
	const struct prov_one *one = l->ones;

	if (one == l->ones_end) {
		l->one.order = UINT64_MAX;
		return;
	}
	set_next(&l->one, one->key, one->tag, one->key);
	l->ones++;
}

static inline void
next_range(struct lists *l)
{
	const struct prov_range *r = l->ranges;

	if (r == l->ranges_end) {
		l->range.order = UINT64_MAX;
		return;
	}
	set_next(&l->range, r->key, r->tag, r->last);
	l->ranges++;
}

static const void *
end_of(const struct buf *b)
{
	return b->len > 0 ? b->data + b->len : b->data; /* or NULL */
}

static void
begin_lists(struct lists *l, const struct prov_build *b)
{
	*l = (struct lists){
	    .lines = (const void *)b->lines.data,
	    .lines_end = end_of(&b->lines),
	    .keys = b->keys,
	    .ones = (const void *)b->ones.data,
	    .ones_end = end_of(&b->ones),
	    .ranges = (const void *)b->ranges.data,
	    .ranges_end = end_of(&b->ranges)};
	next_line(l);
	next_one(l);
	next_range(l);
}

static int
put_entries(struct writer *w, const struct prov_build *b)
{
	struct lists l;
	int rc = 0;

	begin_lists(&l, b);
	while (rc == 0) {
		if (l.line.order <= l.one.order &&
		    l.line.order <= l.range.order) {
			if (l.line.order == UINT64_MAX)
				break;
			rc = put_entry(w, &l.line.e);
			next_line(&l);
		} else if (l.one.order <= l.range.order) {
			rc = put_entry(w, &l.one.e);
			next_one(&l);
		} else {
			rc = put_entry(w, &l.range.e);
			next_range(&l);
		}
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
	buf_free(&b->lines);
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
	buf_free(&b->lines);
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
