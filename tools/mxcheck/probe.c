/*
 * The connection of a session: bytes in and out, in clear or through TLS, and
 * the deadlines. probe_talk.c has what is said.
 *
 * The session is over when the socket is closed; then done() is called from an
 * event of its own, so that whoever is called may free the probe.
 */
#include <sys/socket.h>

#include <event2/event.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "tools/mxcheck/dial.h"
#include "tools/mxcheck/probe_impl.h"

#define LINE_OUT_MAX 1024

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
trace(const struct probe *p, char way, const char *text)
{
	if (p->how->trace != NULL)
		p->how->trace(p->how->arg, p->name, p->addr->txt, way, text);
}

/* ---- the ends of a step and of the session */

void
probe_end_step(struct probe *p, enum facts_end end)
{
	if (p->step == NULL)
		return;
	p->step->end = end;
	p->step->ms = (uint32_t)(now_ms() - p->began_ms);
	p->step = NULL;
}

static void
close_socket(struct probe *p)
{
	struct event **events[] = {&p->readable, &p->writable, &p->timer};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (*events[i] != NULL) {
			event_free(*events[i]);
			*events[i] = NULL;
		}
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
}

void
probe_lose(struct probe *p, enum facts_end end)
{
	if (p->state == OVER)
		return;
	probe_end_step(p, end);
	p->state = OVER;
	close_socket(p);
	event_active(p->over, 0, 0);
}

static void
lose_by_errno(struct probe *p, int error)
{
	switch (error) {
	case ECONNREFUSED:
		probe_lose(p, FACTS_END_REFUSED);
		break;
	case ETIMEDOUT:
		probe_lose(p, FACTS_END_TIMEOUT);
		break;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EACCES:
	case EPERM:
	case EADDRNOTAVAIL:
	case EINVAL:
		probe_lose(p, FACTS_END_UNREACHABLE);
		break;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		probe_lose(p, FACTS_END_STOPPED);
		break;
	default:
		probe_lose(p, FACTS_END_RESET);
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	probe_lose(arg, FACTS_END_TIMEOUT);
}

static void
on_over(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd, (void)what;
	p->how->done(p->how->arg, p);
}

static uint32_t
limit_ms(const struct probe *p, enum facts_stage stage)
{
	uint32_t patient[FACTS_STAGES];

	if (!p->how->patient)
		return p->how->settings->limit_ms[stage];
	settings_patient(patient);
	return patient[stage];
}

/* The deadline is that of the stage or of the session, whichever is first. */
void
probe_begin(struct probe *p, enum state state, struct facts_step *step,
    enum facts_stage stage)
{
	uint64_t left, limit = limit_ms(p, stage);
	struct timeval tv;

	p->state = state;
	p->step = step;
	p->began_ms = now_ms();
	left = p->until_ms > p->began_ms ? p->until_ms - p->began_ms : 0;
	if (left < limit && state != QUIT)
		limit = left;
	tv.tv_sec = (time_t)(limit / 1000);
	tv.tv_usec = (suseconds_t)(limit % 1000 * 1000);
	if (event_add(p->timer, &tv) != 0)
		fatal("out of memory");
	p->talk->expect(p);
}

void
probe_begin_stage(struct probe *p, enum state state, enum facts_stage stage)
{
	probe_begin(p, state, &p->found->step[stage], stage);
}

/* ---- out */

static void
flush(struct probe *p)
{
	ssize_t n;

	if (p->tls != NULL)
		p->out_len += tls_take(p->tls, p->out + p->out_len,
		    sizeof(p->out) - p->out_len);
	while (p->out_len > 0) {
		n = send(p->fd, p->out, p->out_len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			event_add(p->writable, NULL);
			return;
		}
		if (n < 0) { /* what the peer said first may still be there */
			p->out_len = 0;
			return;
		}
		p->out_len -= (size_t)n;
		memmove(p->out, p->out + n, p->out_len);
		if (p->tls != NULL)
			p->out_len += tls_take(p->tls, p->out + p->out_len,
			    sizeof(p->out) - p->out_len);
	}
}

void
probe_send(struct probe *p, const char *fmt, ...)
{
	char line[LINE_OUT_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 2, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line) - 2)
		fatal("a command of %d bytes", n); /* names are checked */
	trace(p, '>', line);
	memcpy(line + n, "\r\n", 2);
	if (p->tls_is_on) {
		if (tls_write(p->tls, line, (size_t)n + 2) != 0) {
			probe_lose(p, FACTS_END_CLOSED);
			return;
		}
	} else {
		if ((size_t)n + 2 > sizeof(p->out) - p->out_len) {
			p->step->reply.text = "it talks on, and reads nothing";
			probe_lose(p, FACTS_END_PROTO);
			return;
		}
		memcpy(p->out + p->out_len, line, (size_t)n + 2);
		p->out_len += (size_t)n + 2;
	}
	flush(p);
}

/* ---- TLS */

static void
shake_hands(struct probe *p)
{
	int rc = tls_handshake(p->tls);

	flush(p);
	if (rc == -EAGAIN)
		return;
	if (rc != 0) {
		p->found->tls.why = facts_str(p->how->facts, tls_why(p->tls));
		p->found->tls.old_proto = tls_is_old_peer(p->tls);
		probe_lose(p, FACTS_END_PROTO);
		return;
	}
	probe_end_step(p, FACTS_END_DONE);
	tls_to_facts(p->tls, p->how->facts, &p->found->tls);
	p->found->tls.old_proto = p->how->use_tls == PROBE_TLS_OLD;
	p->tls_is_on = true;
	p->talk->shaken(p);
}

static void
drain(struct probe *p, size_t left)
{
	uint8_t buf[1024];
	ssize_t n;

	p->found->tls.injected = left > 0;
	while (p->bytes_in < SESSION_BYTES_MAX &&
	    (n = recv(p->fd, buf, sizeof(buf), 0)) > 0) {
		p->found->tls.injected = true;
		p->bytes_in += (size_t)n;
	}
}

void
probe_begin_tls(struct probe *p, size_t left)
{
	static const enum tls_offer offers[] = {
	    [PROBE_TLS] = TLS_OFFER_ALL,
	    [PROBE_TLS_OLD] = TLS_OFFER_OLD,
	    [PROBE_TLS_RSA] = TLS_OFFER_RSA,
	    [PROBE_TLS_ECDSA] = TLS_OFFER_ECDSA,
	};

	drain(p, left);
	p->tls = tls_new(p->how->tls, p->name, offers[p->how->use_tls]);
	probe_begin_stage(p, HANDSHAKE, FACTS_TLS);
	shake_hands(p);
}

/* ---- in */

/* Keeps the reply where its state wants it. */
static void
keep_reply(struct probe *p, enum reply_status status)
{
	p->talk->keep(p, &p->step->reply);
	trace(p, '<', p->step->reply.text);
	if (status == REPLY_BROKEN)
		probe_lose(p, FACTS_END_PROTO);
	else
		probe_end_step(p, FACTS_END_DONE);
}

static void
take(struct probe *p, const uint8_t *bytes, size_t len)
{
	enum reply_status status;
	size_t used;

	while (len > 0 && p->state != OVER && p->state != HANDSHAKE) {
		status = p->talk->feed(p, bytes, len, &used);
		bytes += used;
		len -= used;
		if (status == REPLY_MORE)
			return;
		keep_reply(p, status);
		if (status == REPLY_DONE)
			p->talk->replied(p, len);
	}
}

static void
take_tls(struct probe *p)
{
	uint8_t buf[4096];
	int n;

	while (p->state != OVER) {
		n = tls_read(p->tls, buf, sizeof(buf));
		if (n == -EAGAIN)
			break;
		if (n <= 0) {
			probe_lose(p, FACTS_END_CLOSED);
			return;
		}
		take(p, buf, (size_t)n);
	}
	if (p->state != OVER)
		flush(p); /* renewed keys and the like */
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;
	uint8_t buf[4096];
	ssize_t n;

	(void)what;
	n = recv(fd, buf, sizeof(buf), 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		if (p->state == HANDSHAKE)
			p->found->tls.why = "closed in the handshake";
		probe_lose(p, n == 0 ? FACTS_END_CLOSED : FACTS_END_RESET);
		return;
	}
	p->bytes_in += (size_t)n;
	if (p->bytes_in > SESSION_BYTES_MAX) {
		p->step->reply.text = "more than 64 KiB in a session";
		probe_lose(p, FACTS_END_PROTO);
		return;
	}
	if (p->tls == NULL) {
		take(p, buf, (size_t)n);
		return;
	}
	tls_put(p->tls, buf, (size_t)n);
	if (p->state == HANDSHAKE)
		shake_hands(p);
	if (p->tls_is_on)
		take_tls(p);
}

static void
on_connected(struct probe *p)
{
	probe_end_step(p, FACTS_END_DONE);
	event_add(p->readable, NULL);
	p->talk->connected(p);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)what;
	if (p->state != CONNECT) {
		flush(p);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0)
		lose_by_errno(p, error);
	else
		on_connected(p);
}

/* ---- the beginning */

static struct event *
new_event(struct probe *p, short what, event_callback_fn callback)
{
	struct event *event = event_new(p->how->base, p->fd, what, callback, p);

	if (event == NULL)
		fatal("out of memory");
	return event;
}

static void
begin(struct probe *p, uint16_t port)
{
	const struct settings *s = p->how->settings;
	int error;

	p->fd = -1;
	p->until_ms = now_ms() + (p->how->patient ? 10 : 1) *
	    (uint64_t)s->session_ms;
	p->timer = new_event(p, 0, on_timer);
	p->over = new_event(p, 0, on_over);
	probe_begin_stage(p, CONNECT, FACTS_CONNECT);
	error = dial_tcp(&p->fd, s, &p->addr->addr, port);
	if (error != 0 && error != EINPROGRESS) {
		lose_by_errno(p, error);
		return;
	}
	p->readable = new_event(p, EV_READ | EV_PERSIST, on_readable);
	p->writable = new_event(p, EV_WRITE, on_writable);
	if (error == 0)
		on_connected(p);
	else
		event_add(p->writable, NULL);
}

struct probe *
probe_new(const struct probe_how *how, struct facts_endpoint *ep)
{
	struct probe *p = xcalloc(1, sizeof(*p));

	p->how = how;
	p->talk = &probe_talk;
	p->ep = ep;
	p->name = ep->host->name;
	p->addr = ep->addr;
	p->found = &ep->probe;
	p->found->clear = how->use_tls == PROBE_CLEAR;
	p->found->n_rcpts = how->n_domains;
	p->found->rcpts = facts_alloc(how->facts, how->n_domains,
	    sizeof(*p->found->rcpts));
	for (size_t i = 0; i < how->n_domains; i++)
		p->found->rcpts[i].domain = how->domains[i];
	begin(p, how->settings->port);
	return p;
}

struct probe *
probe_new_access(const struct probe_how *how, struct facts_access *access)
{
	struct probe *p = xcalloc(1, sizeof(*p));

	p->how = how;
	p->talk = &probe_access;
	p->access = access;
	p->name = access->server->name;
	p->addr = access->addr;
	p->found = &access->probe;
	begin(p, access->port);
	return p;
}

void
probe_stop(struct probe *p)
{
	probe_end_step(p, FACTS_END_STOPPED);
	p->state = OVER;
	close_socket(p);
}

void
probe_free(struct probe *p)
{
	if (p == NULL)
		return;
	close_socket(p);
	event_free(p->over);
	tls_free(p->tls);
	free(p);
}

bool
probe_is_connecting(const struct probe *p)
{
	return p->state == CONNECT;
}

enum facts_yes
probe_matches(const struct probe *p, const char *name)
{
	return p->tls != NULL ? tls_matches(p->tls, name) : FACTS_UNKNOWN;
}

uint32_t
probe_dane(const struct probe *p, const struct facts_host *host)
{
	return p->tls != NULL ? tls_dane(p->tls, host) : 0;
}

bool
probe_is_old_peer(const struct probe *p)
{
	return p->tls != NULL && tls_is_old_peer(p->tls);
}
