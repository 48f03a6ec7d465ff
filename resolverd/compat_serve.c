/*
 * One process, one thread: the daemon's transports and list zones on one event
 * base, without cache and upstream. Builds are children (compat_build.c).
 */
#include "resolverd/compat_serve.h"

#include <signal.h>
#include <stdlib.h>

#include <event2/event.h>

#include "config.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/compat_count.h"
#include "resolverd/compat_log.h"
#include "resolverd/handle.h"
#include "resolverd/listzone.h"
#include "resolverd/tcp.h"
#include "resolverd/tcp_count.h"
#include "resolverd/udp.h"

#define SIGNALS_MAX 6

struct server {
	struct event_base *base;
	struct handler handler;
	struct udp_socket **udp;
	size_t n_udp;
	struct tcp_server *tcp;
	struct compat_build *build;
	struct compat_count *count;
	struct compat_log *log; /* NULL: none is wanted */
	struct event *check;	/* NULL: SIGHUP only */
	struct event *signals[SIGNALS_MAX];
	unsigned n_signals;
};

static void
note(void *arg, const struct handling *g, const struct client *client,
    size_t reply_len)
{
	struct server *s = arg;

	compat_count_packet(s->count, g, reply_len);
	if (s->log != NULL)
		compat_log_packet(s->log, g, client, reply_len);
}

/* ---- events */

/* Also the time to see whether data has expired. */
static void
look_at_files(struct server *s)
{
	compat_build_look(s->build);
	compat_build_start(s->build);
	listzones_refresh(s->handler.zones);
}

static void
on_check(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	compat_count_write(s->count);
	look_at_files(s);
}

static void
on_hup(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	if (s->log != NULL)
		compat_log_reopen(s->log);
	look_at_files(s);
}

static void
on_child(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	if (compat_build_reap(s->build))
		listzones_refresh(s->handler.zones);
	compat_build_start(s->build);
}

/* SIGUSR1 and SIGUSR2, which also starts anew. */
static void
on_statistics(evutil_socket_t signo, short what, void *arg)
{
	struct server *s = arg;

	(void)what;
	compat_count_write(s->count);
	compat_count_log(s->count);
	if (signo != SIGUSR2)
		return;
	compat_count_reset(s->count);
	compat_count_mark(s->count);
}

static void
on_term(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(s->base);
}

/* ---- begin and end */

static void
watch_signal(struct server *s, int signo, event_callback_fn fn)
{
	struct event *ev = evsignal_new(s->base, signo, fn, s);

	if (ev == NULL || event_add(ev, NULL) == -1)
		fatal("cannot watch a signal");
	s->signals[s->n_signals++] = ev;
}

static void
watch(struct server *s, uint32_t check_s)
{
	const struct timeval period = {.tv_sec = check_s};

	watch_signal(s, SIGHUP, on_hup);
	watch_signal(s, SIGUSR1, on_statistics);
	watch_signal(s, SIGUSR2, on_statistics);
	watch_signal(s, SIGTERM, on_term);
	watch_signal(s, SIGINT, on_term);
	watch_signal(s, SIGCHLD, on_child);
	if (check_s == 0)
		return;
	s->check = event_new(s->base, -1, EV_PERSIST, on_check, s);
	if (s->check == NULL || event_add(s->check, &period) == -1)
		fatal("cannot make a timer");
}

static const char *
version(const struct compat_args *args)
{
	return args->version_hidden == 0 ? "rbldnsd-compat (" PACKAGE_STRING ")"
	    : args->version_hidden == 1  ? "rbldnsd"
					 : NULL;
}

static void
open_all(struct server *s, const struct compat_args *args,
    const struct sockets *sockets)
{
	s->count = compat_count_new(args->conf, args->stats_path,
	    args->stats_relative);
	if (args->log_path != NULL)
		s->log = compat_log_new(args->log_path, args->log_flushed);
	s->handler.conf = args->conf;
	s->handler.server.version = version(args);
	s->handler.note = note;
	s->handler.note_arg = s;
	s->handler.zones = listzones_open(args->conf);
	if (!args->minimal)
		listzones_add_ns(s->handler.zones);
	s->udp = xcalloc(sockets->n, sizeof(*s->udp));
	s->n_udp = sockets->n;
	if (tcp_count_init() != 0)
		fatal("tcp: out of memory");
	s->tcp = tcp_server_new(s->base, &s->handler);
	for (size_t i = 0; i < sockets->n; i++) {
		s->udp[i] = udp_serve(s->base, sockets->pairs[i].udp,
		    sockets->pairs[i].wildcard, &s->handler);
		tcp_serve(s->tcp, sockets->pairs[i].tcp, &tcp_plain);
	}
}

static void
close_all(struct server *s)
{
	for (size_t i = 0; i < s->n_udp; i++) {
		udp_stop(s->udp[i]);
		udp_free(s->udp[i]);
	}
	free(s->udp);
	tcp_server_free(s->tcp);
	listzones_close(s->handler.zones);
	for (unsigned i = 0; i < s->n_signals; i++)
		event_free(s->signals[i]);
	if (s->check != NULL)
		event_free(s->check);
	compat_log_free(s->log);
	compat_count_free(s->count);
	event_base_free(s->base);
}

void
compat_serve(const struct compat_args *args, const struct sockets *sockets,
    struct compat_build *build)
{
	struct server s = {.build = build, .base = event_base_new()};

	if (s.base == NULL)
		fatal("cannot make an event base");
	open_all(&s, args, sockets);
	watch(&s, args->check_s);
	compat_count_mark(s.count);
	compat_build_start(build); /* with -q, the first */

	event_base_dispatch(s.base);

	log_info("terminating");
	compat_count_write(s.count);
	compat_count_log(s.count);
	compat_count_mark(s.count);
	close_all(&s);
}
