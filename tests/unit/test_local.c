/*
 * The local store: lookups as the daemon makes them, changes as blctl makes
 * them, both at once, and what is left when a change is cut short.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/dns.h"
#include "lib/store.h"
#include "tests/unit/unit.h"
#include "zones/local.h"
#include "zones/local_record.h"
#include "zones/value.h"

#define ZONE "blacklist.internal"
#define ZONE_LABELS 2
#define NO_GROUP ((gid_t)-1)
#define ANSWER_MAX 1024

/* ---- helpers */

static struct local *
open_local(const char *state, bool write)
{
	char why[LOCAL_WHY_MAX] = "";
	struct local *l;
	int rc = local_open(&l, unit_path(state), ZONE, write, NO_GROUP, why);

	ck_assert_msg(rc == 0, "%s", why);
	return l;
}

static int
try_add(struct local *l, const char *key, const char *reason)
{
	struct local_entry e = {.code = 0x7f000002, .added = 1700000000}, was;
	enum local_change change;
	char why[LOCAL_WHY_MAX];

	snprintf(e.key_txt, sizeof(e.key_txt), "%s", key);
	snprintf(e.reason, sizeof(e.reason), "%s", reason);
	snprintf(e.author, sizeof(e.author), "tester");
	return local_add(l, &e, &was, &change, why);
}

static void
add(struct local *l, const char *key, const char *reason)
{
	ck_assert_int_eq(try_add(l, key, reason), 0);
}

static int
try_del(struct local *l, const char *key, char *why)
{
	struct local_entry e = {.code = 0};

	snprintf(e.key_txt, sizeof(e.key_txt), "%s", key);
	return local_del(l, &e, why);
}

static void
del(struct local *l, const char *key)
{
	char why[LOCAL_WHY_MAX] = "";

	ck_assert_msg(try_del(l, key, why) == 0, "%s", why);
}

/* "A 127.0.0.2" and "TXT text" for each RR, or the kind of no answer. */
static const char *
hits_txt(char *out, const struct zone_key *key, const struct zone_hits *hits)
{
	char key_txt[DNAME_TXT_MAX];
	uint8_t txt[256];
	char *p = out;

	if (hits->n == 0)
		return hits->exists ? "NODATA" : "NXDOMAIN";
	for (unsigned i = 0; i < hits->n; i++) {
		const uint8_t *rr = hits->hit[i].rrs;
		const uint8_t *end = rr + hits->hit[i].len;
		struct value_rr v;

		zone_hit_txt(key_txt, key, &hits->hit[i]);
		while (value_next(&rr, end, &v)) {
			ck_assert_uint_eq(v.ttl, LOCAL_TTL);
			if (p != out)
				*p++ = ' ';
			if (v.type == DNS_TYPE_A) {
				p += sprintf(p, "A %u.%u.%u.%u", v.data[0],
				    v.data[1], v.data[2], v.data[3]);
				continue;
			}
			ck_assert_uint_eq(v.type, DNS_TYPE_TXT);
			if (v.is_template)
				value_expand(txt, &v, key_txt);
			else
				memcpy(txt, v.data, v.len);
			p += sprintf(p, "TXT %.*s", txt[0], txt + 1);
		}
	}
	return out;
}

/* Asks for the labels below the apex, without a pause before or after. */
static const char *
look(struct local *l, const char *labels)
{
	static char out[ANSWER_MAX];
	char qname[DNAME_TXT_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	struct zone_hits hits = {.n = 0};
	struct zone_key key;

	snprintf(qname, sizeof(qname), "%s%s%s", labels,
	    *labels != '\0' ? "." : "", ZONE);
	ck_assert_int_gt(dname_from_txt(dname, qname, strlen(qname)), 0);
	zone_key_init(&key, dname, ZONE_LABELS, off, hash);
	ck_assert_int_eq(local_lookup(l, &key, &hits), 0);
	return hits_txt(out, &key, &hits);
}

static const char *
ask(struct local *l, const char *labels)
{
	const char *answer = look(l, labels);

	local_pause(l);
	return answer;
}

struct listing {
	unsigned n;
	char keys[ANSWER_MAX]; /* with a blank behind each */
	unsigned broken;       /* entries that are not as adder() made them */
};

static void
on_entry(void *arg, const struct local_entry *e)
{
	struct listing *list = arg;
	size_t len = strlen(list->keys);
	char want[32];

	list->n++;
	snprintf(list->keys + len, sizeof(list->keys) - len, "%s ", e->key_txt);
	snprintf(want, sizeof(want), "reason of %.20s", e->key_txt);
	if (strcmp(e->reason, want) != 0 || strcmp(e->author, "tester") != 0 ||
	    e->code != 0x7f000002)
		list->broken++;
}

static struct listing
list(struct local *l)
{
	struct listing list = {.n = 0};
	char why[LOCAL_WHY_MAX] = "";

	ck_assert_msg(local_list(l, on_entry, &list, why) == 0, "%s", why);
	local_pause(l);
	return list;
}

/* ---- lookup */

static const char *const many[] = {
    "192.0.2.0/24", "192.0.2.128/25", "192.0.2.7", "10.0.0.0/8", "198.51.0.1",
    "2001:db8::/32", "2001:db8::1", "2001:db8:8000::/33", "a000::/4",
    "example.com", "*.below.com", ".both.com", "a.b.c.deep.com", "*.x.both.com",
    "y.both.com", "mixed.com", "*.mixed.com", "*.com.net", "localhost", "*.f",
    NULL,
};

#define Z22 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."

static const struct {
	const char *ask;
	const char *want; /* the key that answers, or NODATA or NXDOMAIN */
} lookup_cases[] = {
    /* the longest prefix wins */
    {"7.2.0.192", "192.0.2.7"},
    {"6.2.0.192", "192.0.2.0/24"},
    {"127.2.0.192", "192.0.2.0/24"},
    {"128.2.0.192", "192.0.2.128/25"},
    {"255.2.0.192", "192.0.2.128/25"},
    {"0.3.0.192", "NXDOMAIN"},
    {"255.1.0.192", "NXDOMAIN"},
    {"255.255.255.10", "10.0.0.0/8"},
    {"0.0.0.11", "NXDOMAIN"},
    {"1.0.51.198", "198.51.0.1"},
    {"2.0.51.198", "NXDOMAIN"},
    /* a part of an address, with something around or below */
    {"2.0.192", "NODATA"},
    {"0.192", "NODATA"},
    {"192", "NODATA"},
    {"3.0.192", "NXDOMAIN"},
    {"1.192", "NXDOMAIN"},
    {"193", "NXDOMAIN"},
    {"5.10", "NODATA"},
    {"0.51.198", "NODATA"},
    {"1.51.198", "NXDOMAIN"},
    /* no address */
    {"7.7.2.0.192", "NXDOMAIN"},
    {"07.2.0.192", "NXDOMAIN"},
    {"256.2.0.192", "NXDOMAIN"},
    /* nibbles */
    {"1." Z22 "0.0.8.b.d.0.1.0.0.2", "NXDOMAIN"}, /* 33 of them */
    {"1." Z22 "0.8.b.d.0.1.0.0.2", "2001:db8::1"},
    {"2." Z22 "0.8.b.d.0.1.0.0.2", "2001:db8::/32"},
    {"2." Z22 "9.8.b.d.0.1.0.0.2", "2001:db8:8000::/33"},
    {"2." Z22 "9.9.b.d.0.1.0.0.2", "NXDOMAIN"},
    {"8.b.d.0.1.0.0.2", "NODATA"},
    {"d.0.1.0.0.2", "NODATA"},
    {"1.8.b.d.0.1.0.0.2", "NODATA"},
    {"e.0.1.0.0.2", "NXDOMAIN"},
    {"b.a", "NODATA"},
    {"2", "NODATA"},
    {"3", "NXDOMAIN"},
    /* a whole address is no name */
    {"x.f", "*.f"},
    {"f.f", "*.f"},
    {"1." Z22 "0.0.0.0.0.0.0.0.f", "NXDOMAIN"},
    /* names */
    {"example.com", "example.com"},
    {"www.example.com", "NXDOMAIN"},
    {"com", "NODATA"},
    {"example", "NXDOMAIN"},
    {"xexample.com", "NXDOMAIN"},
    {"example.comm", "NXDOMAIN"},
    {"below.com", "NODATA"},
    {"x.below.com", "*.below.com"},
    {"a.b.c.below.com", "*.below.com"},
    {"both.com", ".both.com"},
    {"z.both.com", ".both.com"},
    {"y.both.com", "y.both.com"},
    {"z.y.both.com", ".both.com"},
    {"x.both.com", ".both.com"},
    {"z.x.both.com", "*.x.both.com"},
    {"z.z.x.both.com", "*.x.both.com"},
    {"mixed.com", "mixed.com"},
    {"x.mixed.com", "*.mixed.com"},
    {"deep.com", "NODATA"},
    {"c.deep.com", "NODATA"},
    {"b.c.deep.com", "NODATA"},
    {"a.b.c.deep.com", "a.b.c.deep.com"},
    {"x.b.c.deep.com", "NXDOMAIN"},
    {"x.c.deep.com", "NXDOMAIN"},
    {"net", "NODATA"},
    {"com.net", "NODATA"},
    {"a.com.net", "*.com.net"},
    {"localhost", "localhost"},
    {"x.localhost", "NXDOMAIN"},
    /* bytes that no key has */
    {"a\\000b.below.com", "*.below.com"},
    {"\\000.below.com", "*.below.com"},
    {"x.\\000.below.com", "*.below.com"},
    {"both\\000com", "NXDOMAIN"},
    {"both\\000y.com", "NXDOMAIN"},
    {"a.below\\000x.com", "NXDOMAIN"},
    {"\\001", "NXDOMAIN"},
    {"\\003.com", "NXDOMAIN"},
    {"\\001.both.com", ".both.com"},
    {"example\\000\\003.com", "NXDOMAIN"},
    {"", "NXDOMAIN"}, /* the apex is the caller's */
};

static struct local *
open_many(bool upside_down)
{
	struct local *l = open_local("many", true);

	for (size_t i = 0, n = UNIT_COUNT(many) - 1; i < n; i++) {
		const char *key = many[upside_down ? n - 1 - i : i];

		add(l, key, key);
	}
	return l;
}

/* Whatever the order in which they were added. */
START_TEST(test_lookup)
{
	struct local *l = open_many(_i == 1);

	for (size_t i = 0; i < UNIT_COUNT(lookup_cases); i++) {
		const char *want = lookup_cases[i].want;
		char txt[ANSWER_MAX];

		snprintf(txt, sizeof(txt),
		    want[0] == 'N' ? "%s" : "A 127.0.0.2 TXT %s", want);
		ck_assert_msg(strcmp(ask(l, lookup_cases[i].ask), txt) == 0,
		    "%s: %s, want %s", lookup_cases[i].ask,
		    ask(l, lookup_cases[i].ask), txt);
	}
	local_close(l);
}
END_TEST

/* Where nothing of a kind is listed, nothing of it is found. */
START_TEST(test_lookup_in_empty)
{
	struct local *l = open_local("empty", true);

	for (size_t i = 0; i < UNIT_COUNT(lookup_cases); i++)
		ck_assert_str_eq(ask(l, lookup_cases[i].ask), "NXDOMAIN");
	add(l, "a.example", "");
	ck_assert_str_eq(ask(l, "1.2.0.192"), "NXDOMAIN");
	ck_assert_str_eq(ask(l, "a.example"), "A 127.0.0.2");
	local_close(l);
}
END_TEST

/* `$` in a reason, as in a dataset */
static const struct {
	const char *key, *reason, *ask, *want;
} reason_cases[] = {
    {"192.0.2.0/24", "see http://x/?$ now", "7.2.0.192",
	"A 127.0.0.2 TXT see http://x/?192.0.2.7 now"},
    {"2001:db8::/32", "$",
	"1." Z22 "0.8.b.d.0.1.0.0.2", "A 127.0.0.2 TXT 2001:db8::1"},
    {"*.example.com", "$ is bad", "a.b.example.com",
	"A 127.0.0.2 TXT example.com is bad"},
    {".example.com", "$ is bad", "b.example.com",
	"A 127.0.0.2 TXT example.com is bad"},
    {"a.example.com", "$ is bad", "a.example.com",
	"A 127.0.0.2 TXT a.example.com is bad"},
    {"192.0.2.1", "costs 5$$", "1.2.0.192", "A 127.0.0.2 TXT costs 5$"},
    {"192.0.2.1", "$$$", "1.2.0.192", "A 127.0.0.2 TXT $192.0.2.1"},
    {"192.0.2.1", "", "1.2.0.192", "A 127.0.0.2"},
    {"192.0.2.1", "\xc3\xbc", "1.2.0.192", "A 127.0.0.2 TXT \xc3\xbc"},
};

START_TEST(test_reason)
{
	char state[32];
	struct local *l;

	snprintf(state, sizeof(state), "reason%d", _i);
	l = open_local(state, true);
	add(l, reason_cases[_i].key, reason_cases[_i].reason);
	ck_assert_str_eq(ask(l, reason_cases[_i].ask), reason_cases[_i].want);
	local_close(l);
}
END_TEST

/* ---- changes */

START_TEST(test_change)
{
	struct local *l = open_local("change", true);
	struct local_entry e = {.code = 0x7f000002, .added = 5}, was;
	enum local_change change;
	char why[LOCAL_WHY_MAX];

	strcpy(e.key_txt, "*.Example.COM.");
	strcpy(e.author, "one");
	strcpy(e.reason, "first");
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	ck_assert_int_eq(change, LOCAL_ADDED);
	ck_assert_str_eq(e.key_txt, "*.example.com");

	e.added = 6;
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	ck_assert_int_eq(change, LOCAL_SAME);
	ck_assert_uint_eq(was.added, 5);

	e.code = 0x7f000003;
	strcpy(e.author, "two");
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	ck_assert_int_eq(change, LOCAL_CHANGED);
	ck_assert_uint_eq(was.code, 0x7f000002);
	ck_assert_str_eq(was.reason, "first");
	ck_assert_str_eq(was.author, "one");
	ck_assert_str_eq(ask(l, "a.example.com"), "A 127.0.0.3 TXT first");

	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	ck_assert_uint_eq(was.added, 6);
	ck_assert_str_eq(was.author, "two");

	memset(&was, 0, sizeof(was));
	strcpy(was.key_txt, "*.EXAMPLE.com");
	ck_assert_int_eq(local_del(l, &was, why), 0);
	ck_assert_uint_eq(was.code, 0x7f000003);
	ck_assert_str_eq(was.reason, "first");
	ck_assert_str_eq(ask(l, "a.example.com"), "NXDOMAIN");
	ck_assert_uint_eq(list(l).n, 0);
	local_close(l);
}
END_TEST

static const struct {
	uint32_t code;
	const char *key, *reason, *author;
	const char *why;
} refused[] = {
    {0x7f000001, "192.0.2.1", "", "x", "code"},
    {0x7e000002, "192.0.2.1", "", "x", "code"},
    {0x80000000, "192.0.2.1", "", "x", "code"},
    {0, "192.0.2.1", "", "x", "code"},
    {0x7f000002, "192.0.2.1/8", "", "x", "192.0.0.0/8"},
    {0x7f000002, "192.0.2.1", "a\nb", "x", "line break"},
    {0x7f000002, "192.0.2.1", "a\x1b[2J", "x", "control"},
    {0x7f000002, "192.0.2.1", "\x7f", "x", "control"},
    {0x7f000002, "192.0.2.1", "", "x\ny", "author"},
};

START_TEST(test_refused)
{
	struct local *l = open_local("refused", true);
	struct local_entry e = {.code = refused[_i].code}, was;
	enum local_change change;
	char why[LOCAL_WHY_MAX] = "";

	strcpy(e.key_txt, refused[_i].key);
	strcpy(e.reason, refused[_i].reason);
	strcpy(e.author, refused[_i].author);
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), -EINVAL);
	ck_assert_msg(strstr(why, refused[_i].why) != NULL, "%s", why);
	ck_assert_uint_eq(list(l).n, 0);
	local_close(l);
}
END_TEST

START_TEST(test_longest)
{
	struct local *l = open_local("longest", true);
	struct local_entry e = {.code = 0x7fffffff}, was;
	enum local_change change;
	char why[LOCAL_WHY_MAX], want[ANSWER_MAX];

	strcpy(e.key_txt, "192.0.2.1");
	memset(e.reason, 'r', LOCAL_REASON_MAX);
	memset(e.author, 'a', LOCAL_AUTHOR_MAX);
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	snprintf(want, sizeof(want), "A 127.255.255.255 TXT %s", e.reason);
	ck_assert_str_eq(ask(l, "1.2.0.192"), want);
	e.reason[0] = '$'; /* becomes longer than a TXT RR may be */
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	ck_assert_int_eq(change, LOCAL_CHANGED);
	ck_assert_uint_eq(strlen(was.reason), LOCAL_REASON_MAX);
	ck_assert_uint_eq(strlen(was.author), LOCAL_AUTHOR_MAX);
	snprintf(want, sizeof(want), "A 127.255.255.255 TXT 192.0.2.1%.245s",
	    e.reason + 1);
	ck_assert_str_eq(ask(l, "1.2.0.192"), want);
	local_close(l);
}
END_TEST

/* What blctl says when an entry to delete is not there. */
static const struct {
	const char *listed[3];
	const char *del;
	const char *why;
} hint_cases[] = {
    {{NULL}, "192.0.2.7", "192.0.2.7 is not an entry"},
    {{"198.51.100.0/24"}, "192.0.2.7", "192.0.2.7 is not an entry"},
    {{"192.0.0.0/16", "192.0.2.0/24"}, "192.0.2.7",
	"192.0.2.7 is not an entry; 192.0.2.0/24 is, and covers it"},
    {{"192.0.2.7", "192.0.2.8"}, "192.0.2.0/24",
	"192.0.2.0/24 is not an entry; 192.0.2.7 is"},
    {{"192.0.2.0/25"}, "192.0.2.0/24",
	"192.0.2.0/24 is not an entry; 192.0.2.0/25 is"},
    {{"2001:db8::/32"}, "2001:db8::1",
	"2001:db8::1 is not an entry; 2001:db8::/32 is, and covers it"},
    {{"2001:db8::1"}, "32.1.0.0/16", "32.1.0.0/16 is not an entry"},
    {{".example.com"}, "example.com",
	"example.com is not an entry; .example.com is, and covers it"},
    {{"example.com"}, ".example.com",
	".example.com is not an entry; example.com is"},
    {{"*.example.com"}, "example.com",
	"example.com is not an entry; *.example.com is"},
    {{"*.com", ".b.com"}, "a.b.com",
	"a.b.com is not an entry; .b.com is, and covers it"},
    {{"*.com"}, "com", "com is not an entry; *.com is"},
    {{"a.example.com"}, "example.com",
	"example.com is not an entry; a.example.com is"},
    {{"example.com"}, "a.example.com", "a.example.com is not an entry"},
    {{"example.net"}, "example.com", "example.com is not an entry"},
};

START_TEST(test_del_hint)
{
	char state[32], why[LOCAL_WHY_MAX] = "";
	struct local *l;

	snprintf(state, sizeof(state), "hint%d", _i);
	l = open_local(state, true);
	for (unsigned i = 0; hint_cases[_i].listed[i] != NULL; i++)
		add(l, hint_cases[_i].listed[i], "");
	ck_assert_int_eq(try_del(l, hint_cases[_i].del, why), -ENOENT);
	ck_assert_str_eq(why, hint_cases[_i].why);
	local_close(l);
}
END_TEST

/* The counters are what a lookup goes by: they follow every change. */
static struct local_meta
read_meta(const char *state)
{
	static const char *const tables[] = LOCAL_TABLES;
	const struct store_opts opts = {
	    .mode = STORE_LIVE_READ,
	    .size_max = (size_t)256 << 20,
	    .tables = tables,
	};
	char path[600], why[STORE_WHY_MAX];
	struct local_meta m;
	struct store_txn *t;
	struct store *s;

	snprintf(path, sizeof(path), "%s/local/%s.mdb", unit_path(state), ZONE);
	ck_assert_int_eq(store_open(&s, path, &opts, why), 0);
	ck_assert_int_eq(store_read_begin(s, &t), 0);
	ck_assert_int_eq(local_meta_read(t, &m), 0);
	store_read_end(t);
	store_close(s);
	return m;
}

START_TEST(test_counters)
{
	struct local *l = open_many(false);
	struct local_meta m;

	add(l, "192.0.2.8", "");
	add(l, "192.0.2.8", "changed");
	local_close(l);
	m = read_meta("many");
	ck_assert_uint_eq(m.ip4[32], 3);
	ck_assert_uint_eq(m.ip4[24], 1);
	ck_assert_uint_eq(m.ip4[8], 1);
	ck_assert_uint_eq(m.ip6[128], 1);
	ck_assert_uint_eq(m.ip6[32], 1);
	ck_assert_uint_eq(m.names, 11);

	l = open_local("many", true);
	del(l, "192.0.2.8");
	del(l, "192.0.2.7");
	del(l, "10.0.0.0/8");
	del(l, "2001:db8::1");
	del(l, "localhost");
	local_close(l);
	m = read_meta("many");
	ck_assert_uint_eq(m.ip4[32], 1);
	ck_assert_uint_eq(m.ip4[24], 1);
	ck_assert_uint_eq(m.ip4[8], 0);
	ck_assert_uint_eq(m.ip6[128], 0);
	ck_assert_uint_eq(m.ip6[32], 1);
	ck_assert_uint_eq(m.names, 10);
}
END_TEST

START_TEST(test_list_order)
{
	struct local *l = open_many(true);

	ck_assert_str_eq(list(l).keys,
	    "10.0.0.0/8 192.0.2.0/24 192.0.2.7 192.0.2.128/25 198.51.0.1 "
	    "2001:db8::/32 2001:db8::1 2001:db8:8000::/33 a000::/4 "
	    "*.below.com .both.com *.x.both.com y.both.com a.b.c.deep.com "
	    "example.com *.mixed.com mixed.com *.f localhost *.com.net ");
	local_close(l);
}
END_TEST

/* ---- the apex */

static uint32_t
serial(struct local *l)
{
	const struct zone_apex *apex = local_apex(l);
	uint32_t n = get_be32(apex->soa + apex->soa_len - 20);

	local_pause(l);
	return n;
}

START_TEST(test_apex)
{
	static const uint8_t soa[] = "\11blacklist\10internal\0"
				     "\6nobody\7invalid";
	static const uint8_t times[] = {0, 0, 0x0e, 0x10, 0, 0, 4, 0xb0, 0, 9,
	    0x3a, 0x80, 0, 0, 0, LOCAL_TTL};
	struct local *l = open_local("apex", true);
	const struct zone_apex *apex = local_apex(l);
	uint32_t first = serial(l), now = (uint32_t)time(NULL);

	ck_assert_uint_eq(apex->soa_len, sizeof(soa) + 20);
	ck_assert_mem_eq(apex->soa, soa, sizeof(soa));
	ck_assert_mem_eq(apex->soa + sizeof(soa) + 4, times, sizeof(times));
	ck_assert_uint_eq(apex->ns_len, 20);
	ck_assert_mem_eq(apex->ns, soa, 20);
	ck_assert_uint_eq(apex->negative_ttl, LOCAL_TTL);
	ck_assert_uint_le(first, now);
	ck_assert_uint_ge(first, now - 60);

	add(l, "192.0.2.1", ""); /* within the same second or not */
	ck_assert_uint_eq(first < serial(l), 1);
	first = serial(l);
	add(l, "192.0.2.1", ""); /* no change */
	ck_assert_uint_eq(serial(l), first);
	del(l, "192.0.2.1");
	ck_assert_uint_gt(serial(l), first);
	local_close(l);
}
END_TEST

/* ---- several processes */

/* A reader: answers each line of labels with one line, at the next lookup. */
static void
reader(const char *state, int from, int to)
{
	struct local *l = open_local(state, false);
	char labels[64], answer[ANSWER_MAX];
	ssize_t n;

	while ((n = read(from, labels, sizeof(labels) - 1)) > 0) {
		labels[n] = '\0';
		n = snprintf(answer, sizeof(answer), "%s", ask(l, labels));
		if (write(to, answer, (size_t)n) != n)
			_exit(1);
	}
	local_close(l);
	_exit(0);
}

static const char *
ask_reader(int to, int from, const char *labels)
{
	static char answer[ANSWER_MAX];
	ssize_t n = write(to, labels, strlen(labels));

	n = read(from, answer, sizeof(answer) - 1);
	ck_assert_int_gt(n, 0);
	answer[n] = '\0';
	return answer;
}

START_TEST(test_change_is_live)
{
	int to[2], from[2], status;
	struct local *l;
	pid_t pid;

	ck_assert_int_eq(pipe(to) | pipe(from), 0);
	pid = fork(); /* before anything of LMDB is open */
	if (pid == 0) {
		close(to[1]);
		close(from[0]);
		reader("live", to[0], from[1]);
	}
	ck_assert_int_gt(pid, 0);
	close(to[0]);
	close(from[1]);
	ck_assert_str_eq(ask_reader(to[1], from[0], "1.2.0.192"), "NXDOMAIN");
	l = open_local("live", true);
	for (unsigned i = 0; i < 20; i++) {
		add(l, "192.0.2.1", i % 2 == 0 ? "even" : "odd");
		ck_assert_str_eq(ask_reader(to[1], from[0], "1.2.0.192"),
		    i % 2 == 0 ? "A 127.0.0.2 TXT even"
			       : "A 127.0.0.2 TXT odd");
		add(l, "192.0.2.0/24", "wide"); /* a new length */
		ck_assert_str_eq(ask_reader(to[1], from[0], "9.2.0.192"),
		    "A 127.0.0.2 TXT wide");
		del(l, "192.0.2.0/24");
		del(l, "192.0.2.1");
		ck_assert_str_eq(ask_reader(to[1], from[0], "1.2.0.192"),
		    "NXDOMAIN");
	}
	local_close(l);
	close(to[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* What was handed out stays as it is until the pause. */
START_TEST(test_view_holds)
{
	struct local *l = open_local("view", true);
	int status;
	pid_t pid;

	add(l, "192.0.2.1", "before");
	local_close(l);
	l = open_local("view", false);
	ck_assert_str_eq(look(l, "1.2.0.192"), "A 127.0.0.2 TXT before");
	pid = fork();
	if (pid == 0) { /* never touches what the parent opened */
		struct local *mine = open_local("view", true);

		add(mine, "192.0.2.1", "after");
		add(mine, "192.0.2.2", "new");
		local_close(mine);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(look(l, "1.2.0.192"), "A 127.0.0.2 TXT before");
	ck_assert_str_eq(look(l, "2.2.0.192"), "NXDOMAIN");
	local_pause(l);
	ck_assert_str_eq(look(l, "1.2.0.192"), "A 127.0.0.2 TXT after");
	ck_assert_str_eq(look(l, "2.2.0.192"), "A 127.0.0.2 TXT new");
	local_close(l);
}
END_TEST

/* Reading makes the store where it is missing: the daemon may come first. */
START_TEST(test_reader_comes_first)
{
	struct local *r = open_local("first", false);

	ck_assert_str_eq(ask(r, "1.2.0.192"), "NXDOMAIN");
	ck_assert_uint_eq(list(r).n, 0);
	local_close(r);
}
END_TEST

static uint32_t
mode_of(const char *name, gid_t gid)
{
	struct stat st;

	ck_assert_int_eq(stat(unit_path(name), &st), 0);
	ck_assert_uint_eq(st.st_gid, gid);
	return st.st_mode & 07777;
}

/* The daemon's user reads, and cannot write. */
START_TEST(test_other_user)
{
	const struct passwd *pw = getpwnam("nobody");
	char why[LOCAL_WHY_MAX] = "";
	struct local *l;
	int status;
	pid_t pid;

	if (getuid() != 0 || pw == NULL)
		return; /* only root can become somebody else */
	umask(077);
	ck_assert_int_eq(local_open(&l, unit_path("user"), ZONE, true,
			     pw->pw_gid, why), 0);
	add(l, "192.0.2.1", "seen");
	local_close(l);
	ck_assert_uint_eq(mode_of("user/local", pw->pw_gid), 0750);
	ck_assert_uint_eq(
	    mode_of("user/local/" ZONE ".mdb", pw->pw_gid), 0640);
	ck_assert_uint_eq(
	    mode_of("user/local/" ZONE ".mdb-lock", pw->pw_gid), 0660);
	chmod(unit_path(".."), 0755);
	chmod(unit_path("."), 0755);
	chmod(unit_path("user"), 0755);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) != 0 || setgid(pw->pw_gid) != 0 ||
		    setuid(pw->pw_uid) != 0)
			_exit(2);
		l = open_local("user", false);
		ck_assert_str_eq(ask(l, "1.2.0.192"),
		    "A 127.0.0.2 TXT seen");
		local_close(l);
		_exit(local_open(&l, unit_path("user"), ZONE, true, NO_GROUP,
			  why) == -EACCES ? 0 : 3);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- changes that are cut short */

static const char *
key_of(unsigned i)
{
	static char key[32];

	snprintf(key, sizeof(key), "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255,
	    i & 255);
	return key;
}

static int
add_numbered(struct local *l, unsigned i)
{
	char reason[64];

	snprintf(reason, sizeof(reason), "reason of %s", key_of(i));
	return try_add(l, key_of(i), reason);
}

/* Adds entries from the number on, and says each one that is done. */
static void
adder(const char *state, unsigned i, int to)
{
	struct local *l = open_local(state, true);

	for (;; i++)
		if (add_numbered(l, i) != 0 ||
		    write(to, &i, sizeof(i)) != sizeof(i))
			_exit(1);
}

/* Kills an adder some time after its first entry; returns the next number. */
static unsigned
kill_adder(const char *state, unsigned first, unsigned delay_us)
{
	unsigned i, next = first;
	int fd[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	if (pid == 0)
		adder(state, first, fd[1]);
	ck_assert_int_gt(pid, 0);
	close(fd[1]);
	if (delay_us % 4 != 0 && read(fd[0], &i, sizeof(i)) == sizeof(i))
		next = i + 1;
	usleep(delay_us);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	while (read(fd[0], &i, sizeof(i)) == sizeof(i))
		next = i + 1;
	close(fd[0]);
	return next;
}

START_TEST(test_kill)
{
	unsigned next = 1;

	for (unsigned run = 0; run < 100; run++) {
		struct listing all;
		struct local *l;

		next = kill_adder("kill", next, run * 37 % 3001);
		l = open_local("kill", false);
		all = list(l);
		ck_assert_uint_eq(all.broken, 0);
		/* all that were done, and perhaps the one that was not said */
		ck_assert_uint_ge(all.n, next - 1);
		ck_assert_uint_le(all.n, next);
		next = all.n + 1;
		if (next > 1) {
			char want[64];

			snprintf(want, sizeof(want),
			    "A 127.0.0.2 TXT reason of %s", key_of(1));
			ck_assert_str_eq(ask(l, "1.0.0.10"), want);
		}
		local_close(l);
	}
	ck_assert_uint_gt(next, 100); /* it was in the midst of something */
}
END_TEST

/* A file that may not grow, as on a full disk: whole entries or none. */
START_TEST(test_no_room)
{
	struct rlimit small = {256 * 1024, RLIM_INFINITY}, old;
	struct local *l = open_local("room", true);
	struct listing all;
	unsigned i, more;
	int rc = 0;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (i = 1; i < 20000 && rc == 0; i++)
		rc = add_numbered(l, i);
	ck_assert_int_lt(rc, 0);
	i -= 2; /* so many were added */
	ck_assert_uint_gt(i, 10);
	all = list(l);
	ck_assert_uint_eq(all.n, i);
	ck_assert_uint_eq(all.broken, 0);
	ck_assert_str_eq(ask(l, "1.0.0.10"),
	    "A 127.0.0.2 TXT reason of 10.0.0.1");

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	for (more = 0; more < 100; more++)
		ck_assert_int_eq(add_numbered(l, i + 1 + more), 0);
	all = list(l);
	ck_assert_uint_eq(all.n, i + more);
	ck_assert_uint_eq(all.broken, 0);
	local_close(l);
}
END_TEST

/* ---- damage */

static void
put_raw(const char *state, const char *table, const void *key, size_t key_len,
    const void *data, size_t len)
{
	const char *const tables[] = {table, NULL};
	const struct store_opts opts = {
	    .mode = STORE_LIVE_WRITE,
	    .size_max = (size_t)256 << 20,
	    .tables = tables,
	};
	char path[600], why[STORE_WHY_MAX];
	struct store_txn *t;
	struct store *s;

	snprintf(path, sizeof(path), "%s/local/%s.mdb", unit_path(state), ZONE);
	ck_assert_int_eq(store_open(&s, path, &opts, why), 0);
	ck_assert_int_eq(store_write_begin(s, &t), 0);
	ck_assert_int_eq(store_put(t, 0, key, key_len, data, len), 0);
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
}

static const struct {
	const char *data;
	size_t len;
} damaged[] = {
    {"", 0},
    {"\2\0\0\177\0\0\0\0\0\0\0\0\0", 13},
    {"\2\0\0\177\0\0\0\0\0\0\0\0\1\0", 14},
    {"\2\0\0\177\0\0\0\0\0\0\0\0\377\377", 14},
    {"\2\0\0\177\0\0\0\0\0\0\0\0\0\377abc", 17},
};

START_TEST(test_damaged_record)
{
	static const uint8_t key[] = {4, 192, 0, 2, 1, 32};
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct zone_hits hits = {.n = 0};
	struct zone_key q;
	struct local *l;
	char state[32];

	snprintf(state, sizeof(state), "damaged%d", _i);
	l = open_local(state, true);
	add(l, "192.0.2.2", "good");
	local_close(l);
	put_raw(state, "entry", key, sizeof(key), damaged[_i].data,
	    damaged[_i].len);
	l = open_local(state, true);
	ck_assert_int_gt(dname_from_txt(dname, "1.2.0.192." ZONE, 28), 0);
	zone_key_init(&q, dname, ZONE_LABELS, off, hash);
	ck_assert_int_eq(local_lookup(l, &q, &hits), -EBADMSG);
	ck_assert_uint_eq(hits.n, 0);
	local_pause(l);
	ck_assert_str_eq(ask(l, "2.2.0.192"), "A 127.0.0.2 TXT good");
	del(l, "192.0.2.1"); /* the way out */
	ck_assert_uint_eq(list(l).n, 1);
	local_close(l);
}
END_TEST

START_TEST(test_other_version)
{
	char why[LOCAL_WHY_MAX] = "";
	struct local *l = open_local("version", true);
	uint8_t meta[4 * (3 + 33 + 129)] = {2};

	local_close(l);
	put_raw("version", "meta", "counters", 8, meta, sizeof(meta));
	ck_assert_int_eq(local_open(&l, unit_path("version"), ZONE, false,
			     NO_GROUP, why), -EBADMSG);
	ck_assert_msg(strstr(why, "version") != NULL, "%s", why);
	ck_assert_int_eq(local_open(&l, unit_path("version"), ZONE, true,
			     NO_GROUP, why), -EBADMSG);
}
END_TEST

/* No file but what it says, and a folder that cannot be made. */
START_TEST(test_open_fails)
{
	char why[LOCAL_WHY_MAX] = "";
	struct local *l;
	FILE *f = fopen(unit_path("file"), "w");

	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_assert_int_eq(local_open(&l, unit_path("file"), ZONE, true,
			     NO_GROUP, why), -ENOTDIR);
	ck_assert_msg(strstr(why, "file/local") != NULL, "%s", why);
	ck_assert_ptr_null(l);
	ck_assert_int_eq(local_open(&l, unit_path("x"), "../../etc/x", true,
			     NO_GROUP, why), -EINVAL);
	ck_assert_int_eq(local_open(&l, unit_path("x"), "a/b", true, NO_GROUP,
			     why), -EINVAL);
}
END_TEST

UNIT_MAIN("local", {test_lookup, 2},
    UNIT_ONCE(test_lookup_in_empty), UNIT_EACH(test_reason, reason_cases),
    UNIT_ONCE(test_change), UNIT_EACH(test_refused, refused),
    UNIT_ONCE(test_longest), UNIT_EACH(test_del_hint, hint_cases),
    UNIT_ONCE(test_counters), UNIT_ONCE(test_list_order), UNIT_ONCE(test_apex),
    UNIT_ONCE(test_change_is_live), UNIT_ONCE(test_view_holds),
    UNIT_ONCE(test_reader_comes_first), UNIT_ONCE(test_other_user),
    UNIT_ONCE(test_kill), UNIT_ONCE(test_no_room),
    UNIT_EACH(test_damaged_record, damaged), UNIT_ONCE(test_other_version),
    UNIT_ONCE(test_open_fails))
