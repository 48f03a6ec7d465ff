/*
 * Subzones: written by the builder, read and searched by lookups. A zone has
 * few of them, so they are looked at one by one; what is compared first is how
 * long a name is.
 */
#include "zones/subzones.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"

#define HEAD 6 /* bytes in front of the labels */

struct subzones_entry {
	uint8_t labels[DNAME_MAX];
	uint8_t len, n_labels, group;
	uint32_t indexes;
};

static unsigned
count_labels(const uint8_t *labels, unsigned len)
{
	unsigned n = 0;

	for (unsigned pos = 0; pos < len; pos += labels[pos] + 1u)
		n++;
	return n;
}

static struct subzones_entry *
entries_of(const struct subzones_build *b, size_t *n)
{
	*n = b->list.len / sizeof(struct subzones_entry);
	return (struct subzones_entry *)(void *)b->list.data;
}

/* ---- building */

int
subzones_group(struct subzones_build *b)
{
	if (b->n_groups == UINT8_MAX)
		return -E2BIG;
	b->n_groups++;
	return 0;
}

int
subzones_add(struct subzones_build *b, const uint8_t *labels, unsigned len,
    uint32_t indexes)
{
	struct subzones_entry one = {.len = (uint8_t)len, .indexes = indexes,
	    .n_labels = (uint8_t)count_labels(labels, len),
	    .group = (uint8_t)(b->n_groups - 1)}, *e;
	size_t n;

	e = entries_of(b, &n);
	for (size_t i = 0; i < n; i++) {
		if (e[i].group == one.group && e[i].len == len &&
		    memcmp(e[i].labels, labels, len) == 0) {
			e[i].indexes |= indexes;
			return 0;
		}
	}
	if (n == SUBZONES_MAX)
		return -E2BIG;
	memcpy(one.labels, labels, len);
	return buf_put(&b->list, &one, sizeof(one));
}

static int
by_length(const void *va, const void *vb)
{
	const struct subzones_entry *a = va, *b = vb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->n_labels != b->n_labels)
		return a->n_labels > b->n_labels ? -1 : 1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->labels, b->labels, a->len);
}

int
subzones_put(struct subzones_build *b, struct buf *out)
{
	uint8_t head[HEAD];
	size_t n;
	struct subzones_entry *e = entries_of(b, &n);
	int rc = 0;

	if (n > 0)
		qsort(e, n, sizeof(*e), by_length);
	for (size_t i = 0; i < n && rc == 0; i++) {
		head[0] = e[i].group;
		head[1] = e[i].len;
		put_le32(head + 2, e[i].indexes);
		rc = buf_put(out, head, HEAD);
		if (rc == 0)
			rc = buf_put(out, e[i].labels, e[i].len);
	}
	return rc;
}

void
subzones_free(struct subzones_build *b)
{
	buf_free(&b->list);
}

/* ---- reading */

/* Whole labels, as many as say the bytes. */
static bool
are_labels(const uint8_t *p, unsigned len)
{
	unsigned pos = 0;

	while (pos < len && p[pos] > 0 && p[pos] <= DNAME_LABEL_MAX)
		pos += p[pos] + 1u;
	return pos == len && len < DNAME_MAX;
}

static bool
read_one(const uint8_t *p, size_t left, struct subzone *out)
{
	if (left < HEAD || left - HEAD < p[1] || !are_labels(p + HEAD, p[1]))
		return false;
	out->group = p[0];
	out->len = p[1];
	out->indexes = get_le32(p + 2);
	out->labels = p + HEAD;
	out->n_labels = count_labels(out->labels, out->len);
	return true;
}

int
subzones_read(struct subzone **out, size_t *n, const void *data, size_t len)
{
	struct subzone *list, one;
	const uint8_t *p = data;
	size_t at;

	*n = 0;
	*out = NULL;
	for (at = 0; at < len; at += HEAD + one.len, ++*n)
		if (*n == SUBZONES_MAX || !read_one(p + at, len - at, &one))
			return -EBADMSG;
	if (*n == 0)
		return 0;
	list = calloc(*n, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	at = 0;
	for (size_t i = 0; i < *n; i++, at += HEAD + list[i - 1].len)
		(void)read_one(p + at, len - at, &list[i]);
	*out = list;
	return 0;
}

/* ---- keys */

bool
subzone_holds(const struct subzone *s, const struct zone_key *key)
{
	unsigned first;

	if (s->n_labels == 0)
		return true;
	if (s->n_labels > key->n_labels)
		return false;
	first = key->off[key->n_labels - s->n_labels];
	return key->rel_len - first == s->len &&
	    memcmp(key->dname + first, s->labels, s->len) == 0;
}

bool
subzone_is_below(const struct subzone *s, const struct zone_key *key)
{
	unsigned pos = 0;

	if (s->n_labels <= key->n_labels || s->len <= key->rel_len)
		return false;
	for (unsigned i = s->n_labels; i > key->n_labels; i--)
		pos += s->labels[pos] + 1u;
	return s->len - pos == key->rel_len &&
	    memcmp(s->labels + pos, key->dname, key->rel_len) == 0;
}

void
subzone_narrow(const struct subzone *s, const struct zone_key *key,
    bool has_names, struct zone_key *out, uint64_t *hash)
{
	uint64_t h = DNAME_HASH_ROOT;

	*out = *key;
	out->n_labels -= s->n_labels;
	out->rel_len -= s->len;
	if (s->n_labels > 0)
		zone_key_addresses(out);
	if (!has_names)
		return;
	hash[out->n_labels] = h;
	for (unsigned i = out->n_labels; i-- > 0;)
		hash[i] = h = dname_hash_label(h, out->dname + out->off[i]);
	out->hash = hash;
}
