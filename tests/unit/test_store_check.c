/* lib/store_check.c by way of store_check(): files that are sound, and not. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/store.h"
#include "lib/store_format.h"
#include "tests/unit/unit.h"

#define MIB (1u << 20)
#define PAGE 4096u

static const char *const two_tables[] = {"first", "second", NULL};

static const struct file_case {
	const char *name;
	const char *const *tables;
	bool integer_keys;
	unsigned n;              /* entries */
	size_t shortest, longer; /* lengths of their data: a range */
	unsigned rounds;         /* of replacing and deleting */
} file_cases[] = {
    {"empty", NULL, false, 0, 0, 0, 0},
    {"one entry", NULL, false, 1, 10, 0, 0},
    {"a tree of three levels", NULL, false, 4000, 100, 50, 0},
    {"integer keys", NULL, true, 8000, 50, 10, 0},
    {"large values", NULL, true, 20, 3000, 20000, 0},
    {"two tables", two_tables, false, 1000, 20, 300, 0},
    {"two empty tables", two_tables, false, 0, 0, 0, 0},
    {"pages freed and used again", NULL, true, 1500, 100, 3000, 30},
    {"the same in tables", two_tables, false, 400, 100, 5000, 30},
};

static struct store *
open_file(const char *path, const struct file_case *f)
{
	const struct store_opts opts = {.mode = STORE_LIVE_NOSYNC,
	    .size_max = 8 * MIB,
	    .tables = f->tables,
	    .integer_keys = f->integer_keys};
	char why[STORE_WHY_MAX];
	struct store *s;

	return store_open(&s, path, &opts, why) == 0 ? s : NULL;
}

/* Before anything is read from it: without its tables. */
static int
check_file(const char *path, const struct file_case *f)
{
	const struct store_opts opts = {.mode = STORE_LIVE_READ,
	    .integer_keys = f->tables == NULL && f->integer_keys};
	char why[STORE_WHY_MAX];
	struct store_txn *t;
	struct store *s;
	int rc;

	rc = store_open(&s, path, &opts, why);
	if (rc != 0)
		return rc;
	ck_assert_int_eq(store_read_begin(s, &t), 0);
	rc = store_check(t);
	store_read_end(t);
	store_close(s);
	return rc;
}

static size_t
make_key(const struct file_case *f, unsigned i, char *key)
{
	uint64_t k = i * 0x9e3779b97f4a7c15ull;

	if (!f->integer_keys)
		return (size_t)sprintf(key, "key %u", i);
	memcpy(key, &k, sizeof(k));
	return sizeof(k);
}

/* Writes or deletes entries by a rule that differs from round to round. */
static int
write_round(struct store *s, const struct file_case *f, unsigned round)
{
	static const char data[32768];
	struct store_txn *t;
	char key[32];
	int rc;

	rc = store_write_begin(s, &t);
	for (unsigned i = 0; i < f->n && rc == 0; i++) {
		size_t len = make_key(f, i, key);
		unsigned table = f->tables != NULL ? i % 2 : 0;

		if ((i + round) % 7 == 1 && round > 0) {
			rc = store_del(t, table, key, len);
			rc = rc == -ENOENT ? 0 : rc;
		} else if (round == 0 || (i + round) % 5 == 0) {
			rc = store_put(t, table, key, len, data,
			    f->shortest +
				(f->longer ? i * (round + 1) % f->longer : 0));
		}
	}
	if (rc == 0)
		return store_write_commit(t);
	store_write_abort(t);
	return rc;
}

static void
read_all(struct store_txn *t, const struct file_case *f)
{
	struct store_bytes k, v;
	struct store_walk *w;
	char key[32];

	for (unsigned table = 0; table < (f->tables != NULL ? 2 : 1); table++) {
		if (store_walk_begin(t, table, NULL, 0, &w) != 0)
			continue;
		while (store_walk_next(w, &k, &v) == 0)
			continue;
		store_walk_end(w);
		for (unsigned i = 0; i < f->n; i++)
			(void)!store_get(
			    t, table, key, make_key(f, i, key), &v);
	}
}

/* Each case in a file of its own, as it is after each round. */
START_TEST(test_sound)
{
	const struct file_case *f = &file_cases[_i];
	const char *path = unit_path(f->name);
	struct store *s;

	for (unsigned round = 0; round <= f->rounds; round++) {
		s = open_file(path, f);
		ck_assert_ptr_nonnull(s);
		ck_assert_int_eq(write_round(s, f, round), 0);
		store_close(s);
		ck_assert_msg(
		    check_file(path, f) == 0, "%s, round %u", f->name, round);
	}
}
END_TEST

START_TEST(test_old_view)
{
	const struct file_case *f = &file_cases[3];
	struct store *s = open_file(unit_path("old view"), f);
	struct store_txn *t;

	ck_assert_int_eq(write_round(s, f, 0), 0);
	ck_assert_int_eq(store_read_begin(s, &t), 0);
	ck_assert_int_eq(write_round(s, f, 1), 0);
	ck_assert_int_eq(store_check(t), 0);
	ck_assert_int_eq(write_round(s, f, 2), 0);
	ck_assert_int_eq(store_check(t), -EBUSY); /* its meta page is gone */
	ck_assert_int_eq(store_read_resume(t), 0);
	ck_assert_int_eq(store_check(t), 0);
	store_read_end(t);
	store_close(s);
}
END_TEST

/* A file that passed. */
static void
use(const char *path, const struct file_case *f, unsigned round)
{
	struct store *s = open_file(path, f);
	struct store_txn *t;
	int rc;

	if (s == NULL)
		return;
	ck_assert_int_eq(store_read_begin(s, &t), 0);
	read_all(t, f);
	store_read_end(t);
	rc = write_round(s, f, round);
	store_close(s);
	if (rc == 0)
		ck_assert_int_eq(check_file(path, f), 0);
}

/*
 * Bytes change in what each case leaves behind, most of them where pages and
 * nodes begin. What passes can be read, written and checked again.
 */
START_TEST(test_damaged)
{
	const struct file_case *f = &file_cases[_i];
	const char *path = unit_path("damaged");
	size_t used = 2 * PAGE;
	unsigned refused = 0;
	uint8_t *good = malloc(8 * MIB);
	struct store *s = open_file(path, f);
	int fd;

	for (unsigned round = 0; round <= f->rounds; round++)
		ck_assert_int_eq(write_round(s, f, round), 0);
	store_close(s);
	fd = open(path, O_RDWR);
	ck_assert_int_eq(pread(fd, good, 8 * MIB, 0), 8 * MIB);
	for (size_t i = 0; i < 8 * MIB; i++)
		if (good[i] != 0)
			used = i + 1;
	srand((unsigned)_i);
	for (unsigned n = 0; n < 150; n++) {
		ck_assert_int_eq(pwrite(fd, good, used, 0), (ssize_t)used);
		for (int flips = 1 + rand() % 3; flips > 0; flips--) {
			size_t at = (size_t)rand() % used;
			uint8_t byte;

			if (rand() % 4)
				at = at / PAGE * PAGE + (size_t)rand() % 160;
			byte = good[at] ^ (uint8_t)(1 + rand() % 255);
			ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
		}
		if (check_file(path, f) != 0)
			refused++;
		else
			use(path, f, n);
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		ck_assert_int_eq(ftruncate(fd, 8 * MIB), 0);
	}
	ck_assert_uint_ge(refused, 3);
	close(fd);
	free(good);
}
END_TEST

UNIT_MAIN("store_check", UNIT_EACH(test_sound, file_cases),
    UNIT_ONCE(test_old_view), UNIT_EACH(test_damaged, file_cases))
