/*
 * What opening and transactions share: LMDB's errors, a file that grew, tables
 * that may be missing.
 */
#include "lib/store_lmdb.h"

#include <sys/statvfs.h>

#include <errno.h>
#include <stdint.h>

/* ---- errors */

int
store_code_of(int rc)
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

int
store_txn_begin(struct store *s, unsigned flags, MDB_txn **out)
{
	int rc;

	rc = mdb_txn_begin(s->env, NULL, flags, out);
	if (rc == MDB_MAP_RESIZED) {
		rc = follow_growth(s);
		if (rc == 0)
			rc = mdb_txn_begin(s->env, NULL, flags, out);
	}
	return store_code_of(rc);
}

int
store_txn_renew(struct store *s, MDB_txn *txn)
{
	int rc;

	rc = mdb_txn_renew(txn);
	if (rc == MDB_MAP_RESIZED) {
		rc = follow_growth(s);
		if (rc == 0)
			rc = mdb_txn_renew(txn);
	}
	return store_code_of(rc);
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

int
store_txn_commit(struct store *s, MDB_txn *txn)
{
	int rc = mdb_txn_commit(txn);

	if (rc == EIO && disk_is_full(s))
		rc = ENOSPC;
	return store_code_of(rc);
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
		return store_code_of(rc);
	if ((flags & MDB_INTEGERKEY) == key_flags(s))
		return 0;
	/* the unnamed table of a new file is there before it has its flags */
	if (s->names[table] == NULL && st.ms_entries == 0)
		return -ENOENT;
	return -EBADMSG;
}

int
store_find_tables(struct store *s)
{
	unsigned i, found = s->found;
	MDB_txn *txn;
	int rc;

	rc = store_txn_begin(s, MDB_RDONLY, &txn);
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
	rc = store_txn_commit(s, txn);
	txn = NULL;
	if (rc == 0)
		s->found = found;
out:
	mdb_txn_abort(txn);
	return rc;
}

bool
store_all_found(const struct store *s)
{
	return s->found == (1u << s->n_tables) - 1;
}

int
store_make_tables(struct store *s)
{
	MDB_txn *txn;
	unsigned i;
	int rc;

	rc = store_txn_begin(s, 0, &txn);
	if (rc != 0)
		return rc;
	for (i = 0; i < s->n_tables; i++) {
		rc = mdb_dbi_open(txn, s->names[i], MDB_CREATE | key_flags(s),
		    &s->dbis[i]);
		if (rc != 0) {
			mdb_txn_abort(txn);
			return store_code_of(rc);
		}
	}
	rc = store_txn_commit(s, txn);
	if (rc == 0)
		s->found = (1u << s->n_tables) - 1;
	return rc;
}
