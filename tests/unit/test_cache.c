/*
 * resolverd/cache.c with cache_entry.c and cache_pieces.c: what is kept, how
 * long, and what an entry is. Room is in test_cache_room.c, the file in
 * test_cache_file.c.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "lib/store.h"
#include "resolverd/cache_entry.h"
#include "tests/unit/caches.h"
#include "tests/unit/clock.h"

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
	const struct store_opts opts = {.mode = STORE_LIVE_NOSYNC,
	    .size_max = 8 * MIB,
	    .integer_keys = true};
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

/*
 * RFC 9520 3.2: at least a second, twice as long each time, at most 5 minutes
 */
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
	ck_assert_int_eq(cache_get_failure(c, &other.key, now - 1, &a),
	    -ENOENT);
	question(&other, 1)->qtype = 28;
	ck_assert_int_eq(cache_get_failure(c, &other.key, now - 1, &a),
	    -ENOENT);
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
    UNIT_ONCE(test_entry_damage))
