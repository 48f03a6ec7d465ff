/*
 * LMDB behind one file (written against 0.9.24).
 *
 * What this adds to LMDB: a cut or foreign file is refused before LMDB trusts it
 * (lib/store_file.c); a reader follows a file that grew; tables may be missing;
 * errors are negative errno values.
 *
 * LMDB may leave the last pages that a meta page counts unwritten, when they
 * are free. Such a file would look cut short: so a new file is filled up after
 * its commit, and a live one is made as long as it may grow, with a hole in it,
 * before the first commit.
 *
 * Transactions are objects, not bound to threads (MDB_NOTLS). Readahead stays
 * on: it fills the page cache sooner, and hurts only files larger than memory.
 */
#include "lib/store.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/store_check.h"
#include "lib/store_file.h"

#define READERS_MAX 512 /* read transactions over all processes */
#define LOCK_FILE_ROOM (READERS_MAX * 64 + 4096) /* 64 bytes for each of them */

struct store {
	MDB_env *env;
	enum store_mode mode;
	bool integer_keys;
	unsigned n_tables;
	char *names[STORE_TABLES_MAX]; /* owned; NULL: the unnamed table */
	MDB_dbi dbis[STORE_TABLES_MAX];
	unsigned found;	       /* a bit for each table whose dbi is open */
	size_t searched_txnid; /* the view in which tables were looked for */
	unsigned n_views;      /* read transactions that are not paused */
};

struct store_txn {
	struct store *store;
	MDB_txn *txn;
	bool is_view;	/* a read transaction that is not paused */
	unsigned found; /* tables that this transaction can see */
	MDB_cursor *cursors[STORE_TABLES_MAX]; /* for store_seek() */
	unsigned stale;	/* cursors to be renewed before their next use */
};

struct store_walk {
	MDB_cursor *cursor; /* NULL: nothing to walk */
	bool started;
};

/* ---- errors */

static int
code_of(int rc)
{
	switch (rc) {
	case MDB_NOTFOUND:
		return -ENOENT;
	case MDB_MAP_FULL:
	case EDQUOT:
		return -ENOSPC;
	case MDB_TXN_FULL:
		return -E2BIG;
	case MDB_READERS_FULL:
		return -EUSERS;
	case MDB_MAP_RESIZED:
		return -EBUSY;
	case MDB_BAD_VALSIZE:
	case MDB_BAD_TXN:
	case MDB_BAD_DBI:
		return -EINVAL;
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
		return -EBADMSG;
	default:
		return rc >= 0 ? -rc : -EIO;
	}
}

/* ---- transactions of LMDB */

/* A writer with a larger size_max let the file grow beyond our map. */
static int
follow_growth(struct store *s)
{
	if (s->n_views > 0) /* their pointers would end */
		return MDB_MAP_RESIZED;
	return mdb_env_set_mapsize(s->env, 0);
}

static int
txn_begin(struct store *s, unsigned flags, MDB_txn **out)
{
	int rc;

	rc = mdb_txn_begin(s->env, NULL, flags, out);
	if (rc == MDB_MAP_RESIZED) {
		rc = follow_growth(s);
		if (rc == 0)
			rc = mdb_txn_begin(s->env, NULL, flags, out);
	}
	return code_of(rc);
}

static int
txn_renew(struct store *s, MDB_txn *txn)
{
	int rc;

	rc = mdb_txn_renew(txn);
	if (rc == MDB_MAP_RESIZED) {
		rc = follow_growth(s);
		if (rc == 0)
			rc = mdb_txn_renew(txn);
	}
	return code_of(rc);
}

/* LMDB reports a write that was cut by a full disk as EIO. */
static bool
disk_is_full(struct store *s)
{
	struct statvfs v;
	int fd;

	return mdb_env_get_fd(s->env, &fd) == 0 && fstatvfs(fd, &v) == 0 &&
	    (uint64_t)v.f_bavail * v.f_frsize < 1 << 20;
}

static int
txn_commit(struct store *s, MDB_txn *txn)
{
	int rc = mdb_txn_commit(txn);

	if (rc == EIO && disk_is_full(s))
		rc = ENOSPC;
	return code_of(rc);
}

/* ---- tables */

static unsigned
key_flags(const struct store *s)
{
	return s->integer_keys ? MDB_INTEGERKEY : 0;
}

/* -ENOENT if nobody made the table yet, -EBADMSG if its keys are others. */
static int
find_table(struct store *s, MDB_txn *txn, unsigned table, MDB_dbi *dbi)
{
	unsigned flags;
	MDB_stat st;
	int rc;

	rc = mdb_dbi_open(txn, s->names[table], 0, dbi);
	if (rc == 0)
		rc = mdb_dbi_flags(txn, *dbi, &flags);
	if (rc == 0)
		rc = mdb_stat(txn, *dbi, &st);
	if (rc != 0)
		return code_of(rc);
	if ((flags & MDB_INTEGERKEY) == key_flags(s))
		return 0;
	/* the unnamed table of a new file is there before it has its flags */
	if (s->names[table] == NULL && st.ms_entries == 0)
		return -ENOENT;
	return -EBADMSG;
}

/*
 * Opens the tables that are there, in a transaction of its own: a handle that
 * is opened in a transaction that is reset later would be lost with it.
 */
static int
find_tables(struct store *s)
{
	unsigned i, found = s->found;
	MDB_txn *txn;
	int rc;

	rc = txn_begin(s, MDB_RDONLY, &txn);
	if (rc != 0)
		return rc;
	s->searched_txnid = mdb_txn_id(txn);
	for (i = 0; i < s->n_tables; i++) {
		if ((found & 1u << i) != 0)
			continue;
		rc = find_table(s, txn, i, &s->dbis[i]);
		if (rc == 0)
			found |= 1u << i;
		else if (rc != -ENOENT)
			goto out;
	}
	rc = txn_commit(s, txn);
	txn = NULL;
	if (rc == 0)
		s->found = found;
out:
	mdb_txn_abort(txn);
	return rc;
}

static bool
all_found(const struct store *s)
{
	return s->found == (1u << s->n_tables) - 1;
}

static int
make_tables(struct store *s)
{
	MDB_txn *txn;
	unsigned i;
	int rc;

	rc = txn_begin(s, 0, &txn);
	if (rc != 0)
		return rc;
	for (i = 0; i < s->n_tables; i++) {
		rc = mdb_dbi_open(txn, s->names[i], MDB_CREATE | key_flags(s),
		    &s->dbis[i]);
		if (rc != 0) {
			mdb_txn_abort(txn);
			return code_of(rc);
		}
	}
	rc = txn_commit(s, txn);
	if (rc == 0)
		s->found = (1u << s->n_tables) - 1;
	return rc;
}

/* ---- open and close */

static bool
mode_is_live(enum store_mode mode)
{
	return mode >= STORE_LIVE_READ;
}

static bool
mode_writes(enum store_mode mode)
{
	return mode != STORE_IMMUTABLE && mode != STORE_LIVE_READ;
}

static int
take_opts(struct store *s, const struct store_opts *opts)
{
	const char *const *name;

	if (mode_writes(opts->mode) && opts->size_max == 0)
		return -EINVAL;
	s->mode = opts->mode;
	s->integer_keys = opts->integer_keys;
	if (opts->tables == NULL) {
		s->n_tables = 1;
		return 0;
	}
	for (name = opts->tables; *name != NULL; name++) {
		if (s->n_tables == STORE_TABLES_MAX)
			return -EINVAL;
		s->names[s->n_tables] = strdup(*name);
		if (s->names[s->n_tables] == NULL)
			return -ENOMEM;
		s->n_tables++;
	}
	return 0;
}

static size_t
round_to_pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

static int
open_env(struct store *s, const char *path, const struct store_opts *opts,
    size_t file_size)
{
	static const unsigned flags[] = {
	    [STORE_IMMUTABLE] = MDB_RDONLY | MDB_NOLOCK,
	    /* no sync until the tables are made: one is enough, at the end */
	    [STORE_NEW] = MDB_NOLOCK | MDB_NOSYNC,
	    [STORE_LIVE_READ] = MDB_RDONLY,
	    [STORE_LIVE_WRITE] = 0,
	    [STORE_LIVE_NOSYNC] = MDB_NOSYNC,
	};
	size_t size = opts->mode == STORE_IMMUTABLE ? file_size
						    : opts->size_max;
	mode_t mode = opts->file_mode != 0 ? opts->file_mode : 0600;
	int rc;

	rc = mdb_env_create(&s->env);
	if (rc == 0 && size != 0)
		rc = mdb_env_set_mapsize(s->env, round_to_pages(size));
	if (rc == 0 && s->names[0] != NULL)
		rc = mdb_env_set_maxdbs(s->env, s->n_tables);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(s->env, READERS_MAX);
	if (rc == 0)
		rc = mdb_env_open(s->env, path,
		    MDB_NOSUBDIR | MDB_NOTLS | flags[opts->mode], mode);
	return code_of(rc);
}

/* The file becomes at least size bytes long; what is new in it is a hole. */
static int
fill_up(struct store *s, size_t size)
{
	struct stat st;
	int fd;

	if (mdb_env_get_fd(s->env, &fd) != 0 || fstat(fd, &st) != 0)
		return -EIO;
	if ((uint64_t)st.st_size >= size)
		return 0;
	return ftruncate(fd, (off_t)size) == 0 ? 0 : -errno;
}

/* Under the write lock: nobody else makes it longer meanwhile. */
static int
reserve_live_file(struct store *s)
{
	MDB_envinfo info;
	MDB_txn *txn;
	int rc;

	rc = txn_begin(s, 0, &txn);
	if (rc != 0)
		return rc;
	mdb_env_info(s->env, &info);
	rc = fill_up(s, info.me_mapsize);
	mdb_txn_abort(txn);
	return rc;
}

/*
 * LMDB writes to its lock file through a mapping: a page without a block would
 * end the process with SIGBUS on a full disk. So the blocks come first; the
 * length stays LMDB's, which knows a new file by it. A file system that cannot
 * do that, or a file that is not ours to write, is left to LMDB.
 */
static int
reserve_lock_file(const char *path, mode_t mode)
{
	char name[PATH_MAX];
	int fd, rc = 0;

	if (snprintf(name, sizeof(name), "%s-lock", path) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, mode);
	if (fd == -1)
		return errno == ENOSPC || errno == EDQUOT ? -ENOSPC : 0;
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, LOCK_FILE_ROOM) == -1 &&
	    (errno == ENOSPC || errno == EDQUOT))
		rc = -ENOSPC;
	close(fd);
	return rc;
}

/* The file holds all the pages that its meta page counts, on disk. */
static int
complete_new_file(struct store *s)
{
	MDB_envinfo info;
	MDB_stat st;
	int fd, rc;

	mdb_env_info(s->env, &info);
	mdb_env_stat(s->env, &st);
	rc = fill_up(s, (info.me_last_pgno + 1) * st.ms_psize);
	if (rc != 0)
		return rc;
	mdb_env_get_fd(s->env, &fd);
	return fsync(fd) == 0 ? 0 : -errno;
}

/*
 * A live file is there whole or not at all: it is made under another name and
 * linked into its place. Half a file, left by a full disk or a kill while LMDB
 * makes it in place, could never be opened again.
 */
static int
make_live_file(const char *path, const struct store_opts *opts)
{
	struct store_opts fresh = *opts;
	char name[PATH_MAX], why[STORE_WHY_MAX];
	struct store *s;
	int rc;

	if (snprintf(name, sizeof(name), "%s.%ld", path, (long)getpid()) >=
	    (int)sizeof(name))
		return -ENAMETOOLONG;
	fresh.mode = STORE_NEW;
	rc = store_open(&s, name, &fresh, why);
	if (rc == 0)
		rc = complete_new_file(s);
	store_close(s);
	if (rc == 0 && link(name, path) == -1 && errno != EEXIST)
		rc = -errno;
	unlink(name);
	return rc;
}

static int
open_store(struct store *s, const char *path, const struct store_opts *opts,
    char *why)
{
	mode_t mode = opts->file_mode != 0 ? opts->file_mode : 0600;
	size_t file_size = 0;
	int rc = 0;

	if (opts->mode == STORE_NEW) {
		if (unlink(path) != 0 && errno != ENOENT)
			return -errno;
	} else {
		rc = store_file_check(path, opts->mode, &file_size, why);
		if (rc != 0)
			return rc;
	}
	if (mode_is_live(s->mode) && mode_writes(s->mode) && file_size == 0)
		rc = make_live_file(path, opts);
	if (rc == 0 && mode_is_live(s->mode))
		rc = reserve_lock_file(path, mode);
	if (rc == 0)
		rc = open_env(s, path, opts, file_size);
	if (rc == 0 && mode_is_live(s->mode))
		rc = code_of(mdb_reader_check(s->env, NULL));
	if (rc == 0 && mode_is_live(s->mode) && mode_writes(s->mode))
		rc = reserve_live_file(s);
	if (rc == 0)
		rc = find_tables(s);
	if (rc == 0 && mode_writes(s->mode) && !all_found(s))
		rc = make_tables(s);
	if (rc == 0 && s->mode == STORE_NEW)
		rc = code_of(mdb_env_set_flags(s->env, MDB_NOSYNC, 0));
	return rc;
}

int
store_open(struct store **out, const char *path, const struct store_opts *opts,
    char *why)
{
	struct store *s;
	int rc = -ENOMEM;

	why[0] = '\0';
	s = calloc(1, sizeof(*s));
	if (s != NULL)
		rc = take_opts(s, opts);
	if (rc == 0)
		rc = open_store(s, path, opts, why);
	if (rc != 0) {
		if (why[0] == '\0')
			snprintf(why, STORE_WHY_MAX, "%s: %s", path,
			    rc == -EBADMSG ? "damaged or of another form"
					   : strerror(-rc));
		store_close(s);
		s = NULL;
	}
	*out = s;
	return rc;
}

void
store_close(struct store *s)
{
	unsigned i;

	if (s == NULL)
		return;
	assert(s->n_views == 0);
	if (s->env != NULL)
		mdb_env_close(s->env);
	for (i = 0; i < s->n_tables; i++)
		free(s->names[i]);
	free(s);
}

int
store_sync(struct store *s)
{
	return code_of(mdb_env_sync(s->env, 1));
}

int
store_usage(struct store_txn *t, struct store_usage *out)
{
	struct store *s = t->store;
	MDB_envinfo info;
	MDB_stat st;
	size_t pages = 2; /* the meta pages */
	unsigned i;
	int rc;

	mdb_env_info(s->env, &info);
	*out = (struct store_usage){.bytes_max = info.me_mapsize};
	rc = mdb_env_stat(s->env, &st);
	if (rc != 0)
		return code_of(rc);
	if (s->names[0] != NULL) /* the list of tables */
		pages += st.ms_branch_pages + st.ms_leaf_pages;
	for (i = 0; i < s->n_tables; i++) {
		if ((t->found & 1u << i) == 0)
			continue;
		rc = mdb_stat(t->txn, s->dbis[i], &st);
		if (rc != 0)
			return code_of(rc);
		pages += st.ms_branch_pages + st.ms_leaf_pages +
		    st.ms_overflow_pages;
		out->entries += st.ms_entries;
	}
	out->bytes_used = pages * st.ms_psize;
	return 0;
}

/* ---- transactions */

/* t->txn stands on a view: make it count, and see tables made meanwhile. */
static int
take_view(struct store_txn *t)
{
	struct store *s = t->store;
	int rc;

	if (s->mode == STORE_LIVE_READ && !all_found(s) &&
	    mdb_txn_id(t->txn) != s->searched_txnid) {
		mdb_txn_reset(t->txn);
		rc = find_tables(s);
		if (rc == 0)
			rc = txn_renew(s, t->txn);
		if (rc != 0)
			return rc;
	}
	t->found = s->found;
	t->is_view = true;
	s->n_views++;
	return 0;
}

int
store_read_begin(struct store *s, struct store_txn **out)
{
	struct store_txn *t;
	int rc;

	*out = NULL;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return -ENOMEM;
	t->store = s;
	rc = txn_begin(s, MDB_RDONLY, &t->txn);
	if (rc != 0) {
		free(t);
		return rc;
	}
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
	rc = txn_renew(t->store, t->txn);
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
	struct store_txn *t;
	int rc;

	*out = NULL;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return -ENOMEM;
	t->store = s;
	t->found = s->found;
	rc = txn_begin(s, 0, &t->txn);
	if (rc != 0) {
		free(t);
		return rc;
	}
	*out = t;
	return 0;
}

int
store_write_commit(struct store_txn *t)
{
	struct store *s = t->store;
	int rc;

	close_cursors(t);
	rc = txn_commit(s, t->txn);
	free(t);
	if (rc == 0 && s->mode == STORE_NEW)
		rc = complete_new_file(s);
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
	return code_of(rc);
}

int
store_put(struct store_txn *t, unsigned table, const void *key, size_t key_len,
    const void *data, size_t len)
{
	MDB_val k = val_of(key, key_len), v = val_of(data, len);

	if (!has_table(t, table))
		return -EINVAL;
	return code_of(mdb_put(t->txn, t->store->dbis[table], &k, &v, 0));
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
	return code_of(rc);
}

int
store_del(struct store_txn *t, unsigned table, const void *key, size_t key_len)
{
	MDB_val k = val_of(key, key_len);

	if (!has_table(t, table))
		return -ENOENT;
	return code_of(mdb_del(t->txn, t->store->dbis[table], &k, NULL));
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
	return code_of(rc);
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
		rc = mdb_cursor_open(t->txn, t->store->dbis[table],
		    &w->cursor);
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
		return code_of(rc);
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
	return code_of(rc);
}

int
store_walk_del(struct store_walk *w)
{
	assert(w->started);
	return code_of(mdb_cursor_del(w->cursor, 0));
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
