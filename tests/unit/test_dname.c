/* lib/dname.c; ldns is the second opinion on text and wire forms. */
#include <ldns/ldns.h>
#include <errno.h>
#include <string.h>

#include "lib/dname.h"
#include "tests/unit/unit.h"

#define L63 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-012345678"
#define L61 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-0123456"
#define L62 L61 "x"
#define LABELS_127 \
	L16 L16 L16 L16 L16 L16 L16 "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"
#define L16 "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."

static const struct {
	const char *name;
	const char *in;
	int want; /* length, or -EINVAL */
	const char *out; /* text again; NULL: as in */
} txt_cases[] = {
    {"root", ".", 1, NULL},
    {"one label", "org", 5, NULL},
    {"two labels", "example.org", 13, NULL},
    {"final dot", "example.org.", 13, "example.org"},
    {"case is kept", "ExAmPlE.Org", 13, NULL},
    {"escaped dot", "a\\.b.c", 7, NULL},
    {"escaped dot at the end", "a\\.", 4, NULL},
    {"escaped backslash", "\\\\", 3, NULL},
    {"decimal escape", "\\000\\255\\065", 5, "\\000\\255A"},
    {"escaped letter", "\\a.b", 5, "a.b"},
    {"blank", "a b", 5, "a\\032b"},
    {"what a zone file would read otherwise", "a;b(c)\"@$", 11,
	"a\\;b\\(c\\)\\\"\\@\\$"},
    {"underscore, star, slash", "*._x/y", 8, NULL},
    {"label of 63", L63, 65, NULL},
    {"label of 64", L63 "x", -EINVAL, NULL},
    {"label of 64, not the last", L63 "x.org", -EINVAL, NULL},
    {"name of 255", L63 "." L63 "." L63 "." L61, 255, NULL},
    {"name of 255, final dot", L63 "." L63 "." L63 "." L61 ".", 255,
	L63 "." L63 "." L63 "." L61},
    {"name of 256", L63 "." L63 "." L63 "." L62, -EINVAL, NULL},
    {"name of 257 by one more label", L63 "." L63 "." L63 "." L61 ".a",
	-EINVAL, NULL},
    {"127 labels", LABELS_127, 255, NULL},
    {"128 labels", LABELS_127 ".a", -EINVAL, NULL},
    {"empty", "", -EINVAL, NULL},
    {"leading dot", ".org", -EINVAL, NULL},
    {"two dots", "..", -EINVAL, NULL},
    {"empty label", "a..b", -EINVAL, NULL},
    {"two final dots", "a..", -EINVAL, NULL},
    {"escape at the end", "a\\", -EINVAL, NULL},
    {"escape of one digit", "\\1", -EINVAL, NULL},
    {"escape of two digits", "\\12", -EINVAL, NULL},
    {"escape with a letter", "\\12a", -EINVAL, NULL},
    {"escape above 255", "\\256", -EINVAL, NULL},
};

START_TEST(text_forms)
{
	const char *in = txt_cases[_i].in;
	uint8_t dname[DNAME_MAX];
	char txt[DNAME_TXT_MAX];
	int rc = dname_from_txt(dname, in, strlen(in));

	ck_assert_msg(rc == txt_cases[_i].want, "%s: %d", txt_cases[_i].name,
	    rc);
	if (rc < 0)
		return;
	ck_assert_uint_eq(dname_len(dname), rc);
	ck_assert_str_eq(dname_to_txt(txt, dname),
	    txt_cases[_i].out != NULL ? txt_cases[_i].out : in);
}
END_TEST

/* ldns reads the same bytes out of the same text, and refuses what we do. */
START_TEST(text_as_ldns)
{
	const char *in = txt_cases[_i].in;
	uint8_t dname[DNAME_MAX];
	ldns_rdf *rdf = NULL;
	int rc = dname_from_txt(dname, in, strlen(in));
	ldns_status st = ldns_str2rdf_dname(&rdf, in);

	ck_assert_msg((st == LDNS_STATUS_OK) == (rc > 0), "%s: ldns: %s", in,
	    ldns_get_errorstr_by_id(st));
	if (rc > 0) {
		ck_assert_uint_eq(ldns_rdf_size(rdf), rc);
		ck_assert_mem_eq(ldns_rdf_data(rdf), dname, rc);
	}
	ldns_rdf_deep_free(rdf);
}
END_TEST

START_TEST(every_byte_survives_text)
{
	uint8_t in[DNAME_MAX] = {1, (uint8_t)_i, 3, 'o', 'r', 'g', 0};
	uint8_t out[DNAME_MAX];
	char txt[DNAME_TXT_MAX];

	dname_to_txt(txt, in);
	ck_assert_int_eq(dname_from_txt(out, txt, strlen(txt)), 7);
	ck_assert_mem_eq(in, out, 7);
}
END_TEST

START_TEST(longest_text_fits)
{
	uint8_t in[DNAME_MAX], out[DNAME_MAX];
	char *txt = malloc(DNAME_TXT_MAX); /* so that ASan sees the end */
	size_t pos = 0, len;

	while (pos < DNAME_MAX - 1) {
		len = DNAME_MAX - 2 - pos < 63 ? DNAME_MAX - 2 - pos : 63;
		in[pos++] = (uint8_t)len;
		memset(in + pos, 0xff, len);
		pos += len;
	}
	in[pos] = 0;
	ck_assert_uint_eq(dname_len(in), DNAME_MAX);
	dname_to_txt(txt, in);
	ck_assert_int_eq(dname_from_txt(out, txt, strlen(txt)), DNAME_MAX);
	ck_assert_mem_eq(in, out, DNAME_MAX);
	free(txt);
}
END_TEST

static uint8_t *
wire(const char *txt)
{
	static uint8_t buf[4][DNAME_MAX];
	static unsigned next;
	uint8_t *p = buf[next++ % UNIT_COUNT(buf)];

	ck_assert_int_gt(dname_from_txt(p, txt, strlen(txt)), 0);
	return p;
}

START_TEST(labels)
{
	ck_assert_uint_eq(dname_labels(wire(".")), 0);
	ck_assert_uint_eq(dname_labels(wire("org")), 1);
	ck_assert_uint_eq(dname_labels(wire("a.b\\.c.org")), 3);
	ck_assert_uint_eq(dname_labels(wire(LABELS_127)), DNAME_LABELS_MAX);
}
END_TEST

/* All bytes, at all positions of the eight-byte step and of its rest. */
START_TEST(lower_changes_letters_only)
{
	uint8_t got[32], want[32];
	unsigned c, at, i;

	for (c = 0; c < 256; c++) {
		for (at = 0; at < 19; at++) {
			for (i = 0; i < 19; i++)
				got[i] = want[i] = (uint8_t)(i * 31 + c);
			got[at] = want[at] = (uint8_t)c;
			for (i = 0; i < 19; i++)
				if (want[i] >= 'A' && want[i] <= 'Z')
					want[i] += 'a' - 'A';
			got[19] = want[19] = 'A'; /* beyond the length */
			dname_lower(got, 19);
			ck_assert_mem_eq(got, want, 20);
		}
	}
}
END_TEST

static const struct {
	const char *a, *b;
	bool equal, below; /* a equals b, a is b or below b */
} pair_cases[] = {
    {".", ".", true, true},
    {"org", ".", false, true},
    {".", "org", false, false},
    {"example.org", "example.org", true, true},
    {"ExAmple.ORG", "eXample.org", true, true},
    {"a.example.org", "Example.org", false, true},
    {"a.b.example.org", "example.org", false, true},
    {"aexample.org", "example.org", false, false},
    {"example.org", "a.example.org", false, false},
    {"example.com", "example.org", false, false},
    {"a.example.com", "example.org", false, false},
    /* 'x7example' has the bytes of 'x.example' but for the length bytes */
    {"x\\007example.org", "example.org", false, false},
    {"a@", "a`", false, false},	  /* 0x40 and 0x60 */
    {"a[", "a{", false, false},	  /* 0x5b and 0x7b */
    {"\\193", "\\225", false, false}, /* 'A' and 'a' with the high bit */
};

START_TEST(equal_and_below)
{
	const uint8_t *a = wire(pair_cases[_i].a), *b = wire(pair_cases[_i].b);

	ck_assert_int_eq(dname_equal(a, b), pair_cases[_i].equal);
	ck_assert_int_eq(dname_equal(b, a), pair_cases[_i].equal);
	ck_assert_int_eq(dname_is_below(a, b), pair_cases[_i].below);
}
END_TEST

/*
 * The hash is part of the generation's format: these numbers must not change.
 * Label lengths on both sides of each branch.
 */
static const struct {
	const char *in;
	uint64_t want;
} hash_cases[] = {
    {".", 0x9e3779b97f4a7c15ull},
    {"a", 0x308686ea4b0bc70eull},
    {"ab", 0xf16479a9fbea4aa4ull},
    {"abc", 0x75991d7a28ce821aull},
    {"abcd", 0x77c4016c94883a9full},
    {"abcdefg", 0x96e8fc0dd8e51b8eull},
    {"abcdefgh", 0xd9be51d989464434ull},
    {"abcdefghi", 0x234b392c501308b3ull},
    {"abcdefghijklmnop", 0xe6ffdda96242b86full},
    {"abcdefghijklmnopq", 0x3d6adfb8b2403b3dull},
    {"example.org", 0xf509abcb8b256dbeull},
    {"www.example.org", 0xb53fb0495803d1f6ull},
    {"\\000.\\255", 0x6ed0ee4e6170170full},
};

START_TEST(hash_is_the_format)
{
	ck_assert_uint_eq(dname_hash(wire(hash_cases[_i].in)),
	    hash_cases[_i].want);
}
END_TEST

START_TEST(hash_is_a_chain)
{
	const uint8_t *dname = wire("www.example.org");
	uint64_t h = DNAME_HASH_ROOT;

	h = dname_hash_label(h, dname + 12); /* org */
	ck_assert_uint_eq(h, dname_hash(wire("org")));
	h = dname_hash_label(h, dname + 4); /* example */
	ck_assert_uint_eq(h, dname_hash(wire("example.org")));
	h = dname_hash_label(h, dname);
	ck_assert_uint_eq(h, dname_hash(dname));
	ck_assert_uint_ne(h, dname_hash(wire("example.www.org")));
}
END_TEST

/* A byte behind the label must not be read: ASan sees the end. */
START_TEST(hash_reads_no_further)
{
	uint8_t *label = malloc(1 + (size_t)_i);

	memset(label, 'a', 1 + (size_t)_i);
	label[0] = (uint8_t)_i;
	ck_assert_uint_ne(dname_hash_label(DNAME_HASH_ROOT, label),
	    dname_hash_label(1, label));
	free(label);
}
END_TEST

UNIT_MAIN("dname", UNIT_EACH(text_forms, txt_cases),
    UNIT_EACH(text_as_ldns, txt_cases), {every_byte_survives_text, 256},
    UNIT_ONCE(longest_text_fits), UNIT_ONCE(labels),
    UNIT_ONCE(lower_changes_letters_only),
    UNIT_EACH(equal_and_below, pair_cases),
    UNIT_EACH(hash_is_the_format, hash_cases), UNIT_ONCE(hash_is_a_chain),
    {hash_reads_no_further, 64})
