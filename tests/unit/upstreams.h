/*
 * For tests of resolverd/upstream.c: libunbound forwards to a server of ours,
 * on the same event base, which answers by the first label of the name and
 * counts.
 */
#ifndef TESTS_UNIT_UPSTREAMS_H
#define TESTS_UNIT_UPSTREAMS_H

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "lib/wire.h"
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

__attribute__((unused)) static void
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
__attribute__((unused)) static void
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
__attribute__((unused)) static void
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

__attribute__((unused)) static bool
starts_with(const uint8_t *qname, const char *label)
{
	return qname[0] == strlen(label) &&
	    memcmp(qname + 1, label, qname[0]) == 0;
}

/* Returns the length of the answer, 0 for none. */
__attribute__((unused)) static size_t
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

__attribute__((unused)) static void
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

__attribute__((unused)) static void
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

__attribute__((unused)) static void
answer_held(void)
{
	ck_assert_uint_gt(outside.held_len, 0);
	answer_packet(outside.held, outside.held_len, &outside.held_from);
}

__attribute__((unused)) static void
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

__attribute__((unused)) static void
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

__attribute__((unused)) static void
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

__attribute__((unused)) static void
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
__attribute__((unused)) static struct cache_key
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

__attribute__((unused)) static int
ask(const char *name, uint16_t qtype, struct told *told)
{
	struct cache_key key = key_of(name, qtype);
	int rc;

	*told = (struct told){0};
	rc = upstream_resolve(up, &key, false, on_done, told);
	cache_pause(cache); /* as after each batch */
	return rc;
}

__attribute__((unused)) static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Runs the loop until *called reaches n, or for a time. */
__attribute__((unused)) static void
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
__attribute__((unused)) static uint32_t
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
__attribute__((unused)) static uint8_t
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
__attribute__((unused)) static bool
last_failed(const struct cache_key *key)
{
	struct answer a;
	bool failed;

	cache_flush(cache, cache_now(cache));
	failed = cache_get_failure(cache, key, cache_now(cache), &a) != -ENOENT;
	cache_pause(cache);
	return failed;
}

#endif
