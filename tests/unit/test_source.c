/* Dataset files that are compressed: the same text as if they were not, or
 * refused where they are not whole. */
#include <errno.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/unit/unit.h"
#include "zones/buf.h"
#include "zones/generation.h"
#include "zones/source.h"

#define BOMB ((size_t)64 << 20)

static void
gzip(struct buf *out, const void *text, size_t len)
{
	uLong room = compressBound(len) + 32;
	uint8_t *to = malloc(room);
	z_stream z = {.next_in = (void *)(uintptr_t)text, .avail_in = len,
	    .next_out = to, .avail_out = room};

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	ck_assert_int_eq(buf_put(out, to, z.total_out), 0);
	deflateEnd(&z);
	free(to);
}

static void
zstd(struct buf *out, const void *text, size_t len)
{
	size_t n, room = ZSTD_compressBound(len);
	uint8_t *to = malloc(room);
	ZSTD_CCtx *c = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(c, to, room, text, len);
	ck_assert(!ZSTD_isError(n));
	ck_assert_int_eq(buf_put(out, to, n), 0);
	ZSTD_freeCCtx(c);
	free(to);
}

static const struct {
	const char *name;
	void (*pack)(struct buf *out, const void *text, size_t len);
	size_t magic_len;
	size_t check_at; /* from the end: of the checksum */
} formats[] = {{"gzip", gzip, 2, 8}, {"zstd", zstd, 4, 4}};

struct result {
	int rc;
	unsigned long_lines, cut_lines;
	size_t cap; /* of the reader's buffer */
	struct buf text;
	char why[GENERATION_WHY_MAX];
};

/* A block is looked at as late as may be. */
#define LATE (SOURCE_BUFFERS - 1) /* events */
struct late {
	const char *begin[LATE], *end[LATE];
	size_t n;
};

static void
take_late(struct late *late, const char *begin, const char *end,
    struct buf *text)
{
	size_t i = late->n++ % LATE;

	if (late->begin[i] != NULL)
		ck_assert_int_eq(buf_put(text, late->begin[i],
		    late->end[i] - late->begin[i]), 0);
	late->begin[i] = begin;
	late->end[i] = end;
}

/* Reads a file of these bytes to its end. */
static void
read_file(struct result *r, const void *bytes, size_t len)
{
	const char *path = unit_path("file");
	FILE *f = fopen(path, "w");
	struct late late = {.n = 0};
	struct source s;

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
	*r = (struct result){0};
	ck_assert_int_eq(source_open(&s, path, r->why), 0);
	while ((r->rc = source_next(&s, path, r->why)) > SOURCE_END) {
		r->long_lines += r->rc == SOURCE_LONG_LINE;
		r->cut_lines += r->rc == SOURCE_CUT_LINE;
		if (r->rc == SOURCE_BLOCK)
			take_late(&late, s.block, s.block_end, &r->text);
		else
			take_late(&late, NULL, NULL, &r->text);
	}
	for (unsigned i = 0; i < LATE; i++)
		take_late(&late, NULL, NULL, &r->text);
	r->cap = s.cap;
	source_close(&s);
}

static void
expect_text(const struct buf *packed, const char *text, size_t len)
{
	struct result r;

	read_file(&r, packed->data, packed->len);
	ck_assert_msg(r.rc == 0, "%s", r.why);
	ck_assert_uint_eq(r.text.len, len);
	ck_assert_mem_eq(r.text.data, text, len);
	ck_assert_uint_eq(r.long_lines + r.cut_lines, 0);
	buf_free(&r.text);
}

static void
expect_refused(const struct buf *packed, size_t len, const char *want)
{
	struct result r;

	read_file(&r, packed->data, len);
	ck_assert_msg(r.rc == -EBADMSG, "%zu of %zu bytes: %d %s", len,
	    packed->len, r.rc, r.why);
	ck_assert_ptr_nonnull(strstr(r.why, want));
	buf_free(&r.text);
}

static const char small[] = "192.0.2.1\n192.0.2.2 text\n192.0.2.3\n";

START_TEST(test_whole)
{
	const size_t n = 300000;
	char *text = malloc(n * 16), *p = text;
	struct buf packed = {0};

	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "10.%zu.%zu.%zu\n", i >> 16, i >> 8 & 255,
		    i * 7 & 255);
	formats[_i].pack(&packed, text, p - text);
	ck_assert_uint_gt(p - text, 3 << 20);
	expect_text(&packed, text, p - text);
	buf_free(&packed);
	free(text);
}
END_TEST

/* One behind the other, empty ones between: the texts are one. */
START_TEST(test_concatenated)
{
	struct buf packed = {0};

	formats[_i].pack(&packed, "1.1.1.1\n2.", 10);
	formats[_i].pack(&packed, "", 0);
	formats[_i].pack(&packed, "2.2.2\n", 6);
	formats[_i].pack(&packed, "", 0);
	expect_text(&packed, "1.1.1.1\n2.2.2.2\n", 16);
	buf_free(&packed);
}
END_TEST

START_TEST(test_cut_anywhere)
{
	struct buf packed = {0};

	formats[_i].pack(&packed, small, strlen(small));
	for (size_t len = formats[_i].magic_len; len < packed.len; len++)
		expect_refused(&packed, len, "cut short; get it again");
	buf_free(&packed);
}
END_TEST

/* The second one is cut: what stands in the first is no whole file either. */
START_TEST(test_cut_in_second)
{
	struct buf packed = {0};
	size_t first;

	formats[_i].pack(&packed, small, strlen(small));
	first = packed.len;
	formats[_i].pack(&packed, small, strlen(small));
	for (size_t len = first + 1; len < packed.len; len++)
		expect_refused(&packed, len, "cut short");
	buf_free(&packed);
}
END_TEST

START_TEST(test_wrong_checksum)
{
	struct buf packed = {0};

	formats[_i].pack(&packed, small, strlen(small));
	for (size_t n = 1; n <= formats[_i].check_at; n++) {
		packed.data[packed.len - n] ^= 1;
		expect_refused(&packed, packed.len, formats[_i].name);
		packed.data[packed.len - n] ^= 1;
	}
	expect_text(&packed, small, strlen(small));
	buf_free(&packed);
}
END_TEST

START_TEST(test_trailing)
{
	static const char *const trailing[] = {"\n", "x", "192.0.2.4\n",
	    "\x1f", "\x1f\x8bxxxxxxxxxxxxxxxxxx", "\x28\xb5\x2f"};
	struct buf packed = {0};
	size_t whole;

	formats[_i].pack(&packed, small, strlen(small));
	whole = packed.len;
	for (size_t i = 0; i < UNIT_COUNT(trailing); i++) {
		packed.len = whole;
		ck_assert_int_eq(buf_put(&packed, trailing[i],
		    strlen(trailing[i])), 0);
		expect_refused(&packed, packed.len, "not whole");
	}
	packed.len = whole;
	ck_assert_int_eq(buf_put(&packed, "\0\0\0\0\0\0\0\0", 8), 0);
	expect_refused(&packed, packed.len, "not whole");
	buf_free(&packed);
}
END_TEST

/* A line of 64 MiB in a small file is passed over, in a buffer of a block. */
START_TEST(test_bomb)
{
	char *text = calloc(1, BOMB + 32);
	struct buf packed = {0};
	struct result r;

	memcpy(text, "1.1.1.1\n", 8);
	memcpy(text + BOMB, "\n2.2.2.2\n3.3", 12);
	formats[_i].pack(&packed, text, BOMB + 12);
	ck_assert_uint_lt(packed.len, BOMB / 500);
	read_file(&r, packed.data, packed.len);
	ck_assert_msg(r.rc == 0, "%s", r.why);
	ck_assert_uint_eq(r.long_lines, 1);
	ck_assert_uint_eq(r.cut_lines, 1);
	ck_assert_uint_le(r.cap, 1 << 20);
	ck_assert_uint_eq(r.text.len, 16);
	ck_assert_mem_eq(r.text.data, "1.1.1.1\n2.2.2.2\n", 16);
	buf_free(&r.text);
	buf_free(&packed);
	free(text);
}
END_TEST

/* Too short for a magic number, or only like one: text. */
START_TEST(test_plain)
{
	struct result r;

	read_file(&r, "\x28\xb5\x2f\n", 4);
	ck_assert_int_eq(r.rc, 0);
	ck_assert_uint_eq(r.text.len, 4);
	buf_free(&r.text);
	read_file(&r, "\x1f", 1);
	ck_assert_int_eq(r.rc, 0);
	ck_assert_uint_eq(r.cut_lines, 1);
	buf_free(&r.text);
}
END_TEST

UNIT_MAIN("source", UNIT_EACH(test_whole, formats),
    UNIT_EACH(test_concatenated, formats),
    UNIT_EACH(test_cut_anywhere, formats),
    UNIT_EACH(test_cut_in_second, formats),
    UNIT_EACH(test_wrong_checksum, formats), UNIT_EACH(test_trailing, formats),
    UNIT_EACH(test_bomb, formats), UNIT_ONCE(test_plain))
