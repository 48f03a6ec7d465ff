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

static const struct timeval second = { .tv_sec = 1 };

/* Closes the connection that is missed least. Returns false if there is none. */
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

static bool
may_enter(struct tcp_server *s, const struct client *client)
{
	const struct conf *conf = s->h->conf;

	if (client->acl == CONF_ACL_DROP)
		return false;
	if (tcp_count_of(s->count, &client->addr) >=
		conf->clients.tcp_connections_per_client ||
	    (s->n_conns >= conf->clients.tcp_connections && !evict(s))) {
		counter_inc(COUNTER_TCP_REFUSED);
		return false;
	}
	return true;
}

static void
on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	struct tcp_server *s = arg;
	struct client client = { .transport = &tcp_transport };
	struct bufferevent *bev;
	int one = 1;

	(void)lev;
	(void)len;
	admission_of_address(&client, s->h->conf, sa);
	if (!may_enter(s, &client)) {
		close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	bev = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL) {
		close(fd);
		return;
	}
	if (tcp_conn_new(s, bev, &client) == NULL) {
		bufferevent_free(bev);
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
	if (s->n_conns > 0)
		evtimer_add(s->sweep, &second);
}

/* ---- out of descriptors */

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_server *s = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < s->n_listeners; i++)
		evconnlistener_enable(s->listeners[i]);
}

/* Someone idle gives his descriptor; else the backlog waits for a second. */
static void
on_accept_error(struct evconnlistener *lev, void *arg)
{
	struct tcp_server *s = arg;
	int error = errno;

	(void)lev;
	if ((error == EMFILE || error == ENFILE) && evict(s))
		return;
	log_warn("tcp: accept: %s; trying again in a second", strerror(error));
	for (size_t i = 0; i < s->n_listeners; i++)
		evconnlistener_disable(s->listeners[i]);
	evtimer_add(s->resume, &second);
}

/* ---- life */

struct tcp_server *
tcp_server_new(struct event_base *base, struct handler *h)
{
	struct tcp_server *s = xcalloc(1, sizeof(*s));

	s->base = base;
	s->h = h;
	for (unsigned i = 0; i < TCP_STATES; i++)
		TAILQ_INIT(&s->conns[i]);
	s->resume = evtimer_new(base, on_resume, s);
	s->sweep = evtimer_new(base, on_sweep, s);
	s->count = tcp_count_new();
	if (s->resume == NULL || s->sweep == NULL || s->count == NULL)
		fatal("tcp: out of memory");
	return s;
}

void
tcp_serve(struct tcp_server *s, int fd)
{
	struct evconnlistener *lev;

	lev = evconnlistener_new(s->base, on_accept, s,
	    LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (lev == NULL)
		fatal("tcp: cannot watch a socket");
	evconnlistener_set_error_cb(lev, on_accept_error);
	s->listeners = xreallocarray(s->listeners, s->n_listeners + 1,
	    sizeof(*s->listeners));
	s->listeners[s->n_listeners++] = lev;
}

void
tcp_stop(struct tcp_server *s)
{
	evtimer_del(s->resume);
	for (size_t i = 0; i < s->n_listeners; i++)
		evconnlistener_disable(s->listeners[i]);
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
	struct tcp_conn *c;

	if (s == NULL)
		return;
	for (unsigned i = 0; i < TCP_STATES; i++) {
		while ((c = TAILQ_FIRST(&s->conns[i])) != NULL)
			tcp_conn_close(c);
	}
	for (size_t i = 0; i < s->n_listeners; i++)
		evconnlistener_free(s->listeners[i]);
	free(s->listeners);
	event_free(s->resume);
	event_free(s->sweep);
	tcp_count_free(s->count);
	free(s);
}
