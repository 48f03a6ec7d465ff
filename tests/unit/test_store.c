/*
 * lib/store.c and lib/store_file.c. LMDB allows a process to open a file once,
 * so the other side of a live file is a process of its own, the peer. It takes
 * one step at a time, and is started before anything is opened.
 */
#include <sys/stat.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "lib/store.h"
#include "tests/unit/unit.h"

#define MIB (1u << 20)
#define PAGE 4096u

static const char *const two_tables[] = {"first", "second", NULL};

static struct store *
open_ok(const char *path, const struct store_opts *opts)
{
	char why[STORE_WHY_MAX];
	struct store *s;
	int rc = store_open(&s, path, opts, why);

	ck_assert_msg(rc == 0, "%s", why);
	return s;
}

static struct store *
open_mode(const char *path, enum store_mode mode)
{
	return open_ok(path, &(struct store_opts){.mode = mode,
				 .size_max = MIB,
				 .tables = two_tables});
}

static struct store_txn *
read_ok(struct store *s)
{
	struct store_txn *t;

	ck_assert_int_eq(store_read_begin(s, &t), 0);
	return t;
}

static struct store_txn *
write_ok(struct store *s)
{
	struct store_txn *t;

	ck_assert_int_eq(store_write_begin(s, &t), 0);
	return t;
}

static void
put(struct store_txn *t, unsigned table, const char *key, const char *data)
{
	ck_assert_int_eq(store_put(t, table, key, strlen(key), data,
	    strlen(data)), 0);
}

/* A change in a transaction of its own. */
static void
put_alone(struct store *s, unsigned table, const char *key, const char *data)
{
	struct store_txn *t = write_ok(s);

	put(t, table, key, data);
	ck_assert_int_eq(store_write_commit(t), 0);
}

/* want NULL: there must be none */
static void
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

static void
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

/* ---- the peer */

struct peer {
	pid_t pid;
	int fd[2]; /* ours: steps out, answers in */
};

typedef void peer_fn(int step);

static struct peer
peer_start(peer_fn *fn)
{
	struct peer p;
	int to[2], from[2];
	char step;

	ck_assert_int_eq(pipe(to), 0);
	ck_assert_int_eq(pipe(from), 0);
	p.pid = fork();
	ck_assert_int_ge(p.pid, 0);
	if (p.pid == 0) {
		close(to[1]);
		close(from[0]);
		while (read(to[0], &step, 1) == 1) {
			fn(step);
			if (write(from[1], "", 1) != 1)
				break;
		}
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	p.fd[0] = from[0];
	p.fd[1] = to[1];
	return p;
}

/* Returns false if the peer ended instead of answering. */
static bool
peer_step(struct peer *p, char step)
{
	char c;

	return write(p->fd[1], &step, 1) == 1 && read(p->fd[0], &c, 1) == 1;
}

static void
peer_end(struct peer *p, int want_signal)
{
	int status;

	close(p->fd[1]);
	close(p->fd[0]);
	ck_assert_int_eq(waitpid(p->pid, &status, 0), p->pid);
	if (want_signal != 0)
		ck_assert_int_eq(WTERMSIG(status), want_signal);
	else
		ck_assert_int_eq(status, 0);
}

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
static void make_huge_page_size(const char *p) { make_patched(p, 40, 1u << 31); }
static void make_page_size_2(const char *p) { make_patched(p, PAGE + 40, 0); }
static void make_last_page(const char *p) { make_patched(p, 136, 1 << 20); }
static void make_last_page_2(const char *p) { make_patched(p, PAGE + 136, ~0u); }

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

/* ---- two processes */

static void
put_step(int step)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t = write_ok(s);
	char data[2] = {(char)step, '\0'};

	put(t, 0, "key", data);
	put(t, 1, data, "");
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
}

START_TEST(readers_see_commits_when_they_resume)
{
	struct peer p = peer_start(put_step);
	struct store *s;
	struct store_txn *t;

	ck_assert(peer_step(&p, 'b'));
	s = open_mode(unit_path("x"), STORE_LIVE_READ);
	t = read_ok(s);
	assert_entry(t, 0, "key", "b");
	assert_seek(t, 1, "a", "b");
	ck_assert(peer_step(&p, 'a'));
	assert_entry(t, 0, "key", "b"); /* the view stays */
	assert_seek(t, 1, "a", "b");
	store_read_pause(t);
	store_read_pause(t); /* once more is fine */
	ck_assert_int_eq(store_read_resume(t), 0);
	assert_entry(t, 0, "key", "a");
	assert_seek(t, 1, "a", "a"); /* with the cursor of the old view */
	ck_assert(peer_step(&p, 'c'));
	ck_assert_int_eq(store_read_resume(t), 0); /* without a pause */
	assert_entry(t, 0, "key", "c");
	store_read_end(t);
	store_close(s);
	peer_end(&p, 0);
}
END_TEST

static void
make_tables_in_turn(int step)
{
	static const char *const one[] = {"first", NULL};
	struct store *s = open_ok(unit_path("x"), &(struct store_opts){
	    .mode = STORE_LIVE_WRITE, .size_max = MIB,
	    .tables = step == 1 ? one : two_tables});

	put_alone(s, step == 3 ? 1 : 0, "key", "data");
	store_close(s);
}

START_TEST(tables_made_later_are_found)
{
	struct peer p = peer_start(make_tables_in_turn);
	struct store *s;
	struct store_txn *t, *held;

	ck_assert(peer_step(&p, 1));
	s = open_mode(unit_path("x"), STORE_LIVE_READ);
	t = read_ok(s);
	held = read_ok(s);
	assert_entry(t, 0, "key", "data");
	assert_entry(t, 1, "key", NULL);
	ck_assert(peer_step(&p, 2)); /* makes the table, puts nothing in it */
	store_read_pause(t);
	ck_assert_int_eq(store_read_resume(t), 0);
	assert_entry(t, 1, "key", NULL);
	assert_entry(held, 1, "key", NULL); /* not in this view */
	assert_seek(held, 1, "key", NULL);
	ck_assert(peer_step(&p, 3));
	ck_assert_int_eq(store_read_resume(t), 0);
	assert_entry(t, 1, "key", "data");
	assert_entry(held, 1, "key", NULL);
	ck_assert_int_eq(store_read_resume(held), 0);
	assert_entry(held, 1, "key", "data");
	store_read_end(held);
	store_read_end(t);
	t = read_ok(s);
	assert_entry(t, 1, "key", "data");
	store_read_end(t);
	store_close(s);
	peer_end(&p, 0);
}
END_TEST

static void
grow(int step)
{
	struct store *s = open_ok(unit_path("x"), &(struct store_opts){
	    .mode = STORE_LIVE_WRITE, .size_max = (size_t)step * 2 * MIB,
	    .tables = two_tables});
	struct store_txn *t = write_ok(s);
	void *room;
	char key[2] = {(char)step, '\0'};

	ck_assert_int_eq(store_reserve(t, 0, key, 1, (size_t)(step - 1) * MIB,
	    &room), 0);
	memset(room, step, (size_t)(step - 1) * MIB);
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
}

START_TEST(readers_follow_a_file_that_grows)
{
	struct peer p = peer_start(grow);
	struct store *s;
	struct store_txn *t, *held;
	struct store_bytes got;

	ck_assert(peer_step(&p, 2));
	s = open_ok(unit_path("x"), &(struct store_opts){
	    .mode = STORE_LIVE_READ, .tables = two_tables});
	t = read_ok(s);
	held = read_ok(s);
	ck_assert(peer_step(&p, 20));
	store_read_pause(t);
	ck_assert_int_eq(store_read_resume(t), -EBUSY);
	ck_assert_int_eq(store_get(held, 0, "\2", 1, &got), 0);
	ck_assert_int_eq(((const char *)got.data)[got.len - 1], 2);
	store_read_end(held);
	ck_assert_int_eq(store_read_resume(t), 0);
	ck_assert_int_eq(store_get(t, 0, "\24", 1, &got), 0);
	ck_assert_uint_eq(got.len, 19 * MIB);
	ck_assert_int_eq(((const char *)got.data)[got.len - 1], 20);
	store_read_end(t);
	ck_assert(peer_step(&p, 60));
	t = read_ok(s);
	ck_assert_int_eq(store_get(t, 0, "\74", 1, &got), 0);
	ck_assert_uint_eq(got.len, 59 * MIB);
	store_read_end(t);
	store_close(s);
	peer_end(&p, 0);
}
END_TEST

static void
die_while_writing(int step)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t = write_ok(s);

	(void)step;
	put(t, 0, "half", "1");
	raise(SIGKILL);
	store_write_abort(t);
	store_close(s);
}

START_TEST(dead_writer_holds_nobody_up)
{
	struct peer p = peer_start(die_while_writing);
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t;

	put_alone(s, 0, "before", "1");
	ck_assert(!peer_step(&p, 1));
	peer_end(&p, SIGKILL);
	put_alone(s, 0, "after", "1");
	t = read_ok(s);
	assert_entry(t, 0, "before", "1");
	assert_entry(t, 0, "half", NULL);
	assert_entry(t, 0, "after", "1");
	store_read_end(t);
	store_close(s);
}
END_TEST

static void
hold_open(int step)
{
	(void)step;
	open_mode(unit_path("x"), STORE_LIVE_WRITE);
}

static void
die_while_reading(int step)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_READ);
	struct store_txn *t = read_ok(s);

	(void)step;
	raise(SIGKILL);
	store_read_end(t);
	store_close(s);
}

/*
 * Pages that a reader may see are not used again. The table of readers is made
 * anew when nobody has the file open; so one more process does.
 */
START_TEST(dead_readers_hold_no_room)
{
	struct peer p = peer_start(die_while_reading);
	struct peer holder = peer_start(hold_open);
	struct store *s;
	struct store_txn *t;
	void *room;
	int i, rc = 0;

	ck_assert(peer_step(&holder, 1));
	ck_assert(!peer_step(&p, 1));
	peer_end(&p, SIGKILL);
	s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	for (i = 0; rc == 0 && i < 50; i++) {
		t = write_ok(s);
		rc = store_reserve(t, 0, "a", 1, MIB / 8, &room);
		if (rc == 0) {
			memset(room, i, MIB / 8);
			rc = store_write_commit(t);
		} else {
			store_write_abort(t);
		}
	}
	ck_assert_int_eq(rc, 0);
	store_close(s);
	peer_end(&holder, 0);
}
END_TEST

START_TEST(nosync_file_is_synced_on_demand)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_NOSYNC);

	put_alone(s, 0, "a", "1");
	ck_assert_int_eq(store_sync(s), 0);
	store_close(s);
}
END_TEST

UNIT_MAIN("store", UNIT_ONCE(new_file_is_read_back),
    UNIT_ONCE(new_file_replaces), UNIT_ONCE(new_file_is_complete),
    UNIT_ONCE(tables_missing_in_an_immutable_file),
    UNIT_EACH(files_are_checked, file_cases), UNIT_ONCE(options_are_checked),
    UNIT_ONCE(other_keys_are_refused), UNIT_ONCE(keys_have_limits),
    UNIT_ONCE(abort_leaves_nothing), UNIT_ONCE(seeks),
    UNIT_ONCE(integer_keys_are_in_numeric_order),
    UNIT_ONCE(walks_are_in_order), UNIT_EACH(walks_can_delete, every),
    UNIT_ONCE(full_store), UNIT_ONCE(usage_counts_live_pages),
    UNIT_ONCE(live_file_has_its_length), UNIT_ONCE(file_modes),
    UNIT_ONCE(readers_see_commits_when_they_resume),
    UNIT_ONCE(tables_made_later_are_found),
    UNIT_ONCE(readers_follow_a_file_that_grows),
    UNIT_ONCE(dead_writer_holds_nobody_up),
    UNIT_ONCE(dead_readers_hold_no_room),
    UNIT_ONCE(nosync_file_is_synced_on_demand))
