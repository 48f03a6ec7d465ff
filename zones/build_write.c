/*
 * The file of a generation: a header, counts, values, subzones and the arrays
 * of all datasets (zones/format.h), with a sum over them.
 */
#include "zones/build_impl.h"

#include <sys/stat.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "lib/dname.h"
#include "lib/store.h"
#include "zones/format.h"
#include "zones/generation.h"

/* FORMAT_KIND bytes for each index; how many there are. */
static int
put_kinds(const struct build *b, struct buf *out, unsigned *n)
{
	const struct index_kind *kind;
	int rc = 0;

	for (*n = 0; rc == 0 && (kind = arrays_kind(&b->arrays, *n)) != NULL;
	     (*n)++) {
		char name[FORMAT_KIND] = "";

		memcpy(name, kind->name, strlen(kind->name));
		name[FORMAT_ROLE] = (char)arrays_role(&b->arrays, *n);
		rc = buf_put(out, name, sizeof(name));
	}
	return rc;
}

static int
make_header(const struct build *b, uint64_t number, struct buf *out)
{
	uint8_t h[FORMAT_FIXED];
	const uint8_t *soa_end = b->soa.rdata.data + b->soa.rdata.len;
	uint32_t minimum = get_be32(soa_end - 4);
	unsigned n_indexes = 0;
	int rc;

	memcpy(h, FORMAT_MAGIC, 8);
	put_le32(h + 8, FORMAT_VERSION);
	put_le32(h + 12, 0); /* counted below */
	put_le64(h + 16, number);
	put_le64(h + 24, time(NULL));
	put_le64(h + 32, b->modified);
	put_le64(h + 40, b->result->entries);
	put_le32(h + 48, b->soa.ttl);
	put_le32(h + 52, minimum < b->soa.ttl ? minimum : b->soa.ttl);
	put_le32(h + 56, b->ns.ttl);
	put_le32(h + 60, dname_len(b->zone->apex));
	put_le32(h + 64, b->soa.rdata.len);
	put_le32(h + 68, b->ns.names.len);
	rc = buf_put(out, h, sizeof(h));
	if (rc == 0)
		rc = buf_put(out, b->zone->apex,
		    dname_len(b->zone->apex));
	if (rc == 0)
		rc = buf_put(out, b->soa.rdata.data, b->soa.rdata.len);
	if (rc == 0)
		rc = buf_put(out, b->ns.names.data, b->ns.names.len);
	if (rc == 0)
		rc = put_kinds(b, out, &n_indexes);
	if (rc == 0)
		put_le32(out->data + 12, n_indexes);
	return rc;
}

/* The file that is written. */
struct output {
	struct store_txn *txn;
	uint64_t sum; /* see FORMAT_SUM */
};

static int
put(struct output *o, const char *key, const struct buf *b)
{
	o->sum += format_sum(key, strlen(key), b->data, b->len);
	return store_put(o->txn, 0, key, strlen(key),
	    b->len > 0 ? b->data : (const uint8_t *)"", b->len);
}

static int
put_values(struct output *o, const struct build *b)
{
	const struct intern *values = &b->values;
	struct buf ends = {0};
	uint8_t le[4];
	size_t len, end = 0;
	int rc = 0;

	if (values->bytes.len > UINT32_MAX)
		return -EFBIG;
	for (uint32_t id = 1; id <= values->count && rc == 0; id++) {
		(void)intern_get(values, id, &len);
		end += len;
		put_le32(le, end);
		rc = buf_put(&ends, le, sizeof(le));
	}
	if (rc == 0)
		rc = put(o, FORMAT_VALUE_ENDS, &ends);
	if (rc == 0)
		rc = put(o, FORMAT_VALUE_RRS, &values->bytes);
	buf_free(&ends);
	return rc;
}

static int
put_counts(struct output *o, const struct build *b)
{
	uint8_t le[FORMAT_COUNTS_LEN];
	struct buf bytes = {.data = le, .len = sizeof(le)};

	put_le64(le, b->counts.bad_lines);
	put_le64(le + 8, (uint64_t)b->counts.expires);
	return put(o, FORMAT_COUNTS, &bytes);
}

/* Writes an array and lets go of it piece by piece, the last one first, so that
 * the memory of both is never needed. */
#define PIECE ((size_t)16 << 20)

static int
put_array(struct output *o, struct array *a)
{
	struct buf *b = &a->bytes;
	uint8_t *shorter;
	size_t left;
	void *to;
	int rc;

	if (b->len < PIECE)
		return put(o, a->name, b);
	o->sum += format_sum(a->name, strlen(a->name), b->data, b->len);
	rc = store_reserve(o->txn, 0, a->name, strlen(a->name), b->len, &to);
	for (left = b->len; rc == 0 && left > 0; left = b->len) {
		b->len = (left - 1) / PIECE * PIECE;
		memcpy((uint8_t *)to + b->len, b->data + b->len, left - b->len);
		shorter = realloc(b->data, b->len > 0 ? b->len : 1);
		if (shorter != NULL)
			b->data = shorter;
	}
	return rc;
}

/* Only where there are combined datasets. */
static int
put_subzones(struct output *o, struct build *b)
{
	struct buf bytes = {0};
	int rc = subzones_put(&b->arrays.subzones, &bytes);

	if (rc == 0 && bytes.len > 0)
		rc = put(o, SUBZONES_KEY, &bytes);
	buf_free(&bytes);
	return rc;
}

static int
put_sum(const struct output *o)
{
	uint8_t le[8];

	put_le64(le, o->sum);
	return store_put(o->txn, 0, FORMAT_SUM, strlen(FORMAT_SUM), le,
	    sizeof(le));
}

/* Each array is let go of when it is written. */
static int
put_all(struct output *o, struct build *b, uint64_t number)
{
	struct buf header = {0};
	struct array *list;
	size_t n;
	int rc;

	rc = make_header(b, number, &header);
	if (rc == 0)
		rc = put(o, FORMAT_HEADER, &header);
	buf_free(&header);
	if (rc == 0)
		rc = put_counts(o, b);
	if (rc == 0)
		rc = put_values(o, b);
	if (rc == 0)
		rc = put_subzones(o, b);
	list = arrays_list(&b->arrays, &n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = put_array(o, &list[i]);
		buf_free(&list[i].bytes);
	}
	return rc == 0 ? put_sum(o) : rc;
}

/* Room that the file may need: all arrays, and LMDB's own pages. */
static size_t
size_max(const struct build *b)
{
	size_t n, sum = b->values.bytes.len + b->values.ends.len +
	    b->arrays.subzones.list.len;
	const struct array *list = arrays_list(&b->arrays, &n);

	for (size_t i = 0; i < n; i++)
		sum += list[i].bytes.len + 2 * 4096;
	return sum + sum / 64 + (4 << 20);
}

int
build_write(struct build *b, const char *path, uint64_t number, char *why)
{
	struct store_opts opts = {.mode = STORE_NEW, .file_mode = 0644,
	    .size_max = size_max(b)};
	char store_why[STORE_WHY_MAX];
	struct output o = {.sum = 0};
	struct store *store;
	struct stat st;
	int rc;

	rc = store_open(&store, path, &opts, store_why);
	if (rc != 0) {
		snprintf(why, GENERATION_WHY_MAX, "%s", store_why);
		return rc;
	}
	rc = store_write_begin(store, &o.txn);
	if (rc == 0) {
		rc = put_all(&o, b, number);
		if (rc == 0)
			rc = store_write_commit(o.txn);
		else
			store_write_abort(o.txn);
	}
	store_close(store);
	if (rc != 0)
		snprintf(why, GENERATION_WHY_MAX, "%s: %s", path,
		    strerror(-rc));
	else if (stat(path, &st) == 0)
		b->result->file_bytes = st.st_size;
	return rc;
}
