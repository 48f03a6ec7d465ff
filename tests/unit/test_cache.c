/*
 * resolverd/cache.c with cache_entry.c and cache_file.c. LMDB forbids to open a
 * file twice in a process, so what two workers do is done in two processes.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "lib/store.h"
#include "resolverd/cache.h"
#include "resolverd/cache_entry.h"
#include "resolverd/cache_file.h"
#include "resolverd/cache_use.h"
#include "tests/unit/clock.h"
#include "tests/unit/unit.h"

#define MIB (1u << 20)
#define NOW 1000000000ull /* any time will do */
#define MAX_STALE 1000
#define TTL_POS 6         /* in the body that answer_of() makes */

static char state_dir[300]; /* of this test: each is a process */

static void
folder_make(void)
{
	snprintf(
	    state_dir, sizeof(state_dir), "%s/%d", unit_dir, (int)getpid());
	ck_assert_int_eq(mkdir(state_dir, 0700), 0);
	if (getenv("VERBOSE") == NULL) /* many log lines are to be expected */
		ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

static const char *
path_of(const char *name)
{
	static char path[2][400];
	static unsigned next;
	char *p = path[next++ % 2];

	snprintf(p, sizeof(path[0]), "%s/cache/%s", state_dir, name);
	return p;
}

static bool
is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

static struct cache *
open_sized(uint64_t size)
{
	char why[CACHE_WHY_MAX];
	struct cache *c;

	ck_assert_msg(cache_open(&c, state_dir, size, MAX_STALE, why) == 0, "%s", why);
	return c;
}

static void
prepare(void)
{
	char why[CACHE_WHY_MAX];

	ck_assert_msg(cache_prepare(state_dir, why) == 0, "%s", why);
}

/* ---- questions and answers by number */

struct question {
	struct cache_key key;
	uint8_t qname[DNAME_MAX];
};

static struct cache_key *
question(struct question *q, unsigned i)
{
	char txt[64];

	snprintf(txt, sizeof(txt), "host-%u.example", i);
	q->key = (struct cache_key){.qname = q->qname, .qtype = 1};
	q->key.qname_len = (size_t)dname_from_txt(q->qname, txt, strlen(txt));
	q->key.hash = dname_hash(q->qname);
	return &q->key;
}

/* A body of len bytes (16 at least) that tells which answer it is. */
static struct answer
answer_of(unsigned i, size_t len)
{
	static uint8_t body[DNS_MESSAGE_MAX];
	static const uint8_t ttl_off[] = {TTL_POS, 0};

	memset(body, (int)(i % 251), len);
	put_be32(body + TTL_POS, 300);
	put_be32(body + 12, i);
	return (struct answer){.rcode = (uint8_t)(i % 4),
	    .secure = i % 2,
	    .ancount = 1,
	    .nscount = 2,
	    .arcount = 3,
	    .needs_authority = i % 3 == 0,
	    .authority_at = 4,
	    .additional_at = 10,
	    .body = body,
	    .body_len = len,
	    .ttl_off = ttl_off,
	    .n_ttls = 1};
}

static void
put(struct cache *c, unsigned i, uint64_t now, size_t len, uint32_t lifetime)
{
	struct question q;
	struct answer a = answer_of(i, len);

	cache_put(c, question(&q, i), now, &a, lifetime);
}

/* A hit must be the very answer; its length is the caller's to know. */
static bool
hit(struct cache *c, unsigned i, uint64_t now, size_t len)
{
	struct answer a, want = answer_of(i, len);
	struct question q;
	int rc;

	rc = cache_get(c, question(&q, i), now, &a);
	if (rc != 0) {
		ck_assert(rc == -ENOENT || rc == -ESTALE);
		return false;
	}
	ck_assert_uint_eq(a.rcode, want.rcode);
	ck_assert_int_eq(a.secure, want.secure);
	ck_assert_int_eq(a.needs_authority, want.needs_authority);
	ck_assert_int_eq(a.stale, false);
	ck_assert_uint_eq(a.authority_at, 4);
	ck_assert_uint_eq(a.additional_at, 10);
	ck_assert_uint_eq(a.ancount, 1);
	ck_assert_uint_eq(a.nscount, 2);
	ck_assert_uint_eq(a.arcount, 3);
	ck_assert_uint_eq(a.n_ttls, 1);
	ck_assert_uint_eq(get_le16(a.ttl_off), TTL_POS);
	ck_assert_uint_eq(a.body_len, len);
	ck_assert_mem_eq(a.body, want.body, len);
	return true;
}

static unsigned
hits(struct cache *c, unsigned from, unsigned to, uint64_t now, size_t len)
{
	unsigned n = 0;

	for (; from < to; from++)
		n += hit(c, from, now, len);
	cache_pause(c);
	return n;
}

/* ---- one answer */

START_TEST(test_put_and_get)
{
	struct cache *c;
	struct question q;
	struct answer a;

	folder_make();
	c = open_sized(MIB);
	ck_assert(!hit(c, 7, NOW, 16));
	put(c, 7, NOW, 16, 300);
	ck_assert(hit(c, 7, NOW, 16)); /* it waits to be written */
	ck_assert(!hit(c, 8, NOW, 16));
	cache_flush(c, NOW);
	ck_assert(hit(c, 7, NOW, 16));
	ck_assert(!hit(c, 8, NOW, 16));
	ck_assert_int_eq(cache_get(c, question(&q, 7), NOW + 120, &a), 0);
	ck_assert_uint_eq(a.age, 120);
	cache_pause(c);
	cache_pause(c);

	put(c, 7, NOW + 200, 20, 300); /* a newer one in its place */
	ck_assert(hit(c, 7, NOW + 499, 20));
	cache_flush(c, NOW + 200);
	ck_assert(hit(c, 7, NOW + 499, 20));
	cache_close(c);

	c = open_sized(MIB); /* still there */
	ck_assert(hit(c, 7, NOW + 200, 20));
	cache_close(c);
	cache_close(NULL);
}
END_TEST

static const struct {
	const char *name;
	int64_t stored, now; /* relative to NOW */
	uint32_t lifetime;
	bool hit;
} time_cases[] = {
    {"at once", 0, 0, 300, true},
    {"the last second", 0, 299, 300, true},
    {"expired", 0, 300, 300, false},
    {"long expired", 0, 1 << 30, 300, false},
    {"not to be kept", 0, 0, 0, false},
    {"another worker's clock is a bit ahead", 2, 0, 300, true},
    {"stored in the future", 3, 0, 300, false},
    {"stored far in the future", 1 << 30, 0, 300, false},
    {"before the cap", 0, 7 * 86400 - 1, UINT32_MAX, true},
    {"at the cap", 0, 7 * 86400, UINT32_MAX, false},
};

START_TEST(test_time)
{
	uint64_t stored = NOW + (uint64_t)time_cases[_i].stored;
	struct cache *c;

	folder_make();
	c = open_sized(MIB);
	put(c, 1, stored, 16, time_cases[_i].lifetime);
	cache_flush(c, stored);
	ck_assert_msg(hit(c, 1, NOW + (uint64_t)time_cases[_i].now, 16) ==
		time_cases[_i].hit,
	    "%s", time_cases[_i].name);
	cache_close(c);
}
END_TEST

/* All of the question counts, also where the hash is the same. */
START_TEST(test_question)
{
	struct question q, other;
	struct answer a;
	struct cache *c;

	folder_make();
	c = open_sized(MIB);
	put(c, 1, NOW, 16, 300);
	cache_flush(c, NOW);
	question(&q, 1)->qtype = 2;
	ck_assert_int_eq(cache_get(c, &q.key, NOW, &a), -ENOENT);
	question(&q, 1)->dnssec_ok = true;
	ck_assert_int_eq(cache_get(c, &q.key, NOW, &a), -ENOENT);
	question(&q, 1)->checking_disabled = true;
	ck_assert_int_eq(cache_get(c, &q.key, NOW, &a), -ENOENT);
	question(&q, 2)->hash = question(&other, 1)->hash;
	ck_assert_int_eq(cache_get(c, &q.key, NOW, &a), -ENOENT);
	ck_assert_int_eq(cache_get(c, question(&q, 1), NOW, &a), 0);
	cache_close(c);
}
END_TEST

START_TEST(test_longest)
{
	struct question q;
	size_t qname_len, one;
	struct cache *c;

	folder_make();
	c = open_sized(8 * MIB);
	qname_len = question(&q, 1)->qname_len;
	one = CACHE_PIECE_MAX - 40 - 2 - qname_len;
	put(c, 1, NOW, one - 1, 300);
	put(c, 2, NOW, one, 300);
	put(c, 3, NOW, one + 1, 300);
	put(c, 4, NOW, one + CACHE_PIECE_MAX - CACHE_PIECE_HEAD, 300);
	put(c, 5, NOW, one + CACHE_PIECE_MAX - CACHE_PIECE_HEAD + 1, 300);
	put(c, 6, NOW, 65535, 300);
	cache_flush(c, NOW);
	ck_assert(hit(c, 1, NOW, one - 1));
	ck_assert(hit(c, 2, NOW, one));
	ck_assert(hit(c, 3, NOW, one + 1));
	ck_assert(hit(c, 4, NOW, one + CACHE_PIECE_MAX - CACHE_PIECE_HEAD));
	ck_assert(hit(c, 5, NOW, one + CACHE_PIECE_MAX - CACHE_PIECE_HEAD + 1));
	ck_assert(hit(c, 6, NOW, 65535));
	put(c, 6, NOW + 1, 30000, 300); /* shorter ones and longer ones */
	put(c, 1, NOW + 1, 50000, 300);
	cache_flush(c, NOW);
	ck_assert(hit(c, 6, NOW + 1, 30000));
	ck_assert(hit(c, 1, NOW + 1, 50000));
	cache_close(c);
}
END_TEST

/* A piece that is gone, or another answer's, is no answer. */
START_TEST(test_pieces_mixed)
{
	struct question q;
	struct cache *c;
	struct answer a;
	struct store *s;
	const struct store_opts opts = {
	    .mode = STORE_LIVE_NOSYNC, .size_max = 8 * MIB, .integer_keys = true};
	char why[STORE_WHY_MAX];
	struct store_bytes key, data;
	struct store_txn *t;
	struct store_walk *w;
	unsigned n = 0;

	folder_make();
	c = open_sized(8 * MIB);
	put(c, 1, NOW, 20000, 300);
	cache_close(c);
	ck_assert_int_eq(store_open(&s, path_of("answers.mdb"), &opts, why), 0);
	ck_assert_int_eq(store_write_begin(s, &t), 0);
	ck_assert_int_eq(store_walk_begin(t, 0, NULL, 0, &w), 0);
	/* one of the five, never the meta entry; a later one of 4080 bytes */
	while (store_walk_next(w, &key, &data) == 0) {
		if (data.len != CACHE_PIECE_MAX ||
		    cache_entry_whole_len(data.data, data.len) == 20000 + 57)
			continue;
		n++;
		if (_i == 0) {
			ck_assert_int_eq(store_walk_del(w), 0);
		} else {
			uint8_t other[CACHE_PIECE_MAX], k[8];

			memcpy(k, key.data, sizeof(k));
			memcpy(other, data.data, sizeof(other));
			other[100] ^= 1;
			ck_assert_int_eq(
			    store_put(t, 0, k, 8, other, sizeof(other)), 0);
		}
		break;
	}
	store_walk_end(w);
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
	ck_assert_uint_eq(n, 1);
	c = open_sized(8 * MIB);
	ck_assert_int_eq(cache_get(c, question(&q, 1), NOW, &a), -ENOENT);
	cache_close(c);
}
END_TEST

/* ---- what has expired, what failed, what does not exist */

static const struct {
	const char *name;
	uint64_t now; /* after it was stored for 300 s */
	int rc;
} stale_cases[] = {
    {"live", 299, 0},
    {"just expired", 300, -ESTALE},
    {"the last second", 300 + MAX_STALE - 1, -ESTALE},
    {"too old", 300 + MAX_STALE, -ENOENT},
};

/* RFC 8767 5: not longer than max-stale */
START_TEST(test_stale)
{
	struct question q;
	struct answer a;
	struct cache *c;

	folder_make();
	c = open_sized(MIB);
	put(c, 1, NOW, 100, 300);
	cache_flush(c, NOW);
	ck_assert_msg(cache_get(c, question(&q, 1), NOW + stale_cases[_i].now,
			  &a) == stale_cases[_i].rc,
	    "%s", stale_cases[_i].name);
	if (stale_cases[_i].rc != -ENOENT)
		ck_assert_int_eq(a.stale, stale_cases[_i].rc == -ESTALE);
	cache_close(c);
}
END_TEST

static uint32_t
back_off_of(struct cache *c, struct cache_key *key, uint64_t now)
{
	struct answer a;
	uint32_t s = 0;

	cache_flush(c, now);
	while (cache_get_failure(c, key, now + s, &a) == 0) {
		ck_assert_uint_eq(a.rcode, DNS_RCODE_SERVFAIL);
		ck_assert_uint_eq(a.ede, EDE_NO_REACHABLE_AUTHORITY);
		ck_assert_uint_eq(a.ancount + a.nscount + a.body_len, 0);
		s++;
	}
	cache_pause(c);
	return s;
}

/* RFC 9520 3.2: at least a second, twice as long each time, at most 5 minutes */
START_TEST(test_back_off)
{
	static const uint32_t want[] = {
	    2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
	struct question q, other;
	uint64_t now = NOW;
	struct cache *c;
	struct answer a;

	folder_make();
	c = open_sized(MIB);
	question(&q, 1);
	for (unsigned i = 0; i < UNIT_COUNT(want); i++) {
		cache_put_failure(
		    c, &q.key, now, EDE_NO_REACHABLE_AUTHORITY, 0, 0);
		ck_assert_uint_eq(back_off_of(c, &q.key, now), want[i]);
		/* another one while it runs adds nothing */
		cache_put_failure(c, &q.key, now, EDE_DNSSEC_BOGUS, 0, 0);
		ck_assert_uint_eq(back_off_of(c, &q.key, now), want[i]);
		now += want[i];
	}
	/* per question */
	question(&other, 2);
	ck_assert_int_eq(cache_get_failure(c, &q.key, now - 1, &a), 0);
	ck_assert_int_eq(cache_get_failure(c, &q.key, now, &a), -ESTALE);
	ck_assert_int_eq(cache_get_failure(c, &q.key, now + 599, &a), -ESTALE);
	ck_assert_int_eq(cache_get_failure(c, &q.key, now + 600, &a), -ENOENT);
	ck_assert_int_eq(cache_get_failure(c, &other.key, now - 1, &a), -ENOENT);
	question(&other, 1)->qtype = 28;
	ck_assert_int_eq(cache_get_failure(c, &other.key, now - 1, &a), -ENOENT);
	/* and it is no answer, nor does it take an answer's place */
	ck_assert_int_eq(cache_get(c, &q.key, now - 1, &a), -ENOENT);
	put(c, 1, now, 100, 300);
	cache_flush(c, now);
	cache_put_failure(c, &q.key, now, EDE_NO_REACHABLE_AUTHORITY, 0, 0);
	cache_flush(c, now);
	ck_assert_int_eq(cache_get(c, &q.key, now, &a), 0);
	cache_close(c);
}
END_TEST

/* RFC 9520 3.2: a success ends it, even one that may not be kept */
START_TEST(test_back_off_ends)
{
	struct question q;
	uint64_t now = NOW;
	struct cache *c;

	folder_make();
	c = open_sized(MIB);
	question(&q, 1);
	for (unsigned i = 0; i < 3; i++) {
		cache_put_failure(
		    c, &q.key, now, EDE_NO_REACHABLE_AUTHORITY, 0, 0);
		now += back_off_of(c, &q.key, now);
	}
	put(c, 1, now, 100, _i == 0 ? 300 : 0);
	cache_flush(c, now);
	cache_put_failure(c, &q.key, now, EDE_NO_REACHABLE_AUTHORITY, 0, 0);
	ck_assert_uint_eq(back_off_of(c, &q.key, now), 2);
	/* nor does one count that is long over */
	now += 2 + 601;
	cache_put_failure(c, &q.key, now, EDE_NO_REACHABLE_AUTHORITY, 0, 0);
	ck_assert_uint_eq(back_off_of(c, &q.key, now), 2);
	/* RFC 8767 5: with a stale answer, 30 seconds at the least */
	now += 2;
	cache_put_failure(c, &q.key, now, EDE_NO_REACHABLE_AUTHORITY, 30, 0);
	ck_assert_uint_eq(back_off_of(c, &q.key, now), 30);
	/* and as long as the caller wants at most */
	now += 30;
	cache_put_failure(c, &q.key, now, EDE_NO_REACHABLE_AUTHORITY, 0, 45);
	ck_assert_uint_eq(back_off_of(c, &q.key, now), 45);
	cache_close(c);
}
END_TEST

/* RFC 8020 2, but only of a secure NXDOMAIN, and not of one behind a CNAME */
static const struct {
	const char *name;
	unsigned rcode, ancount;
	bool secure, cut;
} cut_cases[] = {
    {"a secure NXDOMAIN", DNS_RCODE_NXDOMAIN, 0, true, true},
    {"an insecure one", DNS_RCODE_NXDOMAIN, 0, false, false},
    {"one behind a CNAME", DNS_RCODE_NXDOMAIN, 1, true, false},
    {"a secure NODATA", DNS_RCODE_NOERROR, 0, true, false},
};

START_TEST(test_cut)
{
	struct answer a = answer_of(1, 100);
	struct question q;
	struct cache *c;

	folder_make();
	c = open_sized(MIB);
	a.rcode = (uint8_t)cut_cases[_i].rcode;
	a.ancount = (uint16_t)cut_cases[_i].ancount;
	a.secure = cut_cases[_i].secure;
	cache_put(c, question(&q, 1), NOW, &a, 300);
	cache_flush(c, NOW);
	q.key.qtype = 28; /* whatever the type */
	ck_assert_msg((cache_get_cut(c, &q.key, NOW + 299, &a) == 0) ==
		cut_cases[_i].cut,
	    "%s", cut_cases[_i].name);
	if (cut_cases[_i].cut)
		ck_assert(a.age == 299 && a.secure);
	ck_assert_int_eq(cache_get_cut(c, &q.key, NOW + 300, &a), -ENOENT);
	q.key.dnssec_ok = true; /* it has no proof in it */
	ck_assert_int_eq(cache_get_cut(c, &q.key, NOW, &a), -ENOENT);
	cache_close(c);
}
END_TEST

/* Prefetch: of what is asked for often, in the last tenth of its life. */
static const struct {
	const char *name;
	uint32_t lifetime;
	unsigned hits; /* before */
	uint64_t age;
	bool due;
} due_cases[] = {
    {"asked for often, young", 300, 3, 269, false},
    {"asked for often, nearly over", 300, 3, 270, true},
    {"asked for often, the last second", 300, 2, 299, true},
    {"asked for once before", 300, 1, 299, false},
    {"never asked for", 300, 0, 299, false},
    {"a brief one", 9, 3, 8, false},
    {"not that brief", 10, 3, 9, true},
};

START_TEST(test_due)
{
	struct question q;
	struct answer a;
	struct cache *c;

	folder_make();
	c = open_sized(MIB);
	put(c, 1, NOW, 100, due_cases[_i].lifetime);
	cache_flush(c, NOW);
	for (unsigned i = 0; i < due_cases[_i].hits; i++)
		ck_assert(hit(c, 1, NOW, 100));
	ck_assert_int_eq(
	    cache_get(c, question(&q, 1), NOW + due_cases[_i].age, &a), 0);
	ck_assert_msg(a.due == due_cases[_i].due, "%s", due_cases[_i].name);
	cache_close(c);
}
END_TEST

/* ---- time: the wall clock is set, the machine starts anew */

static const int64_t step_cases[] = {
    -1000000000, -3600, -1, 0, 1, 3600, 1000000000};

/* Steps of the wall clock are nothing to us, not even across restarts. */
START_TEST(test_clock_step)
{
	struct cache *c;
	uint64_t start;

	folder_make();
	move_clock(0, 0);
	c = open_sized(MIB);
	start = cache_now(c);
	ck_assert(start - (uint64_t)time(NULL) + 1 <= 3); /* the wall clock's */
	put(c, 1, start, 100, 300);
	move_clock(100, step_cases[_i]);
	cache_flush(c, cache_now(c));
	ck_assert(cache_now(c) - start - 100 <= 2);
	ck_assert(hit(c, 1, cache_now(c), 100));
	cache_close(c);
	move_clock(250, -step_cases[_i]);
	c = open_sized(MIB);
	ck_assert(cache_now(c) - start - 250 <= 2);
	ck_assert(hit(c, 1, cache_now(c), 100));
	move_clock(301, step_cases[_i]);
	cache_pause(c);
	ck_assert(!hit(c, 1, cache_now(c), 100));
	cache_close(c);
}
END_TEST

/* ---- room */

static off_t
file_size(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path_of("answers.mdb"), &st), 0);
	ck_assert_int_le(st.st_blocks * 512, st.st_size + 65536);
	return st.st_size;
}

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static const struct {
	unsigned mib;
	size_t len; /* of an answer */
} load_cases[] = {{1, 100}, {1, 4000}, {4, 100}, {4, 1000}, {4, 3000}};

/* Ten times what fits: never larger, and the newest are there. */
START_TEST(test_size_limit)
{
	uint64_t size = load_cases[_i].mib * MIB;
	size_t len = load_cases[_i].len;
	unsigned n = (unsigned)(10 * size / len), last = 64;
	struct cache *c;
	double start, longest = 0;

	folder_make();
	c = open_sized(size);
	for (unsigned i = 0; i < n; i++) {
		start = cpu_ms();
		put(c, i, NOW, len, 3600);
		if (i % 100 == 99)
			cache_flush(c, NOW);
		if (cpu_ms() - start > longest)
			longest = cpu_ms() - start;
		if (i % 1000 == 999 || i == n - 1)
			ck_assert_int_le(file_size(), (off_t)size);
	}
	cache_flush(c, NOW);
	if (getenv("VERBOSE") != NULL)
		fprintf(stderr,
		    "%u MiB, %zu: %u hits of %u, %u of the last %u, pause %.2f "
		    "ms\n",
		    load_cases[_i].mib, len, hits(c, 0, n, NOW, len), n,
		    hits(c, n - last, n, NOW, len), last, longest);
	ck_assert_uint_ge(hits(c, n - last, n, NOW, len), last * 6 / 10);
	/* far more than the last batches: the file is used */
	ck_assert_uint_ge(hits(c, 0, n, NOW, len), n / 10 / 5);
	cache_close(c);
}
END_TEST

/* Live ones stay while there are expired ones to go. */
START_TEST(test_expired_first)
{
	unsigned live = 2000, rounds = 60, kept;
	struct cache *c;

	folder_make();
	c = open_sized(4 * MIB);
	for (unsigned i = 0; i < live; i++)
		put(c, i, NOW, 100, 86400);
	for (unsigned r = 1; r <= rounds; r++)
		for (unsigned i = 0; i < 1000; i++)
			put(c, live + 1000 * r + i, NOW + 100 * r, 100, 50);
	cache_flush(c, NOW + 100 * rounds);
	kept = hits(c, 0, live, NOW + 100 * rounds, 100);
	ck_assert_uint_ge(kept, live * 9 / 10);
	cache_close(c);
}
END_TEST

/* What is asked for stays while ten times what fits passes through. */
START_TEST(test_used_stay)
{
	unsigned used = 1000, rounds = 100, kept, others = 0;
	struct cache *c;

	folder_make();
	c = open_sized(4 * MIB);
	for (unsigned i = 0; i < 2 * used; i++)
		put(c, i, NOW, 100, 86400);
	for (unsigned r = 1; r <= rounds; r++) {
		cache_flush(c, NOW);
		hits(c, 0, used, NOW, 100);
		for (unsigned i = 0; i < 1000; i++)
			put(c, 1000000 + 1000 * r + i, NOW, 100, 86400);
	}
	cache_flush(c, NOW);
	kept = hits(c, 0, used, NOW, 100);
	others = hits(c, used, 2 * used, NOW, 100);
	ck_assert_msg(kept >= used * 95 / 100 && others <= used / 10,
	    "%u of %u that are used, %u that are not", kept, used, others);
	cache_close(c);
}
END_TEST

/* A disk without room for the counters of use: each process has its own. */
START_TEST(test_use_without_file)
{
	struct cache_use u = {0};

	folder_make();
	ck_assert_int_eq(cache_use_open(&u, "/nonexistent", MIB), 0);
	ck_assert(!cache_use_note(&u, 7));
	ck_assert(!cache_use_note(&u, 7));
	ck_assert(cache_use_note(&u, 7));
	ck_assert(cache_use_pass(&u, 7) && cache_use_pass(&u, 7));
	ck_assert(!cache_use_pass(&u, 7) && !cache_use_is_used(&u, 7));
	cache_use_close(&u);
	cache_use_close(&u);
}
END_TEST

START_TEST(test_smaller_size)
{
	struct cache *c;

	folder_make();
	c = open_sized(4 * MIB);
	put(c, 1, NOW, 16, 300);
	cache_close(c);
	c = open_sized(4 * MIB + 1); /* larger: kept */
	ck_assert(hit(c, 1, NOW, 16));
	cache_close(c);
	c = open_sized(2 * MIB);
	ck_assert_int_le(file_size(), 2 * MIB);
	ck_assert(!hit(c, 1, NOW, 16));
	put(c, 1, NOW, 16, 300);
	cache_flush(c, NOW);
	ck_assert(hit(c, 1, NOW, 16));
	cache_close(c);
}
END_TEST

START_TEST(test_bad_size)
{
	char why[CACHE_WHY_MAX];
	struct cache *c;

	folder_make();
	ck_assert_int_eq(cache_open(&c, state_dir, MIB - 1, 0, why), -EINVAL);
	ck_assert_ptr_null(c);
}
END_TEST

/* ---- several processes */

static void
reap(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "status %#x", (unsigned)status);
}

/* Room enough: a process that is stopped in a view must not cost a batch. */
START_TEST(test_two_writers)
{
	struct cache *c;
	pid_t pid[2];

	folder_make();
	for (unsigned p = 0; p < 2; p++) {
		pid[p] = fork();
		if (pid[p] != 0)
			continue;
		c = open_sized(32 * MIB);
		for (unsigned i = 0; i < 3000; i++) {
			put(c, 2 * i + p, NOW, 100, 3600);
			if (i % 10 == 0)
				cache_flush(c, NOW);
			hit(c, i, NOW, 100);
			cache_pause(c);
		}
		cache_close(c);
		_exit(0);
	}
	reap(pid[0]);
	reap(pid[1]);
	c = open_sized(32 * MIB);
	ck_assert_uint_eq(hits(c, 0, 6000, NOW, 100), 6000);
	cache_close(c);
}
END_TEST

/* A worker that sits on a view keeps pages from use, and we go on. */
START_TEST(test_stuck_reader)
{
	unsigned n = 20000;
	int ready[2], done[2];
	struct cache *c;
	char byte = 0;
	pid_t pid;

	folder_make();
	ck_assert(pipe(ready) == 0 && pipe(done) == 0);
	pid = fork();
	if (pid == 0) {
		close(done[1]); /* so that it ends with its parent */
		c = open_sized(MIB);
		put(c, 0, NOW, 100, 3600);
		cache_flush(c, NOW);
		ck_assert(hit(c, 0, NOW, 100)); /* and no pause */
		ck_assert_int_eq(write(ready[1], &byte, 1), 1);
		ck_assert_int_eq(read(done[0], &byte, 1), 1);
		ck_assert(hit(c, 0, NOW, 100)); /* its view is as it was */
		cache_close(c);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	c = open_sized(MIB);
	for (unsigned i = 1; i < n; i++)
		put(c, i, NOW, 100, 3600);
	ck_assert_int_le(file_size(), MIB);
	ck_assert_int_eq(write(done[1], &byte, 1), 1);
	reap(pid);
	for (unsigned i = n; i < n + 200; i++)
		put(c, i, NOW, 100, 3600);
	cache_flush(c, NOW);
	ck_assert_uint_ge(hits(c, n + 100, n + 200, NOW, 100), 80);
	cache_close(c);
}
END_TEST

/* Killed in the midst of it: the file is good, and the next one goes on. */
START_TEST(test_kill)
{
	struct cache *c;
	unsigned n;

	folder_make();
	for (unsigned round = 0; round < 20; round++) {
		pid_t pid;

		prepare();
		ck_assert(!is_there("answers.mdb.bad"));
		pid = fork();
		if (pid == 0) {
			c = open_sized(MIB);
			for (unsigned i = 0;; i++)
				put(c, i, NOW, 100, 3600);
		}
		usleep(5000 + 1000 * round);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	prepare();
	ck_assert(!is_there("answers.mdb.bad"));
	c = open_sized(MIB);
	n = hits(c, 0, 1000000, NOW, 100);
	ck_assert_uint_gt(n, 0);
	put(c, 1, NOW, 100, 3600);
	cache_flush(c, NOW);
	ck_assert(hit(c, 1, NOW, 100));
	cache_close(c);
}
END_TEST

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

/* ---- entries */

/* Every cut and every flipped bit of an entry reads as no entry. */
START_TEST(test_entry_damage)
{
	uint8_t good[200], bad[200];
	struct answer a = answer_of(3, 40);
	struct cache_entry e;
	struct question q;
	size_t len;

	len = cache_entry_len(question(&q, 3), &a);
	ck_assert_uint_eq(len, 40 + q.key.qname_len + 2 + 40);
	cache_entry_write(good, CACHE_ANSWER, &q.key, NOW, &a, 300);
	ck_assert(cache_entry_read(&e, good, len));
	ck_assert(cache_entry_is_for(&e, CACHE_ANSWER, &q.key));
	ck_assert(!cache_entry_is_for(&e, CACHE_FAILURE, &q.key));
	ck_assert(!cache_entry_is_for(&e, CACHE_CUT, &q.key));
	ck_assert_uint_eq(cache_entry_whole_len(good, len), len);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = malloc(cut > 0 ? cut : 1);

		memcpy(exact, good, cut);
		ck_assert(!cache_entry_read(&e, exact, cut));
		cache_entry_state(exact, cut, NOW, 0);
		cache_entry_whole_len(exact, cut);
		free(exact);
	}
	for (size_t bit = 0; bit < 8 * len; bit++) {
		memcpy(bad, good, len);
		bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!cache_entry_read(&e, bad, len));
	}
	memset(bad, 0, sizeof(bad));
	ck_assert(!cache_entry_read(&e, bad, len));
	ck_assert_int_eq(
	    cache_entry_state(bad, len, NOW, 0), CACHE_ENTRY_DEAD);
	ck_assert_int_eq(
	    cache_entry_state(good, len, NOW, 0), CACHE_ENTRY_LIVE);
}
END_TEST

UNIT_MAIN("cache", UNIT_ONCE(test_put_and_get),
    UNIT_EACH(test_time, time_cases), UNIT_ONCE(test_question),
    UNIT_ONCE(test_longest), {test_pieces_mixed, 2},
    UNIT_EACH(test_stale, stale_cases), UNIT_ONCE(test_back_off),
    {test_back_off_ends, 2}, UNIT_EACH(test_cut, cut_cases),
    UNIT_EACH(test_due, due_cases), UNIT_EACH(test_clock_step, step_cases),
    UNIT_EACH(test_size_limit, load_cases),
    UNIT_ONCE(test_expired_first), UNIT_ONCE(test_used_stay),
    UNIT_ONCE(test_use_without_file), UNIT_ONCE(test_smaller_size),
    UNIT_ONCE(test_bad_size), UNIT_ONCE(test_two_writers),
    UNIT_ONCE(test_stuck_reader), UNIT_ONCE(test_kill),
    UNIT_EACH(test_end, end_cases), UNIT_ONCE(test_one_bad_is_kept),
    UNIT_ONCE(test_prepare_fails), UNIT_EACH(test_damaged_whole, damage_cases),
    UNIT_ONCE(test_flipped_bytes), UNIT_ONCE(test_entry_damage))
