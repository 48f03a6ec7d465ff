/*
 * resolverd/upstream.c: libunbound forwards to a server of ours, on the same
 * event base, which answers by the first label of the name and counts.
 */
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "lib/wire.h"
#include "resolverd/counters.h"
#include "resolverd/upstream.h"
#include "tests/unit/clock.h"
#include "tests/unit/unit.h"

#define NEGATIVE_MAX 7200
#define NAMES_MAX 16
#define DEADLINE_S 3

/* ---- the outside */

static struct {
	int fd;
	uint16_t port;
	struct event *ev;
	bool deaf; /* it keeps the newest packet and says nothing */
	uint8_t held[1500];
	size_t held_len;
	struct sockaddr_storage held_from;
	unsigned packets;
	uint8_t names[NAMES_MAX][DNAME_MAX]; /* as they came */
	unsigned n_names;
} outside;

static void
put_a(struct wire_writer *w, const uint8_t *owner, uint32_t ttl)
{
	static const uint8_t address[] = {192, 0, 2, 1};

	wire_write_name(w, owner, true);
	wire_write_u16(w, DNS_TYPE_A);
	wire_write_u16(w, DNS_CLASS_IN);
	wire_write_u32(w, ttl);
	wire_write_u16(w, sizeof(address));
	wire_write_bytes(w, address, sizeof(address));
}

/* SOA of example. with a TTL of 600 and a MINIMUM of 120, or both longer */
static void
put_soa(struct wire_writer *w, bool longer)
{
	static const uint8_t example[] = "\7example";

	wire_write_name(w, example, true);
	wire_write_u16(w, DNS_TYPE_SOA);
	wire_write_u16(w, DNS_CLASS_IN);
	wire_write_u32(w, longer ? 80000 : 600);
	wire_write_u16(w, 1 + 1 + 20);
	wire_write_u8(w, 0);
	wire_write_u8(w, 0);
	for (unsigned i = 1; i <= 4; i++)
		wire_write_u32(w, i);
	wire_write_u32(w, longer ? 80000 : 120);
}

/* A signature that nobody checks */
static void
put_rrsig(struct wire_writer *w, const uint8_t *owner)
{
	static const uint8_t fixed[] = {0, DNS_TYPE_A, 8, 2, 0, 0, 0, 60, 0x7f,
	    0, 0, 0, 0x5f, 0, 0, 0, 0, 1, 0, 's', 'i', 'g'};

	wire_write_name(w, owner, true);
	wire_write_u16(w, DNS_TYPE_RRSIG);
	wire_write_u16(w, DNS_CLASS_IN);
	wire_write_u32(w, 60);
	wire_write_u16(w, sizeof(fixed));
	wire_write_bytes(w, fixed, sizeof(fixed));
}

static bool
starts_with(const uint8_t *qname, const char *label)
{
	return qname[0] == strlen(label) &&
	    memcmp(qname + 1, label, qname[0]) == 0;
}

/* Returns the length of the answer, 0 for none. */
static size_t
script(
    uint8_t *out, size_t cap, uint16_t id, const uint8_t *qname, uint16_t qtype)
{
	struct wire_header h = {.id = id,
	    .qdcount = 1,
	    .flags = DNS_FLAG_QR | DNS_FLAG_RD | DNS_FLAG_RA};
	struct wire_writer w;

	if (starts_with(qname, "silent"))
		return 0;
	wire_writer_init(&w, out, cap);
	wire_write_header(&w, &h);
	wire_write_name(&w, qname, true);
	wire_write_u16(&w, qtype);
	wire_write_u16(&w, DNS_CLASS_IN);
	if (starts_with(qname, "servfail")) {
		h.flags |= DNS_RCODE_SERVFAIL;
	} else if (qname[0] > 0 && qname[1] == 'n') {
		h.flags |= DNS_RCODE_NXDOMAIN;
		h.nscount = 1;
		put_soa(&w, starts_with(qname, "nolonger"));
	} else if (qtype != DNS_TYPE_A) {
		h.nscount = 1;
		put_soa(&w, false);
	} else {
		h.ancount = 2;
		put_a(&w, qname, 300);
		put_rrsig(&w, qname);
	}
	ck_assert(!w.failed);
	put_be16(out + 2, h.flags);
	put_be16(out + 6, h.ancount);
	put_be16(out + 8, h.nscount);
	return w.len;
}

static void
answer_packet(
    const uint8_t *in, size_t in_len, const struct sockaddr_storage *to)
{
	uint8_t out[1500], qname[DNAME_MAX];
	struct wire_reader r;
	struct wire_header h;
	uint16_t qtype;
	size_t len;

	wire_reader_init(&r, in, in_len);
	wire_read_header(&r, &h);
	wire_read_name(&r, qname);
	qtype = wire_read_u16(&r);
	ck_assert(!r.failed);
	if (outside.n_names < NAMES_MAX)
		memcpy(outside.names[outside.n_names++], qname, sizeof(qname));
	len = script(out, sizeof(out), h.id, qname, qtype);
	if (len > 0)
		sendto(outside.fd, out, len, 0, (const struct sockaddr *)to,
		    sizeof(struct sockaddr_in));
}

static void
on_packet(int fd, short what, void *arg)
{
	uint8_t in[1500];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	ssize_t n;

	(void)what, (void)arg;
	n = recvfrom(
	    fd, in, sizeof(in), 0, (struct sockaddr *)&from, &from_len);
	if (n <= 0)
		return;
	outside.packets++;
	if (!outside.deaf) {
		answer_packet(in, (size_t)n, &from);
		return;
	}
	memcpy(outside.held, in, (size_t)n);
	outside.held_len = (size_t)n;
	outside.held_from = from;
}

static void
answer_held(void)
{
	ck_assert_uint_gt(outside.held_len, 0);
	answer_packet(outside.held, outside.held_len, &outside.held_from);
}

static void
outside_open(struct event_base *base)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int room = 4 << 20;

	outside.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(outside.fd, 0);
	setsockopt(outside.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	ck_assert_int_eq(bind(outside.fd, (struct sockaddr *)&sin, len), 0);
	getsockname(outside.fd, (struct sockaddr *)&sin, &len);
	outside.port = ntohs(sin.sin_port);
	outside.ev =
	    event_new(base, outside.fd, EV_READ | EV_PERSIST, on_packet, NULL);
	event_add(outside.ev, NULL);
}

/* ---- our side */

static struct event_base *base;
static struct cache *cache;
static struct upstream *up;

#define LIST_DEADLINE_S 1
#define FLIGHTS_MAX 5000
#define MAX_STALE_S 1000

static void
world_open(bool validate, bool forward)
{
	static struct conf_endpoint to;
	static char list[] = "list.example";
	static struct conf_route route = {
	    .name = list,
	    .apex = "\4list\7example",
	    .minimise = true,
	    .deadline_s = LIST_DEADLINE_S,
	};
	static struct conf conf;
	static char anchor[] = "/usr/share/dns/root.key";
	struct rlimit files;
	char why[UPSTREAM_WHY_MAX], dir[300];

	conf = (struct conf){
	    .cache.ttls = {.max = 86400, .max_negative = NEGATIVE_MAX},
	    .upstream = {.forward = &to,
		.n_forward = forward,
		.validate = validate,
		.trust_anchor = anchor,
		.deadline_s = DEADLINE_S,
		.list_deadline_s = LIST_DEADLINE_S,
		.max_in_flight = FLIGHTS_MAX},
	    .routes = &route,
	    .n_routes = 1,
	    .state_dir = unit_dir};
	route.validate = validate;
	move_clock(0, 0);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	base = event_base_new();
	outside_open(base);
	snprintf(to.txt, sizeof(to.txt), "127.0.0.1@%u", outside.port);
	ck_assert_int_eq(addr_parse_at_port(&to.sa, &to.len, to.txt, 53), 0);
	/* each test is a process and has a cache of its own */
	snprintf(dir, sizeof(dir), "%s/%d", unit_dir, (int)getpid());
	mkdir(dir, 0700);
	ck_assert_int_eq(cache_open(&cache, dir, 1 << 20, MAX_STALE_S, why), 0);
	ck_assert_msg(
	    upstream_open(&up, base, &conf, cache, why) == 0, "%s", why);
}

static void
world_close(void)
{
	upstream_close(up);
	up = NULL;
	cache_close(cache);
	event_free(outside.ev);
	close(outside.fd);
	event_base_free(base);
}

/* What a waiter was told. */
struct told {
	unsigned called;
	bool answered;
	uint8_t rcode, ede;
	bool secure;
	uint16_t ancount, nscount;
	uint32_t first_ttl;
};

static void
on_done(void *arg, const struct answer *a)
{
	struct told *t = arg;

	t->called++;
	t->answered = a->rcode != DNS_RCODE_SERVFAIL;
	t->ede = a->ede;
	if (!t->answered)
		return;
	t->rcode = a->rcode;
	t->secure = a->secure;
	t->ancount = a->ancount;
	t->nscount = a->nscount;
	if (a->n_ttls > 0)
		t->first_ttl = get_be32(a->body + get_le16(a->ttl_off));
}

/* Borrows a buffer of its own; 16 may be in use. */
static struct cache_key
key_of(const char *name, uint16_t qtype)
{
	static uint8_t qname[16][DNAME_MAX];
	static unsigned next;
	uint8_t *p = qname[next++ % 16];
	struct cache_key key = {.qname = p, .qtype = qtype};

	key.qname_len = (size_t)dname_from_txt(p, name, strlen(name));
	dname_lower(p, key.qname_len);
	key.hash = dname_hash(p);
	return key;
}

static int
ask(const char *name, uint16_t qtype, struct told *told)
{
	struct cache_key key = key_of(name, qtype);
	int rc;

	*told = (struct told){0};
	rc = upstream_resolve(up, &key, false, on_done, told);
	cache_pause(cache); /* as after each batch */
	return rc;
}

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Runs the loop until *called reaches n, or for a time. */
static void
run(const unsigned *called, unsigned n, double seconds)
{
	const struct timeval tick = {.tv_usec = 20000};
	double end = now_s() + seconds;

	while (*called < n && now_s() < end) {
		event_base_loopexit(base, &tick);
		event_base_dispatch(base);
	}
}

/* What the cache keeps for the question; 0: nothing. */
static uint32_t
cached_lifetime(const struct cache_key *key)
{
	uint64_t now = cache_now(cache);
	struct answer a;
	uint32_t lifetime = 0;

	cache_flush(cache, now);
	while (cache_get(cache, key, now + lifetime, &a) == 0)
		lifetime++;
	cache_pause(cache);
	return lifetime;
}

/* The EDE of the failure that is kept for the question; 0: none. */
static uint8_t
cached_failure(const struct cache_key *key)
{
	struct answer a = {0};
	uint8_t ede = 0;

	cache_flush(cache, cache_now(cache));
	if (cache_get_failure(cache, key, cache_now(cache), &a) == 0)
		ede = a.ede;
	cache_pause(cache);
	return ede;
}

/* Has it failed the last time, whether or not that still holds? */
static bool
last_failed(const struct cache_key *key)
{
	struct answer a;
	bool failed;

	cache_flush(cache, cache_now(cache));
	failed = cache_get_failure(cache, key, cache_now(cache), &a) != -ENOENT;
	cache_pause(cache);
	return failed;
}

/* ---- tests */

static const struct {
	const char *name;
	uint16_t qtype;
	bool answered;
	uint8_t rcode;
	uint16_t ancount, nscount;
	uint32_t lifetime; /* in the cache */
} answer_cases[] = {
    {"mx.example", DNS_TYPE_A, true, DNS_RCODE_NOERROR, 1, 0, 300},
    {"no.example", DNS_TYPE_A, true, DNS_RCODE_NXDOMAIN, 0, 1, 120},
    {"nolonger.example", DNS_TYPE_A, true, DNS_RCODE_NXDOMAIN, 0, 1,
	NEGATIVE_MAX},
    {"mx.example", DNS_TYPE_TXT, true, DNS_RCODE_NOERROR, 0, 1, 120},
    {"servfail.example", DNS_TYPE_A, false, 0, 0, 0, 0},
    {"localhost", DNS_TYPE_A, true, DNS_RCODE_NOERROR, 1, 0, 10800},
    {".", DNS_TYPE_TXT, true, DNS_RCODE_NOERROR, 0, 1, 120},
    /* the site's own resolver knows these; libunbound says NXDOMAIN */
    {"1.1.168.192.in-addr.arpa", DNS_TYPE_A, true, DNS_RCODE_NOERROR, 1, 0,
	300},
};

START_TEST(test_answers)
{
	const char *name = answer_cases[_i].name;
	struct cache_key key = key_of(name, answer_cases[_i].qtype);
	struct told t;
	uint32_t lifetime;

	world_open(false, true);
	ck_assert_int_eq(ask(name, key.qtype, &t), 0);
	run(&t.called, 1, 20);
	ck_assert_uint_eq(t.called, 1);
	ck_assert_uint_eq(upstream_waiting(up), 0);
	ck_assert_int_eq(t.answered, answer_cases[_i].answered);
	ck_assert_uint_eq(t.rcode, answer_cases[_i].rcode);
	ck_assert_uint_eq(t.ancount, answer_cases[_i].ancount);
	ck_assert_uint_eq(t.nscount, answer_cases[_i].nscount);
	ck_assert(!t.secure);
	lifetime = cached_lifetime(&key);
	ck_assert_uint_le(lifetime, answer_cases[_i].lifetime);
	ck_assert_uint_ge(lifetime + 2, answer_cases[_i].lifetime);
	/* RFC 9520 3.1 */
	ck_assert_uint_eq(cached_failure(&key),
	    t.answered ? 0 : EDE_NO_REACHABLE_AUTHORITY);
	world_close();
}
END_TEST

START_TEST(test_shared_flight)
{
	struct told t[50];
	unsigned all = 0;

	world_open(false, true);
	for (unsigned i = 0; i < 50; i++)
		ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &t[i]), 0);
	ck_assert_uint_eq(upstream_waiting(up), 50);
	run(&t[49].called, 1, 10);
	for (unsigned i = 0; i < 50; i++)
		all += t[i].called == 1 && t[i].ancount == 1;
	ck_assert_uint_eq(all, 50);
	ck_assert_uint_eq(outside.packets, 1);
	ck_assert_uint_eq(upstream_waiting(up), 0);
	world_close();
}
END_TEST

/* libunbound answers some questions at once, by data of its own. */
START_TEST(test_inside_the_call)
{
	struct told t;

	world_open(false, true);
	ck_assert_int_eq(ask("localhost", DNS_TYPE_A, &t), 0);
	ck_assert_uint_eq(t.called, 1);
	ck_assert_uint_eq(t.ancount, 1);
	ck_assert_uint_eq(upstream_waiting(up), 0);
	ck_assert_uint_eq(outside.packets, 0);
	world_close();
}
END_TEST

/* What we ask for anew comes from the outside, not from its own cache. */
START_TEST(test_no_other_cache)
{
	struct told t;

	world_open(false, true);
	for (unsigned i = 1; i <= 3; i++) {
		ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &t), 0);
		run(&t.called, 1, 10);
		ck_assert_uint_eq(t.ancount, 1);
		ck_assert_uint_eq(outside.packets, i);
	}
	world_close();
}
END_TEST

START_TEST(test_dnssec_ok)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	struct told plain = {0}, with_do = {0};
	uint32_t lifetime;

	world_open(false, true);
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &plain), 0);
	key.dnssec_ok = true;
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &with_do), 0);
	run(&plain.called, 1, 10);
	run(&with_do.called, 1, 10);
	ck_assert_uint_eq(plain.ancount, 1);
	ck_assert_uint_eq(with_do.ancount, 2); /* the RRSIG */
	lifetime = cached_lifetime(&key);
	ck_assert_uint_le(lifetime, 60); /* its TTL */
	ck_assert_uint_ge(lifetime, 58);
	world_close();
}
END_TEST

/*
 * One question all the way: the deadline, a client that asks again, and the
 * late answer, which reaches that client and the cache.
 */
START_TEST(test_deadline)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	struct told first, again;
	double start;

	world_open(false, true);
	start = now_s();
	outside.deaf = true;
	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &first), 0);
	run(&first.called, 1, DEADLINE_S + 2);
	ck_assert_uint_eq(first.called, 1);
	ck_assert(!first.answered);
	ck_assert_uint_eq(first.ede, EDE_NO_REACHABLE_AUTHORITY);
	ck_assert_uint_eq(cached_failure(&key), EDE_NO_REACHABLE_AUTHORITY);
	ck_assert(now_s() - start > DEADLINE_S - 0.1);
	ck_assert(now_s() - start < DEADLINE_S + 1);
	ck_assert_uint_eq(upstream_waiting(up), 0);

	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &again), 0);
	ck_assert_uint_eq(upstream_waiting(up), 1);
	answer_held();
	run(&again.called, 1, 2);
	ck_assert_uint_eq(again.called, 1);
	ck_assert_uint_eq(again.ancount, 1);
	ck_assert_uint_eq(first.called, 1);
	ck_assert_uint_ge(cached_lifetime(&key), 298);
	ck_assert_uint_eq(cached_failure(&key), 0);
	world_close();
}
END_TEST

/*
 * RFC 8767 5: who has an expired answer takes it after 1.8 s, others at once
 * then; the question goes on till the deadline, and failed for 30 s.
 */
START_TEST(test_stale)
{
	struct cache_key key = key_of("silent.example", DNS_TYPE_A);
	struct answer old = {.rcode = DNS_RCODE_NOERROR, .ancount = 1};
	struct told first = {0}, again = {0};
	unsigned never = 0;
	double start;

	world_open(false, true);
	cache_put(cache, &key, cache_now(cache), &old, 1);
	cache_flush(cache, cache_now(cache));
	move_clock(10, 0);
	ck_assert_int_eq(
	    cache_get(cache, &key, cache_now(cache), &old), -ESTALE);
	start = now_s();
	ck_assert_int_eq(
	    upstream_resolve(up, &key, true, on_done, &first), 0);
	run(&first.called, 1, DEADLINE_S + 2);
	ck_assert(first.called == 1 && !first.answered);
	ck_assert(now_s() - start > 1.7 && now_s() - start < DEADLINE_S);
	ck_assert_uint_eq(cached_failure(&key), 0);
	ck_assert_int_eq(upstream_resolve(up, &key, true, on_done, &again),
	    -ETIMEDOUT);
	run(&never, 1, DEADLINE_S + 0.5 - (now_s() - start));
	ck_assert_uint_eq(cached_failure(&key), EDE_NO_REACHABLE_AUTHORITY);
	move_clock(10 + UPSTREAM_STALE_RETRY_S - 2, 0);
	ck_assert_uint_eq(cached_failure(&key), EDE_NO_REACHABLE_AUTHORITY);
	move_clock(10 + UPSTREAM_STALE_RETRY_S + 1, 0);
	ck_assert_uint_eq(cached_failure(&key), 0);
	world_close();
	ck_assert_uint_eq(again.called, 0);
}
END_TEST

/* Prefetch: nobody waits, the cache gets it. */
START_TEST(test_refresh)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	unsigned never = 0;

	world_open(false, true);
	upstream_refresh(up, &key);
	upstream_refresh(up, &key);
	ck_assert_uint_eq(upstream_waiting(up), 0);
	run(&never, 1, 0.3);
	ck_assert_uint_eq(outside.packets, 1);
	ck_assert_uint_ge(cached_lifetime(&key), 298);
	world_close();
}
END_TEST

/* A dead list: one wait, then nobody waits till a probe is answered. */
START_TEST(test_dead_route)
{
	struct cache_key one = key_of("one.list.example", DNS_TYPE_A),
			 two = key_of("two.list.example", DNS_TYPE_A),
			 list;
	struct told t, other;
	unsigned never = 0, packets;
	double start;

	world_open(false, true);
	outside.deaf = true;
	start = now_s();
	ck_assert_int_eq(ask("one.list.example", DNS_TYPE_A, &t), 0);
	run(&t.called, 1, DEADLINE_S);
	ck_assert(t.called == 1 && !t.answered);
	ck_assert(now_s() - start > LIST_DEADLINE_S - 0.1);
	ck_assert(now_s() - start < DEADLINE_S);

	/* whatever the name below; and the same by its own failure */
	packets = outside.packets;
	ck_assert_int_eq(
	    ask("two.list.example", DNS_TYPE_A, &t), -ETIMEDOUT);
	ck_assert_uint_eq(cached_failure(&one), EDE_NO_REACHABLE_AUTHORITY);
	ck_assert_uint_eq(cached_failure(&two), 0);
	/* others are not held for dead */
	ck_assert_int_eq(ask("silent.example", DNS_TYPE_A, &other), 0);
	run(&never, 1, 0.1);
	ck_assert_uint_ge(outside.packets, packets + 1);

	move_clock(3, 0); /* the back-off has passed: a probe, no wait */
	ck_assert_int_eq(
	    ask("two.list.example", DNS_TYPE_A, &t), -ETIMEDOUT);
	packets = outside.packets;
	run(&never, 1, LIST_DEADLINE_S + 0.5);
	ck_assert_uint_ge(outside.packets, packets + 1);
	move_clock(5, 0); /* it failed: four seconds now */
	ck_assert_int_eq(
	    ask("three.list.example", DNS_TYPE_A, &t), -ETIMEDOUT);

	list = key_of("list.example", 0); /* what says that it is dead */
	move_clock(40, 0); /* a probe that joins a question under way */
	ck_assert_int_eq(
	    ask("one.list.example", DNS_TYPE_A, &t), -ETIMEDOUT);
	ck_assert_uint_eq(cached_failure(&list), 0);
	run(&never, 1, LIST_DEADLINE_S + 0.5);
	ck_assert_uint_eq(cached_failure(&list), EDE_NO_REACHABLE_AUTHORITY);

	move_clock(200, 0);
	outside.deaf = false;
	ck_assert_int_eq(
	    ask("four.list.example", DNS_TYPE_A, &t), -ETIMEDOUT);
	for (unsigned i = 0; i < 200 && cached_lifetime(&two) == 0; i++)
		run(&never, 1, 0.1);
	t.called = 0;
	for (unsigned i = 0; i < 100 && t.called == 0; i++) {
		(void)ask("five.list.example", DNS_TYPE_A, &t);
		run(&never, 1, 0.1);
	}
	ck_assert(t.called == 1 && t.answered);
	world_close();
}
END_TEST

/*
 * A list on the network is known by the form of its questions (RFC 5782 2.1),
 * has its own deadline, and is back before a client asks again.
 */
START_TEST(test_dead_list)
{
	const uint64_t *silent = &counters_mine->value[COUNTER_ROUTES_SILENT];
	struct cache_key list = key_of("bl.example", 0);
	struct told t, other;
	unsigned never = 0;
	double start;

	world_open(false, true);
	outside.deaf = true;
	start = now_s();
	ck_assert_int_eq(ask("7.113.0.203.bl.example", DNS_TYPE_A, &t), 0);
	ck_assert_int_eq(ask("7.113.0.203.in-addr.arpa", 12, &other), 0);
	run(&t.called, 1, DEADLINE_S);
	ck_assert(t.called == 1 && !t.answered);
	ck_assert(now_s() - start > LIST_DEADLINE_S - 0.1);
	ck_assert(now_s() - start < DEADLINE_S - 0.5);
	ck_assert_uint_eq(other.called, 0);
	ck_assert_uint_eq(cached_failure(&list), EDE_NO_REACHABLE_AUTHORITY);
	ck_assert_int_eq(
	    ask("8.113.0.203.bl.example", DNS_TYPE_A, &t), -ETIMEDOUT);
	/* the back-off ends: it is probed without a client, in vain */
	move_clock(3, 0);
	for (unsigned i = 0; i < 100 && *silent < 2; i++)
		run(&never, 1, 0.1);
	ck_assert_uint_eq(*silent, 2);
	/* another list, and what is no list */
	ck_assert_int_eq(ask("8.113.0.203.l.example", DNS_TYPE_A, &other), 0);
	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &other), 0);
	outside.deaf = false;
	move_clock(10, 0);
	for (unsigned i = 0; i < 100 && last_failed(&list); i++)
		run(&never, 1, 0.1);
	ck_assert_int_eq(ask("9.113.0.203.bl.example", DNS_TYPE_A, &t), 0);
	run(&t.called, 1, DEADLINE_S);
	ck_assert(t.called == 1 && t.answered);
	world_close();
}
END_TEST

/* One silent name of a list that answers others is no reason. */
START_TEST(test_live_route)
{
	struct told t, other;
	unsigned never = 0;

	world_open(false, true);
	ck_assert_int_eq(ask("silent.list.example", DNS_TYPE_A, &t), 0);
	run(&never, 1, 0.2);
	ck_assert_int_eq(ask("mx.list.example", DNS_TYPE_A, &other), 0);
	run(&t.called, 1, DEADLINE_S);
	ck_assert(t.called == 1 && !t.answered);
	ck_assert(other.called == 1 && other.answered);
	ck_assert_int_eq(ask("ns.list.example", DNS_TYPE_A, &other), 0);
	world_close();
}
END_TEST

/* Nobody waits any more, but the cache gets it. */
START_TEST(test_late_answer)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	struct told t;
	unsigned never = 0;

	world_open(false, true);
	outside.deaf = true;
	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &t), 0);
	run(&t.called, 1, DEADLINE_S + 2);
	ck_assert(t.called == 1 && !t.answered);
	ck_assert_uint_eq(cached_lifetime(&key), 0);
	answer_held();
	run(&never, 1, 0.3);
	ck_assert_uint_ge(cached_lifetime(&key), 298);
	ck_assert_uint_eq(t.called, 1);
	world_close();
}
END_TEST

START_TEST(test_waiters_cap)
{
	struct cache_key key = key_of("silent.example", DNS_TYPE_A);
	struct told t = {0}, beyond = {0};

	world_open(false, true);
	for (unsigned i = 0; i < FLIGHTS_MAX * UPSTREAM_WAITERS; i++)
		ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &t), 0);
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &beyond), -EBUSY);
	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &beyond), -EBUSY);
	ck_assert_uint_eq(upstream_waiting(up), FLIGHTS_MAX * UPSTREAM_WAITERS);
	world_close();
	ck_assert_uint_eq(t.called, FLIGHTS_MAX * UPSTREAM_WAITERS);
	ck_assert(!t.answered);
	ck_assert_uint_eq(beyond.called, 0);
}
END_TEST

/* Also: closing with all of them under way. */
START_TEST(test_flights_cap)
{
	struct told t = {0}, beyond;
	char name[64];

	world_open(false, true);
	for (unsigned i = 0; i < FLIGHTS_MAX; i++) {
		struct cache_key key;

		snprintf(name, sizeof(name), "silent.%u.example", i);
		key = key_of(name, DNS_TYPE_A);
		ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &t), 0);
	}
	ck_assert_int_eq(ask("mx.example", DNS_TYPE_A, &beyond), -EBUSY);
	/* to join one that is under way is fine */
	ck_assert_int_eq(ask("silent.0.example", DNS_TYPE_A, &beyond), 0);
	ck_assert_uint_eq(t.called, 0);
	world_close();
	ck_assert_uint_eq(t.called, FLIGHTS_MAX);
	ck_assert_uint_eq(beyond.called, 1);
	ck_assert(!t.answered && !beyond.answered);
}
END_TEST

/* A waiter that asks anew when it is told that there is no answer. */
struct stubborn {
	struct cache_key key;
	unsigned called, refused;
};

static void
on_done_ask_again(void *arg, const struct answer *a)
{
	struct stubborn *s = arg;

	(void)a;
	s->called++;
	if (upstream_resolve(up, &s->key, false, on_done_ask_again, s) != 0)
		s->refused++;
}

START_TEST(test_ask_from_completion)
{
	struct stubborn s = {.key = key_of("silent.example", DNS_TYPE_A)};

	world_open(false, true);
	ck_assert_int_eq(
	    upstream_resolve(up, &s.key, false, on_done_ask_again, &s), 0);
	run(&s.called, 1, DEADLINE_S + 2);
	ck_assert_uint_eq(s.called, 1);
	ck_assert_uint_eq(upstream_waiting(up), 1);
	world_close(); /* asks again, and is refused */
	ck_assert_uint_eq(s.called, 2);
	ck_assert_uint_eq(s.refused, 1);
}
END_TEST

/* One waiter asks for what libunbound answers at once, the other reads on. */
static void
on_done_ask_other(void *arg, const struct answer *a)
{
	struct cache_key key = key_of("localhost", DNS_TYPE_A);

	ck_assert_uint_eq(a->rcode, DNS_RCODE_NOERROR);
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, arg), 0);
}

START_TEST(test_answer_outlives_inner_one)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_TXT);
	struct told inner = {0}, outer = {0};

	world_open(false, true);
	ck_assert_int_eq(
	    upstream_resolve(up, &key, false, on_done_ask_other, &inner), 0);
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &outer), 0);
	run(&outer.called, 1, 10);
	ck_assert_uint_eq(inner.ancount, 1);
	ck_assert_uint_eq(outer.nscount, 1);
	ck_assert_uint_eq(outer.first_ttl, 120);
	world_close();
}
END_TEST

/* The bytes of a name reach the outside as they are. */
#define L63 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-012345678"
#define L61 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-0123456"
static const char *const name_cases[] = {
    "a\\.b.example",
    "a\\\\b.example",
    "\\000\\001\\255.example",
    "\\032\\\"\\;\\(\\)\\@\\$.example",
    "*.example",
    "_25._tcp.mx.example",
    "0/25.2.0.192.in-addr.arpa",
    "\\\\046.example",
    L63 "." L63 "." L63 "." L61,
    "a",
    ".",
};

START_TEST(test_names)
{
	struct cache_key key = key_of(name_cases[_i], DNS_TYPE_A);
	struct told t;

	world_open(false, true);
	ck_assert_int_eq(ask(name_cases[_i], DNS_TYPE_A, &t), 0);
	run(&t.called, 1, 10);
	ck_assert_uint_eq(t.called, 1);
	ck_assert(t.answered);
	ck_assert_uint_eq(t.ancount, 1);
	ck_assert_uint_ge(outside.n_names, 1);
	ck_assert_mem_eq(outside.names[0], key.qname, key.qname_len);
	world_close();
}
END_TEST

static const uint16_t refused_types[] = {0, DNS_TYPE_OPT, 128, 250,
    DNS_TYPE_IXFR, DNS_TYPE_AXFR, DNS_TYPE_MAILB, DNS_TYPE_MAILA};

START_TEST(test_refused)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	struct told t = {0};

	world_open(false, true);
	for (unsigned i = 0; i < UNIT_COUNT(refused_types); i++)
		ck_assert_int_eq(
		    ask("mx.example", refused_types[i], &t), -EINVAL);
	key.qname_len--;
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &t), -EINVAL);
	key.qname_len = 0;
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &t), -EINVAL);
	ck_assert_uint_eq(upstream_waiting(up), 0);
	world_close();
	ck_assert_uint_eq(t.called, 0);
	ck_assert_uint_eq(outside.packets, 0);
}
END_TEST

/* The outside is not signed, the root's anchor says that it should be. */
START_TEST(test_bogus)
{
	struct cache_key key = key_of("mx.example", DNS_TYPE_A);
	struct told checked = {0}, unchecked = {0};
	uint32_t lifetime;

	world_open(true, true);
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &checked), 0);
	run(&checked.called, 1, 20);
	ck_assert_uint_eq(checked.called, 1);
	ck_assert(!checked.answered);
	ck_assert_uint_eq(checked.ede, EDE_DNSKEY_MISSING);
	ck_assert_uint_eq(cached_lifetime(&key), 0);
	ck_assert_uint_eq(cached_failure(&key), EDE_DNSKEY_MISSING);

	key.checking_disabled = true;
	ck_assert_int_eq(upstream_resolve(up, &key, false, on_done, &unchecked), 0);
	run(&unchecked.called, 1, 20);
	ck_assert(unchecked.answered);
	ck_assert_uint_eq(unchecked.ancount, 1);
	ck_assert(!unchecked.secure);
	lifetime = cached_lifetime(&key);
	ck_assert_uint_le(lifetime, 60);
	ck_assert_uint_gt(lifetime, 0);
	world_close();
}
END_TEST

/* Full recursion starts and ends, and says nothing unasked. */
START_TEST(test_open_and_close)
{
	for (unsigned i = 0; i < 4; i++) {
		world_open(i & 1, i & 2);
		ck_assert_uint_eq(upstream_waiting(up), 0);
		world_close();
	}
	upstream_close(NULL);
}
END_TEST

UNIT_MAIN("upstream", UNIT_EACH(test_answers, answer_cases),
    UNIT_ONCE(test_shared_flight), UNIT_ONCE(test_inside_the_call),
    UNIT_ONCE(test_no_other_cache),
    UNIT_ONCE(test_dnssec_ok), UNIT_ONCE(test_deadline),
    UNIT_ONCE(test_late_answer), UNIT_ONCE(test_stale),
    UNIT_ONCE(test_refresh), UNIT_ONCE(test_dead_route),
    UNIT_ONCE(test_dead_list),
    UNIT_ONCE(test_live_route), UNIT_ONCE(test_waiters_cap),
    UNIT_ONCE(test_flights_cap), UNIT_ONCE(test_ask_from_completion),
    UNIT_ONCE(test_answer_outlives_inner_one),
    UNIT_EACH(test_names, name_cases), UNIT_ONCE(test_refused),
    UNIT_ONCE(test_bogus), UNIT_ONCE(test_open_and_close))
