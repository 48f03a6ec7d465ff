/*
 * Starting workers, and starting those anew that die. Worker = fork, without
 * exec: sockets and configuration are simply there.
 */
#include "resolverd/crew.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/counters.h"
#include "resolverd/tcp_count.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000 /* its share of the questions waits so long */
#define BACKOFF_RESET_S 60 /* a worker that lived this long starts afresh */

int64_t
crew_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct crew *
crew_new(struct conf *conf, const struct identity *who,
    struct all_sockets sockets)
{
	struct crew *c = xcalloc(1, sizeof(*c));

	c->conf = conf;
	c->who = *who;
	c->sockets = sockets;
	c->n = conf->workers;
	c->members = xcalloc(c->n, sizeof(*c->members));
	return c;
}

void
crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	sockets_close_all(&c->sockets);
	free(c->members);
	conf_free(c->conf);
	free(c);
}

static void
start(struct crew *c, unsigned number, const struct crew_fork *how)
{
	struct crew_member *m = &c->members[number];
	const struct worker_start start = { .number = number,
		.supervisor = getpid(), .counters = counters_find_free(),
		.report = how->report, .after_crash = m->crashed };

	m->started_ms = crew_now_ms();
	m->ready = m->stopped = false;
	m->pid = fork();
	if (m->pid == -1) {
		m->pid = 0;
		m->start_at_ms = m->started_ms + BACKOFF_MAX_MS;
		log_warn("fork: %s; trying again in %d s", strerror(errno),
		    BACKOFF_MAX_MS / 1000);
		return;
	}
	if (m->pid > 0) {
		counters_assign(start.counters, m->pid);
		return;
	}
	how->forget(how->arg, c);
	for (unsigned i = 0; i < c->sockets.n; i++) {
		if (i != number)
			sockets_close(&c->sockets.of[i]);
	}
	worker_run(c->conf, &c->sockets.of[number], &c->who, &start);
}

int64_t
crew_start_due(struct crew *c, const struct crew_fork *how)
{
	int64_t now = crew_now_ms(), wait = 60000;

	for (unsigned i = 0; i < c->n; i++) {
		struct crew_member *m = &c->members[i];

		if (m->pid != 0)
			continue;
		if (m->start_at_ms <= now)
			start(c, i, how);
		else if (m->start_at_ms - now < wait)
			wait = m->start_at_ms - now;
	}
	return wait;
}

static void
plan_restart(struct crew_member *m, unsigned number, int status)
{
	char how[64];

	m->crashed = WIFSIGNALED(status);
	if (m->crashed)
		snprintf(how, sizeof(how), "was killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "ended with status %d",
		    WEXITSTATUS(status));
	if (crew_now_ms() - m->started_ms >= BACKOFF_RESET_S * 1000)
		m->backoff_ms = 0;
	m->backoff_ms = m->backoff_ms == 0 ? BACKOFF_MIN_MS : m->backoff_ms * 2;
	if (m->backoff_ms > BACKOFF_MAX_MS)
		m->backoff_ms = BACKOFF_MAX_MS;
	log_warn("worker %u (pid %d) %s; starting it again in %u ms", number,
	    (int)m->pid, how, m->backoff_ms);
	m->start_at_ms = crew_now_ms() + m->backoff_ms;
}

/* What a dead worker had of what all share. */
static void
give_back(pid_t pid)
{
	int slot = counters_release(pid);

	if (slot >= 0)
		tcp_count_release((unsigned)slot);
}

bool
crew_reap(struct crew *c, pid_t pid, int status)
{
	for (unsigned i = 0; i < c->n; i++) {
		struct crew_member *m = &c->members[i];

		if (m->pid != pid)
			continue;
		give_back(pid);
		if (!c->retired)
			plan_restart(m, i, status);
		else if (status != 0)
			log_warn("a worker of before (pid %d) did not end well",
			    (int)pid);
		m->pid = 0;
		m->ready = false;
		m->stopped = true;
		return true;
	}
	return false;
}

void
crew_note(struct crew *c, const struct worker_report *report)
{
	for (unsigned i = 0; i < c->n; i++) {
		struct crew_member *m = &c->members[i];

		if (m->pid != report->pid)
			continue;
		m->ready = report->what == WORKER_READY;
		m->stopped = report->what == WORKER_STOPPED;
	}
}

void
crew_signal(const struct crew *c, int signo)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->members[i].pid > 0)
			kill(c->members[i].pid, signo);
	}
}

unsigned
crew_alive(const struct crew *c)
{
	unsigned alive = 0;

	for (unsigned i = 0; i < c->n; i++)
		alive += c->members[i].pid > 0;
	return alive;
}

bool
crew_is_ready(const struct crew *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (!c->members[i].ready)
			return false;
	}
	return true;
}

bool
crew_is_settled(const struct crew *c)
{
	return crew_is_ready(c) || crew_alive(c) < c->n;
}

bool
crew_is_stopped(const struct crew *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->members[i].pid > 0 && !c->members[i].stopped)
			return false;
	}
	return true;
}
