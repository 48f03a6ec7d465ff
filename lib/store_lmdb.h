/*
 * For lib/store*.c: LMDB itself, which nothing else includes, and the ground
 * that opening and transactions share. Functions return 0 or -errno.
 */
#ifndef LIB_STORE_LMDB_H
#define LIB_STORE_LMDB_H

#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/store.h"

struct store {
	MDB_env *env;
	enum store_mode mode;
	bool integer_keys;
	unsigned n_tables;
	char *names[STORE_TABLES_MAX]; /* owned; NULL: the unnamed table */
	MDB_dbi dbis[STORE_TABLES_MAX];
	unsigned found;        /* a bit for each table whose dbi is open */
	size_t searched_txnid; /* the view in which tables were looked for */
	unsigned n_views;      /* read transactions that are not paused */
};

struct store_txn {
	struct store *store;
	MDB_txn *txn;
	bool is_view;   /* a read transaction that is not paused */
	unsigned found; /* tables that this transaction can see */
	MDB_cursor *cursors[STORE_TABLES_MAX]; /* for store_seek() */
	unsigned stale; /* cursors to be renewed before their next use */
};

/* The negative errno value for what LMDB returns; 0 for 0. */
int store_code_of(int rc);

/*
 * Transactions of LMDB's. A file that a writer with a larger size_max let grow
 * is mapped anew; -EBUSY where a view stands in the way.
 */
int store_txn_begin(struct store *s, unsigned flags, MDB_txn **out);
int store_txn_renew(struct store *s, MDB_txn *txn);
int store_txn_commit(struct store *s, MDB_txn *txn); /* txn is gone */

/*
 * Opens the tables that are there, in a transaction of its own: a handle that
 * is opened in a transaction that is reset later would be lost with it.
 * -EBADMSG if the keys of one are others.
 */
int store_find_tables(struct store *s);
bool store_all_found(const struct store *s);
int store_make_tables(struct store *s);

/* STORE_NEW: the file holds all the pages its meta page counts, on disk. */
int store_complete_new_file(struct store *s);

#endif
