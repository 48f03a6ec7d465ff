/*
 * Transactions over a file that is open, the entries in it, and walks.
 */
#include "lib/store.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store_check.h"
#include "lib/store_lmdb.h"

struct store_walk {
	MDB_cursor *cursor; /* NULL: nothing to walk */
	bool started;
};

/* ---- transactions */

/* t->txn stands on a view: make it count, and see tables made meanwhile. */
static int
take_view(struct store_txn *t)
{
	struct store *s = t->store;
	int rc;

	if (s->mode == STORE_LIVE_READ && !store_all_found(s) &&
	    mdb_txn_id(t->txn) != s->searched_txnid) {
		mdb_txn_reset(t->txn);
		rc = store_find_tables(s);
		if (rc == 0)
			rc = store_txn_renew(s, t->txn);
		if (rc != 0)
			return rc;
	}
	t->found = s->found;
	t->is_view = true;
	s->n_views++;
	return 0;
}

static int
txn_new(struct store *s, unsigned flags, struct store_txn **out)
{
	struct store_txn *t = calloc(1, sizeof(*t));
	int rc;

	*out = NULL;
	if (t == NULL)
		return -ENOMEM;
	t->store = s;
	rc = store_txn_begin(s, flags, &t->txn);
	if (rc != 0) {
		free(t);
		return rc;
	}
	*out = t;
	return 0;
}

int
store_read_begin(struct store *s, struct store_txn **out)
{
	struct store_txn *t;
	int rc;

	*out = NULL;
	rc = txn_new(s, MDB_RDONLY, &t);
	if (rc != 0)
		return rc;
	rc = take_view(t);
	if (rc != 0) {
		store_read_end(t);
		return rc;
	}
	*out = t;
	return 0;
}

void
store_read_pause(struct store_txn *t)
{
	if (!t->is_view)
		return;
	mdb_txn_reset(t->txn);
	t->is_view = false;
	t->store->n_views--;
}

int
store_read_resume(struct store_txn *t)
{
	int rc;

	store_read_pause(t);
	t->stale = ~0u;
	rc = store_txn_renew(t->store, t->txn);
	return rc != 0 ? rc : take_view(t);
}

static void
close_cursors(struct store_txn *t)
{
	unsigned i;

	for (i = 0; i < STORE_TABLES_MAX; i++)
		if (t->cursors[i] != NULL)
			mdb_cursor_close(t->cursors[i]);
}

void
store_read_end(struct store_txn *t)
{
	if (t == NULL)
		return;
	store_read_pause(t);
	close_cursors(t);
	mdb_txn_abort(t->txn);
	free(t);
}

int
store_write_begin(struct store *s, struct store_txn **out)
{
	unsigned found = s->found;
	int rc = txn_new(s, 0, out);

	if (rc == 0)
		(*out)->found = found;
	return rc;
}

int
store_write_commit(struct store_txn *t)
{
	struct store *s = t->store;
	int rc;

	close_cursors(t);
	rc = store_txn_commit(s, t->txn);
	free(t);
	if (rc == 0 && s->mode == STORE_NEW)
		rc = store_complete_new_file(s);
	return rc;
}

void
store_write_abort(struct store_txn *t)
{
	if (t == NULL)
		return;
	close_cursors(t);
	mdb_txn_abort(t->txn);
	free(t);
}

/* ---- the pages */

/* The meta page that the view was taken from; the two are used in turns. */
static int
find_meta(const uint8_t *map, size_t page_size, size_t txnid,
    struct store_meta *out)
{
	memcpy(out, map + (txnid & 1) * page_size, sizeof(*out));
	out->trees[0].page_size = (uint32_t)page_size;
	return out->txnid == txnid ? 0 : -EBUSY;
}

int
store_check(struct store_txn *t)
{
	struct store_meta meta;
	uint8_t *map;
	struct stat st;
	MDB_stat tree;
	int fd, rc;

	mdb_env_stat(t->store->env, &tree);
	if (mdb_env_get_fd(t->store->env, &fd) != 0 || fstat(fd, &st) != 0)
		return -EIO;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	rc = find_meta(map, tree.ms_psize, mdb_txn_id(t->txn), &meta);
	if (rc == 0 && meta.last_pgno >= (size_t)st.st_size / tree.ms_psize)
		rc = -EBADMSG;
	if (rc == 0)
		rc = store_check_pages(map, &meta);
	munmap(map, (size_t)st.st_size);
	return rc;
}

/* ---- entries */

static bool
has_table(const struct store_txn *t, unsigned table)
{
	assert(table < t->store->n_tables);
	return (t->found & 1u << table) != 0;
}

/* LMDB takes keys and data to write as void *, but only reads them. */
static MDB_val
val_of(const void *data, size_t len)
{
	union {
		const void *from;
		void *to;
	} p = {.from = data};

	return (MDB_val){.mv_size = len, .mv_data = p.to};
}

static struct store_bytes
bytes_of(const MDB_val *v)
{
	return (struct store_bytes){.data = v->mv_data, .len = v->mv_size};
}

int
store_get(struct store_txn *t, unsigned table, const void *key, size_t key_len,
    struct store_bytes *out)
{
	MDB_val k = val_of(key, key_len), v;
	int rc;

	if (!has_table(t, table))
		return -ENOENT;
	rc = mdb_get(t->txn, t->store->dbis[table], &k, &v);
	if (rc == 0)
		*out = bytes_of(&v);
	return store_code_of(rc);
}

int
store_put(struct store_txn *t, unsigned table, const void *key, size_t key_len,
    const void *data, size_t len)
{
	MDB_val k = val_of(key, key_len), v = val_of(data, len);

	if (!has_table(t, table))
		return -EINVAL;
	return store_code_of(mdb_put(t->txn, t->store->dbis[table], &k, &v, 0));
}

int
store_reserve(struct store_txn *t, unsigned table, const void *key,
    size_t key_len, size_t len, void **out)
{
	MDB_val k = val_of(key, key_len), v = {.mv_size = len};
	int rc;

	if (!has_table(t, table))
		return -EINVAL;
	rc = mdb_put(t->txn, t->store->dbis[table], &k, &v, MDB_RESERVE);
	if (rc == 0)
		*out = v.mv_data;
	return store_code_of(rc);
}

int
store_del(struct store_txn *t, unsigned table, const void *key, size_t key_len)
{
	MDB_val k = val_of(key, key_len);

	if (!has_table(t, table))
		return -ENOENT;
	return store_code_of(mdb_del(t->txn, t->store->dbis[table], &k, NULL));
}

static int
seek_cursor(struct store_txn *t, unsigned table, MDB_cursor **out)
{
	unsigned bit = 1u << table;
	int rc = 0;

	if (t->cursors[table] == NULL)
		rc = mdb_cursor_open(t->txn, t->store->dbis[table],
		    &t->cursors[table]);
	else if ((t->stale & bit) != 0)
		rc = mdb_cursor_renew(t->txn, t->cursors[table]);
	if (rc == 0)
		t->stale &= ~bit;
	*out = t->cursors[table];
	return rc;
}

int
store_seek(struct store_txn *t, unsigned table, const void *key, size_t key_len,
    struct store_bytes *found_key, struct store_bytes *found)
{
	MDB_val k = val_of(key, key_len), v;
	MDB_cursor *cursor;
	int rc;

	if (!has_table(t, table))
		return -ENOENT;
	rc = seek_cursor(t, table, &cursor);
	if (rc == 0)
		rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
	if (rc == 0) {
		*found_key = bytes_of(&k);
		*found = bytes_of(&v);
	}
	return store_code_of(rc);
}

/* ---- walks */

int
store_walk_begin(struct store_txn *t, unsigned table, const void *key,
    size_t key_len, struct store_walk **out)
{
	MDB_val k = val_of(key, key_len), v;
	struct store_walk *w;
	int rc = 0;

	*out = NULL;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return -ENOMEM;
	if (has_table(t, table)) {
		rc = mdb_cursor_open(t->txn, t->store->dbis[table], &w->cursor);
		if (rc == 0)
			rc = mdb_cursor_get(w->cursor, &k, &v,
			    key != NULL ? MDB_SET_RANGE : MDB_FIRST);
	}
	if (rc == MDB_NOTFOUND) {
		mdb_cursor_close(w->cursor);
		w->cursor = NULL;
		rc = 0;
	}
	if (rc != 0) {
		store_walk_end(w);
		return store_code_of(rc);
	}
	*out = w;
	return 0;
}

int
store_walk_next(struct store_walk *w, struct store_bytes *key,
    struct store_bytes *data)
{
	MDB_val k, v;
	int rc;

	if (w->cursor == NULL)
		return -ENOENT;
	rc = mdb_cursor_get(w->cursor, &k, &v,
	    w->started ? MDB_NEXT : MDB_GET_CURRENT);
	if (rc == 0) {
		w->started = true;
		*key = bytes_of(&k);
		*data = bytes_of(&v);
	}
	return store_code_of(rc);
}

int
store_walk_del(struct store_walk *w)
{
	assert(w->started);
	return store_code_of(mdb_cursor_del(w->cursor, 0));
}

void
store_walk_end(struct store_walk *w)
{
	if (w == NULL)
		return;
	if (w->cursor != NULL)
		mdb_cursor_close(w->cursor);
	free(w);
}
