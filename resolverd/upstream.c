/*
 * Questions to the outside, by libunbound's event API on the worker's base.
 *
 * A flight is one question under way and the clients that wait for it. It stays
 * in the table until libunbound is done with it: after the deadline without
 * waiters, so that a late answer still reaches the cache, a client that asks
 * again joins it, and what libunbound holds for us stays below the cap. We
 * never cancel: libunbound would go on all the same.
 *
 * libunbound may call on_answer() from inside ub_resolve_event(), and does so
 * for all that is under way from inside ub_ctx_delete(). One upstream per
 * process: its options are global to the library.
 *
 * Answers come from the network by way of libunbound: untrusted.
 */
#include <sys/time.h>

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#include "lib/log.h"
#include "resolverd/upstream.h"

#define ANCHOR_FILE "/usr/share/dns/root.key" /* Debian's dns-root-data */
#define BUCKETS 4096                          /* a power of two */
#define BOGUS_LIFETIME_S 60 /* RFC 4035 4.7: of bad data, for CD questions */
#define BOGUS_LOG_S 10      /* between two log lines about bogus answers */

/* libunbound's sec: what validation found */
enum { SEC_BOGUS = 1, SEC_SECURE = 2 };

struct waiter {
	struct waiter *next;
	upstream_done_fn *done;
	void *arg;
};

struct flight {
	struct flight *next;    /* in its bucket */
	struct upstream *up;    /* borrowed */
	struct waiter *waiters; /* the first that came first; owned */
	struct waiter **last;
	struct event deadline; /* pending while there are waiters */
	struct cache_key key;  /* its qname is the next member */
	uint8_t qname[DNAME_MAX];
};

struct upstream {
	struct ub_ctx *ctx;             /* NULL once it ends */
	struct event_base *base;        /* borrowed */
	const struct timeval *deadline; /* libevent's: a queue, not a heap */
	struct cache *cache;            /* borrowed; may be NULL */
	uint32_t max_negative_ttl;
	unsigned n_flights, n_waiting;
	time_t bogus_logged; /* when the last line was written */
	unsigned bogus_unlogged;
	struct flight *buckets[BUCKETS];
};

/* ---- options */

struct option {
	const char *name, *value;
	bool required; /* an older libunbound that lacks it will not do */
};

#define TXT_(n) #n
#define TXT(n) TXT_(n)

/*
 * libunbound's own defaults suit a stub. The cache in front of it is ours, so
 * its own stay small: they serve what many questions share, such as the servers
 * of a zone. With the last three a silent name does not make it hold a whole
 * server for dead.
 */
static const struct option options[] = {
    {"use-syslog:", "no", true},
    {"outgoing-range:", TXT(UPSTREAM_UDP_MAX), true},
    {"outgoing-num-tcp:", TXT(UPSTREAM_TCP_MAX), true},
    {"edns-buffer-size:", TXT(QUERY_UDP_MAX), true},
    {"msg-cache-size:", "2m", true},
    {"msg-cache-slabs:", "1", true},
    {"rrset-cache-size:", "4m", true},
    {"rrset-cache-slabs:", "1", true},
    {"key-cache-size:", "1m", true},
    {"key-cache-slabs:", "1", true},
    {"neg-cache-size:", "1m", true},
    {"infra-cache-slabs:", "1", true},
    {"unwanted-reply-threshold:", "0", true},
    {"outbound-msg-retry:", "3", false},
    {"infra-cache-min-rtt:", "400", false},
    {"infra-keep-probing:", "yes", false},
};

/* A site's own resolver knows the site's private reverse zones. */
static const struct option forward_options[] = {
    {"unblock-lan-zones:", "yes", true},
    {"insecure-lan-zones:", "yes", true},
};

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

static int explain(char *why, int rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
explain(char *why, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, UPSTREAM_WHY_MAX, fmt, ap);
	va_end(ap);
	return rc;
}

static int
set_options(struct ub_ctx *ctx, const struct option *rows, size_t n, char *why)
{
	for (size_t i = 0; i < n; i++) {
		int rc = ub_ctx_set_option(ctx, rows[i].name, rows[i].value);

		if (rc != 0 && rows[i].required)
			return explain(why, -EINVAL,
			    "libunbound %s does not take \"%s %s\": %s",
			    ub_version(), rows[i].name, rows[i].value,
			    ub_strerror(rc));
		if (rc != 0)
			log_info("libunbound %s has no \"%s\": left out",
			    ub_version(), rows[i].name);
	}
	return 0;
}

static int
set_option(struct ub_ctx *ctx, const char *name, const char *value, char *why)
{
	const struct option row = {name, value, true};

	return set_options(ctx, &row, 1, why);
}

static bool
is_loopback(const struct conf_endpoint *e)
{
	struct addr a;

	if (addr_from_sockaddr(&a, (const struct sockaddr *)&e->sa) != 0)
		return false;
	if (a.family == AF_INET)
		return a.bytes[0] == 127;
	return memcmp(a.bytes, &in6addr_loopback, sizeof(a.bytes)) == 0;
}

static int
set_forwarders(struct ub_ctx *ctx, const struct conf *conf, char *why)
{
	bool loopback = false;
	int rc;

	for (size_t i = 0; i < conf->upstream.n_forward; i++) {
		const struct conf_endpoint *e = &conf->upstream.forward[i];

		rc = ub_ctx_set_fwd(ctx, e->txt); /* IP@PORT, as ours */
		if (rc != 0)
			return explain(why, -EINVAL,
			    "libunbound does not take the forwarder %s: %s",
			    e->txt, ub_strerror(rc));
		loopback |= is_loopback(e);
	}
	if (conf->upstream.n_forward == 0)
		return 0;
	rc =
	    set_options(ctx, forward_options, N_ELEMENTS(forward_options), why);
	if (rc == 0 && loopback)
		rc = set_option(ctx, "do-not-query-localhost:", "no", why);
	return rc;
}

static int
set_validation(struct ub_ctx *ctx, const struct conf *conf, char *why)
{
	int rc;

	if (!conf->upstream.validate)
		return set_option(ctx, "module-config:", "iterator", why);
	rc = set_option(ctx, "module-config:", "validator iterator", why);
	if (rc != 0)
		return rc;
	if (access(ANCHOR_FILE, R_OK) != 0)
		return explain(why, -errno,
		    "upstream validate = yes needs the root's trust anchor, "
		    "%s: %s. On Debian: apt-get install dns-root-data",
		    ANCHOR_FILE, strerror(errno));
	rc = ub_ctx_add_ta_file(ctx, ANCHOR_FILE);
	if (rc != 0)
		return explain(
		    why, -EINVAL, "%s: %s", ANCHOR_FILE, ub_strerror(rc));
	return 0;
}

/* Its own cache would lower what ours may keep longer. */
static int
set_max_negative_ttl(struct ub_ctx *ctx, uint32_t ttl, char *why)
{
	char value[16];

	snprintf(value, sizeof(value), "%u", ttl);
	return set_option(ctx, "cache-max-negative-ttl:", value, why);
}

static int
configure(struct ub_ctx *ctx, const struct conf *conf, char *why)
{
	int rc;

	rc = set_options(ctx, options, N_ELEMENTS(options), why);
	if (rc != 0)
		return rc;
	/* it would write to stderr in its own form */
	rc = ub_ctx_debugout(ctx, NULL);
	if (rc != 0)
		return explain(
		    why, -EINVAL, "ub_ctx_debugout: %s", ub_strerror(rc));
	rc = set_max_negative_ttl(ctx, conf->cache.max_negative_ttl, why);
	if (rc == 0)
		rc = set_forwarders(ctx, conf, why);
	return rc != 0 ? rc : set_validation(ctx, conf, why);
}

/* ---- self-test */

static void
on_self_test(void *arg, int rcode, void *packet, int len, int sec,
    char *why_bogus, int was_ratelimited)
{
	bool *passed = arg;

	(void)packet, (void)sec, (void)why_bogus, (void)was_ratelimited;
	*passed = rcode == 0 && len > DNS_HEADER_LEN;
}

/*
 * Wrong settings surface with the first question only. localhost is answered
 * on the spot, without a packet.
 */
static int
self_test(struct ub_ctx *ctx, char *why)
{
	/* not on the stack: nobody knows when a faulty one would be called */
	static bool passed;
	int rc;

	passed = false;
	rc = ub_resolve_event(ctx, "localhost", DNS_TYPE_A, DNS_CLASS_IN,
	    &passed, on_self_test, NULL);
	if (rc != 0)
		return explain(why, -EINVAL,
		    "libunbound does not start with these settings: %s",
		    ub_strerror(rc));
	if (!passed)
		return explain(why, -EINVAL,
		    "libunbound %s does not answer for localhost",
		    ub_version());
	return 0;
}

/* ---- flights */

static struct flight **
flight_slot(struct upstream *u, const struct cache_key *key)
{
	struct flight **slot = &u->buckets[key->hash & (BUCKETS - 1)];

	for (; *slot != NULL; slot = &(*slot)->next) {
		const struct cache_key *k = &(*slot)->key;

		if (k->hash == key->hash && k->qtype == key->qtype &&
		    k->dnssec_ok == key->dnssec_ok &&
		    k->checking_disabled == key->checking_disabled &&
		    k->qname_len == key->qname_len &&
		    memcmp(k->qname, key->qname, key->qname_len) == 0)
			break;
	}
	return slot;
}

static void on_deadline(evutil_socket_t fd, short what, void *arg);

static struct flight *
flight_new(
    struct upstream *u, const struct cache_key *key, struct flight **slot)
{
	struct flight *f;

	if (u->n_flights == UPSTREAM_FLIGHTS_MAX)
		return NULL;
	f = malloc(sizeof(*f));
	if (f == NULL)
		return NULL;
	f->up = u;
	f->key = *key;
	f->key.qname = memcpy(f->qname, key->qname, key->qname_len);
	f->waiters = NULL;
	f->last = &f->waiters;
	evtimer_assign(&f->deadline, u->base, on_deadline, f);
	f->next = NULL;
	*slot = f;
	u->n_flights++;
	return f;
}

static void
flight_free(struct flight *f)
{
	struct upstream *u = f->up;

	*flight_slot(u, &f->key) = f->next;
	u->n_flights--;
	event_del(&f->deadline);
	free(f);
}

static bool
flight_join(struct flight *f, upstream_done_fn *done, void *arg)
{
	struct upstream *u = f->up;
	struct waiter *w;

	if (u->n_waiting == UPSTREAM_WAITERS_MAX)
		return false;
	if (f->waiters == NULL && event_add(&f->deadline, u->deadline) != 0)
		return false;
	w = malloc(sizeof(*w));
	if (w == NULL)
		return false;
	*w = (struct waiter){.done = done, .arg = arg};
	*f->last = w;
	f->last = &w->next;
	u->n_waiting++;
	return true;
}

static struct waiter *
flight_take_waiters(struct flight *f)
{
	struct waiter *first = f->waiters;

	f->waiters = NULL;
	f->last = &f->waiters;
	return first;
}

/* What is called may ask anew: nothing of the flight is touched here. */
static void
call_waiters(struct upstream *u, struct waiter *first, const struct answer *a)
{
	struct waiter *w;

	while ((w = first) != NULL) {
		upstream_done_fn *done = w->done;
		void *arg = w->arg;

		first = w->next;
		free(w);
		u->n_waiting--;
		done(arg, a);
	}
}

/* The flight is over; f is gone. */
static void
flight_end(struct flight *f, const struct answer *a)
{
	struct upstream *u = f->up;
	struct waiter *waiters = flight_take_waiters(f);

	flight_free(f);
	call_waiters(u, waiters, a);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct flight *f = arg;

	(void)fd, (void)what;
	call_waiters(f->up, flight_take_waiters(f), NULL);
}

/* ---- answers */

static void
log_bogus(struct upstream *u, const struct cache_key *key, const char *why)
{
	char txt[DNAME_TXT_MAX];
	time_t now = time(NULL);

	if (now - u->bogus_logged < BOGUS_LOG_S && now >= u->bogus_logged) {
		u->bogus_unlogged++;
		return;
	}
	log_info("%s/%u: DNSSEC validation failed: %s (%u more since the last "
		 "such line)",
	    dname_to_txt(txt, key->qname), key->qtype,
	    why != NULL ? why : "no reason given", u->bogus_unlogged);
	u->bogus_logged = now;
	u->bogus_unlogged = 0;
}

/* The buffers are this call's own: a waiter may ask anew, and so come here. */
static void
flight_answer(struct flight *f, const uint8_t *packet, size_t len, int sec)
{
	uint8_t body[DNS_MESSAGE_MAX], ttl_off[2 * ANSWER_TTLS_MAX];
	struct upstream *u = f->up;
	const struct cache_key *key = &f->key;
	struct answer a;
	uint32_t lifetime;

	if (answer_from_message(&a, packet, len, key->qname, key->qname_len,
		key->qtype, key->dnssec_ok, u->max_negative_ttl, body,
		sizeof(body), ttl_off, &lifetime) != 0 ||
	    a.rcode == DNS_RCODE_SERVFAIL) { /* what libunbound remembers */
		flight_end(f, NULL);
		return;
	}
	a.secure = sec == SEC_SECURE;
	if (sec == SEC_BOGUS && lifetime > BOGUS_LIFETIME_S)
		lifetime = BOGUS_LIFETIME_S;
	if (u->cache != NULL && lifetime > 0)
		cache_put(u->cache, key, (uint64_t)time(NULL), &a, lifetime);
	flight_end(f, &a);
}

/*
 * libunbound's completion. rcode is not the answer's RCODE: only where it is 0
 * there is a packet, which holds until we return. Bogus data comes as it is;
 * to withhold it is our part (RFC 4035 5.5), unless CD was set.
 */
static void
on_answer(void *arg, int rcode, void *packet, int len, int sec, char *why_bogus,
    int was_ratelimited)
{
	struct flight *f = arg;
	bool bogus = sec == SEC_BOGUS;

	(void)was_ratelimited;
	if (bogus)
		log_bogus(f->up, &f->key, why_bogus);
	if (rcode != 0 || len <= 0 || (bogus && !f->key.checking_disabled))
		flight_end(f, NULL);
	else
		flight_answer(f, packet, (size_t)len, sec);
}

/* A start that libunbound rejects would leak there: only what it takes. */
static bool
key_is_taken(const struct cache_key *key)
{
	if (key->qtype == 0 || key->qtype == DNS_TYPE_OPT ||
	    (key->qtype >= DNS_TYPE_META_FIRST && key->qtype < DNS_TYPE_ANY))
		return false;
	return key->qname_len > 0 && key->qname_len <= DNAME_MAX &&
	    dname_len(key->qname) == key->qname_len;
}

/*
 * The callback may run inside the call, and then f is gone. Where the call
 * fails it was not called, and never will be.
 */
static int
flight_start(struct flight *f)
{
	char name[DNAME_TXT_MAX];
	int rc;

	dname_to_txt(name, f->qname);
	rc = ub_resolve_event(
	    f->up->ctx, name, f->key.qtype, DNS_CLASS_IN, f, on_answer, NULL);
	if (rc == 0)
		return 0;
	log_warn("%s/%u: libunbound does not take it: %s", name, f->key.qtype,
	    ub_strerror(rc));
	f->up->n_waiting--;
	free(flight_take_waiters(f));
	flight_free(f);
	return rc == UB_NOMEM ? -EBUSY : -EINVAL;
}

int
upstream_resolve(struct upstream *u, const struct cache_key *key,
    upstream_done_fn *done, void *arg)
{
	struct flight **slot, *f;

	if (!key_is_taken(key))
		return -EINVAL;
	if (u->ctx == NULL)
		return -EBUSY;
	slot = flight_slot(u, key);
	if (*slot != NULL)
		return flight_join(*slot, done, arg) ? 0 : -EBUSY;
	f = flight_new(u, key, slot);
	if (f == NULL)
		return -EBUSY;
	if (!flight_join(f, done, arg)) {
		flight_free(f);
		return -EBUSY;
	}
	return flight_start(f);
}

unsigned
upstream_waiting(const struct upstream *u)
{
	return u->n_waiting;
}

/* ---- open and close */

int
upstream_open(struct upstream **out, struct event_base *base,
    const struct conf *conf, struct cache *cache, char *why)
{
	const struct timeval deadline = {.tv_sec = UPSTREAM_DEADLINE_S};
	struct upstream *u;
	int rc;

	*out = NULL;
	u = calloc(1, sizeof(*u));
	if (u == NULL)
		return explain(why, -ENOMEM, "out of memory");
	u->base = base;
	u->cache = cache;
	u->max_negative_ttl = conf->cache.max_negative_ttl;
	u->deadline = event_base_init_common_timeout(base, &deadline);
	u->ctx = ub_ctx_create_event(base);
	if (u->deadline == NULL || u->ctx == NULL) {
		rc = explain(why, -ENOTSUP,
		    "libunbound %s does not run on a libevent base: it was "
		    "built without one",
		    ub_version());
		goto out;
	}
	rc = configure(u->ctx, conf, why);
	if (rc == 0)
		rc = self_test(u->ctx, why);
out:
	if (rc != 0) {
		upstream_close(u);
		return rc;
	}
	*out = u;
	return 0;
}

void
upstream_close(struct upstream *u)
{
	struct ub_ctx *ctx;

	if (u == NULL)
		return;
	ctx = u->ctx;
	u->ctx = NULL;
	if (ctx != NULL)
		ub_ctx_delete(ctx); /* ends what is under way, mostly */
	for (unsigned i = 0; i < BUCKETS; i++)
		while (u->buckets[i] != NULL)
			flight_end(u->buckets[i], NULL);
	free(u);
}
