/*
 * TCP connections on libevent's buffered events. A connection is freed when it
 * is closed and nothing holds it any more: a question that waits for upstream
 * holds its connection.
 */
#include <sys/queue.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "lib/bytes.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/admission.h"
#include "resolverd/counters.h"
#include "resolverd/query.h"
#include "resolverd/tcp.h"

#define LISTENERS_MAX 64

struct tcp_conn {
	TAILQ_ENTRY(tcp_conn) entry; /* idlest first */
	struct tcp_server *server;
	struct bufferevent *bev; /* NULL: closed */
	unsigned held;
	struct client client; /* who sits at the other end */
	bool eof; /* the client has asked all it wants */
};

struct tcp_server {
	struct event_base *base;
	struct handler *h;
	struct evconnlistener *listeners[LISTENERS_MAX];
	unsigned n_listeners;
	struct event *resume; /* accept again after EMFILE */
	TAILQ_HEAD(, tcp_conn) conns;
	unsigned n_conns;
};

static void
conn_free_if_done(struct tcp_conn *c)
{
	if (c->bev == NULL && c->held == 0)
		free(c);
}

static void
conn_close(struct tcp_conn *c)
{
	if (c->bev == NULL)
		return;
	TAILQ_REMOVE(&c->server->conns, c, entry);
	counter_set(COUNTER_TCP_CONNECTIONS, --c->server->n_conns);
	bufferevent_free(c->bev);
	c->bev = NULL;
}

static size_t
unsent(const struct tcp_conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

/* The client has closed its side, and has all its answers. */
static bool
is_served(const struct tcp_conn *c)
{
	return c->eof && c->held == 0 && unsent(c) == 0;
}

static void
conn_write(struct tcp_conn *c, const uint8_t *msg, size_t len)
{
	uint8_t prefix[2];

	put_be16(prefix, (uint16_t)len);
	if (bufferevent_write(c->bev, prefix, sizeof(prefix)) == -1 ||
	    bufferevent_write(c->bev, msg, len) == -1)
		conn_close(c);
}

/* ---- answers that come later: they hold their connection, closed or not */

static void *
tcp_keep(const struct client *client)
{
	struct tcp_conn *c = client->endpoint;

	c->held++;
	return c;
}

static void
tcp_answer(void *kept, const uint8_t *msg, size_t len)
{
	struct tcp_conn *c = kept;

	if (c->bev != NULL && len > 0)
		conn_write(c, msg, len);
	/* what waited for room can go on, from the loop */
	if (c->bev != NULL && c->held == TCP_PENDING_MAX)
		bufferevent_trigger(c->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
	assert(c->held > 0);
	c->held--;
	conn_free_if_done(c);
}

static const struct transport tcp_transport = {
	.keep = tcp_keep,
	.answer = tcp_answer,
};

/* ---- the loop */

/*
 * Takes whole messages out of the input while there is room for their answers.
 * The caller holds the connection, which may be closed behind it.
 */
static void
conn_read(struct tcp_conn *c)
{
	static uint8_t packet[DNS_MESSAGE_MAX], reply[DNS_MESSAGE_MAX];
	struct handling g;

	while (c->bev != NULL && c->held <= TCP_PENDING_MAX &&
	    unsent(c) < TCP_OUTPUT_MAX) {
		struct evbuffer *in = bufferevent_get_input(c->bev);
		uint8_t prefix[2];
		size_t len;

		if (evbuffer_copyout(in, prefix, 2) != 2)
			break;
		len = get_be16(prefix);
		if (evbuffer_get_length(in) < 2 + len)
			break;
		evbuffer_drain(in, 2);
		evbuffer_remove(in, packet, len);
		if (len < DNS_HEADER_LEN) { /* out of step for good */
			conn_close(c);
			break;
		}
		TAILQ_REMOVE(&c->server->conns, c, entry);
		TAILQ_INSERT_TAIL(&c->server->conns, c, entry);
		handle_begin(c->server->h, &g, &c->client, packet, len, reply,
		    sizeof(reply));
		len = handle_end(c->server->h, &g, &c->client);
		if (len > 0 && c->bev != NULL)
			conn_write(c, reply, len);
	}
	handle_batch_done(c->server->h);
}

static void
on_conn_io(struct bufferevent *bev, void *arg)
{
	struct tcp_conn *c = arg;

	(void)bev;
	c->held++;
	conn_read(c);
	c->held--;
	if (c->bev != NULL && is_served(c))
		conn_close(c);
	conn_free_if_done(c);
}

static void
on_conn_event(struct bufferevent *bev, short what, void *arg)
{
	struct tcp_conn *c = arg;

	(void)bev;
	if (what & BEV_EVENT_EOF) {
		c->eof = true;
		if (!is_served(c))
			return; /* half-closed: the answers are still wanted */
	} else if ((what & BEV_EVENT_TIMEOUT) && (what & BEV_EVENT_READING) &&
	    c->held > 0) {
		/* not idle: an answer is under way */
		bufferevent_enable(c->bev, EV_READ);
		return;
	}
	conn_close(c);
	conn_free_if_done(c);
}

static void
on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	static const struct timeval idle = { .tv_sec = TCP_IDLE_S };
	struct tcp_server *s = arg;
	struct client client = {.transport = &tcp_transport};
	struct tcp_conn *c, *idlest;
	int one = 1;

	(void)lev;
	(void)len;
	admission_of_address(&client, s->h->conf, sa);
	if (client.acl == CONF_ACL_DROP) {
		close(fd);
		return;
	}
	if (s->n_conns >= TCP_CONNS_MAX) {
		idlest = TAILQ_FIRST(&s->conns);
		conn_close(idlest);
		conn_free_if_done(idlest);
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		close(fd);
		return;
	}
	c->bev = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		close(fd);
		free(c);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->server = s;
	c->client = client;
	c->client.endpoint = c;
	TAILQ_INSERT_TAIL(&s->conns, c, entry);
	counter_set(COUNTER_TCP_CONNECTIONS, ++s->n_conns);
	/* the largest message with its prefix is all that may pile up */
	bufferevent_setwatermark(c->bev, EV_READ, 0, 2 + DNS_MESSAGE_MAX);
	bufferevent_setcb(c->bev, on_conn_io, on_conn_io, on_conn_event, c);
	bufferevent_set_timeouts(c->bev, &idle, &idle);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_server *s = arg;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < s->n_listeners; i++)
		evconnlistener_enable(s->listeners[i]);
}

/* Out of descriptors: leave the backlog alone for a second. */
static void
on_accept_error(struct evconnlistener *lev, void *arg)
{
	static const struct timeval second = { .tv_sec = 1 };
	struct tcp_server *s = arg;

	(void)lev;
	log_warn("tcp: accept: %s; trying again in a second", strerror(errno));
	for (unsigned i = 0; i < s->n_listeners; i++)
		evconnlistener_disable(s->listeners[i]);
	evtimer_add(s->resume, &second);
}

struct tcp_server *
tcp_server_new(struct event_base *base, struct handler *h)
{
	struct tcp_server *s = xcalloc(1, sizeof(*s));

	s->base = base;
	s->h = h;
	TAILQ_INIT(&s->conns);
	s->resume = evtimer_new(base, on_resume, s);
	if (s->resume == NULL)
		fatal("tcp: out of memory");
	return s;
}

void
tcp_serve(struct tcp_server *s, int fd)
{
	struct evconnlistener *lev;

	assert(s->n_listeners < LISTENERS_MAX);
	lev = evconnlistener_new(s->base, on_accept, s,
	    LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (lev == NULL)
		fatal("tcp: cannot watch a socket");
	evconnlistener_set_error_cb(lev, on_accept_error);
	s->listeners[s->n_listeners++] = lev;
}

void
tcp_stop(struct tcp_server *s)
{
	evtimer_del(s->resume);
	for (unsigned i = 0; i < s->n_listeners; i++)
		evconnlistener_disable(s->listeners[i]);
}

bool
tcp_is_sent(const struct tcp_server *s)
{
	const struct tcp_conn *c;

	TAILQ_FOREACH(c, &s->conns, entry) {
		if (unsent(c) > 0)
			return false;
	}
	return true;
}

bool
tcp_is_idle(const struct tcp_server *s)
{
	return s->n_conns == 0;
}

void
tcp_server_free(struct tcp_server *s)
{
	struct tcp_conn *c;

	if (s == NULL)
		return;
	while ((c = TAILQ_FIRST(&s->conns)) != NULL) {
		conn_close(c);
		conn_free_if_done(c);
	}
	for (unsigned i = 0; i < s->n_listeners; i++)
		evconnlistener_free(s->listeners[i]);
	event_free(s->resume);
	free(s);
}
