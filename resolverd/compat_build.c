/*
 * Builds are made in children: parsing feeds is not for the process that faces
 * the network, a build that fails or blocks is nothing to the answers, and its
 * memory goes with it. A child opens its own generations and touches none of
 * its parent's.
 */
#include "resolverd/compat_build.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "zones/build.h"

/* What tells whether a file has changed; zeroed: there was none. */
struct stamp {
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

struct zone {
	const struct conf_zone *conf;
	struct stamp *stamps; /* of all files of all datasets */
	bool changed;	      /* since the last build was begun */
	bool failed;	      /* the last build */
	bool is_served;	      /* some build went well */
};

struct compat_build {
	const struct conf *conf;
	unsigned lines_shown;
	struct zone *zones; /* as many as conf has */
	size_t next;	    /* whose turn it is */
	struct zone *at_work;
	pid_t child; /* 0: none */
};

/* ---- files */

static size_t
count_files(const struct conf_zone *z)
{
	size_t n = 0;

	for (size_t i = 0; i < z->n_datasets; i++)
		n += z->datasets[i].n_files;
	return n;
}

static void
look_at_file(struct zone *z, struct stamp *old, const char *path)
{
	struct stamp now;
	struct stat st;

	memset(&now, 0, sizeof(now)); /* padding, too: it is compared */
	if (stat(path, &st) == 0) {
		now.ino = st.st_ino;
		now.size = st.st_size;
		now.mtime = st.st_mtim;
	}
	if (memcmp(&now, old, sizeof(now)) == 0)
		return;
	*old = now;
	z->changed = true;
}

static void
look_at_zone(struct zone *z)
{
	struct stamp *stamp = z->stamps;

	for (size_t i = 0; i < z->conf->n_datasets; i++) {
		const struct conf_dataset *d = &z->conf->datasets[i];

		for (size_t j = 0; j < d->n_files; j++)
			look_at_file(z, stamp++, d->files[j]);
	}
	z->changed |= z->failed;
}

void
compat_build_look(struct compat_build *b)
{
	for (size_t i = 0; i < b->conf->n_zones; i++)
		look_at_zone(&b->zones[i]);
}

struct compat_build *
compat_build_new(const struct conf *conf, unsigned lines_shown)
{
	struct compat_build *b = xcalloc(1, sizeof(*b));

	b->conf = conf;
	b->lines_shown = lines_shown;
	b->zones = xcalloc(conf->n_zones, sizeof(*b->zones));
	for (size_t i = 0; i < conf->n_zones; i++) {
		b->zones[i].conf = &conf->zones[i];
		b->zones[i].stamps = xcalloc(count_files(&conf->zones[i]),
		    sizeof(struct stamp));
		b->zones[i].changed = true;
	}
	compat_build_look(b);
	return b;
}

/* ---- in the child */

struct lines {
	unsigned shown, most;
	uint64_t more;
};

static void
on_line(void *arg, const char *file, unsigned line, const char *text)
{
	struct lines *lines = arg;

	if (lines->shown == lines->most) {
		lines->more++;
		return;
	}
	lines->shown++;
	if (line > 0)
		log_warn("%s:%u: %s", file, line, text);
	else
		log_warn("%s: %s", file, text);
}

/*
 * With nothing to serve yet, a file that is cut in its last line is better than
 * none, as rbldnsd has it; once there is a generation, it is not.
 */
static enum compat_built
build_zone_now(const struct compat_build *b, const struct zone *z)
{
	static const char *const at_first[] = {"whole-file", NULL};
	struct lines lines = {.most = b->lines_shown};
	struct build_result result;
	char why[GENERATION_WHY_MAX];
	int rc;

	rc = build_zone_forced(z->conf, b->conf->state_dir,
	    z->is_served ? NULL : at_first, on_line, &lines, &result, why);
	if (lines.more > 0)
		log_warn("%s: %" PRIu64 " more such lines; --check shows all",
		    z->conf->name, lines.more);
	if (rc != 0) {
		if (rc == -ECANCELED)
			snprintf(why, sizeof(why), "refused by %s: %s",
			    result.verdict.refused, result.verdict.why);
		log_warn("%s: %s; %s", z->conf->name, why, z->is_served ?
		    "the last data serves on" : "it is not served");
		return rc == -ECANCELED ? COMPAT_REFUSED : COMPAT_NOT_BUILT;
	}
	log_info("%s: %" PRIu64 " entries, %" PRIu64 " bad lines",
	    z->conf->name, result.entries, result.bad_lines);
	return lines.shown > 0 ? COMPAT_BUILT_WITH_BAD_LINES :
				 COMPAT_BUILT_WELL;
}

/* ---- in the parent */

/* Signals are blocked until the child has its parent's handlers no more. */
static pid_t
start_child(const struct compat_build *b, const struct zone *z)
{
	static const int handled[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT,
	    SIGCHLD};
	sigset_t all, before;
	pid_t parent = getpid(), pid;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid == 0) {
		for (unsigned i = 0; i < sizeof(handled) / sizeof(int); i++)
			signal(handled[i], SIG_DFL);
		signal(SIGINT, SIG_IGN); /* a terminal's: the parent ends us */
		signal(SIGHUP, SIG_IGN);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(COMPAT_NOT_BUILT);
		sigprocmask(SIG_SETMASK, &before, NULL);
		_exit((int)build_zone_now(b, z));
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid == -1)
		log_warn("%s: fork: %s", z->conf->name, strerror(errno));
	return pid;
}

static struct zone *
next_changed(struct compat_build *b)
{
	for (size_t i = 0; i < b->conf->n_zones; i++) {
		struct zone *z = &b->zones[b->next++ % b->conf->n_zones];

		if (z->changed)
			return z;
	}
	return NULL;
}

void
compat_build_start(struct compat_build *b)
{
	struct zone *z;
	pid_t pid;

	if (b->child != 0)
		return;
	z = next_changed(b);
	if (z == NULL)
		return;
	pid = start_child(b, z);
	z->changed = false;
	z->failed = pid == -1;
	if (pid == -1)
		return;
	b->child = pid;
	b->at_work = z;
}

/* What the child's end means for its zone. */
static enum compat_built
child_ended(struct compat_build *b, int status)
{
	struct zone *z = b->at_work;
	enum compat_built built = COMPAT_NOT_BUILT;

	if (WIFSIGNALED(status))
		log_warn("%s: the build was ended by signal %d (%s)",
		    z->conf->name, WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		built = (enum compat_built)WEXITSTATUS(status);
	b->child = 0;
	if (built > COMPAT_NOT_BUILT) /* a sanitizer's exit status, say */
		built = COMPAT_NOT_BUILT;
	z->failed = built >= COMPAT_REFUSED;
	z->is_served |= !z->failed;
	return built;
}

bool
compat_build_reap(struct compat_build *b)
{
	int status;

	if (b->child == 0 || waitpid(b->child, &status, WNOHANG) != b->child)
		return false;
	return child_ended(b, status) < COMPAT_REFUSED;
}

enum compat_built
compat_build_all(struct compat_build *b)
{
	enum compat_built worst = COMPAT_BUILT_WELL, one;
	int status;

	for (size_t i = 0; i < b->conf->n_zones; i++) {
		compat_build_start(b);
		if (b->child == 0)
			return COMPAT_NOT_BUILT;
		while (waitpid(b->child, &status, 0) == -1 && errno == EINTR)
			;
		one = child_ended(b, status);
		if (one > worst)
			worst = one;
	}
	return worst;
}

void
compat_build_free(struct compat_build *b)
{
	if (b == NULL)
		return;
	if (b->child != 0) {
		kill(b->child, SIGKILL);
		(void)waitpid(b->child, NULL, 0);
	}
	for (size_t i = 0; i < b->conf->n_zones; i++)
		free(b->zones[i].stamps);
	free(b->zones);
	free(b);
}
