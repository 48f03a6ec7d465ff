/*
 * Reading ahead changes nothing: with and without a second thread, and line by
 * line, the same text gives the same bytes in the generation and the same
 * reports, in the same order.
 */
#include <pthread.h>

#include "lib/store.h"
#include "tests/unit/zones.h"
#include "zones/buf.h"
#include "zones/format.h"
#include "zones/source.h"
#include "zones/thread.h"

/* Takes the place of zones/thread.c. */
static bool may_begin;
static unsigned n_begun;

bool
thread_begin(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	if (!may_begin)
		return false;
	n_begun++;
	return pthread_create(thread, NULL, run, arg) == 0;
}

/* ---- texts */

enum { PLAIN, SPACE_BEHIND };

struct text {
	FILE *f;
	const char *end;
};

static void
put_stretch(const struct text *t, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++)
		fprintf(t->f, "%u.%u.%u.%u%s%s", 1 + i % 126, i >> 12 & 255,
		    i >> 4 & 255, i * 7 & 255, t->end,
		    i % 5 == 0 ? "\r\n" : "\n");
}

/* What may stand between: each changes what follows it, or is told about. */
static const char *const between[] = {
    ":127.0.0.4:of its own", "", "# 1.2.3.4", "1.2.3.4 :5:one", "!1.2.3.5",
    "1.2.3", "300.1.1.1", "$TTL 300", "2.2.2.0/24", "$MAXRANGE4 256",
    "$EXPIRES 2090:01:01", "$EXPIRES 0", "1.2.3.4.5", "1.2.3.4x", "rubbish",
    ":6:", "0001.002.3.4", " 1.2.3.9", "$unknown"};

/* What is between stands closer and closer together. */
static void
put_mixed(const struct text *t, unsigned lines)
{
	for (unsigned at = 0, n = 20000, i = 0; at < lines; at += n, i++) {
		put_stretch(t, at, n);
		fprintf(t->f, "%s\n", between[i % UNIT_COUNT(between)]);
		n = n > 10 ? n * 3 / 4 : i % 700 == 0 ? 60000 : i % 3;
	}
}

/* In order, but for what is added at the end: some of it again, or within
 * what stands there, with another value. */
static void
put_sorted(const struct text *t, unsigned lines)
{
	for (unsigned i = 0; i < lines; i++) {
		fprintf(t->f, "%u.%u.%u.%u%s\n", 10 + (i >> 18),
		    i >> 10 & 255, i >> 2 & 255, i % 4 * 9, t->end);
		if (i % 1000 == 0)
			fprintf(t->f, "%u.%u.%u.0/26 :3:\n", 10 + (i >> 18),
			    i >> 10 & 255, i >> 2 & 255);
	}
	for (unsigned i = 0; i < lines / 10; i += 7)
		fprintf(t->f, "%u.%u.%u.%u%s\n", 10 + (i % 3 >> 1),
		    i >> 10 & 255, i >> 2 & 255, i % 5 * 9,
		    i % 2 == 0 ? t->end : " :4:");
}

static void
put_plain(const struct text *t, unsigned lines)
{
	put_stretch(t, 0, lines);
}

/* An address but for its length. */
static void
put_zeros(const struct text *t, unsigned n)
{
	fprintf(t->f, "%0*u.2.3.4%s\n", (int)n, 1u, t->end);
}

static void
put_long_line(const struct text *t, unsigned lines)
{
	put_stretch(t, 0, lines / 2);
	put_zeros(t, SOURCE_LINE_MAX - strlen(".2.3.4 "));
	put_zeros(t, SOURCE_LINE_MAX + 1);
	for (unsigned i = 0; i < 5000000; i++)
		fputc('1', t->f);
	fputc('\n', t->f);
	put_stretch(t, lines / 2, lines / 2);
	fputs("9.9.9.9", t->f); /* and no newline */
}

static void
put_sections(const struct text *t, unsigned lines)
{
	fputs("$DATASET ip4set @\n", t->f);
	put_mixed(t, lines / 3);
	fputs("$DATASET dnset names\nexample.org\n1.2.3.4\n", t->f);
	put_stretch(t, 0, 1000);
	fputs("$DATASET ip4tset single\n", t->f);
	put_stretch(t, 0, lines / 3);
}

static const struct {
	const char *type;
	unsigned lines;
	void (*put)(const struct text *t, unsigned lines);
} cases[] = {
    {"ip4set", 10, put_plain}, {"ip4set", 300000, put_plain},
    {"ip4set", 300000, put_mixed}, {"ip4tset", 300000, put_mixed},
    {"ip4set", 300000, put_sorted}, {"ip4tset", 300000, put_sorted},
    {"ip4set", 300000, put_long_line}, {"combined", 300000, put_sections},
};

/* ---- builds */

struct built {
	struct buf bytes; /* all of the file, but for the time of the build */
	struct build_result result;
	char *reports;
};

static bool
is_key(const struct store_bytes *key, const char *name)
{
	return key->len == strlen(name) &&
	    memcmp(key->data, name, key->len) == 0;
}

static void
take_bytes(struct buf *out, const char *path)
{
	static const struct store_opts opts = {.mode = STORE_IMMUTABLE};
	struct store_bytes key, value;
	struct store_walk *walk;
	struct store_txn *txn;
	char why[STORE_WHY_MAX];
	struct store *store;

	ck_assert_int_eq(store_open(&store, path, &opts, why), 0);
	ck_assert_int_eq(store_read_begin(store, &txn), 0);
	ck_assert_int_eq(store_walk_begin(txn, 0, NULL, 0, &walk), 0);
	while (store_walk_next(walk, &key, &value) == 0) {
		if (is_key(&key, FORMAT_HEADER) || is_key(&key, FORMAT_SUM))
			continue;
		ck_assert_int_eq(buf_put(out, key.data, key.len), 0);
		ck_assert_int_eq(buf_put(out, value.data, value.len), 0);
	}
	store_walk_end(walk);
	store_read_end(txn);
	store_close(store);
}

static void
on_report(void *arg, const char *file, unsigned line, const char *text)
{
	FILE *f = arg;

	(void)file;
	fprintf(f, "%u: %s\n", line, text);
}

static void
build_it(struct built *out, const struct conf_zone *zone)
{
	const char *path = unit_path("gen");
	char why[GENERATION_WHY_MAX];
	size_t len;
	FILE *f = open_memstream(&out->reports, &len);

	ck_assert_ptr_nonnull(f);
	ck_assert_msg(build_file(zone, path, on_report, f, &out->result,
	    why) == 0, "%s", why);
	ck_assert_int_eq(fclose(f), 0);
	take_bytes(&out->bytes, path);
}

static void
expect_same(struct built *a, struct built *b)
{
	ck_assert_uint_eq(a->result.entries, b->result.entries);
	ck_assert_uint_eq(a->result.bad_lines, b->result.bad_lines);
	ck_assert_str_eq(a->reports, b->reports);
	ck_assert_uint_eq(a->bytes.len, b->bytes.len);
	ck_assert_int_eq(memcmp(a->bytes.data, b->bytes.data, a->bytes.len), 0);
	free(b->reports);
	buf_free(&b->bytes);
	*b = (struct built){.reports = NULL};
}

static void
write_text(const char *path, int i, int form)
{
	struct text t = {fopen(path, "w"), form == PLAIN ? "" : " "};

	ck_assert_ptr_nonnull(t.f);
	cases[i].put(&t, cases[i].lines);
	ck_assert_int_eq(fclose(t.f), 0);
}

START_TEST(test_same)
{
	struct built first = {.reports = NULL}, other = first;
	const char *path;
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	z.conf.provenance = true;
	path = zones_add(&z, cases[_i].type, "");
	write_text(path, _i, PLAIN);
	build_it(&first, &z.conf);
	may_begin = true;
	for (int i = 0; i < 3; i++) {
		build_it(&other, &z.conf);
		expect_same(&first, &other);
	}
	ck_assert_uint_ge(n_begun, cases[_i].lines > 1000 ? 3 * 2 : 3);
	write_text(path, _i, SPACE_BEHIND);
	build_it(&other, &z.conf);
	expect_same(&first, &other);
	free(first.reports);
	buf_free(&first.bytes);
	zones_free(&z);
}
END_TEST

UNIT_MAIN("ahead", UNIT_EACH(test_same, cases))
