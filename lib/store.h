/*
 * LMDB behind one header: environments, transactions, reads, writes and ordered
 * walks. Only lib/store*.c see LMDB's own.
 *
 * Every function that can fail returns 0 or a negative errno value; LMDB's own
 * codes are mapped: MDB_NOTFOUND -ENOENT, MDB_MAP_FULL -ENOSPC, a file that is
 * no LMDB file, of another version or damaged -EBADMSG, the rest as the system
 * gives it. Those that open take a reason buffer of STORE_WHY_MAX bytes.
 *
 * Nothing opened here may live across a fork().
 */
#ifndef LIB_STORE_H
#define LIB_STORE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_WHY_MAX 256
#define STORE_KEY_MAX 511
#define STORE_TABLES_MAX 8

struct store;	  /* an environment: one file, named tables in it */
struct store_txn; /* a transaction: a consistent view, or a set of changes */

struct store_bytes {
	const void *data; /* borrowed until the transaction ends */
	size_t len;
};

enum store_mode {
	/* One file that never changes again: no lock file, read only. */
	STORE_IMMUTABLE,
	/* One new file, replaced if there: no lock file, written once. */
	STORE_NEW,
	/* A live file + "-lock": many processes read, one at a time writes. */
	STORE_LIVE_READ,
	STORE_LIVE_WRITE,
	/* As STORE_LIVE_WRITE, but commits are not synced to disk: a crash of
	 * the process loses nothing, one of the machine can ruin the file. */
	STORE_LIVE_NOSYNC,
};

struct store_opts {
	enum store_mode mode;
	/* Room in bytes the file may grow to; 0: as large as the file is (for
	 * the two that only read). */
	size_t size_max;
	/* Tables, by name, NULL-terminated (copied); NULL: the one unnamed
	 * table. Tables that are missing are made by the modes that write; by
	 * those that read they read as empty. STORE_LIVE_READ looks for them
	 * again with each new view. */
	const char *const *tables;
	/* Keys of 8 bytes in host order, compared as integers (all tables). */
	bool integer_keys;
	mode_t file_mode; /* of files that are made; before umask */
};

/*
 * Opens path. A file that was cut short is refused (-EBADMSG) rather than
 * mapped; one that is missing, or still empty and live, is -ENOENT to those who
 * only read. Readers that died are cleared from a live file's reader table.
 * A process may open a live file only once at a time (LMDB's file locks).
 * A live file is size_max bytes long from the start, with a hole in it.
 */
int store_open(struct store **out, const char *path,
    const struct store_opts *opts, char *why)
    __attribute__((warn_unused_result));
void store_close(struct store *s); /* NULL is fine */

int store_sync(struct store *s); /* for STORE_LIVE_NOSYNC */

struct store_usage {
	size_t bytes_max;  /* size_max, rounded to pages */
	size_t bytes_used; /* live pages; freed ones not counted */
	uint64_t entries;  /* over all tables */
};
int store_usage(struct store_txn *t, struct store_usage *out);

/*
 * Read transactions. store_read_pause() lets go of the view but keeps the
 * object; store_read_resume() takes the newest view, without a system call; if
 * it fails the transaction is paused. Both taking functions return -EBUSY if
 * the file has outgrown the map while another view of this store is held.
 */
int store_read_begin(struct store *s, struct store_txn **out)
    __attribute__((warn_unused_result));
void store_read_pause(struct store_txn *t);
int store_read_resume(struct store_txn *t) __attribute__((warn_unused_result));
void store_read_end(struct store_txn *t); /* NULL is fine */

/*
 * Looks at every page that the view t holds, and at the list of free ones. LMDB
 * trusts the inside of pages: damage there can end the process. Reading and
 * writing a file that passes cannot; what the entries hold is the caller's to
 * check. To open by the names of tables reads pages already: for this, open
 * without. Returns 0, -EBADMSG; -EBUSY if others wrote meanwhile (take a newer
 * view), -ENOMEM, -errno.
 */
int store_check(struct store_txn *t) __attribute__((warn_unused_result));

/* The write transaction: waits until no other process writes. */
int store_write_begin(struct store *s, struct store_txn **out)
    __attribute__((warn_unused_result));
int store_write_commit(struct store_txn *t) /* t is gone in any case */
    __attribute__((warn_unused_result));
void store_write_abort(struct store_txn *t); /* NULL is fine */

/* table is an index into store_opts.tables (0 for the unnamed one). */
int store_get(struct store_txn *t, unsigned table, const void *key,
    size_t key_len, struct store_bytes *out)
    __attribute__((warn_unused_result)); /* -ENOENT */
int store_put(struct store_txn *t, unsigned table, const void *key,
    size_t key_len, const void *data, size_t len)
    __attribute__((warn_unused_result)); /* replaces; -ENOSPC */
/* As store_put(), but gives len bytes of room to fill before the commit. */
int store_reserve(struct store_txn *t, unsigned table, const void *key,
    size_t key_len, size_t len, void **out)
    __attribute__((warn_unused_result));
int store_del(struct store_txn *t, unsigned table, const void *key,
    size_t key_len) __attribute__((warn_unused_result)); /* -ENOENT */

/* The first entry whose key is >= key (memcmp order). -ENOENT at the end. */
int store_seek(struct store_txn *t, unsigned table, const void *key,
    size_t key_len, struct store_bytes *found_key, struct store_bytes *found)
    __attribute__((warn_unused_result));

/*
 * Ordered walk; the cursor lives inside its transaction. key NULL starts at the
 * first entry. store_walk_del() deletes the entry that was just given.
 */
struct store_walk;
int store_walk_begin(struct store_txn *t, unsigned table, const void *key,
    size_t key_len, struct store_walk **out)
    __attribute__((warn_unused_result));
int store_walk_next(struct store_walk *w, struct store_bytes *key,
    struct store_bytes *data) __attribute__((warn_unused_result)); /* -ENOENT */
int store_walk_del(struct store_walk *w) __attribute__((warn_unused_result));
void store_walk_end(struct store_walk *w);

#endif
