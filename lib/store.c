/*
 * LMDB behind a few files (written against 0.9.24); this one opens.
 *
 * What this adds to LMDB: a cut or foreign file is refused before LMDB trusts
 * it (lib/store_file.c); a reader follows a file that grew; tables may be
 * missing; errors are negative errno values.
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

#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/store_file.h"
#include "lib/store_lmdb.h"

#define READERS_MAX 512 /* read transactions over all processes */
#define LOCK_FILE_ROOM (READERS_MAX * 64 + 4096) /* 64 bytes for each of them  \
	                                          */

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
	size_t size =
	    opts->mode == STORE_IMMUTABLE ? file_size : opts->size_max;
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
	return store_code_of(rc);
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

	rc = store_txn_begin(s, 0, &txn);
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

int
store_complete_new_file(struct store *s)
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
		rc = store_complete_new_file(s);
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
		rc = store_code_of(mdb_reader_check(s->env, NULL));
	if (rc == 0 && mode_is_live(s->mode) && mode_writes(s->mode))
		rc = reserve_live_file(s);
	if (rc == 0)
		rc = store_find_tables(s);
	if (rc == 0 && mode_writes(s->mode) && !store_all_found(s))
		rc = store_make_tables(s);
	if (rc == 0 && s->mode == STORE_NEW)
		rc = store_code_of(mdb_env_set_flags(s->env, MDB_NOSYNC, 0));
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
	return store_code_of(mdb_env_sync(s->env, 1));
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
		return store_code_of(rc);
	if (s->names[0] != NULL) /* the list of tables */
		pages += st.ms_branch_pages + st.ms_leaf_pages;
	for (i = 0; i < s->n_tables; i++) {
		if ((t->found & 1u << i) == 0)
			continue;
		rc = mdb_stat(t->txn, s->dbis[i], &st);
		if (rc != 0)
			return store_code_of(rc);
		pages += st.ms_branch_pages + st.ms_leaf_pages +
		    st.ms_overflow_pages;
		out->entries += st.ms_entries;
	}
	out->bytes_used = pages * st.ms_psize;
	return 0;
}
