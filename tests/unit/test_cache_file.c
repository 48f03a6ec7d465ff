/*
 * resolverd/cache_file.c: which file is trusted, and what becomes of one that
 * is damaged.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "lib/store.h"
#include "resolverd/cache_file.h"
#include "tests/unit/caches.h"

/* ---- whether the file is trusted */

static void
write_file(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	fclose(f);
}

static void
fill(unsigned n)
{
	struct cache *c = open_sized(MIB);

	for (unsigned i = 0; i < n; i++)
		put(c, i, NOW, 100, 3600);
	cache_close(c);
}

static void
end_well(void)
{
	cache_close_well(state_dir);
}

static void
end_badly(void)
{
}

static void
end_of_machine(void)
{
	static const char other[] =
	    "open 00000000-0000-0000-0000-000000000000\n";

	write_file("state", other, sizeof(other) - 1);
}

static void
end_well_then_reboot(void)
{
	/* "clean" says nothing about the boot */
	cache_close_well(state_dir);
}

static void
end_well_then_change(void)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	cache_close_well(state_dir);
	ck_assert_int_eq(
	    utimensat(AT_FDCWD, path_of("answers.mdb"), times, 0), 0);
}

static void
end_state_lost(void)
{
	ck_assert_int_eq(unlink(path_of("state")), 0);
}

static void
end_state_empty(void)
{
	write_file("state", "", 0);
}

static const struct {
	const char *name;
	void (*end)(void);
	bool kept;
} end_cases[] = {
    {"ended well", end_well, true},
    {"ended well, then a reboot", end_well_then_reboot, true},
    {"a process died", end_badly, true},
    {"the machine died", end_of_machine, false},
    {"changed since", end_well_then_change, false},
    {"state lost", end_state_lost, false},
    {"state cut", end_state_empty, false},
};

START_TEST(test_end)
{
	struct cache *c;

	folder_make();
	prepare();
	fill(10);
	end_cases[_i].end();
	prepare();
	ck_assert_msg(is_there("answers.mdb.bad") != end_cases[_i].kept, "%s",
	    end_cases[_i].name);
	c = open_sized(MIB);
	ck_assert_uint_eq(
	    hits(c, 0, 10, NOW, 100), end_cases[_i].kept ? 10 : 0);
	put(c, 3, NOW, 100, 3600);
	cache_flush(c, NOW);
	ck_assert(hit(c, 3, NOW, 100));
	cache_close(c);
}
END_TEST

START_TEST(test_one_bad_is_kept)
{
	struct stat first, second;

	folder_make();
	for (unsigned i = 0; i < 2; i++) {
		prepare();
		fill(10 + 10 * i);
		end_of_machine();
		stat(path_of("answers.mdb"), i == 0 ? &first : &second);
	}
	prepare();
	ck_assert_uint_ne(first.st_ino, second.st_ino);
	ck_assert_int_eq(stat(path_of("answers.mdb.bad"), &first), 0);
	ck_assert_uint_eq(first.st_ino, second.st_ino);
	ck_assert(!is_there("answers.mdb"));
	ck_assert(!is_there("answers.mdb-lock"));
}
END_TEST

START_TEST(test_prepare_fails)
{
	char why[CACHE_WHY_MAX] = "";

	folder_make();
	cache_close_well(state_dir); /* nothing there: no harm */
	strcat(state_dir, "/none");
	ck_assert_int_eq(cache_prepare(state_dir, why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "/none/cache"));
}
END_TEST

/* ---- damage */

static void
damage_nothing(void)
{
	write_file("answers.mdb", "", 0);
}

static void
damage_text(void)
{
	write_file("answers.mdb", "This is no cache.\n", 18);
}

static void
damage_cut(void)
{
	ck_assert_int_eq(truncate(path_of("answers.mdb"), 3 * 4096), 0);
}

static void
damage_other_form(void)
{
	const struct store_opts opts = {
	    .mode = STORE_LIVE_NOSYNC, .size_max = MIB, .integer_keys = true};
	const struct cache_meta meta = {.magic = "RVCACHE0"};
	const uint64_t key = CACHE_META_KEY;
	char why[STORE_WHY_MAX];
	struct store_txn *t;
	struct store *s;

	ck_assert_int_eq(store_open(&s, path_of("answers.mdb"), &opts, why), 0);
	ck_assert_int_eq(store_write_begin(s, &t), 0);
	ck_assert_int_eq(
	    store_put(t, 0, &key, sizeof(key), &meta, sizeof(meta)), 0);
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
}

static void
damage_other_keys(void)
{
	static const char *const tables[] = {"table", NULL};
	const struct store_opts opts = {
	    .mode = STORE_LIVE_NOSYNC, .size_max = MIB, .tables = tables};
	char why[STORE_WHY_MAX];
	struct store *s;

	unlink(path_of("answers.mdb"));
	ck_assert_int_eq(store_open(&s, path_of("answers.mdb"), &opts, why), 0);
	store_close(s);
}

static const struct {
	const char *name;
	void (*damage)(void);
	bool kept_aside;
} damage_cases[] = {
    {"an empty file", damage_nothing, false},
    {"text", damage_text, true},
    {"cut short", damage_cut, true},
    {"another version's", damage_other_form, true},
    {"another program's", damage_other_keys, true},
};

/* Met by cache_open(), where cache_prepare() had no reason to look. */
START_TEST(test_damaged_whole)
{
	struct cache *c;

	folder_make();
	prepare();
	fill(500);
	damage_cases[_i].damage();
	c = open_sized(MIB);
	ck_assert_int_eq(
	    is_there("answers.mdb.bad"), damage_cases[_i].kept_aside);
	ck_assert_uint_eq(hits(c, 0, 500, NOW, 100), 0);
	put(c, 3, NOW, 100, 3600);
	cache_flush(c, NOW);
	ck_assert(hit(c, 3, NOW, 100));
	cache_close(c);
}
END_TEST

static size_t
read_file(const char *name, uint8_t *out, size_t cap)
{
	FILE *f = fopen(path_of(name), "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(out, 1, cap, f);
	fclose(f);
	return n;
}

/* Half of the bytes that change stand at the head of a page. */
static void
flip(uint8_t *file, size_t used)
{
	for (int n = 1 + rand() % 4; n > 0; n--) {
		size_t at = (size_t)rand() % used;

		if (rand() % 2)
			at = at / 4096 * 4096 + (size_t)rand() % 160;
		file[at] ^= (uint8_t)(1 + rand() % 255);
	}
}

/*
 * Bytes change at rest. A process must have died over it, or else nobody looks;
 * then no answer is wrong and nothing crashes, reading or writing.
 */
START_TEST(test_flipped_bytes)
{
	static uint8_t good[MIB], bad[MIB];
	unsigned aside = 0, rounds = 100, found = 0;
	size_t len, used;

	folder_make();
	prepare();
	fill(2500);
	len = read_file("answers.mdb", good, sizeof(good));
	for (used = len; used > 0 && good[used - 1] == 0; used--)
		continue;
	srand(1);
	for (unsigned r = 0; r < rounds; r++) {
		struct cache *c;

		memcpy(bad, good, len);
		flip(bad, used);
		write_file("answers.mdb", bad, len);
		prepare();
		c = open_sized(MIB);
		found += hits(c, 0, 2500, NOW, 100);
		for (unsigned i = 0; i < 500; i++)
			put(c, i + 10000, NOW, 100, 3600);
		cache_flush(c, NOW);
		hits(c, 10000, 10500, NOW, 100);
		cache_close(c);
		aside += is_there("answers.mdb.bad");
		unlink(path_of("answers.mdb.bad"));
		unlink(path_of("answers.mdb-lock"));
	}
	/* it was damage indeed, but not to all */
	ck_assert_uint_ge(aside, rounds / 20);
	ck_assert_uint_ge(found, rounds * 200);
}
END_TEST

UNIT_MAIN("cache_file", UNIT_EACH(test_end, end_cases),
    UNIT_ONCE(test_one_bad_is_kept), UNIT_ONCE(test_prepare_fails),
    UNIT_EACH(test_damaged_whole, damage_cases), UNIT_ONCE(test_flipped_bytes))
