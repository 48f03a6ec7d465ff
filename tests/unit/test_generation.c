/* zones/generation.c: files that are none, or not whole. A lookup in damaged
 * arrays may give a wrong answer, but stays in bounds (run it with ASan). */
#include <sys/stat.h>

#include <errno.h>

#include "lib/bytes.h"
#include "lib/store.h"
#include "tests/unit/zones.h"
#include "zones/format.h"

static void
build(struct test_zone *z)
{
	zones_init(z, ZONES_APEX);
	zones_add(z, "ip4set", "1.2.3.4 $ listed\n1.2.3.5\n1.2.3.9 :3\n10/8\n"
	    "!10.1.2/24\n10.1.3.0-10.1.3.99\n");
	zones_add(z, "ip6trie", "2001:db8::/32 $\n!2001:db8:1::/48\n");
	zones_add(z, "dnset", "example.com $\n*.example.org\n!a.example.org\n");
	zones_add(z, "generic", "www MX 10 mail.example.com\n@ A 1.1.1.1\n");
	ck_assert_int_eq(zones_build(z), 0);
}

#define MAPPED "f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
#define MAPPED_1_2_3_4 "4.0.3.0.2.0.1.0." MAPPED

static const char *const questions[] = {
    "", "4.3.2.1", "5.3.2.1", "9.3.2.1", "8.3.2.1", "3.2.1", "1", "9.2.1.10",
    "50.3.1.10", "1.1.1.10", "2.1.10",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2",
    "8.b.d.0.1.0.0.2", MAPPED, MAPPED_1_2_3_4, "example.com", "com",
    "x.example.com", "x.y.example.org", "a.example.org", "www", "nothing.here"};

static const char *
path_of_current(void)
{
	static char path[PATH_MAX];

	ck_assert_int_eq(publish_current(path, unit_path("state"), ZONES_APEX),
	    0);
	return path;
}

static int
open_as(const char *path, const char *apex, char *why)
{
	uint8_t dname[DNAME_MAX];
	struct generation *gen;
	int rc;

	ck_assert_int_gt(dname_from_txt(dname, apex, strlen(apex)), 0);
	rc = generation_open(&gen, path, dname, why);
	generation_close(gen);
	ck_assert_int_eq(rc == 0, gen != NULL);
	return rc;
}

START_TEST(test_open)
{
	char why[GENERATION_WHY_MAX];
	struct test_zone z;

	build(&z);
	ck_assert_int_eq(open_as(path_of_current(), ZONES_APEX, why), 0);
	ck_assert_int_eq(open_as(path_of_current(), "bl.tess", why), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(why, "built for another zone"));
	ck_assert_int_eq(open_as(path_of_current(), "x.bl.test", why),
	    -EBADMSG);
	ck_assert_int_eq(open_as(path_of_current(), ".", why), -EBADMSG);
	ck_assert_int_eq(open_as(unit_path("none"), ZONES_APEX, why), -ENOENT);
	ck_assert_str_ne(why, "");
	zones_write(unit_path("text"), "hello\n", 6);
	ck_assert_int_eq(open_as(unit_path("text"), ZONES_APEX, why),
	    -EBADMSG);
	ck_assert_str_ne(why, "");
	zones_free(&z);
}
END_TEST

/* A file that was cut is refused, wherever. */
START_TEST(test_cut)
{
	char why[GENERATION_WHY_MAX], *bytes = malloc(1 << 22);
	struct test_zone z;
	size_t len;
	FILE *f;

	build(&z);
	f = fopen(path_of_current(), "r");
	len = fread(bytes, 1, 1 << 22, f);
	fclose(f);
	ck_assert_uint_eq(len, z.result.file_bytes);
	for (size_t cut = 0; cut < len; cut += cut < 5000 ? 999 : 9999) {
		zones_write(unit_path("cut"), bytes, cut);
		ck_assert_int_eq(open_as(unit_path("cut"), ZONES_APEX, why),
		    -EBADMSG);
		ck_assert_str_ne(why, "");
	}
	zones_write(unit_path("cut"), bytes, len);
	ck_assert_int_eq(open_as(unit_path("cut"), ZONES_APEX, why), 0);
	zones_free(&z);
	free(bytes);
}
END_TEST

/* ---- the same file with one array changed */

/* Copies the generation to path; fn may change each value on its way. */
static void
copy_changed(const char *path, void (*fn)(void *arg, const char *key,
    uint8_t *data, size_t *len), void *arg)
{
	struct store_opts from_opts = {.mode = STORE_IMMUTABLE};
	struct store_opts to_opts = {.mode = STORE_NEW, .size_max = 1 << 22};
	struct store_bytes key, data;
	struct store *from, *to;
	struct store_txn *r, *w;
	struct store_walk *walk;
	char why[STORE_WHY_MAX], name[64];
	uint8_t *copy;
	size_t len;

	ck_assert_int_eq(store_open(&from, path_of_current(), &from_opts, why),
	    0);
	ck_assert_int_eq(store_open(&to, path, &to_opts, why), 0);
	ck_assert_int_eq(store_read_begin(from, &r), 0);
	ck_assert_int_eq(store_write_begin(to, &w), 0);
	ck_assert_int_eq(store_walk_begin(r, 0, NULL, 0, &walk), 0);
	while (store_walk_next(walk, &key, &data) == 0) {
		len = data.len;
		copy = malloc(len + 64);
		memcpy(copy, data.data, len);
		snprintf(name, sizeof(name), "%.*s", (int)key.len,
		    (const char *)key.data);
		fn(arg, name, copy, &len);
		if (len != SIZE_MAX)
			ck_assert_int_eq(store_put(w, 0, key.data, key.len,
			    copy, len), 0);
		free(copy);
	}
	store_walk_end(walk);
	ck_assert_int_eq(store_write_commit(w), 0);
	store_read_end(r);
	store_close(from);
	store_close(to);
}

struct change {
	const char *key;
	size_t at;     /* in the value */
	uint32_t to;   /* u32 there; the value's length if at is SIZE_MAX */
	const char *why; /* of the refusal */
};

static void
apply(void *arg, const char *key, uint8_t *data, size_t *len)
{
	const struct change *c = arg;

	if (strcmp(key, c->key) != 0)
		return;
	if (c->at == SIZE_MAX)
		*len = c->to == UINT32_MAX ? SIZE_MAX : c->to;
	else
		put_le32(data + c->at, c->to);
}

static struct change refused[] = {
    {"header", 0, 0, "not a generation"},
    {"header", SIZE_MAX, UINT32_MAX, "not a generation"},
    {"header", SIZE_MAX, 71, "not a generation"},
    {"header", 8, FORMAT_VERSION + 1, "format version 3"},
    {"header", 12, 33, "damaged header"},
    {"header", 12, 3, "damaged header"},
    {"header", 60, 0xffffffff, "damaged header"},
    {"header", 64, 0xffffffff, "damaged header"},
    {"header", 68, 0, "damaged header"},
    {"header", 60, 8, "damaged header"},
    {"header", 73, 0, "another zone"},
    {"header", 72 + 9, 0xffffffff, "damaged SOA"},
    {"header", 72 + 9 + 45, 0x01010101, "damaged SOA"},
    {"value.ends", SIZE_MAX, UINT32_MAX, "damaged"},
    {"value.rrs", SIZE_MAX, UINT32_MAX, "damaged"},
    {"0.dir", SIZE_MAX, UINT32_MAX, "damaged"},
    {"0.dir", SIZE_MAX, 131071, "damaged"},
    {"0.meta", SIZE_MAX, 35, "damaged"},
    {"0.pages", SIZE_MAX, UINT32_MAX, "damaged"},
    {"0.heap", SIZE_MAX, UINT32_MAX, "damaged"},
    {"1.slots", SIZE_MAX, 11, "damaged"},
    {"1.slots", 0, 32, "damaged"},
    {"1.slots", 4, 99, "damaged"},
    {"1.lengths", SIZE_MAX, UINT32_MAX, "damaged"},
    {"2.slots", SIZE_MAX, 0, "damaged"},
    {"2.meta", SIZE_MAX, 31, "damaged"},
    {"2.heap", SIZE_MAX, UINT32_MAX, "damaged"},
};

START_TEST(test_refused)
{
	char why[GENERATION_WHY_MAX];
	struct test_zone z;

	build(&z);
	copy_changed(unit_path("changed"), apply, &refused[_i]);
	ck_assert_int_eq(open_as(unit_path("changed"), ZONES_APEX, why),
	    -EBADMSG);
	ck_assert_msg(strstr(why, refused[_i].why) != NULL, "%s", why);
	zones_free(&z);
}
END_TEST

/* Cut to nothing: nothing is listed there any more, the rest still is. */
static struct {
	struct change change;
	const char *name, *want;
} emptied[] = {
    {{"0.pages", SIZE_MAX, 0, NULL}, "4.3.2.1", "NXDOMAIN"},
    {{"0.cells", SIZE_MAX, 0, NULL}, "4.3.2.1", "NXDOMAIN"},
    {{"0.heap", SIZE_MAX, 0, NULL}, "9.3.2.1", "NXDOMAIN"},
    {{"0.pages", SIZE_MAX, 0, NULL}, "example.com",
	"A 127.0.0.2 | TXT example.com"},
    {{"1.entries", SIZE_MAX, 0, NULL},
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2",
	"NXDOMAIN"},
    {{"1.lengths", SIZE_MAX, 0, NULL},
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2",
	"NXDOMAIN"},
    {{"2.heap", SIZE_MAX, 0, NULL}, "example.com", "NXDOMAIN"},
    {{"value.rrs", SIZE_MAX, 0, NULL}, "4.3.2.1", "NXDOMAIN"},
    {{"value.ends", SIZE_MAX, 0, NULL}, "4.3.2.1", "NXDOMAIN"},
};

START_TEST(test_emptied)
{
	char why[GENERATION_WHY_MAX];
	struct test_zone z;

	build(&z);
	copy_changed(unit_path("changed"), apply, &emptied[_i].change);
	generation_close(z.gen);
	ck_assert_int_eq(generation_open(&z.gen, unit_path("changed"),
	    z.conf.apex, why), 0);
	ck_assert_str_eq(zones_ask(&z, emptied[_i].name), emptied[_i].want);
	zones_free(&z);
}
END_TEST

/* ---- bytes at random */

static uint64_t state;

static uint32_t
random_below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * n >> 32);
}

static void
scramble(void *arg, const char *key, uint8_t *data, size_t *len)
{
	unsigned changes = random_below(4);

	(void)arg;
	if (strcmp(key, "header") == 0 || *len == 0)
		return;
	if (random_below(8) == 0)
		*len = random_below(*len);
	for (; changes > 0 && *len > 0; changes--)
		data[random_below(*len)] =
		    random_below(2) ? 0xff : random_below(256);
	if (strstr(key, ".dir") && *len == 131072) /* where it is looked at */
		for (int i = 0; i < 11; i++)
			data[(1 << 8 | 2) * 2 + random_below(2)] =
			    random_below(256);
}

/* Only that it ends: what is found may be anything. */
static void
look(const struct generation *gen, const char *rel)
{
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	char name[256], txt[DNAME_TXT_MAX];
	uint8_t rdata[256];
	struct zone_hits hits = {.n = 0};
	struct zone_key key;
	struct value_rr rr;

	snprintf(name, sizeof(name), "%s%s" ZONES_APEX, rel, *rel ? "." : "");
	ck_assert_int_gt(dname_from_txt(dname, name, strlen(name)), 0);
	zone_key_init(&key, dname, 2, off, hash);
	generation_lookup(gen, &key, &hits);
	for (unsigned i = 0; i < hits.n; i++) {
		const uint8_t *p = hits.hit[i].rrs;

		zone_hit_txt(txt, &key, &hits.hit[i]);
		while (value_next(&p, hits.hit[i].rrs + hits.hit[i].len, &rr))
			value_expand(rdata, &rr, txt);
	}
}

START_TEST(test_scrambled)
{
	char why[GENERATION_WHY_MAX];
	struct generation *gen;
	struct test_zone z;

	build(&z);
	state = 88172645463325252ull + (unsigned)_i * 7919;
	for (int round = 0; round < 40; round++) {
		copy_changed(unit_path("changed"), scramble, NULL);
		if (generation_open(&gen, unit_path("changed"), z.conf.apex,
		    why) != 0)
			continue;
		for (size_t q = 0; q < UNIT_COUNT(questions); q++)
			look(gen, questions[q]);
		generation_close(gen);
	}
	zones_free(&z);
}
END_TEST

/* What the file holds: names, a text, an octet of an address, the sum. */
static const struct {
	const char *bytes;
	size_t len;
} parts[] = {{"\7example\3com", 12}, {" listed", 7}, {"\3www", 4},
    {"\x20\x01\x0d\xb8", 4}, {"counts", 6}, {"sum", 3}};

START_TEST(test_check)
{
	char why[GENERATION_WHY_MAX] = "", *bytes, *at;
	struct generation *gen;
	struct test_zone z;
	struct stat st;
	FILE *f;

	build(&z);
	ck_assert_int_eq(generation_check(z.gen, why), 0);
	ck_assert_int_eq(stat(path_of_current(), &st), 0);
	bytes = malloc((size_t)st.st_size);
	f = fopen(path_of_current(), "r");
	ck_assert_uint_eq(fread(bytes, 1, (size_t)st.st_size, f),
	    (size_t)st.st_size);
	fclose(f);
	at = memmem(bytes, (size_t)st.st_size, parts[_i].bytes, parts[_i].len);
	ck_assert_ptr_nonnull(at);
	at[1] ^= 0x10;
	zones_write(unit_path("changed"), bytes, (size_t)st.st_size);
	free(bytes);
	ck_assert_int_eq(generation_open(&gen, unit_path("changed"),
	    z.conf.apex, why), 0);
	ck_assert_int_eq(generation_check(gen, why), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(why, "damaged"));
	generation_close(gen);
	zones_free(&z);
}
END_TEST

UNIT_MAIN("generation", UNIT_EACH(test_check, parts), UNIT_ONCE(test_open),
    UNIT_ONCE(test_cut), UNIT_EACH(test_refused, refused),
    UNIT_EACH(test_emptied, emptied), {test_scrambled, 20})
