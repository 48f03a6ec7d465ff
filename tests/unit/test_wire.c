/*
 * lib/wire.c. Messages are copied into memory of their exact size before they
 * are read, so that ASan sees a read beyond the end. ldns writes and reads the
 * messages that our copy is compared with.
 */
#include <ldns/ldns.h>
#include <string.h>

#include "lib/wire.h"
#include "tests/unit/unit.h"

/* ---- bytes by hand: hex digits, blanks, and 'text' */

static size_t
bytes(uint8_t *out, const char *spec)
{
	uint8_t *p = out;
	unsigned v;

	for (; *spec != '\0'; spec++) {
		if (*spec == ' ')
			continue;
		if (*spec == '\'') {
			while (*++spec != '\'')
				*p++ = (uint8_t)*spec;
			continue;
		}
		ck_assert_int_eq(sscanf(spec++, "%2x", &v), 1);
		*p++ = (uint8_t)v;
	}
	return (size_t)(p - out);
}

static uint8_t *
exact(const void *p, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, p, len);
	return copy;
}

static uint8_t *
dname(const char *txt)
{
	static uint8_t buf[DNAME_MAX];

	ck_assert_int_gt(dname_from_txt(buf, txt, strlen(txt)), 0);
	return buf;
}

/* ---- reading names */

#define B63                                                                    \
	"3f'abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz-'"
#define T63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz-"

static const struct {
	const char *name;
	const char *in;
	size_t at;	  /* where the name starts */
	const char *want; /* text; NULL: refused */
	size_t behind;	  /* where the reader stands then */
} name_cases[] = {
    {"root", "00", 0, ".", 1},
    {"plain", "03'www'07'example'00 ff", 0, "www.example", 13},
    {"case is kept", "03'wWw'00", 0, "wWw", 5},
    {"pointer alone", "07'example'00 c000 ff", 9, "example", 11},
    {"label and pointer", "07'example'00 03'www' c000 ff", 9, "www.example",
	15},
    {"pointer into the middle", "03'www'07'example'00 c004", 13, "example",
	15},
    {"pointer to a pointer", "07'example'00 c000 01'a'c009 c00b", 15,
	"a.example", 17},
    {"pointer to the root", "00 c000", 1, ".", 3},
    {"empty message", "", 0, NULL, 0},
    {"cut in a label", "07'exampl'", 0, NULL, 0},
    {"cut before the root", "07'example'", 0, NULL, 0},
    {"cut in a pointer", "00 c0", 1, NULL, 0},
    {"length alone", "3f", 0, NULL, 0},
    {"pointer to itself", "c000", 0, NULL, 0},
    {"pointer to its own name", "01'a'c000", 0, NULL, 0},
    {"pointer forward", "c002 00", 0, NULL, 0},
    {"pointer beyond the end", "ffff", 0, NULL, 0},
    {"two that point at each other", "c002 c000", 2, NULL, 0},
    {"a ring of pointers before the name", "c002 c000 c000", 4, NULL, 0},
    {"pointer into its own label", "03 01'b'00 c001", 0, NULL, 0},
    {"back, then forward again", "01'a'c004 01'b'c000", 4, NULL, 0},
    {"back, then to where we came from", "c003 00 01'b'c000", 3, NULL, 0},
    {"label type 01", "41'a'00", 0, NULL, 0},
    {"label type 10", "81'a'00", 0, NULL, 0},
    {"label of 63", B63"00", 0, T63, 65},
    {"name of 255", B63 B63 B63 "3d'" "abcdefghijklmnopqrstuvwxyz0123456789"
	"abcdefghijklmnopqrstuvwxy'00", 0, T63 "." T63 "." T63 "."
	"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy", 255},
    {"name of 256", B63 B63 B63 "3e'" "abcdefghijklmnopqrstuvwxyz0123456789"
	"abcdefghijklmnopqrstuvwxyz'00", 0, NULL, 0},
    {"name of 257 by a pointer", B63 B63 B63 "00 "B63"c000", 193, NULL, 0},
};

START_TEST(names)
{
	uint8_t buf[512], *msg, name[DNAME_MAX];
	size_t len = bytes(buf, name_cases[_i].in), n;
	const char *want = name_cases[_i].want;
	struct wire_reader r;
	char txt[DNAME_TXT_MAX];

	msg = exact(buf, len);
	wire_reader_init(&r, msg, len);
	r.pos = name_cases[_i].at;
	n = wire_read_name(&r, name);
	ck_assert_msg((n > 0) == (want != NULL), "%s", name_cases[_i].name);
	ck_assert_int_eq(r.failed, want == NULL);
	if (want != NULL) {
		ck_assert_uint_eq(n, dname_len(name));
		ck_assert_str_eq(dname_to_txt(txt, name), want);
		ck_assert_uint_eq(r.pos, name_cases[_i].behind);
	}
	free(msg);
}
END_TEST

/* 255 one-byte labels, each name a pointer further: refused at 127 labels. */
START_TEST(chain_of_pointers)
{
	uint8_t msg[4 * 260] = {0}, name[DNAME_MAX];
	struct wire_reader r;
	unsigned i, pos = 1;

	for (i = 1; i <= 255; i++, pos += 4) {
		bytes(msg + pos, "01'a'");
		put_be16(msg + pos + 2,
		    (uint16_t)(0xc000 | (i == 1 ? 0 : pos - 4)));
		wire_reader_init(&r, msg, pos + 4);
		r.pos = pos;
		ck_assert_uint_eq(wire_read_name(&r, name),
		    i <= DNAME_LABELS_MAX ? 2 * i + 1 : 0);
	}
}
END_TEST

/* ---- reading the rest */

START_TEST(reads_are_sticky)
{
	const uint8_t msg[] = {1, 2, 3, 0, 5, 6};
	struct wire_reader r;
	uint8_t name[DNAME_MAX] = {9};

	wire_reader_init(&r, msg, sizeof(msg));
	ck_assert_uint_eq(wire_read_u8(&r), 1);
	ck_assert_uint_eq(wire_read_u16(&r), 0x0203);
	ck_assert_uint_eq(wire_read_u32(&r), 0); /* one byte too few */
	ck_assert(r.failed);
	ck_assert_uint_eq(wire_read_u8(&r), 0); /* though there are some */
	ck_assert_uint_eq(wire_read_name(&r, name), 0);
	ck_assert_uint_eq(name[0], 0); /* a name in any case */
	ck_assert_ptr_null(wire_read_bytes(&r, 0));
	ck_assert_uint_eq(r.pos, 3);
}
END_TEST

START_TEST(huge_counts_do_not_wrap)
{
	const uint8_t msg[4] = {0};
	struct wire_reader r;

	wire_reader_init(&r, msg, sizeof(msg));
	wire_read_u16(&r);
	ck_assert_ptr_null(wire_read_bytes(&r, SIZE_MAX));
	ck_assert(r.failed);
}
END_TEST

START_TEST(header)
{
	const struct wire_header in = {0x1234, 0x8583, 1, 2, 3, 0xfffe};
	uint8_t buf[DNS_HEADER_LEN], want[DNS_HEADER_LEN];
	struct wire_header out;
	struct wire_writer w;
	struct wire_reader r;

	bytes(want, "1234 8583 0001 0002 0003 fffe");
	wire_writer_init(&w, buf, sizeof(buf));
	wire_write_header(&w, &in);
	ck_assert(!w.failed);
	ck_assert_mem_eq(buf, want, sizeof(want));
	wire_reader_init(&r, buf, sizeof(buf));
	wire_read_header(&r, &out);
	ck_assert(!r.failed);
	ck_assert_mem_eq(&in, &out, sizeof(in));
}
END_TEST

#define RR "03'www'00 0001 0001 00015180 0004 c0000201"

START_TEST(one_rr)
{
	uint8_t buf[64], *msg;
	size_t len = bytes(buf, RR), cut;
	struct wire_reader r;
	struct wire_rr rr;

	wire_reader_init(&r, buf, len);
	ck_assert(wire_read_rr(&r, &rr));
	ck_assert_uint_eq(r.pos, len);
	ck_assert_uint_eq(rr.owner_len, 5);
	ck_assert_uint_eq(rr.type, DNS_TYPE_A);
	ck_assert_uint_eq(rr.class, DNS_CLASS_IN);
	ck_assert_uint_eq(rr.ttl, 86400);
	ck_assert_uint_eq(get_be32(buf + rr.ttl_pos), 86400);
	ck_assert_uint_eq(rr.rdata_len, 4);
	ck_assert_uint_eq(get_be32(buf + rr.rdata_pos), 0xc0000201);
	for (cut = 0; cut < len; cut++) {
		msg = exact(buf, cut);
		wire_reader_init(&r, msg, cut);
		ck_assert_msg(!wire_read_rr(&r, &rr), "cut at %zu", cut);
		free(msg);
	}
}
END_TEST

/* ---- writing */

static void
write_all(struct wire_writer *w)
{
	const struct wire_header h = {.id = 1};

	wire_write_header(w, &h);
	wire_write_name(w, dname("www.example"), true);
	wire_write_u8(w, 1);
	wire_write_u16(w, 2);
	wire_write_u32(w, 3);
	wire_write_bytes(w, "four", 4);
	wire_write_name(w, dname("a.example"), true);
}

/* In any lesser room: an error, nothing beyond the room, no half item. */
START_TEST(writes_that_do_not_fit)
{
	const size_t ends[] = {0, 12, 25, 26, 28, 32, 36, 40};
	struct wire_writer w;
	uint8_t full[64], *buf;
	size_t cap, i;

	wire_writer_init(&w, full, sizeof(full));
	write_all(&w);
	ck_assert(!w.failed);
	ck_assert_uint_eq(w.len, 40);
	for (cap = 0; cap < 40; cap++) {
		buf = malloc(cap > 0 ? cap : 1);
		wire_writer_init(&w, buf, cap);
		write_all(&w);
		ck_assert_msg(w.failed, "room %zu", cap);
		for (i = 0; ends[i + 1] <= cap; i++)
			;
		ck_assert_msg(w.len == ends[i], "room %zu: %zu", cap, w.len);
		ck_assert_mem_eq(buf, full, w.len);
		free(buf);
	}
}
END_TEST

static const struct {
	const char *name;
	const char *names[5]; /* written in turn; '=' in front: uncompressed */
	const char *want;     /* behind the 12 bytes of header */
} compress_cases[] = {
    {"nothing known", {"www.example"}, "03'www'07'example'00"},
    {"whole", {"www.example", "www.example"}, "03'www'07'example'00 c00c"},
    {"suffix", {"www.example", "a.example"}, "03'www'07'example'00 01'a'c010"},
    {"longer", {"example", "www.example"}, "07'example'00 03'www'c00c"},
    {"case", {"wWw.eXample", "Www.exAmple"}, "03'wWw'07'eXample'00 c00c"},
    {"root is never pointed to", {"example", ".", "."}, "07'example'00 00 00"},
    {"no suffix in common", {"a.b", "a.c"}, "01'a'01'b'00 01'a'01'c'00"},
    {"same label elsewhere", {"a.b", "b.a"}, "01'a'01'b'00 01'b'01'a'00"},
    {"through a pointer", {"b.c", "a.b.c", "x.a.b.c"},
	"01'b'01'c'00 01'a'c00c 01'x'c011"},
    {"last label of two", {"a.b", "x.b", "x.b"},
	"01'a'01'b'00 01'x'c00e c011"},
    {"uncompressed", {"b.c", "=a.b.c"}, "01'b'01'c'00 01'a'01'b'01'c'00"},
    {"uncompressed is pointed to", {"=a.b", "x.a.b"},
	"01'a'01'b'00 01'x'c00c"},
    {"after an uncompressed one in part", {"c", "=a.c", "a.c", "a.c"},
	"01'c'00 01'a'01'c'00 01'a'c00c c014"},
    {"label that looks like two", {"a\\001b.c", "b.c"},
	"03'a'01'b'01'c'00 01'b'c010"},
};

START_TEST(compression)
{
	uint8_t buf[256], want[256];
	size_t i, len = bytes(want, compress_cases[_i].want);
	const char *name;
	struct wire_writer w;

	wire_writer_init(&w, buf, sizeof(buf));
	wire_write_header(&w, &(struct wire_header){0});
	for (i = 0; i < 5 && compress_cases[_i].names[i] != NULL; i++) {
		name = compress_cases[_i].names[i];
		wire_write_name(&w, dname(name + (*name == '=')),
		    *name != '=');
	}
	ck_assert(!w.failed);
	ck_assert_msg(w.len - 12 == len, "%s: %zu bytes",
	    compress_cases[_i].name, w.len - 12);
	ck_assert_mem_eq(buf + 12, want, len);
}
END_TEST

/* Where names stop being remembered they are still written right. */
START_TEST(many_names)
{
	static uint8_t buf[DNS_MESSAGE_MAX];
	uint8_t name[DNAME_MAX];
	struct wire_writer w;
	struct wire_reader r;
	char txt[DNAME_TXT_MAX], want[64];
	unsigned i, n;

	wire_writer_init(&w, buf, sizeof(buf));
	wire_write_header(&w, &(struct wire_header){0});
	for (n = 0; !w.failed && n < 4000; n++) {
		snprintf(want, sizeof(want), "h%u.z%u.example", n, n % 100);
		wire_write_name(&w, dname(want), true);
	}
	ck_assert(!w.failed);
	ck_assert_uint_gt(w.len, 0x4000);
	wire_reader_init(&r, buf, w.len);
	r.pos = DNS_HEADER_LEN;
	for (i = 0; i < n; i++) {
		snprintf(want, sizeof(want), "h%u.z%u.example", i, i % 100);
		ck_assert_uint_gt(wire_read_name(&r, name), 0);
		ck_assert_str_eq(dname_to_txt(txt, name), want);
	}
	ck_assert_uint_eq(r.pos, w.len);
}
END_TEST

START_TEST(no_pointer_beyond_14_bits)
{
	static uint8_t buf[0x5000];
	struct wire_writer w;

	wire_writer_init(&w, buf, sizeof(buf));
	w.len = 0x3fff;
	wire_write_name(&w, dname("a.b"), true); /* 'a' at 0x3fff, 'b' beyond */
	wire_write_name(&w, dname("a.b"), true);
	wire_write_name(&w, dname("b"), true);
	ck_assert_uint_eq(w.len, 0x3fff + 5 + 5 + 3);
}
END_TEST

/* A copy of the struct is a mark to go back to. */
START_TEST(back_to_a_mark)
{
	uint8_t buf[64], want[16];
	struct wire_writer w, mark;

	wire_writer_init(&w, buf, sizeof(buf));
	wire_write_header(&w, &(struct wire_header){0});
	mark = w;
	wire_write_name(&w, dname("a.b"), true);
	w = mark;
	wire_write_name(&w, dname("x"), true);
	wire_write_name(&w, dname("y.b"), true);
	ck_assert_uint_eq(w.len - 12, bytes(want, "01'x'00 01'y'01'b'00"));
	ck_assert_mem_eq(buf + 12, want, w.len - 12);
}
END_TEST

/* ---- copying */

/* A whole message by way of wire_copy_rr(); returns its length, 0 on error. */
static size_t
copy_message(uint8_t *out, size_t cap, const uint8_t *in, size_t len)
{
	struct wire_reader r;
	struct wire_writer w;
	struct wire_header h;
	struct wire_rr rr;
	uint8_t name[DNAME_MAX];
	unsigned i, n;

	wire_reader_init(&r, in, len);
	wire_writer_init(&w, out, cap);
	wire_read_header(&r, &h);
	wire_write_header(&w, &h);
	for (i = 0; i < h.qdcount && wire_read_name(&r, name) > 0; i++) {
		wire_write_name(&w, name, true);
		wire_write_u16(&w, wire_read_u16(&r));
		wire_write_u16(&w, wire_read_u16(&r));
	}
	n = (unsigned)h.ancount + h.nscount + h.arcount;
	for (i = 0; i < n && wire_read_rr(&r, &rr); i++)
		wire_copy_rr(&w, &r, &rr);
	return r.failed || w.failed || r.pos != len ? 0 : w.len;
}

static const char *const rr_cases[] = {
    "www.example.org. 300 IN A 192.0.2.1",
    "www.example.org. 300 IN AAAA 2001:db8::1",
    "example.org. 0 IN NS ns.example.org.",
    "example.org. 2147483647 IN MX 10 mail.example.org.",
    "example.org. 1 IN SOA ns.example.org. host.example.org. 1 2 3 4 5",
    "www.example.org. 1 IN CNAME WWW2.example.org.",
    "1.2.0.192.in-addr.arpa. 1 IN PTR host.example.org.",
    "example.org. 1 IN MINFO r.example.org. e.example.org.",
    "example.org. 1 IN MD a.example.org.",
    "example.org. 1 IN MF a.example.org.",
    "example.org. 1 IN MB a.example.org.",
    "example.org. 1 IN MG a.example.org.",
    "example.org. 1 IN MR a.example.org.",
    "example.org. 1 IN TXT \"v=spf1 -all\" \"\" \"more\"",
    "example.org. 1 IN RP mbox.example.org. txt.example.org.",
    "example.org. 1 IN AFSDB 1 db.example.org.",
    "example.org. 1 IN RT 1 rt.example.org.",
    "example.org. 1 IN PX 1 m822.example.org. mx400.example.org.",
    "_smtp._tcp.example.org. 1 IN SRV 0 1 25 mail.example.org.",
    "example.org. 1 IN NAPTR 1 2 \"s\" \"SIP+D2T\" \"!x!y!\" sip.example.org.",
    "example.org. 1 IN NAPTR 1 2 \"\" \"\" \"\" .",
    "example.org. 1 IN KX 1 kx.example.org.",
    "sub.example.org. 1 IN DNAME other.example.org.",
    "example.org. 1 IN DS 1 8 2 "
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "example.org. 1 IN RRSIG A 8 2 300 20300101000000 20200101000000 1 "
    "example.org. c2lnbmF0dXJl",
    "example.org. 1 IN NSEC a.example.org. A NS SOA RRSIG NSEC",
    "_25._tcp.mail.example.org. 1 IN TLSA 3 1 1 "
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "example.org. 1 IN TYPE65280 \\# 4 c00cc00c", /* no pointers: opaque */
    "example.org. 1 IN TYPE65280 \\# 0",
    ". 1 IN NS .",
};

static ldns_pkt *
question_packet(void)
{
	ldns_pkt *pkt = ldns_pkt_query_new(
	    ldns_dname_new_frm_str("www.example.org."), LDNS_RR_TYPE_A,
	    LDNS_RR_CLASS_IN, LDNS_QR | LDNS_RD);

	ck_assert_ptr_nonnull(pkt);
	return pkt;
}

static void
push(ldns_pkt *pkt, const char *txt)
{
	ldns_rr *rr;

	ck_assert_int_eq(ldns_rr_new_frm_str(&rr, txt, 0, NULL, NULL),
	    LDNS_STATUS_OK);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER, rr);
}

static void
assert_same_rrs(const ldns_pkt *a, const ldns_pkt *b)
{
	ldns_rr_list *la = ldns_pkt_all(a), *lb = ldns_pkt_all(b);
	size_t i, n = ldns_rr_list_rr_count(la);
	char *ta, *tb;

	ck_assert_uint_eq(n, ldns_rr_list_rr_count(lb));
	for (i = 0; i < n; i++) { /* as text: TTL and case are compared, too */
		ta = ldns_rr2str(ldns_rr_list_rr(la, i));
		tb = ldns_rr2str(ldns_rr_list_rr(lb, i));
		ck_assert_str_eq(ta, tb);
		free(ta);
		free(tb);
	}
	ldns_rr_list_deep_free(la);
	ldns_rr_list_deep_free(lb);
}

/* pkt as ldns writes it, copied by us, reads with ldns as pkt. */
static void
assert_copy_is_equal(ldns_pkt *pkt)
{
	static uint8_t out[DNS_MESSAGE_MAX];
	uint8_t *wire = NULL, *in;
	size_t in_len, len;
	ldns_pkt *got = NULL;

	ck_assert_int_eq(ldns_pkt2wire(&wire, pkt, &in_len), LDNS_STATUS_OK);
	in = exact(wire, in_len);
	len = copy_message(out, sizeof(out), in, in_len);
	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(ldns_wire2pkt(&got, out, len), LDNS_STATUS_OK);
	assert_same_rrs(pkt, got);
	ck_assert_msg(len <= in_len, "%zu bytes, %zu by ldns", len, in_len);
	ck_assert_uint_eq(copy_message(out, len - 1, in, in_len), 0);
	ldns_pkt_free(got);
	free(wire);
	free(in);
}

START_TEST(copy_of_one_rr)
{
	ldns_pkt *pkt = question_packet();

	push(pkt, rr_cases[_i]);
	assert_copy_is_equal(pkt);
	ldns_pkt_free(pkt);
}
END_TEST

START_TEST(copy_of_all_rrs)
{
	ldns_pkt *pkt = question_packet();
	size_t i;

	for (i = 0; i < UNIT_COUNT(rr_cases); i++)
		push(pkt, rr_cases[i]);
	assert_copy_is_equal(pkt);
	ldns_pkt_free(pkt);
}
END_TEST

/* Cut anywhere, a message is an error and nothing is read beyond it. */
START_TEST(copy_of_cut_messages)
{
	static uint8_t out[DNS_MESSAGE_MAX];
	ldns_pkt *pkt = question_packet();
	uint8_t *wire, *in;
	size_t i, len;

	for (i = 0; i < UNIT_COUNT(rr_cases); i++)
		push(pkt, rr_cases[i]);
	ck_assert_int_eq(ldns_pkt2wire(&wire, pkt, &len), LDNS_STATUS_OK);
	for (i = 0; i < len; i++) {
		in = exact(wire, i);
		ck_assert_uint_eq(copy_message(out, sizeof(out), in, i), 0);
		free(in);
	}
	free(wire);
	ldns_pkt_free(pkt);
}
END_TEST

/*
 * RDATA behind the owner "a.b" at 12. The copy is made into a message whose
 * names stand elsewhere: at 14, since the root and a byte come first.
 */
#define LONG_NAME B63 B63 B63 "3c'abcdefghijklmnopqrstuvwxyz0123456789"        \
		  "abcdefghijklmnopqrstuvwx'"
static const struct {
	const char *name;
	unsigned type;
	const char *rdata;
	const char *want; /* NULL: refused */
} rdata_cases[] = {
    {"NS, compressed anew", DNS_TYPE_NS, "01'n'c00c", "01'n'c00e"},
    {"NS, uncompressed before", DNS_TYPE_NS, "01'a'01'b'00", "c00e"},
    {"NS, pointer alone", DNS_TYPE_NS, "c00e", "c010"},
    {"MD", DNS_TYPE_MD, "c00c", "c00e"},
    {"MF", DNS_TYPE_MF, "c00c", "c00e"},
    {"CNAME", DNS_TYPE_CNAME, "c00c", "c00e"},
    {"MB", DNS_TYPE_MB, "c00c", "c00e"},
    {"MG", DNS_TYPE_MG, "c00c", "c00e"},
    {"MR", DNS_TYPE_MR, "c00c", "c00e"},
    {"PTR", DNS_TYPE_PTR, "c00c", "c00e"},
    {"MINFO", DNS_TYPE_MINFO, "c00c c00e", "c00e c010"},
    {"AFSDB", DNS_TYPE_AFSDB, "0001 c00c", "0001 01'a'01'b'00"},
    {"RT", DNS_TYPE_RT, "0001 c00c", "0001 01'a'01'b'00"},
    {"KX", DNS_TYPE_KX, "0001 c00c", "0001 01'a'01'b'00"},
    {"PX", DNS_TYPE_PX, "0001 c00c c00e", "0001 01'a'01'b'00 01'b'00"},
    {"MX", DNS_TYPE_MX, "000a c00c", "000a c00e"},
    {"SOA", DNS_TYPE_SOA,
	"c00c 01'h'c00c 00000001000000020000000300000004"
	"00000005",
	"c00e 01'h'c00e 00000001000000020000000300000004"
	"00000005"},
    {"SOA, pointer into its own RDATA", DNS_TYPE_SOA,
	"01'n'c00c 01'h'c01b "
	"0000000100000002000000030000000400000005",
	"01'n'c00e 01'h'c01d "
	"0000000100000002000000030000000400000005"},
    {"SRV, expanded", DNS_TYPE_SRV, "000000010019 01's'c00c",
	"000000010019 01's'01'a'01'b'00"},
    {"DNAME, expanded", DNS_TYPE_DNAME, "c00c", "01'a'01'b'00"},
    {"RP, both expanded", DNS_TYPE_RP, "c00c c00e", "01'a'01'b'00 01'b'00"},
    {"NAPTR", DNS_TYPE_NAPTR, "00010002 01's' 00 02'xy' c00c",
	"00010002 01's' 00 02'xy' 01'a'01'b'00"},
    {"SIG, the rest stays", DNS_TYPE_SIG,
	"0001 0801 00000001 00000002"
	"00000003 0004 c00c c00c",
	"0001 0801 00000001 00000002"
	"00000003 0004 01'a'01'b'00 c00c"},
    {"NXT", DNS_TYPE_NXT, "c00c 4001", "01'a'01'b'00 4001"},
    {"RRSIG is opaque", DNS_TYPE_RRSIG, "c00c", "c00c"},
    {"A of any length", DNS_TYPE_A, "01", "01"},
    {"empty TXT", DNS_TYPE_TXT, "", ""},
    {"NS, empty", DNS_TYPE_NS, "", NULL},
    {"NS, name beyond the RDATA", DNS_TYPE_NS, "05'abc'", NULL},
    {"NS, pointer cut", DNS_TYPE_NS, "01'a'c0", NULL},
    {"NS, byte behind", DNS_TYPE_NS, "c00c 00", NULL},
    {"NS, pointer to itself", DNS_TYPE_NS, "c01b", NULL},
    {"NS, pointer forward", DNS_TYPE_NS, "c020", NULL},
    {"NS, name of 258", DNS_TYPE_NS, LONG_NAME "c00c", NULL},
    {"MX, no name", DNS_TYPE_MX, "000a", NULL},
    {"MX, one byte", DNS_TYPE_MX, "00", NULL},
    {"SOA, one byte too few", DNS_TYPE_SOA,
	"c00c c00c 00000001000000020000"
	"0003000000040000 00",
	NULL},
    {"SOA, one byte too many", DNS_TYPE_SOA,
	"c00c c00c 00000001000000020000"
	"000300000004 00000005 00",
	NULL},
    {"SOA, one name", DNS_TYPE_SOA, "c00c", NULL},
    {"SRV, no name", DNS_TYPE_SRV, "000000010019", NULL},
    {"NAPTR, string beyond the RDATA", DNS_TYPE_NAPTR,
	"00010002 01's' 00 09'x'", NULL},
    {"NAPTR, no name", DNS_TYPE_NAPTR, "00010002 00 00 00", NULL},
};

START_TEST(rdata_with_names)
{
	uint8_t in[512], out[1024], want[512], *msg;
	size_t len, want_len, rdata_len, ttl_pos;
	struct wire_reader r;
	struct wire_writer w;
	struct wire_rr rr;

	rdata_len = bytes(want, rdata_cases[_i].rdata);
	len = 12 + bytes(in + 12, "01'a'01'b'00 0000 0001 00000007");
	memset(in, 0, 12);
	put_be16(in + 17, (uint16_t)rdata_cases[_i].type);
	put_be16(in + len, (uint16_t)rdata_len);
	memcpy(in + len + 2, want, rdata_len);
	len += 2 + rdata_len;
	msg = exact(in, len);
	wire_reader_init(&r, msg, len);
	r.pos = 12;
	ck_assert(wire_read_rr(&r, &rr));

	wire_writer_init(&w, out, sizeof(out));
	wire_write_header(&w, &(struct wire_header){0});
	wire_write_u16(&w, 0);
	ttl_pos = wire_copy_rr(&w, &r, &rr);
	if (rdata_cases[_i].want == NULL) {
		ck_assert_msg(ttl_pos == 0, "%s", rdata_cases[_i].name);
		ck_assert(w.failed);
		ck_assert_uint_eq(w.len, 14); /* as before */
		ck_assert_uint_eq(w.n_names, 0);
	} else {
		want_len = bytes(want, rdata_cases[_i].want);
		ck_assert_uint_eq(ttl_pos, 14 + 5 + 4);
		ck_assert_uint_eq(get_be32(out + ttl_pos), 7);
		ck_assert_msg(get_be16(out + ttl_pos + 4) == want_len,
		    "%s: %u", rdata_cases[_i].name,
		    get_be16(out + ttl_pos + 4));
		ck_assert_uint_eq(w.len, ttl_pos + 6 + want_len);
		ck_assert_mem_eq(out + ttl_pos + 6, want, want_len);
	}
	free(msg);
}
END_TEST

UNIT_MAIN("wire", UNIT_EACH(names, name_cases), UNIT_ONCE(chain_of_pointers),
    UNIT_ONCE(reads_are_sticky), UNIT_ONCE(huge_counts_do_not_wrap),
    UNIT_ONCE(header), UNIT_ONCE(one_rr), UNIT_ONCE(writes_that_do_not_fit),
    UNIT_EACH(compression, compress_cases), UNIT_ONCE(many_names),
    UNIT_ONCE(no_pointer_beyond_14_bits), UNIT_ONCE(back_to_a_mark),
    UNIT_EACH(copy_of_one_rr, rr_cases), UNIT_ONCE(copy_of_all_rrs),
    UNIT_ONCE(copy_of_cut_messages), UNIT_EACH(rdata_with_names, rdata_cases))
