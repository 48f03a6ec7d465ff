/*
 * Each question goes to the servers in turn, twice round, three seconds each,
 * ten in all. A server that says SERVFAIL is not asked again; if all do, one
 * more question with CD set tells "bogus" from "broken".
 *
 * What is asked at once is limited; the rest waits in line.
 */
#include "tools/mxcheck/dns.h"

#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <event2/event.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/dns.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define ROUNDS 2
#define TRY_MS 3000
#define NAME_MS 10000
#define ASKED_MAX 128 /* at once */

struct question {
	TAILQ_ENTRY(question) entry;
	struct dns *dns;
	dns_done_fn *done;
	void *arg;
	uint8_t qname[DNAME_MAX]; /* the last of the aliases */
	uint16_t qtype, id;
	unsigned turn;	   /* tries so far */
	unsigned servfail; /* a bit for each server that said so */
	unsigned n_aliases;
	uint64_t until_ms;
	bool cd, cut, asked;
	bool direct; /* of one server that has the zone, not of a resolver */
	struct settings_dns server;
	const struct settings_dns *servers; /* that, or the resolvers */
	size_t n_servers;
	const char *why; /* the last failure */
	char alias[DNAME_TXT_MAX];
	int fd;
	struct event *event;
	uint8_t *tcp; /* the answer over TCP as it comes; NULL over UDP */
	size_t tcp_len;
};

TAILQ_HEAD(questions, question);

struct dns {
	struct event_base *base;
	const struct settings *settings;
	struct questions asked, waiting;
	unsigned n_asked;
	struct event *kick; /* begins what waits */
	struct dnsmsg msg;  /* of the answer that is being read */
};

static void try_next(struct question *q);
static void send_udp(struct question *q);

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- the end of a question */

static void
hang_up(struct question *q)
{
	if (q->event != NULL)
		event_free(q->event);
	if (q->fd != -1)
		close(q->fd);
	free(q->tcp);
	q->event = NULL;
	q->fd = -1;
	q->tcp = NULL;
	q->tcp_len = 0;
}

static void
free_question(struct question *q)
{
	struct dns *dns = q->dns;

	hang_up(q);
	if (q->asked) {
		TAILQ_REMOVE(&dns->asked, q, entry);
		dns->n_asked--;
	} else {
		TAILQ_REMOVE(&dns->waiting, q, entry);
	}
	free(q);
}

static void
finish(struct question *q, struct dns_answer *answer)
{
	struct dns *dns = q->dns;

	answer->lookup.cut = q->cut;
	answer->lookup.n_aliases = q->n_aliases;
	answer->lookup.alias = q->n_aliases > 0 ? q->alias : NULL;
	hang_up(q);
	q->done(q->arg, answer);
	free_question(q);
	if (!TAILQ_EMPTY(&dns->waiting))
		event_active(dns->kick, 0, 0);
}

static void
fail(struct question *q, const char *why, bool bogus)
{
	struct dns_answer answer = {
	    .lookup = {.dns = FACTS_FAILED, .why = why, .bogus = bogus},
	};

	finish(q, &answer);
}

/* ---- answers */

/* All that could answer have failed: is it DNSSEC? */
static void
give_up(struct question *q)
{
	if (!q->cd && !q->direct && q->servfail != 0 &&
	    now_ms() < q->until_ms) {
		q->cd = true;
		q->turn = (unsigned)__builtin_ctz(q->servfail);
		send_udp(q);
		return;
	}
	fail(q, q->why != NULL ? q->why : "no answer", false);
}

static void
on_servfail(struct question *q, const char *why)
{
	q->why = why;
	q->servfail |= 1u << q->turn % q->n_servers;
	try_next(q);
}

static const char *
rcode_txt(uint16_t rcode)
{
	switch (rcode) {
	case DNS_RCODE_SERVFAIL:
		return "SERVFAIL";
	case DNS_RCODE_REFUSED:
		return "REFUSED";
	case DNS_RCODE_NOTIMP:
		return "NOTIMP";
	default:
		return "FORMERR or another error";
	}
}

static void
conclude(struct question *q, const struct dnsmsg *msg)
{
	struct dns_answer answer = {
	    .lookup = {.ttl = msg->ttl, .ad = msg->ad},
	    .aa = msg->aa,
	    .zone = msg->has_soa ? msg->soa : NULL,
	    .records = msg->records,
	    .n_records = msg->n_records,
	};

	if (q->cd)
		fail(q, "bogus (DNSSEC)", true);
	else if (msg->loop || q->n_aliases > DNSMSG_ALIASES_MAX)
		fail(q, "a loop of aliases, or more than 8", false);
	else {
		answer.lookup.dns = msg->rcode == DNS_RCODE_NXDOMAIN ?
		    FACTS_NXDOMAIN : msg->n_records > 0 ? FACTS_EXISTS :
		    FACTS_NODATA;
		finish(q, &answer);
	}
}

static void
on_answer(struct question *q, const uint8_t *bytes, size_t len)
{
	struct dnsmsg *msg = &q->dns->msg;

	if (dnsmsg_read(msg, bytes, len, q->qname, q->qtype) != 0) {
		on_servfail(q, "a malformed answer");
		return;
	}
	if (msg->rcode != DNS_RCODE_NOERROR &&
	    msg->rcode != DNS_RCODE_NXDOMAIN) {
		if (q->cd)
			fail(q, q->why, false);
		else
			on_servfail(q, rcode_txt(msg->rcode));
		return;
	}
	if (msg->n_aliases > 0) {
		q->n_aliases += msg->n_aliases;
		dname_to_txt(q->alias, msg->name);
		memcpy(q->qname, msg->name, dname_len(msg->name));
		/* a chain that ends in the air: ask on from there */
		if (!q->direct && msg->rcode == DNS_RCODE_NOERROR &&
		    msg->n_records == 0 && !msg->has_soa && !msg->loop &&
		    q->n_aliases <= DNSMSG_ALIASES_MAX) {
			send_udp(q);
			return;
		}
	}
	conclude(q, msg);
}

/* ---- sockets */

static void
wait_for(struct question *q, short what, event_callback_fn callback)
{
	struct timeval limit = {TRY_MS / 1000, TRY_MS % 1000 * 1000};

	q->event = event_new(q->dns->base, q->fd, what, callback, q);
	if (q->event == NULL || event_add(q->event, &limit) != 0)
		fatal("out of memory");
}

static const char *
unreachable(const struct question *q)
{
	return q->direct ? "it cannot be reached" :
	    "the resolver cannot be reached";
}

/* A connected socket to the server of this turn; false: the turn is over. */
static bool
dial(struct question *q, int type)
{
	const struct settings_dns *server =
	    &q->servers[q->turn % q->n_servers];

	hang_up(q);
	q->fd = socket(server->addr.ss_family,
	    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (q->fd != -1 &&
	    (connect(q->fd, (const struct sockaddr *)&server->addr,
		server->addr_len) == 0 || errno == EINPROGRESS))
		return true;
	q->why = unreachable(q);
	return false;
}

static size_t
write_question(struct question *q, uint8_t *out)
{
	/* AD asks for AD, RFC 6840 5.7 */
	uint16_t flags = q->direct ? 0 : DNS_FLAG_RD | DNS_FLAG_AD;

	if (q->cd)
		flags |= DNS_FLAG_CD;
	return dnsmsg_question(out, q->id, q->qname, q->qtype, flags);
}

static void
on_tcp_readable(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;
	size_t cap = 2 + DNS_MESSAGE_MAX;
	ssize_t n = 0;

	if (what & EV_READ)
		n = recv(fd, q->tcp + q->tcp_len, cap - q->tcp_len, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		on_servfail(q, "no answer over TCP, and the one over UDP was "
		    "cut");
		return;
	}
	q->tcp_len += (size_t)n;
	if (q->tcp_len < 2 || q->tcp_len - 2 < get_be16(q->tcp))
		return;
	if (!dnsmsg_is_answer(q->tcp + 2, get_be16(q->tcp), q->id, q->qname,
	    q->qtype)) {
		on_servfail(q, "a malformed answer over TCP");
		return;
	}
	q->cut = false;
	on_answer(q, q->tcp + 2, get_be16(q->tcp));
}

static void
on_tcp_writable(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;
	uint8_t buf[2 + DNSMSG_QUESTION_MAX];
	size_t len = write_question(q, buf + 2);

	put_be16(buf, (uint16_t)len);
	if (!(what & EV_WRITE) ||
	    send(fd, buf, 2 + len, MSG_NOSIGNAL) != (ssize_t)(2 + len)) {
		on_servfail(q, "no answer over TCP, and the one over UDP was "
		    "cut");
		return;
	}
	event_free(q->event);
	q->tcp = xmalloc(2 + DNS_MESSAGE_MAX);
	wait_for(q, EV_READ | EV_PERSIST, on_tcp_readable);
}

static void
send_tcp(struct question *q)
{
	q->cut = true;
	if (dial(q, SOCK_STREAM))
		wait_for(q, EV_WRITE, on_tcp_writable);
	else
		try_next(q);
}

static void
on_udp_readable(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;
	uint8_t buf[4096];
	ssize_t n;

	if (!(what & EV_READ)) {
		q->why = "no answer";
		try_next(q);
		return;
	}
	n = recv(fd, buf, sizeof(buf), 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0) { /* ICMP: nobody listens there */
		q->why = unreachable(q);
		try_next(q);
		return;
	}
	if (!dnsmsg_is_answer(buf, (size_t)n, q->id, q->qname, q->qtype))
		return;
	if (get_be16(buf + 2) & DNS_FLAG_TC)
		send_tcp(q);
	else
		on_answer(q, buf, (size_t)n);
}

static void
send_udp(struct question *q)
{
	uint8_t buf[DNSMSG_QUESTION_MAX];
	size_t len;

	if (getrandom(&q->id, sizeof(q->id), 0) != sizeof(q->id))
		fatal("getrandom failed");
	len = write_question(q, buf);
	if (!dial(q, SOCK_DGRAM)) {
		try_next(q);
		return;
	}
	if (send(q->fd, buf, len, 0) != (ssize_t)len)
		q->why = unreachable(q);
	wait_for(q, EV_READ | EV_PERSIST, on_udp_readable);
}

/* The next server that has not said SERVFAIL yet. */
static void
try_next(struct question *q)
{
	unsigned n = (unsigned)q->n_servers;

	if (q->cd) {
		fail(q, q->why, false);
		return;
	}
	while (++q->turn < ROUNDS * n && now_ms() < q->until_ms) {
		if (q->servfail & 1u << q->turn % n)
			continue;
		send_udp(q);
		return;
	}
	give_up(q);
}

/* ---- the line */

static void
on_kick(evutil_socket_t fd, short what, void *arg)
{
	struct dns *dns = arg;
	struct question *q;

	(void)fd, (void)what;
	while (dns->n_asked < ASKED_MAX &&
	    (q = TAILQ_FIRST(&dns->waiting)) != NULL) {
		TAILQ_REMOVE(&dns->waiting, q, entry);
		TAILQ_INSERT_TAIL(&dns->asked, q, entry);
		q->asked = true;
		dns->n_asked++;
		q->until_ms = now_ms() + NAME_MS;
		send_udp(q);
	}
}

static struct question *
add_question(struct dns *dns, const uint8_t *qname, uint16_t qtype,
    dns_done_fn *done, void *arg)
{
	struct question *q = xcalloc(1, sizeof(*q));

	q->dns = dns;
	q->done = done;
	q->arg = arg;
	q->fd = -1;
	q->qtype = qtype;
	memcpy(q->qname, qname, dname_len(qname));
	TAILQ_INSERT_TAIL(&dns->waiting, q, entry);
	event_active(dns->kick, 0, 0);
	return q;
}

void
dns_ask(struct dns *dns, const uint8_t *qname, uint16_t qtype,
    dns_done_fn *done, void *arg)
{
	struct question *q = add_question(dns, qname, qtype, done, arg);

	q->servers = dns->settings->servers;
	q->n_servers = dns->settings->n_servers;
}

void
dns_ask_server(struct dns *dns, const struct settings_dns *server,
    const uint8_t *qname, uint16_t qtype, dns_done_fn *done, void *arg)
{
	struct question *q = add_question(dns, qname, qtype, done, arg);

	q->direct = true;
	q->server = *server;
	q->servers = &q->server;
	q->n_servers = 1;
}

struct dns *
dns_new(struct event_base *base, const struct settings *settings)
{
	struct dns *dns = xcalloc(1, sizeof(*dns));

	dns->base = base;
	dns->settings = settings;
	TAILQ_INIT(&dns->asked);
	TAILQ_INIT(&dns->waiting);
	dns->kick = event_new(base, -1, 0, on_kick, dns);
	if (dns->kick == NULL)
		fatal("out of memory");
	return dns;
}

void
dns_free(struct dns *dns)
{
	if (dns == NULL)
		return;
	while (!TAILQ_EMPTY(&dns->asked))
		free_question(TAILQ_FIRST(&dns->asked));
	while (!TAILQ_EMPTY(&dns->waiting))
		free_question(TAILQ_FIRST(&dns->waiting));
	event_free(dns->kick);
	free(dns);
}
