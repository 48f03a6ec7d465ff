/*
 * The supervisor waits for signals, with nothing else to do: a worker's death,
 * the end, a reload. Worker = fork, without exec: sockets and configuration
 * are simply there.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/cache.h"
#include "resolverd/cookie.h"
#include "resolverd/counters.h"
#include "resolverd/supervisor.h"
#include "resolverd/upstream.h"
#include "zones/local.h"
#include "zones/publish.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000 /* its share of the questions waits so long */
#define BACKOFF_RESET_S 60 /* a worker that lived this long starts afresh */
#define FILES_MIN 8192 /* of a worker: libunbound's sockets, connections */
#define END_S (UPSTREAM_DEADLINE_S + 5) /* then SIGKILL */

struct child {
	pid_t pid; /* 0: dead, to be started at start_at */
	int64_t started_ms, start_at_ms;
	unsigned backoff_ms;
	bool crashed; /* the last one was ended by a signal */
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- before the workers */

void
supervisor_identity(struct identity *out, const struct conf *conf)
{
	const struct passwd *pw;

	out->change = getuid() == 0;
	out->user = conf->user;
	out->uid = getuid();
	out->gid = getgid();
	if (!out->change)
		return;
	pw = getpwnam(conf->user);
	if (pw == NULL)
		fatal("user \"%s\": no such user; make it (useradd --system "
		      "%s) or set `user`",
		    conf->user, conf->user);
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
}

/* The workers inherit it. Root may raise what is the most, too. */
static void
raise_file_limit(void)
{
	struct rlimit rl, more;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur >= FILES_MIN)
		return;
	more.rlim_cur = FILES_MIN;
	more.rlim_max = rl.rlim_max < FILES_MIN ? FILES_MIN : rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
	log_warn("a process may have %llu descriptors only: beyond that, "
		 "questions fail; raise it to %d (ulimit -n, LimitNOFILE)",
	    (unsigned long long)rl.rlim_max, FILES_MIN);
}

/* Makes dir and its parents, owned by us. */
static void
make_dir(const char *dir)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);

	if (len >= sizeof(path))
		fatal("%s: the path is too long", dir);
	memcpy(path, dir, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		path[i] = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			fatal("%s: %s", path, strerror(errno));
		path[i] = dir[i];
	}
}

/*
 * What opens LMDB files or libunbound does so in a process of its own: nothing
 * of either may be open across a fork(). The child says what failed.
 */
static void
in_child(void (*fn)(const struct conf *, const struct identity *),
    const struct conf *conf, const struct identity *who)
{
	pid_t pid = fork();
	int status;

	if (pid == -1)
		fatal("fork: %s", strerror(errno));
	if (pid == 0) {
		fn(conf, who);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			fatal("waitpid: %s", strerror(errno));
	}
	if (status != 0)
		exit(1);
}

static void
prepare_locals(const struct conf *conf, const struct identity *who)
{
	char why[LOCAL_WHY_MAX];
	struct local *local;

	for (size_t i = 0; i < conf->n_locals; i++) {
		if (local_open(&local, conf->state_dir, conf->locals[i].name,
			true, who->change ? who->gid : (gid_t)-1, why) != 0)
			fatal("%s: %s", conf->locals[i].name, why);
		local_close(local);
	}
}

static void
prepare_cache(const struct conf *conf, const struct identity *who)
{
	char why[CACHE_WHY_MAX];

	worker_drop_privileges(who);
	if (cache_prepare(conf->state_dir, why) != 0)
		fatal("cache: %s", why);
}

/* Else the workers find it out, one after the other and for ever. */
static void
check_upstream(const struct conf *conf, const struct identity *who)
{
	struct event_base *base = event_base_new();
	char why[UPSTREAM_WHY_MAX];
	struct upstream *up;

	worker_drop_privileges(who);
	if (base == NULL)
		fatal("cannot make an event base");
	if (upstream_open(&up, base, conf, NULL, why) != 0)
		fatal("upstream: %s", why);
	upstream_close(up);
	event_base_free(base);
}

static void
finish_cache(const struct conf *conf, const struct identity *who)
{
	worker_drop_privileges(who);
	cache_close_well(conf->state_dir);
}

void
supervisor_prepare(const struct conf *conf, const struct identity *who)
{
	char dir[PATH_MAX], why[COOKIE_WHY_MAX];

	if (counters_init() != 0)
		fatal("counters: out of memory");
	if (conf->clients.cookies != CONF_COOKIES_NO &&
	    cookie_init(conf->clients.cookie_secret_file, why) != 0)
		fatal("cookies: %s", why);
	raise_file_limit();
	make_dir(conf->state_dir);
	for (size_t i = 0; i < conf->n_zones; i++) {
		if (publish_dir(dir, conf->state_dir, conf->zones[i].name) != 0)
			fatal("%s: the path is too long", conf->zones[i].name);
		make_dir(dir);
	}
	if (snprintf(dir, sizeof(dir), "%s/cache", conf->state_dir) >=
	    (int)sizeof(dir))
		fatal("%s: the path is too long", conf->state_dir);
	make_dir(dir);
	if (who->change && chown(dir, who->uid, who->gid) == -1)
		fatal("%s: %s", dir, strerror(errno));
	in_child(prepare_locals, conf, who);
	in_child(prepare_cache, conf, who);
	in_child(check_upstream, conf, who);
}

/* ---- the workers */

static void
start_child(struct child *c, unsigned number, const struct conf *conf,
    struct sockets *sockets, const struct identity *who)
{
	const struct worker_start start = { .number = number,
		.supervisor = getpid(), .counters = counters_find_free(),
		.after_crash = c->crashed };

	c->started_ms = now_ms();
	c->pid = fork();
	if (c->pid == -1) {
		c->pid = 0;
		c->start_at_ms = c->started_ms + BACKOFF_MAX_MS;
		log_warn("fork: %s; trying again in %d s", strerror(errno),
		    BACKOFF_MAX_MS / 1000);
		return;
	}
	if (c->pid > 0) {
		counters_assign(start.counters, c->pid);
		return;
	}
	for (unsigned i = 0; i < conf->workers; i++) {
		if (i != number)
			sockets_close(&sockets[i]);
	}
	worker_run(conf, &sockets[number], who, &start);
}

static void
plan_restart(struct child *c, unsigned number, int status)
{
	char how[64];

	c->crashed = WIFSIGNALED(status);
	if (c->crashed)
		snprintf(how, sizeof(how), "was killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "ended with status %d",
		    WEXITSTATUS(status));
	if (now_ms() - c->started_ms >= BACKOFF_RESET_S * 1000)
		c->backoff_ms = 0;
	c->backoff_ms = c->backoff_ms == 0 ? BACKOFF_MIN_MS : c->backoff_ms * 2;
	if (c->backoff_ms > BACKOFF_MAX_MS)
		c->backoff_ms = BACKOFF_MAX_MS;
	log_warn("worker %u (pid %d) %s; starting it again in %u ms", number,
	    (int)c->pid, how, c->backoff_ms);
	c->pid = 0;
	c->start_at_ms = now_ms() + c->backoff_ms;
}

/* Collects dead workers. Returns how many did not end well. */
static unsigned
reap(struct child *children, unsigned n, bool ending)
{
	unsigned bad = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		counters_release(pid);
		for (unsigned i = 0; i < n; i++) {
			if (children[i].pid != pid)
				continue;
			if (ending)
				children[i].pid = 0;
			else
				plan_restart(&children[i], i, status);
			bad += status != 0;
		}
	}
	return bad;
}

static void
signal_all(const struct child *children, unsigned n, int signo)
{
	for (unsigned i = 0; i < n; i++) {
		if (children[i].pid > 0)
			kill(children[i].pid, signo);
	}
}

static unsigned
count_alive(const struct child *children, unsigned n)
{
	unsigned alive = 0;

	for (unsigned i = 0; i < n; i++)
		alive += children[i].pid > 0;
	return alive;
}

/* Starts what is due; returns the time until the next start, at most a minute. */
static int64_t
start_due(struct child *children, const struct conf *conf,
    struct sockets *sockets, const struct identity *who)
{
	int64_t now = now_ms(), wait = 60000;

	for (unsigned i = 0; i < conf->workers; i++) {
		struct child *c = &children[i];

		if (c->pid != 0)
			continue;
		if (c->start_at_ms <= now)
			start_child(c, i, conf, sockets, who);
		else if (c->start_at_ms - now < wait)
			wait = c->start_at_ms - now;
	}
	return wait;
}

static int
wait_signal(const sigset_t *set, int64_t ms)
{
	struct timespec ts = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	return sigtimedwait(set, NULL, &ts);
}

/* Ends the workers. Returns whether all of them ended well. */
static bool
end_all(struct child *children, unsigned n, const sigset_t *set)
{
	int64_t until = now_ms() + END_S * 1000;
	unsigned bad = 0;

	signal_all(children, n, SIGTERM);
	while (count_alive(children, n) > 0 && now_ms() < until) {
		(void)wait_signal(set, 100);
		bad += reap(children, n, true);
	}
	if (count_alive(children, n) == 0)
		return bad == 0;
	log_warn("a worker does not end, killing it");
	signal_all(children, n, SIGKILL);
	return false;
}

int
supervisor_run(const struct conf *conf, struct sockets *sockets,
    const struct identity *who)
{
	struct child *children = xcalloc(conf->workers, sizeof(*children));
	bool well;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	log_info("starts: %u worker%s, %zu list zone%s, %zu local zone%s",
	    conf->workers, conf->workers == 1 ? "" : "s", conf->n_zones,
	    conf->n_zones == 1 ? "" : "s", conf->n_locals,
	    conf->n_locals == 1 ? "" : "s");

	for (;;) {
		int64_t wait = start_due(children, conf, sockets, who);
		int signo = wait_signal(&set, wait);

		if (signo == SIGTERM || signo == SIGINT)
			break;
		if (signo == SIGHUP)
			signal_all(children, conf->workers, SIGHUP);
		(void)reap(children, conf->workers, false);
	}
	well = end_all(children, conf->workers, &set);
	if (well)
		in_child(finish_cache, conf, who);
	if (!well)
		log_warn("not every worker ended by itself");
	log_info("ended: %llu questions, %llu refused, %llu dropped",
	    (unsigned long long)counters_sum(COUNTER_QUERIES),
	    (unsigned long long)counters_sum(COUNTER_REFUSED),
	    (unsigned long long)counters_sum(COUNTER_DROPPED));
	free(children);
	return 0;
}
