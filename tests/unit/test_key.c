/* zones/key.c and zones/value.c: what is asked, and RRs as bytes. */
#include "tests/unit/unit.h"
#include "zones/key.h"
#include "zones/value.h"

#define ZEROS_15 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"

static const struct {
	const char *name; /* below zone.test */
	unsigned ip4_bits;
	uint32_t ip4;
	unsigned ip6_bits;
	uint8_t ip6[17]; /* as a string, the bytes that are not 0 at its end */
} addresses[] = {
    {"", 0, 0, 0, ""},
    {"2", 8, 0x02000000, 4, "\x20"},
    {"255", 8, 0xff000000, 0, ""},
    {"3.2", 16, 0x02030000, 8, "\x23"},
    {"4.3.2", 24, 0x02030400, 12, "\x23\x40"},
    {"5.4.3.2", 32, 0x02030405, 16, "\x23\x45"},
    {"0.0.0.0", 32, 0, 16, ""},
    {"255.255.255.255", 32, 0xffffffff, 0, ""},
    {"1.2.0.192", 32, 0xc0000201, 0, ""},
    {"256.2.0.192", 0, 0, 0, ""},
    {"01.2.0.192", 0, 0, 0, ""},
    {"00.2.0.192", 0, 0, 0, ""},
    {"1.2.0.1920", 0, 0, 0, ""},
    {"1.2.0.x", 0, 0, 0, ""},
    {"1.2.0.:", 0, 0, 0, ""},
    {"1.2.0./", 0, 0, 0, ""},
    {"6.5.4.3.2", 0, 0, 20, "\x23\x45\x60"},
    {"f.e", 0, 0, 8, "\xef"},
    {"F.E", 0, 0, 8, "\xef"}, /* lower-cased before */
    {"g.e", 0, 0, 0, ""},
    {"e.g", 0, 0, 0, ""},
    {"aa.e", 0, 0, 0, ""},
    {"1.0." ZEROS_15 "." ZEROS_15, 0, 0, 128,
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"},
    {"1." ZEROS_15 "." ZEROS_15, 0, 0, 124, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	"\x10"},
    {"1.0.0." ZEROS_15 "." ZEROS_15, 0, 0, 0, ""}, /* 33 nibbles */
    /* IPv4 in IPv6 */
    {"1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0." ZEROS_15, 32, 0xc0000201, 128,
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01"},
    {"1.0.2.0.0.0.0.c.e.f.f.f.0.0.0.0.0." ZEROS_15, 0, 0, 128,
	"\0\0\0\0\0\0\0\0\0\0\xff\xfe\xc0\0\x02\x01"},
    {"9.0.0.0.0." ZEROS_15 ".1.0.2.0.0.0.0.c.2.0.0.2", 32, 0xc0000201, 128,
	"\x20\x02\xc0\0\x02\x01\0\0\0\0\0\0\0\0\0\x09"},
};

static void
init(struct zone_key *key, const char *rel, uint8_t *dname, uint8_t *off,
    uint64_t *hash)
{
	char name[1200];
	int len;

	snprintf(name, sizeof(name), "%s%szone.test", rel, *rel ? "." : "");
	len = dname_from_txt(dname, name, strlen(name));
	ck_assert_int_gt(len, 0);
	dname_lower(dname, (size_t)len);
	zone_key_init(key, dname, 2, off, hash);
}

START_TEST(test_addresses)
{
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct zone_key key;

	memset(&key, 0xee, sizeof(key));
	init(&key, addresses[_i].name, dname, off, hash);
	ck_assert_uint_eq(key.ip4_bits, addresses[_i].ip4_bits);
	ck_assert_uint_eq(key.ip4, addresses[_i].ip4);
	ck_assert_uint_eq(key.ip6_bits, addresses[_i].ip6_bits);
	ck_assert_mem_eq(key.ip6, addresses[_i].ip6, 16);
}
END_TEST

START_TEST(test_labels)
{
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct zone_key key;

	init(&key, "www.Example", dname, off, hash);
	ck_assert_uint_eq(key.n_labels, 2);
	ck_assert_uint_eq(key.rel_len, 12);
	ck_assert_uint_eq(key.off[1], 4);
	ck_assert_uint_eq(key.hash[0], dname_hash(dname));
	ck_assert_uint_eq(key.hash[1], dname_hash(dname + 4));
	init(&key, "", dname, off, hash);
	ck_assert_uint_eq(key.n_labels, 0);
	ck_assert_uint_eq(key.rel_len, 0);
}
END_TEST

static const struct {
	const char *name;
	enum zone_hit_kind kind;
	unsigned first_label;
	const char *want;
} texts[] = {
    {"1.2.0.192", ZONE_HIT_IP4, 0, "192.0.2.1"},
    {"255.255.255.255", ZONE_HIT_IP4, 0, "255.255.255.255"},
    {"1.0." ZEROS_15 "." ZEROS_15, ZONE_HIT_IP6, 0, "::1"},
    {"0.0." ZEROS_15 "." ZEROS_15, ZONE_HIT_IP6, 0, "::"},
    {"1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0." ZEROS_15, ZONE_HIT_IP6, 0,
	"::ffff:c000:201"},
    {"0." ZEROS_15 "." ZEROS_15 ".2", ZONE_HIT_IP6, 0, "2000::"},
    {"1.0.0.0.0.0.0.0.2.0.0.0.0.0.0.0.3.0.0.0.0.0.0.0.4.0.0.0.5.0.0.0",
	ZONE_HIT_IP6, 0, "5:4:0:3:0:2:0:1"},
    {"1.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.3.0.0.0.0.0.0.0.0.0.0.0.5.0.0.0",
	ZONE_HIT_IP6, 0, "5::3:2:0:0:1"}, /* the first of equal runs */
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.0.0.0.0.0.0.0.0.0.0.0.5.0.0.0",
	ZONE_HIT_IP6, 0, "5:0:0:3::1"},
    {"a.b.c", ZONE_HIT_NAME, 0, "a.b.c"},
    {"a.b.c", ZONE_HIT_NAME, 1, "b.c"},
    {"a.b.c", ZONE_HIT_NAME, 2, "c"},
    {"a\\.b", ZONE_HIT_NAME, 0, "a\\.b"},
    {"\\000\\255\\ ", ZONE_HIT_NAME, 0, "\\000\\255\\032"},
    {"\\@\\$\\;\\\"\\\\\\(\\)", ZONE_HIT_NAME, 0, "\\@\\$\\;\\\"\\\\()"},
};

START_TEST(test_text)
{
	struct zone_hit hit = {.kind = texts[_i].kind,
	    .first_label = texts[_i].first_label};
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	char txt[DNAME_TXT_MAX];
	struct zone_key key;

	init(&key, texts[_i].name, dname, off, hash);
	ck_assert_ptr_eq(zone_hit_txt(txt, &key, &hit), txt);
	ck_assert_str_eq(txt, texts[_i].want);
}
END_TEST

/* The longest text there is: four bytes for each byte of a name. */
START_TEST(test_longest_text)
{
	struct zone_hit hit = {.kind = ZONE_HIT_NAME};
	uint8_t dname[DNAME_MAX] = {0}, off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	char *txt = malloc(DNAME_TXT_MAX); /* ASan sees a byte too many */
	struct zone_key key;

	for (unsigned i = 0, len; i < 254; i += len + 1) {
		len = 254 - i - 1 < 63 ? 254 - i - 1 : 63;
		dname[i] = len;
	}
	zone_key_init(&key, dname, 0, off, hash);
	zone_hit_txt(txt, &key, &hit);
	ck_assert_uint_eq(strlen(txt), 250 * 4 + 3);
	free(txt);
}
END_TEST

START_TEST(test_values)
{
	uint8_t bytes[64];
	const uint8_t *p = bytes, *end;
	struct value_rr rr;
	size_t n;

	n = value_put(bytes, 1, 300, "\x7f\0\0\2", 4, false);
	n += value_put(bytes + n, 16, 0xffffffff, "a\0b", 3, true);
	end = bytes + n;
	ck_assert_uint_eq(n, 2 * VALUE_RR_HEADER + 7);
	ck_assert(value_next(&p, end, &rr));
	ck_assert(rr.type == 1 && rr.ttl == 300 && rr.len == 4);
	ck_assert(!rr.is_template && rr.data[3] == 2);
	ck_assert(value_next(&p, end, &rr));
	ck_assert(rr.type == 16 && rr.ttl == 0xffffffff && rr.len == 3);
	ck_assert(rr.is_template);
	ck_assert(!value_next(&p, end, &rr));
	ck_assert_ptr_eq(p, end);
}
END_TEST

/* A for an RR, a number for a note of that expiry: what is live at 100. */
static const struct {
	const char *value, *want; /* a comma between what is given together */
} expiries[] = {
    {"A", "1,"}, {"0A", "1,"}, {"200A", "1,"}, {"50A", ""}, {"100A", ""},
    {"101A", "1,"}, {"50A0A", "1,"}, {"200AA0A", "2,1,"}, {"0A50A0A", "1,1,"},
    {"50A0", ""}, {"0A50A", "1,"}, {"0A0", "1,"}, {"50A50A", ""},
    {"200A300A", "1,1,"}, {"50", ""}, {"", ""}, {"0", ""},
};

START_TEST(test_expiry)
{
	const uint8_t *p, *end, *live;
	uint8_t bytes[256];
	char got[64] = "", *text = NULL;
	size_t n = 0, len;

	for (const char *s = expiries[_i].value; *s != '\0'; s = text) {
		text = (char *)(uintptr_t)s + 1;
		n += *s == 'A' ? value_put(bytes + n, 1, 1, "1234", 4, false) :
		    value_put_expiry(bytes + n, strtoul(s, &text, 10));
	}
	p = bytes;
	end = bytes + n;
	ck_assert_int_eq(value_has_notes(bytes, n),
	    n > 0 && *expiries[_i].value != 'A');
	while (value_live(&p, end, 100, &live, &len)) {
		ck_assert(len > 0 && !value_has_notes(live, len));
		sprintf(got + strlen(got), "%zu,",
		    len / (VALUE_RR_HEADER + 4));
	}
	ck_assert_ptr_eq(p, end);
	ck_assert_msg(strcmp(got, expiries[_i].want) == 0, "%s: %s",
	    expiries[_i].value, got);
}
END_TEST

/* The same with | where another alternative begins: which one counts at 100,
 * and how many RRs it gives. */
static const struct {
	const char *value;
	unsigned passed, rrs;
} alternatives[] = {
    {"200A|A", 0, 1}, {"50A|A", 1, 1}, {"50A0|AA", 1, 2}, {"50A|60A|A", 2, 1},
    {"50A|200A60A|A", 1, 1}, {"50A60A|", 2, 0}, {"50A", 1, 0}, {"A", 0, 1},
    {"50A|60A", 2, 0}, {"|A", 1, 1}, {"", 1, 0},
};

START_TEST(test_alternatives)
{
	const uint8_t *p, *end;
	struct value_walk walk = {0};
	uint8_t bytes[256];
	char *text = NULL;
	struct value_rr rr;
	unsigned rrs = 0;
	size_t n = 0;

	for (const char *s = alternatives[_i].value; *s != '\0'; s = text) {
		text = (char *)(uintptr_t)s + 1;
		n += *s == 'A' ? value_put(bytes + n, 1, 1, "1234", 4, false) :
		    *s == '|' ? value_put_parting(bytes + n) :
		    value_put_expiry(bytes + n, strtoul(s, &text, 10));
	}
	p = bytes;
	end = bytes + n;
	ck_assert_uint_eq(value_alternative(&p, &end, 100),
	    alternatives[_i].passed);
	ck_assert_int_eq(p == end, alternatives[_i].rrs == 0);
	while (value_next_live(&walk, bytes, n, 100, &rr))
		rrs++;
	ck_assert_uint_eq(rrs, alternatives[_i].rrs);
}
END_TEST

/* What is damaged is not listed. */
START_TEST(test_damaged_expiry)
{
	uint8_t bytes[64];
	const uint8_t *p = bytes, *live;
	size_t n, len;

	n = value_put(bytes, VALUE_NOTE, 1, "12", 2, false);
	n += value_put(bytes + n, 1, 1, "1234", 4, false);
	ck_assert(!value_live(&p, bytes + n, 100, &live, &len));
	for (size_t cut = 0; cut < n; cut++) {
		p = bytes;
		ck_assert(!value_live(&p, bytes + cut, 100, &live, &len));
	}
}
END_TEST

/* Whatever is cut off, nothing behind the end is read. */
START_TEST(test_damaged_values)
{
	uint8_t whole[64];
	struct value_rr rr;
	size_t n;

	n = value_put(whole, 1, 300, "\x7f\0\0\2", 4, false);
	n += value_put(whole + n, 16, 300, "a\0b", 3, true);
	for (size_t cut = 0; cut < n; cut++) {
		uint8_t *bytes = malloc(cut + 1);
		const uint8_t *p = bytes;
		unsigned rrs = 0;

		memcpy(bytes, whole, cut);
		while (value_next(&p, bytes + cut, &rr))
			rrs++;
		ck_assert_uint_eq(rrs, cut >= 12 ? 1 : 0);
		free(bytes);
	}
}
END_TEST

static const struct {
	const char *template;
	size_t len;
	const char *key, *want;
} templates[] = {
    {"a\0b", 3, "KEY", "aKEYb"},
    {"\0", 1, "KEY", "KEY"},
    {"\0\0", 2, "KEY", "KEYKEY"},
    {"plain", 5, "KEY", "plain"},
    {"", 0, "KEY", ""},
    {"a\0b", 3, "", "ab"},
};

START_TEST(test_expand)
{
	struct value_rr rr = {.data =
	    (const uint8_t *)templates[_i].template, .len = templates[_i].len};
	uint8_t out[256];
	size_t n = value_expand(out, &rr, templates[_i].key);

	ck_assert_uint_eq(out[0], n - 1);
	ck_assert_uint_eq(n - 1, strlen(templates[_i].want));
	ck_assert_mem_eq(out + 1, templates[_i].want, n - 1);
}
END_TEST

/* At most VALUE_TXT_MAX bytes, wherever the end falls. */
START_TEST(test_expand_cut)
{
	uint8_t *out = malloc(256), *template = malloc(300);
	char key[300];
	size_t n;

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	for (size_t before = 0; before < 300; before++) {
		struct value_rr rr = {.data = template, .len = 300};

		memset(template, 't', 300);
		template[before] = 0;
		n = value_expand(out, &rr, key);
		ck_assert_uint_eq(n, 1 + VALUE_TXT_MAX);
		ck_assert_uint_eq(out[0], VALUE_TXT_MAX);
		ck_assert_uint_eq(out[VALUE_TXT_MAX],
		    before < VALUE_TXT_MAX ? 'k' : 't');
	}
	free(out);
	free(template);
}
END_TEST

UNIT_MAIN("key", UNIT_EACH(test_addresses, addresses), UNIT_ONCE(test_labels),
    UNIT_EACH(test_text, texts), UNIT_ONCE(test_longest_text),
    UNIT_ONCE(test_values),
    UNIT_EACH(test_expiry, expiries),
    UNIT_EACH(test_alternatives, alternatives), UNIT_ONCE(test_damaged_expiry),
    UNIT_ONCE(test_damaged_values),
    UNIT_EACH(test_expand, templates), UNIT_ONCE(test_expand_cut))
