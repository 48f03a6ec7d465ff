/*
 * lib/store.c: files that never change, and those that are refused.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "tests/unit/stores.h"

/* ---- files that never change */

START_TEST(new_file_is_read_back)
{
	struct store *s = open_mode(unit_path("x"), STORE_NEW);
	struct store_txn *t = write_ok(s);
	struct store_bytes got;
	void *room;

	put(t, 0, "key", "data");
	put(t, 0, "key", "replaced");
	put(t, 1, "key", "");
	ck_assert_int_eq(store_reserve(t, 1, "big", 3, MIB / 2, &room), 0);
	memset(room, 7, MIB / 2);
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);

	s = open_mode(unit_path("x"), STORE_IMMUTABLE);
	t = read_ok(s);
	assert_entry(t, 0, "key", "replaced");
	assert_entry(t, 0, "big", NULL);
	assert_entry(t, 1, "key", "");
	ck_assert_int_eq(store_get(t, 1, "big", 3, &got), 0);
	ck_assert_uint_eq(got.len, MIB / 2);
	ck_assert_int_eq(((const char *)got.data)[MIB / 2 - 1], 7);
	store_read_end(t);
	ck_assert_int_eq(store_write_begin(s, &t), -EACCES);
	ck_assert_ptr_null(t);
	store_close(s);
	ck_assert_int_ne(access(unit_path("x-lock"), F_OK), 0);
}
END_TEST

START_TEST(new_file_replaces)
{
	struct store *s = open_mode(unit_path("x"), STORE_NEW);
	struct store_txn *t;

	put_alone(s, 0, "old", "1");
	store_close(s);
	s = open_mode(unit_path("x"), STORE_NEW);
	put_alone(s, 0, "new", "1");
	store_close(s);
	s = open_mode(unit_path("x"), STORE_IMMUTABLE);
	t = read_ok(s);
	assert_entry(t, 0, "old", NULL);
	assert_entry(t, 0, "new", "1");
	store_read_end(t);
	store_close(s);
}
END_TEST

static void
put_room(struct store_txn *t, const char *key, size_t len)
{
	void *room;

	ck_assert_int_eq(store_reserve(t, 0, key, strlen(key), len, &room), 0);
	memset(room, 1, len);
}

/*
 * LMDB leaves free pages at the end of a file unwritten: here those of a value
 * that is deleted again, when there are free pages from earlier commits.
 */
START_TEST(new_file_is_complete)
{
	struct store *s = open_mode(unit_path("x"), STORE_NEW);
	struct store_txn *t = write_ok(s);
	int i;

	put_room(t, "a", 5 * PAGE);
	ck_assert_int_eq(store_write_commit(t), 0);
	t = write_ok(s);
	ck_assert_int_eq(store_del(t, 0, "a", 1), 0);
	ck_assert_int_eq(store_write_commit(t), 0);
	for (i = 0; i < 3; i++)
		put_alone(s, 0, "b", "1");
	t = write_ok(s);
	put(t, 0, "b", "2");
	put_room(t, "c", 50 * PAGE);
	ck_assert_int_eq(store_del(t, 0, "c", 1), 0);
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
	s = open_mode(unit_path("x"), STORE_IMMUTABLE);
	t = read_ok(s);
	assert_entry(t, 0, "b", "2");
	ck_assert_int_eq(store_del(t, 0, "b", 1), -EACCES);
	store_read_end(t);
	store_close(s);
}
END_TEST

START_TEST(tables_missing_in_an_immutable_file)
{
	struct store_opts opts = {.mode = STORE_NEW, .size_max = MIB,
	    .tables = (const char *const[]){"first", NULL}};
	struct store *s = open_ok(unit_path("x"), &opts);
	struct store_bytes k, v;
	struct store_walk *w;
	struct store_txn *t;

	put_alone(s, 0, "key", "data");
	store_close(s);
	s = open_mode(unit_path("x"), STORE_IMMUTABLE);
	t = read_ok(s);
	assert_entry(t, 0, "key", "data");
	assert_entry(t, 1, "key", NULL);
	assert_seek(t, 1, "", NULL);
	ck_assert_int_eq(store_walk_begin(t, 1, NULL, 0, &w), 0);
	ck_assert_int_eq(store_walk_next(w, &k, &v), -ENOENT);
	store_walk_end(w);
	store_read_end(t);
	store_close(s);
}
END_TEST

/* ---- files that are refused */

static void
write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
}

static void
make_good(const char *path)
{
	struct store *s = open_mode(path, STORE_NEW);

	put_alone(s, 0, "key", "data");
	store_close(s);
}

/* Writes v over the four bytes at pos of a good file. */
static void
make_patched(const char *path, off_t pos, uint32_t v)
{
	int fd;

	make_good(path);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, &v, 4, pos), 4);
	close(fd);
}

static void make_missing(const char *path) { (void)path; }
static void make_empty(const char *path) { write_file(path, "", 0); }
static void make_dir(const char *path) { mkdir(path, 0700); }
static void make_fifo(const char *path) { mkfifo(path, 0600); }
static void
make_text(const char *path)
{
	write_file(path, "<html>not here</html>\n", 22);
}
static void
make_zeros(const char *path)
{
	static const char zeros[4 * PAGE];

	write_file(path, zeros, sizeof(zeros));
}
static void
make_one_byte_short(const char *path)
{
	struct stat st;

	make_good(path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(truncate(path, st.st_size - 1), 0);
}
static void
make_two_pages(const char *path)
{
	make_good(path);
	ck_assert_int_eq(truncate(path, 2 * PAGE), 0);
}
static void
make_one_page(const char *path)
{
	make_good(path);
	ck_assert_int_eq(truncate(path, PAGE), 0);
}
/* offsets into a meta page on 64-bit systems */
static void make_magic(const char *p) { make_patched(p, 16, 1); }
static void make_version(const char *p) { make_patched(p, 20, 2); }
static void make_page_size(const char *p) { make_patched(p, 40, 0); }
static void make_odd_page_size(const char *p) { make_patched(p, 40, 4097); }
static void
make_huge_page_size(const char *p)
{
	make_patched(p, 40, 1u << 31);
}
static void make_page_size_2(const char *p) { make_patched(p, PAGE + 40, 0); }
static void make_last_page(const char *p) { make_patched(p, 136, 1 << 20); }
static void
make_last_page_2(const char *p)
{
	make_patched(p, PAGE + 136, ~0u);
}

static const struct {
	const char *name;
	void (*make)(const char *path);
	int immutable, live_read, live_write;
} file_cases[] = {
    {"good", make_good, 0, 0, 0},
    {"missing", make_missing, -ENOENT, -ENOENT, 0},
    {"empty", make_empty, -EBADMSG, -ENOENT, 0},
    {"folder", make_dir, -EBADMSG, -EBADMSG, -EBADMSG},
    {"fifo", make_fifo, -EBADMSG, -EBADMSG, -EBADMSG},
    {"text", make_text, -EBADMSG, -EBADMSG, -EBADMSG},
    {"zeros", make_zeros, -EBADMSG, -EBADMSG, -EBADMSG},
    {"one byte short", make_one_byte_short, -EBADMSG, -EBADMSG, -EBADMSG},
    {"two pages left", make_two_pages, -EBADMSG, -EBADMSG, -EBADMSG},
    {"one page left", make_one_page, -EBADMSG, -EBADMSG, -EBADMSG},
    {"magic", make_magic, -EBADMSG, -EBADMSG, -EBADMSG},
    {"version", make_version, -EBADMSG, -EBADMSG, -EBADMSG},
    {"page size 0", make_page_size, -EBADMSG, -EBADMSG, -EBADMSG},
    {"odd page size", make_odd_page_size, -EBADMSG, -EBADMSG, -EBADMSG},
    {"huge page size", make_huge_page_size, -EBADMSG, -EBADMSG, -EBADMSG},
    {"page size 0, second", make_page_size_2, -EBADMSG, -EBADMSG, -EBADMSG},
    {"last page", make_last_page, -EBADMSG, -EBADMSG, -EBADMSG},
    {"last page, second", make_last_page_2, -EBADMSG, -EBADMSG, -EBADMSG},
};

START_TEST(files_are_checked)
{
	const struct {
		enum store_mode mode;
		int want;
	} runs[] = {
	    {STORE_IMMUTABLE, file_cases[_i].immutable},
	    {STORE_LIVE_READ, file_cases[_i].live_read},
	    {STORE_LIVE_WRITE, file_cases[_i].live_write},
	};
	struct store_opts opts = {.size_max = MIB, .tables = two_tables};
	char why[STORE_WHY_MAX], file[64];
	struct store *s;
	size_t i;
	int rc;

	for (i = 0; i < UNIT_COUNT(runs); i++) {
		snprintf(file, sizeof(file), "case%d-%zu", _i, i);
		file_cases[_i].make(unit_path(file));
		opts.mode = runs[i].mode;
		rc = store_open(&s, unit_path(file), &opts, why);
		ck_assert_msg(rc == runs[i].want, "%s, mode %d: %d %s",
		    file_cases[_i].name, runs[i].mode, rc, why);
		ck_assert_int_eq(s != NULL, rc == 0);
		if (rc != 0) /* the reason starts with the file */
			ck_assert_ptr_nonnull(strstr(why, file));
		store_close(s);
	}
}
END_TEST

START_TEST(options_are_checked)
{
	static const char *const nine[] = {"1", "2", "3", "4", "5", "6", "7",
	    "8", "9", NULL};
	struct store_opts opts = {.mode = STORE_LIVE_WRITE};
	char why[STORE_WHY_MAX];
	struct store *s;

	ck_assert_int_eq(store_open(&s, unit_path("x"), &opts, why), -EINVAL);
	opts.size_max = MIB;
	opts.tables = nine;
	ck_assert_int_eq(store_open(&s, unit_path("x"), &opts, why), -EINVAL);
	opts.tables = nine + 1;
	store_close(open_ok(unit_path("x"), &opts));
}
END_TEST

START_TEST(other_keys_are_refused)
{
	struct store_opts opts = {.mode = STORE_LIVE_WRITE, .size_max = MIB,
	    .integer_keys = true};
	const char *const *tables[] = {NULL, two_tables};
	const char *const files[] = {"unnamed", "named"};
	char why[STORE_WHY_MAX];
	struct store *s;
	struct store_txn *t;
	uint64_t key = 1;
	size_t i;

	for (i = 0; i < UNIT_COUNT(tables); i++) {
		opts.tables = tables[i];
		opts.integer_keys = true;
		s = open_ok(unit_path(files[i]), &opts);
		t = write_ok(s);
		ck_assert_int_eq(store_put(t, 0, &key, 8, "", 0), 0);
		ck_assert_int_eq(store_write_commit(t), 0);
		store_close(s);
		opts.integer_keys = false;
		ck_assert_int_eq(store_open(&s, unit_path(files[i]), &opts,
		    why), -EBADMSG);
	}
}
END_TEST

UNIT_MAIN("store_files", UNIT_ONCE(new_file_is_read_back),
    UNIT_ONCE(new_file_replaces), UNIT_ONCE(new_file_is_complete),
    UNIT_ONCE(tables_missing_in_an_immutable_file),
    UNIT_EACH(files_are_checked, file_cases), UNIT_ONCE(options_are_checked),
    UNIT_ONCE(other_keys_are_refused))
