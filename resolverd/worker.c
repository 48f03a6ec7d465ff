/*
 * The worker's life: privileges, stores, event base, transports; new
 * generations when they are published; the end by SIGTERM or SIGUSR1.
 */
#include <sys/inotify.h>
#include <sys/prctl.h>

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/cache.h"
#include "resolverd/counters.h"
#include "resolverd/handle.h"
#include "resolverd/listzone.h"
#include "resolverd/stores.h"
#include "resolverd/tcp.h"
#include "resolverd/tcp_count.h"
#include "resolverd/tls.h"
#include "resolverd/udp.h"
#include "resolverd/upstream.h"
#include "resolverd/worker.h"
#include "zones/publish.h"

#define REFRESH_S 5	/* should a notice of a new generation be lost */
#define DRAIN_S 1	/* longer than an answer may take */
#define RETIRE_S 30 /* longer than a TCP connection may be idle */
#define DRAIN_POLL_MS 20

struct worker {
	const struct conf *conf;
	struct event_base *base;
	struct handler handler;
	struct udp_socket **udp;
	size_t n_udp;
	struct tcp_server *tcp;
	int notify; /* inotify */
	struct event *ev_notify, *ev_refresh, *ev_drain;
	struct event *ev_term, *ev_retire;
	unsigned drain_polls; /* left; 0: not ending */
	bool retiring;
	struct sockets *sockets; /* borrowed */
	int report;
};

void
worker_drop_privileges(const struct identity *who)
{
	if (!who->change)
		return;
	if (setgroups((size_t)who->n_groups, who->groups) == -1 ||
	    setresgid(who->gid, who->gid, who->gid) == -1 ||
	    setresuid(who->uid, who->uid, who->uid) == -1)
		fatal("cannot become user %s: %s", who->user, strerror(errno));
	/* no way back */
	if (who->uid != 0 && setuid(0) == 0)
		fatal("root could be regained");
}

/* ---- generations */

static void
on_notify(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	_Alignas(struct inotify_event) char buf[4096];

	(void)what;
	/* which zone it was does not matter: a look at each costs a stat() */
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	listzones_refresh(w->handler.zones);
}

static void
on_refresh(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	listzones_refresh(w->handler.zones);
}

static void
watch_generations(struct worker *w)
{
	static const struct timeval period = { .tv_sec = REFRESH_S };
	char dir[PATH_MAX];

	w->ev_refresh = event_new(w->base, -1, EV_PERSIST, on_refresh, w);
	event_add(w->ev_refresh, &period);
	w->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->notify == -1) {
		log_warn("inotify: %s; new generations are seen after %d s",
		    strerror(errno), REFRESH_S);
		return;
	}
	for (size_t i = 0; i < w->conf->n_zones; i++) {
		if (publish_dir(dir, w->conf->state_dir,
			w->conf->zones[i].name) == 0)
			(void)inotify_add_watch(w->notify, dir, IN_MOVED_TO);
	}
	w->ev_notify = event_new(w->base, w->notify, EV_READ | EV_PERSIST,
	    on_notify, w);
	event_add(w->ev_notify, NULL);
}

/* ---- the rest of the loop */

static void
report(const struct worker *w, enum worker_event what)
{
	const struct worker_report r = { .pid = getpid(), .what = what };

	/* as long as a pipe's atomic write: whole, or not at all */
	if (write(w->report, &r, sizeof(r)) != sizeof(r))
		log_warn("the supervisor cannot be told: %s", strerror(errno));
}

static void
stop_listening(struct worker *w)
{
	tcp_stop(w->tcp);
	for (size_t i = 0; i < w->n_udp; i++)
		udp_stop(w->udp[i]);
}

/* Answers to come need the sockets no more; others may want the address. */
static void
close_listeners(struct worker *w)
{
	for (size_t i = 0; i < w->n_udp; i++)
		udp_free(w->udp[i]);
	w->n_udp = 0;
	sockets_close(w->sockets);
}

/* What came is answered, then the loop ends. */
static void
on_drain(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	bool answered = upstream_waiting(w->handler.upstream) == 0;

	(void)fd;
	(void)what;
	if (answered && w->retiring)
		close_listeners(w);
	if (--w->drain_polls == 0 ||
	    (answered &&
		(w->retiring ? tcp_is_idle(w->tcp) : tcp_is_sent(w->tcp))))
		event_base_loopbreak(w->base);
}

static void
drain(struct worker *w, unsigned seconds)
{
	static const struct timeval poll = {
		.tv_usec = DRAIN_POLL_MS * 1000,
	};

	w->drain_polls = seconds * 1000 / DRAIN_POLL_MS;
	event_add(w->ev_drain, &poll);
}

static void
on_term(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	if (w->drain_polls > 0 && !w->retiring)
		return;
	if (!w->retiring)
		stop_listening(w);
	w->retiring = false;
	drain(w, conf_longest_deadline_s(w->conf) + DRAIN_S);
}

static void
on_retire(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	if (w->drain_polls > 0)
		return;
	stop_listening(w);
	stores_stop_keeping(&w->handler);
	w->retiring = true;
	drain(w, RETIRE_S);
	report(w, WORKER_STOPPED);
}

static struct event *
watch_signal(struct worker *w, int signo, event_callback_fn fn)
{
	struct event *ev = evsignal_new(w->base, signo, fn, w);

	if (ev == NULL || event_add(ev, NULL) == -1)
		fatal("cannot watch a signal");
	return ev;
}

/*
 * They were blocked since before the fork: what came since then is handled
 * now, and did not end us half started.
 */
static void
take_signals(struct worker *w)
{
	sigset_t none;

	/* from a terminal; the supervisor ends us */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	w->ev_term = watch_signal(w, SIGTERM, on_term);
	w->ev_retire = watch_signal(w, SIGUSR1, on_retire);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* It ends already: libevent gives the signals back, which would kill it. */
static void
block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void
open_stores(struct worker *w, bool after_crash)
{
	char why[STORES_WHY_MAX];

	/* LMDB dies of a damaged file: not each new worker, too */
	if (after_crash && cache_prepare(w->conf->state_dir, why) != 0)
		log_warn("cache: %s", why);
	if (stores_open(&w->handler, w->conf, w->base, why) != 0)
		fatal("upstream: %s", why);
}

static void
open_transports(struct worker *w, const struct sockets *sockets)
{
	w->udp = xcalloc(sockets->n, sizeof(struct udp_socket *));
	w->tcp = tcp_server_new(w->base, &w->handler);
	for (size_t i = 0; i < sockets->n; i++) {
		const struct socket_pair *p = &sockets->pairs[i];

		tcp_serve(w->tcp, p->tcp, p->tls ? &tls_stream : &tcp_plain);
		if (p->udp != -1)
			w->udp[w->n_udp++] = udp_serve(w->base, p->udp,
			    p->wildcard, &w->handler);
	}
}

static void
close_all(struct worker *w)
{
	stores_end_waiting(&w->handler);
	tcp_server_free(w->tcp);
	for (size_t i = 0; i < w->n_udp; i++)
		udp_free(w->udp[i]);
	free(w->udp);
	stores_close(&w->handler);
	event_free(w->ev_term);
	event_free(w->ev_retire);
	event_free(w->ev_drain);
	event_free(w->ev_refresh);
	if (w->ev_notify != NULL)
		event_free(w->ev_notify);
	if (w->notify != -1)
		close(w->notify);
	event_base_free(w->base);
}

noreturn void
worker_run(const struct conf *conf, struct sockets *sockets,
    const struct identity *who, const struct worker_start *start)
{
	struct worker w = { .conf = conf, .notify = -1, .sockets = sockets,
		.report = start->report };
	char name[32];

	snprintf(name, sizeof(name), "worker %u", start->number);
	log_procname(name);
	counters_take(start->counters);
	tcp_count_take(start->counters);
	worker_drop_privileges(who);
	/* after setuid(), which clears it: no worker outlives its supervisor */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != start->supervisor) /* it died before that */
		exit(0);

	w.base = event_base_new();
	if (w.base == NULL)
		fatal("cannot make an event base");
	take_signals(&w);
	open_stores(&w, start->after_crash);
	watch_generations(&w);
	w.ev_drain = event_new(w.base, -1, EV_PERSIST, on_drain, &w);
	if (w.ev_drain == NULL)
		fatal("out of memory");
	open_transports(&w, sockets);
	report(&w, WORKER_READY);

	event_base_dispatch(w.base);

	log_info("ends");
	block_signals();
	close_all(&w);
	sockets_close(sockets);
	exit(0);
}
