/*
 * The listening side of TCP: who may connect, and who has to go.
 *
 * Beyond a limit, the connection goes that has been idle longest, then the one
 * that has not taken its answers longest; one whose questions are under way
 * never goes for another, so then the new one does.
 */
#include "resolverd/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/admission.h"
#include "resolverd/counters.h"
#include "resolverd/tcp_conn.h"
#include "resolverd/tcp_count.h"

static const struct timeval second = { .tv_sec = 1 };

/*
 * Closes the connection that is missed least. Returns false if there is none.
 */
static bool
evict(struct tcp_server *s)
{
	struct tcp_conn *c = TAILQ_FIRST(&s->conns[TCP_IDLE]);

	if (c == NULL)
		c = TAILQ_FIRST(&s->conns[TCP_UNREAD]);
	if (c == NULL)
		return false;
	counter_inc(COUNTER_TCP_ENDED);
	tcp_conn_close(c);
	return true;
}

static struct bufferevent *
open_plain(struct event_base *base, int fd)
{
	return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
}

const struct tcp_stream tcp_plain = { .open = open_plain };

/* Is there room for it, over all workers? Then it is counted. */
static bool
may_enter(struct tcp_server *s, const struct client *client)
{
	const struct conf *conf = s->h->conf;
	struct tcp_counts n;

	if (client->acl == CONF_ACL_DROP)
		return false;
	n = tcp_count_enter(&client->addr);
	if (n.of_client <= conf->clients.tcp_connections_per_client) {
		if (n.all <= conf->clients.tcp_connections || evict(s))
			return true;
		tcp_count_want(); /* another worker may have an idle one */
	}
	tcp_count_leave(&client->addr);
	counter_inc(COUNTER_TCP_REFUSED);
	return false;
}

/* Returns false if it came to nothing: then fd is closed. */
static bool
take_connection(
    struct tcp_server *s, int fd, const struct tcp_listener *l,
    const struct client *client)
{
	struct bufferevent *bev = l->stream->open(s->base, fd);

	if (bev == NULL) {
		close(fd);
		return false;
	}
	if (tcp_conn_new(s, bev, l->stream, client) == NULL) {
		bufferevent_free(bev);
		return false;
	}
	return true;
}

static void
on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	const struct tcp_listener *l = arg;
	struct tcp_server *s = l->server;
	struct client client = { .transport = tcp_conn_transport(l->stream) };
	int one = 1;

	(void)lev;
	(void)len;
	admission_of_address(&client, s->h->conf, sa);
	if (!may_enter(s, &client)) {
		close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!take_connection(s, fd, l, &client)) {
		tcp_count_leave(&client.addr);
		return;
	}
	if (!evtimer_pending(s->sweep, NULL))
		evtimer_add(s->sweep, &second);
}

/* ---- time */

static void
close_older(struct tcp_conns *conns, uint64_t limit_s)
{
	uint64_t now = clock_boot_s();
	struct tcp_conn *c;

	while ((c = TAILQ_FIRST(conns)) != NULL && now - c->since_s >= limit_s)
		tcp_conn_close(c);
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_server *s = arg;

	(void)fd;
	(void)what;
	close_older(&s->conns[TCP_IDLE], s->h->conf->clients.tcp_idle_s);
	close_older(&s->conns[TCP_UNREAD], TCP_UNREAD_S);
	if (!TAILQ_EMPTY(&s->conns[TCP_IDLE]) && tcp_count_is_wanted())
		(void)evict(s);
	if (s->n_conns > 0)
		evtimer_add(s->sweep, &second);
}

/* ---- out of descriptors */

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_server *s = arg;
	struct tcp_listener *l;

	(void)fd;
	(void)what;
	SLIST_FOREACH(l, &s->listeners, entry)
		evconnlistener_enable(l->lev);
}

static void
pause_listeners(struct tcp_server *s)
{
	struct tcp_listener *l;

	SLIST_FOREACH(l, &s->listeners, entry)
		evconnlistener_disable(l->lev);
}

/* Someone idle gives his descriptor; else the backlog waits for a second. */
static void
on_accept_error(struct evconnlistener *lev, void *arg)
{
	struct tcp_server *s = ((struct tcp_listener *)arg)->server;
	int error = errno;

	(void)lev;
	if ((error == EMFILE || error == ENFILE) && evict(s))
		return;
	log_warn("tcp: accept: %s; trying again in a second", strerror(error));
	pause_listeners(s);
	evtimer_add(s->resume, &second);
}

/* ---- life */

struct tcp_server *
tcp_server_new(struct event_base *base, struct handler *h)
{
	struct tcp_server *s = xcalloc(1, sizeof(*s));

	s->base = base;
	s->h = h;
	SLIST_INIT(&s->listeners);
	for (unsigned i = 0; i < TCP_STATES; i++)
		TAILQ_INIT(&s->conns[i]);
	s->resume = evtimer_new(base, on_resume, s);
	s->sweep = evtimer_new(base, on_sweep, s);
	if (s->resume == NULL || s->sweep == NULL)
		fatal("tcp: out of memory");
	return s;
}

void
tcp_serve(struct tcp_server *s, int fd, const struct tcp_stream *stream)
{
	struct tcp_listener *l = xcalloc(1, sizeof(*l));

	l->server = s;
	l->stream = stream;
	l->lev = evconnlistener_new(s->base, on_accept, l,
	    LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (l->lev == NULL)
		fatal("tcp: cannot watch a socket");
	evconnlistener_set_error_cb(l->lev, on_accept_error);
	SLIST_INSERT_HEAD(&s->listeners, l, entry);
}

void
tcp_stop(struct tcp_server *s)
{
	evtimer_del(s->resume);
	pause_listeners(s);
}

bool
tcp_is_sent(const struct tcp_server *s)
{
	return s->unsent == 0;
}

bool
tcp_is_idle(const struct tcp_server *s)
{
	return s->n_conns == 0;
}

void
tcp_server_free(struct tcp_server *s)
{
	struct tcp_listener *l;
	struct tcp_conn *c;

	if (s == NULL)
		return;
	for (unsigned i = 0; i < TCP_STATES; i++) {
		while ((c = TAILQ_FIRST(&s->conns[i])) != NULL)
			tcp_conn_close(c);
	}
	while ((l = SLIST_FIRST(&s->listeners)) != NULL) {
		SLIST_REMOVE_HEAD(&s->listeners, entry);
		evconnlistener_free(l->lev);
		free(l);
	}
	event_free(s->resume);
	event_free(s->sweep);
	free(s);
}
