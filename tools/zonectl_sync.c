/*
 * zonectl sync: fetches feeds and builds what they bring, once or in a loop.
 *
 * Each turn of a feed is a process (zonectl_sync_feed.c), so that none can hold
 * up or end another. Here are the times, the number of processes, and their
 * end: they, and their rsync, are killed by the kernel if this one dies.
 */
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "tools/zonectl_sync.h"
#include "zones/feed_time.h"

#define RUNNING_MAX 4 /* fetches at a time */

struct job {
	const struct conf_zone *zone;
	pid_t pid;	   /* 0: it does not run */
	bool is_over;	   /* it had its only turn */
	unsigned failures; /* in a row */
	uint64_t next_ms;  /* by the monotonic clock */
};

struct sync {
	const struct conf *conf;
	struct job *jobs;
	size_t n_jobs, n_running;
	bool loop, stopping, failed;
	const char *force[ZONECTL_FORCE_MAX + 1]; /* rules of the gate */
	uint64_t seed;
};

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- one feed's process */

static void __attribute__((noreturn))
run_job(const struct sync *s, const struct job *job, pid_t parent)
{
	int rc = TOOL_FAILED;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		rc = sync_feed(s->conf, job->zone, s->force);
	rc = tool_finish(rc);
	fflush(stderr);
	_exit(rc);
}

static void
note_end(struct sync *s, struct job *job, bool is_good)
{
	char txt[CONF_DURATION_LEN];
	uint64_t ms;

	job->failures = is_good ? 0 : job->failures + 1;
	job->is_over = !s->loop;
	s->failed = s->failed || !is_good;
	if (!s->loop)
		return;
	ms = feed_next_ms(job->zone->feed.every_s, job->failures, &s->seed);
	job->next_ms = now_ms() + ms;
	if (!is_good && !s->stopping)
		tool_error("%s: next try in %s", job->zone->name,
		    conf_duration_txt(txt, (ms + 999) / 1000));
}

static void
start_job(struct sync *s, struct job *job)
{
	pid_t self = getpid();

	fflush(stdout);
	fflush(stderr);
	job->pid = fork();
	if (job->pid == 0)
		run_job(s, job, self);
	if (job->pid == -1) {
		tool_error("%s: %s", job->zone->name, strerror(errno));
		job->pid = 0;
		note_end(s, job, false);
		return;
	}
	s->n_running++;
}

static void
end_job(struct sync *s, struct job *job, int status)
{
	job->pid = 0;
	s->n_running--;
	if (WIFSIGNALED(status) && !s->stopping)
		tool_error("%s: its process was killed by signal %d",
		    job->zone->name, WTERMSIG(status));
	note_end(s, job, WIFEXITED(status) && WEXITSTATUS(status) == TOOL_DONE);
}

/* ---- all of them */

static void
reap_jobs(struct sync *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < s->n_jobs; i++)
			if (s->jobs[i].pid == pid)
				end_job(s, &s->jobs[i], status);
	}
}

static void
stop_jobs(struct sync *s)
{
	s->stopping = true;
	for (size_t i = 0; i < s->n_jobs; i++)
		if (s->jobs[i].pid > 0)
			kill(s->jobs[i].pid, SIGTERM);
}

/* Starts what is due. Returns when the next is; UINT64_MAX: not known yet. */
static uint64_t
start_jobs(struct sync *s)
{
	uint64_t now = now_ms(), next = UINT64_MAX;

	for (size_t i = 0; i < s->n_jobs; i++) {
		struct job *job = &s->jobs[i];

		if (job->pid != 0 || job->is_over)
			continue;
		if (s->n_running == RUNNING_MAX)
			return UINT64_MAX; /* one has to end first */
		if (job->next_ms <= now)
			start_job(s, job);
		else if (job->next_ms < next)
			next = job->next_ms;
	}
	return next;
}

static void
wait_until(struct sync *s, const sigset_t *awaited, uint64_t next_ms)
{
	uint64_t now = now_ms();
	uint64_t ms = next_ms > now ? next_ms - now : 0;
	const struct timespec t = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000,
	};
	int sig;

	sig = next_ms == UINT64_MAX ? sigwaitinfo(awaited, NULL) :
	    sigtimedwait(awaited, NULL, &t);
	if (sig == SIGTERM || sig == SIGINT)
		stop_jobs(s);
}

static bool
is_over(const struct sync *s)
{
	for (size_t i = 0; i < s->n_jobs && !s->stopping; i++)
		if (!s->jobs[i].is_over)
			return false;
	return s->n_running == 0;
}

static int
run(struct sync *s)
{
	uint64_t next;
	sigset_t awaited;

	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGTERM);
	sigaddset(&awaited, SIGINT);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	while (!is_over(s)) {
		next = s->stopping ? UINT64_MAX : start_jobs(s);
		if (!is_over(s))
			wait_until(s, &awaited, next);
		reap_jobs(s);
	}
	if (s->loop)
		return TOOL_DONE;
	return s->failed || s->stopping ? TOOL_FAILED : TOOL_DONE;
}

/* ---- which */

static void
add_job(struct sync *s, const struct conf_zone *zone)
{
	struct job *job;

	for (size_t i = 0; i < s->n_jobs; i++)
		if (s->jobs[i].zone == zone)
			return;
	s->jobs = xreallocarray(s->jobs, s->n_jobs + 1, sizeof(*s->jobs));
	job = &s->jobs[s->n_jobs++];
	*job = (struct job){.zone = zone};
	if (s->loop)
		job->next_ms = now_ms() +
		    feed_first_ms(zone->feed.every_s, &s->seed);
}

static int
add_named(struct sync *s, char **names)
{
	const struct conf_zone *zone;

	for (; *names != NULL; names++) {
		zone = conf_zone_find(s->conf, *names);
		if (zone == NULL)
			return zonectl_say_zones(s->conf, *names);
		if (zone->feed.source == NULL)
			return tool_error("%s: %s gives it no feed",
			    zone->name, s->conf->path);
		add_job(s, zone);
	}
	return TOOL_DONE;
}

static int
add_all(struct sync *s)
{
	for (size_t i = 0; i < s->conf->n_zones; i++)
		if (s->conf->zones[i].feed.source != NULL)
			add_job(s, &s->conf->zones[i]);
	if (s->n_jobs == 0)
		printf("%s has no zone with a feed: nothing to sync\n",
		    s->conf->path);
	return TOOL_DONE;
}

int
zonectl_sync(const char *conf_path, int argc, char **argv)
{
	static const struct option options[] = {
		{"force", required_argument, NULL, 'f'},
		{"loop", no_argument, NULL, 'l'},
		{NULL, 0, NULL, 0},
	};
	struct sync s = {.loop = false};
	struct conf *conf;
	int c, rc;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'l')
			s.loop = true;
		else if (c != 'f' || !zonectl_add_rules(s.force, optarg))
			return zonectl_usage();
	}
	if (s.loop && s.force[0] != NULL) {
		tool_error("--force is for once, not for --loop; a zone's "
		    "option skip-rules is for good");
		return zonectl_usage();
	}
	/* the processes share it: whole lines only */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	s.conf = conf = tool_conf(conf_path);
	if (conf == NULL)
		return TOOL_FAILED;
	if (getrandom(&s.seed, sizeof(s.seed), 0) != sizeof(s.seed))
		s.seed = (uint64_t)getpid();
	rc = argv[optind] != NULL ? add_named(&s, argv + optind) : add_all(&s);
	if (rc == TOOL_DONE)
		rc = run(&s);
	free(s.jobs);
	conf_free(conf);
	return rc;
}
