/*
 * The state says when the root is to be asked next (RFC 5011 2.3). A probe that
 * brought nothing on, for want of space or of an answer, is not repeated before
 * an hour has passed.
 */
#include "resolverd/anchor_keeper.h"

#include <sys/prctl.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "resolverd/anchor.h"

#define RETRY_S 3600
#define LIFE_S 60 /* of a probe; then SIGALRM */
#define LOOK_MS 5000 /* at the clock, which may be set */

static noreturn void
run_probe(const struct conf *conf, const struct identity *who)
{
	char why[ANCHOR_WHY_MAX];
	sigset_t none;

	log_procname("anchor");
	(void)alarm(LIFE_S);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	worker_drop_privileges(who);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (anchor_probe(conf, why) == 0)
		_exit(0);
	log_warn("the root's trust anchor could not be refreshed: %s; trying "
		 "again in an hour",
	    why);
	_exit(0);
}

int64_t
anchor_keeper_run(struct anchor_keeper *k, const struct conf *conf,
    const struct identity *who, void (*forget)(void *arg), void *arg)
{
	int64_t now = (int64_t)clock_wall_s();

	if (!conf->upstream.validate || k->pid != 0 || now < k->not_before_s ||
	    now < anchor_due_s(conf->state_dir))
		return conf->upstream.validate ? LOOK_MS : 60000;
	k->not_before_s = now + RETRY_S;
	k->pid = fork();
	if (k->pid == 0) {
		forget(arg);
		run_probe(conf, who);
	}
	if (k->pid == -1) {
		k->pid = 0;
		log_warn("fork: %s", strerror(errno));
	}
	return LOOK_MS;
}

bool
anchor_keeper_reap(struct anchor_keeper *k, pid_t pid, int status)
{
	if (k->pid == 0 || pid != k->pid)
		return false;
	k->pid = 0;
	if (status != 0 && !k->is_stopped)
		log_warn("the process that refreshes the trust anchor ended "
			 "with status %#x",
		    (unsigned)status);
	return true;
}

void
anchor_keeper_stop(struct anchor_keeper *k)
{
	k->is_stopped = true;
	if (k->pid > 0)
		kill(k->pid, SIGKILL);
}
