/*
 * lib/store.c: entries and room. Files are in test_store_files.c, what several
 * processes see in test_store_peers.c.
 */
#include <sys/stat.h>

#include <errno.h>

#include "tests/unit/stores.h"

/* ---- entries */

START_TEST(keys_have_limits)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t = write_ok(s);
	char key[STORE_KEY_MAX + 1] = "";
	struct store_bytes got;
	void *room;

	ck_assert_int_eq(store_put(t, 0, key, STORE_KEY_MAX, "", 0), 0);
	ck_assert_int_eq(store_put(t, 0, key, STORE_KEY_MAX + 1, "", 0),
	    -EINVAL);
	ck_assert_int_eq(store_put(t, 0, key, 0, "", 0), -EINVAL);
	ck_assert_int_eq(store_reserve(t, 0, key, 0, 1, &room), -EINVAL);
	ck_assert_int_eq(store_get(t, 0, key, STORE_KEY_MAX, &got), 0);
	store_write_abort(t);
	store_close(s);
}
END_TEST

START_TEST(abort_leaves_nothing)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t;

	put_alone(s, 0, "a", "1");
	t = write_ok(s);
	put(t, 0, "b", "2");
	ck_assert_int_eq(store_del(t, 0, "a", 1), 0);
	ck_assert_int_eq(store_del(t, 0, "a", 1), -ENOENT);
	assert_entry(t, 0, "a", NULL);
	store_write_abort(t);
	t = read_ok(s);
	assert_entry(t, 0, "a", "1");
	assert_entry(t, 0, "b", NULL);
	store_read_end(t);
	store_close(s);
}
END_TEST

START_TEST(seeks)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t = write_ok(s);

	assert_seek(t, 0, "b", NULL);
	put(t, 0, "b", "");
	put(t, 0, "bb", "");
	put(t, 0, "d", "");
	assert_seek(t, 0, "a", "b");
	assert_seek(t, 0, "b", "b");
	assert_seek(t, 0, "ba", "bb");
	assert_seek(t, 0, "c", "d");
	assert_seek(t, 0, "e", NULL);
	assert_seek(t, 1, "a", NULL);
	put(t, 0, "c", ""); /* the cursor that is kept sees it */
	assert_seek(t, 0, "bc", "c");
	ck_assert_int_eq(store_del(t, 0, "c", 1), 0);
	assert_seek(t, 0, "bc", "d");
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
}
END_TEST

START_TEST(integer_keys_are_in_numeric_order)
{
	struct store_opts opts = {.mode = STORE_LIVE_WRITE, .size_max = MIB,
	    .integer_keys = true};
	const uint64_t keys[] = {0, 1, 255, 256, 0x100000000, UINT64_MAX};
	struct store *s = open_ok(unit_path("x"), &opts);
	struct store_txn *t = write_ok(s);
	struct store_bytes k, v;
	struct store_walk *w;
	uint64_t key;
	size_t i;

	for (i = UNIT_COUNT(keys); i-- > 0;)
		ck_assert_int_eq(store_put(t, 0, &keys[i], 8, "", 0), 0);
	ck_assert_int_eq(store_walk_begin(t, 0, NULL, 0, &w), 0);
	for (i = 0; i < UNIT_COUNT(keys); i++) {
		ck_assert_int_eq(store_walk_next(w, &k, &v), 0);
		ck_assert_mem_eq(k.data, &keys[i], 8);
	}
	store_walk_end(w);
	key = 257;
	ck_assert_int_eq(store_seek(t, 0, &key, 8, &k, &v), 0);
	ck_assert_mem_eq(k.data, &keys[4], 8);
	store_write_abort(t);
	store_close(s);
}
END_TEST

#define MANY 5000

static void
put_many(struct store *s)
{
	struct store_txn *t = write_ok(s);
	char key[16];
	int i;

	for (i = MANY - 1; i >= 0; i--) {
		snprintf(key, sizeof(key), "%05d", i);
		put(t, 0, key, key + 1);
	}
	ck_assert_int_eq(store_write_commit(t), 0);
}

START_TEST(walks_are_in_order)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_bytes k, v;
	struct store_walk *w;
	struct store_txn *t;
	char key[16];
	int i;

	put_many(s);
	t = read_ok(s);
	ck_assert_int_eq(store_walk_begin(t, 0, "01", 2, &w), 0);
	for (i = 1000; i < MANY; i++) {
		snprintf(key, sizeof(key), "%05d", i);
		ck_assert_int_eq(store_walk_next(w, &k, &v), 0);
		ck_assert_mem_eq(k.data, key, 5);
		ck_assert_mem_eq(v.data, key + 1, 4);
	}
	ck_assert_int_eq(store_walk_next(w, &k, &v), -ENOENT);
	ck_assert_int_eq(store_walk_next(w, &k, &v), -ENOENT);
	store_walk_end(w);
	ck_assert_int_eq(store_walk_begin(t, 0, "1", 1, &w), 0);
	ck_assert_int_eq(store_walk_next(w, &k, &v), -ENOENT);
	store_walk_end(w);
	store_read_end(t);
	store_close(s);
}
END_TEST

/* Every entry is met once, whatever was deleted: row _i is each n-th. */
static const int every[] = {1, 2, 3, 7, 4999};

START_TEST(walks_can_delete)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_bytes k, v;
	struct store_walk *w;
	struct store_usage usage;
	struct store_txn *t;
	char key[16];
	int i, gone = 0;

	put_many(s);
	t = write_ok(s);
	ck_assert_int_eq(store_walk_begin(t, 0, NULL, 0, &w), 0);
	for (i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "%05d", i);
		ck_assert_int_eq(store_walk_next(w, &k, &v), 0);
		ck_assert_mem_eq(k.data, key, 5);
		if (i % every[_i] == 0) {
			ck_assert_int_eq(store_walk_del(w), 0);
			gone++;
		}
	}
	ck_assert_int_eq(store_walk_next(w, &k, &v), -ENOENT);
	store_walk_end(w);
	ck_assert_int_eq(store_usage(t, &usage), 0);
	ck_assert_uint_eq(usage.entries, (unsigned)(MANY - gone));
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
}
END_TEST

/* ---- room */

START_TEST(full_store)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t;
	struct store_usage usage;
	char data[1000] = "";
	uint32_t i;
	int rc = 0;

	put_alone(s, 0, "before", "1");
	t = write_ok(s);
	for (i = 0; rc == 0 && i < 2000; i++)
		rc = store_put(t, 1, &i, sizeof(i), data, sizeof(data));
	ck_assert_int_eq(rc, -ENOSPC);
	ck_assert_int_ne(store_write_commit(t), 0); /* not half of it */
	put_alone(s, 0, "after", "1");
	t = read_ok(s);
	assert_entry(t, 0, "before", "1");
	assert_entry(t, 0, "after", "1");
	ck_assert_int_eq(store_usage(t, &usage), 0);
	ck_assert_uint_eq(usage.entries, 2);
	ck_assert_uint_eq(usage.bytes_max, MIB);
	store_read_end(t);
	store_close(s);
}
END_TEST

START_TEST(usage_counts_live_pages)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t = write_ok(s);
	struct store_usage before, full, after;
	void *room;

	ck_assert_int_eq(store_usage(t, &before), 0);
	ck_assert_int_eq(store_reserve(t, 0, "a", 1, MIB / 2, &room), 0);
	ck_assert_int_eq(store_usage(t, &full), 0);
	ck_assert_int_eq(store_del(t, 0, "a", 1), 0);
	ck_assert_int_eq(store_usage(t, &after), 0);
	ck_assert_uint_ge(full.bytes_used - before.bytes_used, MIB / 2);
	ck_assert_uint_le(full.bytes_used, full.bytes_max);
	ck_assert_uint_eq(after.bytes_used, before.bytes_used);
	store_write_abort(t);
	store_close(s);
}
END_TEST

/* So that no file of ours looks cut short, whatever was committed. */
START_TEST(live_file_has_its_length)
{
	struct store_opts opts = {.mode = STORE_LIVE_WRITE, .size_max = MIB};
	struct stat st;

	store_close(open_ok(unit_path("x"), &opts));
	ck_assert_int_eq(stat(unit_path("x"), &st), 0);
	ck_assert_uint_eq((size_t)st.st_size, MIB);
	ck_assert_uint_lt((size_t)st.st_blocks * 512, MIB / 4);
	opts.size_max = 2 * MIB;
	store_close(open_ok(unit_path("x"), &opts));
	opts.size_max = MIB;
	store_close(open_ok(unit_path("x"), &opts)); /* never shorter */
	ck_assert_int_eq(stat(unit_path("x"), &st), 0);
	ck_assert_uint_eq((size_t)st.st_size, 2 * MIB);
}
END_TEST

START_TEST(file_modes)
{
	struct store_opts opts = {.mode = STORE_LIVE_WRITE, .size_max = MIB,
	    .file_mode = 0660};
	struct stat st;

	umask(022);
	store_close(open_ok(unit_path("x"), &opts));
	ck_assert_int_eq(stat(unit_path("x"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	ck_assert_int_eq(stat(unit_path("x-lock"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
}
END_TEST

UNIT_MAIN("store", UNIT_ONCE(keys_have_limits), UNIT_ONCE(abort_leaves_nothing),
    UNIT_ONCE(seeks), UNIT_ONCE(integer_keys_are_in_numeric_order),
    UNIT_ONCE(walks_are_in_order), UNIT_EACH(walks_can_delete, every),
    UNIT_ONCE(full_store), UNIT_ONCE(usage_counts_live_pages),
    UNIT_ONCE(live_file_has_its_length), UNIT_ONCE(file_modes))
