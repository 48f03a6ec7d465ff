/*
 * For tests of the cache: a folder for its file, questions and answers that go
 * by number.
 */
#ifndef TESTS_UNIT_CACHES_H
#define TESTS_UNIT_CACHES_H

#include <sys/stat.h>

#include <errno.h>
#include <string.h>

#include "lib/bytes.h"
#include "resolverd/cache.h"
#include "tests/unit/unit.h"

#define MIB (1u << 20)
#define NOW 1000000000ull /* any time will do */
#define MAX_STALE 1000
#define TTL_POS 6         /* in the body that answer_of() makes */

static char state_dir[300]; /* of this test: each is a process */

__attribute__((unused)) static void
folder_make(void)
{
	snprintf(
	    state_dir, sizeof(state_dir), "%s/%d", unit_dir, (int)getpid());
	ck_assert_int_eq(mkdir(state_dir, 0700), 0);
	if (getenv("VERBOSE") == NULL) /* many log lines are to be expected */
		ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

__attribute__((unused)) static const char *
path_of(const char *name)
{
	static char path[2][400];
	static unsigned next;
	char *p = path[next++ % 2];

	snprintf(p, sizeof(path[0]), "%s/cache/%s", state_dir, name);
	return p;
}

__attribute__((unused)) static bool
is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

__attribute__((unused)) static struct cache *
open_sized(uint64_t size)
{
	char why[CACHE_WHY_MAX];
	struct cache *c;

	ck_assert_msg(cache_open(&c, state_dir, size, MAX_STALE, why) == 0,
	    "%s", why);
	return c;
}

__attribute__((unused)) static void
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

__attribute__((unused)) static struct cache_key *
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
__attribute__((unused)) static struct answer
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

__attribute__((unused)) static void
put(struct cache *c, unsigned i, uint64_t now, size_t len, uint32_t lifetime)
{
	struct question q;
	struct answer a = answer_of(i, len);

	cache_put(c, question(&q, i), now, &a, lifetime);
}

/* A hit must be the very answer; its length is the caller's to know. */
__attribute__((unused)) static bool
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

__attribute__((unused)) static unsigned
hits(struct cache *c, unsigned from, unsigned to, uint64_t now, size_t len)
{
	unsigned n = 0;

	for (; from < to; from++)
		n += hit(c, from, now, len);
	cache_pause(c);
	return n;
}

#endif
