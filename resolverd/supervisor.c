/*
 * The supervisor waits for signals and for what workers report. Its loop is a
 * poll(): an epoll set would be shared with all that is forked.
 * resolverd/supervisor_reload.c changes crews.
 */
#include "resolverd/supervisor.h"

#include <sys/signalfd.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "resolverd/counters.h"
#include "resolverd/notify.h"
#include "resolverd/prepare.h"
#include "resolverd/supervisor_impl.h"

#define END_S 5 /* longer than an answer may take, then SIGKILL */
#define LOOK_MS 1000 /* at files that others renew */

/* ---- what happens */

static void
note_death(struct supervisor *s, pid_t pid, int status)
{
	struct crew *c;

	if (anchor_keeper_reap(&s->anchor, pid, status) ||
	    (s->control != NULL && control_reap(s->control, pid)))
		return;
	s->bad |= status != 0;
	if (crew_reap(s->crew, pid, status) ||
	    (s->next != NULL && crew_reap(s->next, pid, status)))
		return;
	TAILQ_FOREACH(c, &s->retired, entry) {
		if (crew_reap(c, pid, status))
			return;
	}
}

static void
reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		note_death(s, pid, status);
}

static void
read_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			s->hup = true;
		else if (info.ssi_signo != SIGCHLD)
			s->end = true;
	}
}

static void
read_reports(struct supervisor *s)
{
	struct worker_report r;
	struct crew *c;

	while (read(s->reports[0], &r, sizeof(r)) == sizeof(r)) {
		crew_note(s->crew, &r);
		if (s->next != NULL)
			crew_note(s->next, &r);
		TAILQ_FOREACH(c, &s->retired, entry)
			crew_note(c, &r);
	}
}

/* Waits, at most so long, until something happened, and takes note of it. */
static void
wait_events(struct supervisor *s, int64_t ms)
{
	struct pollfd fds[2 + CONTROL_FDS] = {
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = s->reports[0], .events = POLLIN },
	};
	nfds_t n = 2;

	if (s->control != NULL && !s->busy)
		n += control_watch(s->control, fds + n);
	if (poll(fds, n, (int)ms) == -1 && errno != EINTR)
		fatal("poll: %s", strerror(errno));
	read_signals(s);
	read_reports(s);
	reap(s);
}

bool
supervisor_wait_for(struct supervisor *s, bool (*done)(const struct crew *),
    const struct crew *c, int64_t ms)
{
	int64_t until = crew_now_ms() + ms, left;

	while (!done(c) && !s->end && (left = until - crew_now_ms()) > 0)
		wait_events(s, left);
	return done(c);
}

/* In a new process: what it must not keep open. */
static void
forget(void *arg, const struct crew *keep)
{
	struct supervisor *s = arg;
	struct crew *c;

	close(s->signals);
	close(s->reports[0]);
	control_forget(s->control);
	if (s->crew != keep)
		sockets_close_all(&s->crew->sockets);
	if (s->next != NULL && s->next != keep)
		sockets_close_all(&s->next->sockets);
	TAILQ_FOREACH(c, &s->retired, entry)
		sockets_close_all(&c->sockets);
}

static void
forget_all(void *arg)
{
	forget(arg, NULL);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Starts what is due; returns the ms until the next is. */
static int64_t
start_due(struct supervisor *s)
{
	int64_t worker = crew_start_due(s->crew, &s->how);
	int64_t probe = anchor_keeper_run(
	    &s->anchor, s->crew->conf, &s->crew->who, forget_all, s);

	return least(least(worker, probe), LOOK_MS);
}

/* Other files may have been put in the place of those that were read. */
static void
look_at_files(struct supervisor *s)
{
	int64_t now = crew_now_ms();

	if (now - s->looked_ms < LOOK_MS)
		return;
	s->looked_ms = now;
	if (!prepare_is_outdated(s->crew->conf))
		return;
	s->busy = true;
	supervisor_renew_certificate(s);
	s->busy = false;
}

static void
free_retired(struct supervisor *s)
{
	struct crew *c, *following;

	for (c = TAILQ_FIRST(&s->retired); c != NULL; c = following) {
		following = TAILQ_NEXT(c, entry);
		if (crew_alive(c) > 0)
			continue;
		TAILQ_REMOVE(&s->retired, c, entry);
		crew_free(c);
	}
}

/* ---- control */

static void
open_control(struct supervisor *s)
{
	char why[CONTROL_WHY_MAX];

	/* without it questions are answered all the same */
	if (control_open(&s->control, s->crew->conf->control_socket,
		&s->crew->who, why) != 0)
		log_warn("%s; resolverctl(8) will not work", why);
}

static void
serve_control(struct supervisor *s)
{
	struct control_view view = { .crew = s->crew,
		.conf_path = s->conf_path,
		.started = s->started,
		.reloaded = s->reloaded };
	char why[SUPERVISOR_WHY_MAX];
	enum control_wish wish;
	struct crew *c;
	unsigned to;
	int rc;

	TAILQ_FOREACH(c, &s->retired, entry)
		view.n_retired++;
	control_accept(s->control, &view, &s->how);
	while (!s->end && control_next(s->control, &wish, &to)) {
		s->busy = true;
		if (wish == CONTROL_WISH_RELOAD)
			rc = supervisor_reload(s, why);
		else
			rc = supervisor_new_workers(s, why);
		s->busy = false;
		control_answer(s->control, to, rc, why);
	}
}

/* ---- the end */

static unsigned
signal_all(const struct supervisor *s, int signo)
{
	unsigned alive = crew_alive(s->crew);
	const struct crew *c;

	crew_signal(s->crew, signo);
	TAILQ_FOREACH(c, &s->retired, entry) {
		crew_signal(c, signo);
		alive += crew_alive(c);
	}
	return alive;
}

/* Of all crews that may still have questions under way. */
static uint32_t
longest_deadline_s(const struct supervisor *s)
{
	uint32_t longest = conf_longest_deadline_s(s->crew->conf);
	const struct crew *c;

	TAILQ_FOREACH(c, &s->retired, entry) {
		uint32_t its = c->conf != NULL ?
		    conf_longest_deadline_s(c->conf) : 0;

		if (its > longest)
			longest = its;
	}
	return longest;
}

/* Ends the workers. Returns whether all of them ended well. */
static bool
end_all(struct supervisor *s)
{
	int64_t until =
	    crew_now_ms() + (longest_deadline_s(s) + END_S) * 1000;

	s->crew->retired = true;
	s->bad = false;
	anchor_keeper_stop(&s->anchor);
	(void)signal_all(s, SIGTERM);
	while (signal_all(s, 0) > 0 && crew_now_ms() < until)
		wait_events(s, 100);
	if (signal_all(s, SIGKILL) == 0)
		return !s->bad;
	log_warn("a worker does not end: killed");
	return false;
}

/* They are dead. */
static void
free_crews(struct supervisor *s)
{
	struct crew *c;

	crew_free(s->crew);
	while ((c = TAILQ_FIRST(&s->retired)) != NULL) {
		TAILQ_REMOVE(&s->retired, c, entry);
		crew_free(c);
	}
}

static void
open_events(struct supervisor *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	sigaddset(&set, SIGUSR1); /* the workers' */
	if (s->signals == -1 || sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    pipe2(s->reports, O_NONBLOCK | O_CLOEXEC) == -1)
		fatal("cannot watch signals: %s", strerror(errno));
}

static void
log_start(const struct conf *conf)
{
	log_info("starts: %u worker%s, %zu list zone%s, %zu local zone%s",
	    conf->workers, conf->workers == 1 ? "" : "s", conf->n_zones,
	    conf->n_zones == 1 ? "" : "s", conf->n_locals,
	    conf->n_locals == 1 ? "" : "s");
}

int
supervisor_run(struct crew *first, const char *conf_path)
{
	struct supervisor s = {
		.conf_path = conf_path,
		.crew = first,
		.retired = TAILQ_HEAD_INITIALIZER(s.retired),
		.how = { .forget = forget, .arg = &s },
		.started = (int64_t)time(NULL),
	};
	char why[SUPERVISOR_WHY_MAX];
	bool told = false, well;

	if (counters_init() != 0)
		fatal("counters: out of memory");
	open_events(&s);
	s.how.report = s.reports[1];
	log_start(first->conf);
	open_control(&s);
	while (!s.end) {
		wait_events(&s, start_due(&s));
		free_retired(&s);
		if (!told && crew_is_ready(s.crew)) {
			notify_ready();
			told = true;
		}
		if (s.hup) {
			s.hup = false;
			s.busy = true;
			(void)supervisor_reload(&s, why);
			s.busy = false;
		}
		look_at_files(&s);
		if (s.control != NULL)
			serve_control(&s);
	}
	notify_stopping();
	control_close(s.control);
	s.control = NULL;
	well = end_all(&s);
	if (well)
		prepare_end(s.crew->conf, &s.crew->who);
	else
		log_warn("not every worker ended by itself");
	log_info("ended: %llu questions, %llu refused, %llu dropped",
	    (unsigned long long)counters_sum(COUNTER_QUERIES),
	    (unsigned long long)counters_sum(COUNTER_REFUSED),
	    (unsigned long long)counters_sum(COUNTER_DROPPED));
	free_crews(&s);
	return well ? 0 : 1;
}
