/*
 * For tests of lib/store.c: opening, and a change or a look in one line.
 */
#ifndef TESTS_UNIT_STORES_H
#define TESTS_UNIT_STORES_H

#include <errno.h>
#include <string.h>

#include "lib/store.h"
#include "tests/unit/unit.h"

#define MIB (1u << 20)
#define PAGE 4096u

static const char *const two_tables[] = {"first", "second", NULL};

__attribute__((unused)) static struct store *
open_ok(const char *path, const struct store_opts *opts)
{
	char why[STORE_WHY_MAX];
	struct store *s;
	int rc = store_open(&s, path, opts, why);

	ck_assert_msg(rc == 0, "%s", why);
	return s;
}

__attribute__((unused)) static struct store *
open_mode(const char *path, enum store_mode mode)
{
	return open_ok(path, &(struct store_opts){.mode = mode,
				 .size_max = MIB,
				 .tables = two_tables});
}

__attribute__((unused)) static struct store_txn *
read_ok(struct store *s)
{
	struct store_txn *t;

	ck_assert_int_eq(store_read_begin(s, &t), 0);
	return t;
}

__attribute__((unused)) static struct store_txn *
write_ok(struct store *s)
{
	struct store_txn *t;

	ck_assert_int_eq(store_write_begin(s, &t), 0);
	return t;
}

__attribute__((unused)) static void
put(struct store_txn *t, unsigned table, const char *key, const char *data)
{
	ck_assert_int_eq(store_put(t, table, key, strlen(key), data,
	    strlen(data)), 0);
}

/* A change in a transaction of its own. */
__attribute__((unused)) static void
put_alone(struct store *s, unsigned table, const char *key, const char *data)
{
	struct store_txn *t = write_ok(s);

	put(t, table, key, data);
	ck_assert_int_eq(store_write_commit(t), 0);
}

/* want NULL: there must be none */
__attribute__((unused)) static void
assert_entry(struct store_txn *t, unsigned table, const char *key,
    const char *want)
{
	struct store_bytes got;
	int rc = store_get(t, table, key, strlen(key), &got);

	ck_assert_int_eq(rc, want != NULL ? 0 : -ENOENT);
	if (want == NULL)
		return;
	ck_assert_uint_eq(got.len, strlen(want));
	ck_assert_mem_eq(got.data, want, got.len);
}

__attribute__((unused)) static void
assert_seek(struct store_txn *t, unsigned table, const char *key,
    const char *want)
{
	struct store_bytes got, data;
	int rc = store_seek(t, table, key, strlen(key), &got, &data);

	ck_assert_int_eq(rc, want != NULL ? 0 : -ENOENT);
	if (want == NULL)
		return;
	ck_assert_uint_eq(got.len, strlen(want));
	ck_assert_mem_eq(got.data, want, got.len);
}

#endif
