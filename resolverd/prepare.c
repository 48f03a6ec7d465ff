/*
 * What has to be there before the workers start: who they are, the state
 * directory, limits; and whether what the configuration wants can be had.
 *
 * What opens LMDB files or libunbound does so in a process of its own: nothing
 * of either may be open across a fork().
 */
#include "resolverd/prepare.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/why.h"
#include "resolverd/anchor.h"
#include "resolverd/cache.h"
#include "resolverd/cookie.h"
#include "resolverd/localdata.h"
#include "resolverd/ratelimit.h"
#include "resolverd/tcp_count.h"
#include "resolverd/tls.h"
#include "resolverd/tls_files.h"
#include "resolverd/upstream_pool.h"
#include "resolverd/worker.h"
#include "zones/build.h"
#include "zones/local.h"
#include "zones/publish.h"

#define FILES_MIN 8192 /* of a worker, besides connections of clients */


#define explain(why, rc, ...) why_fail(why, PREPARE_WHY_MAX, rc, __VA_ARGS__)

/* ---- the configuration */

static bool
types_are_known(const struct conf *conf, conf_report_fn *report, void *arg)
{
	bool good = true;
	char text[256];

	for (size_t i = 0; i < conf->n_zones; i++) {
		const struct conf_zone *z = &conf->zones[i];

		for (size_t j = 0; j < z->n_datasets; j++) {
			if (build_type_is_known(z->datasets[j].type))
				continue;
			snprintf(text, sizeof(text),
			    "zone \"%s\": unknown dataset type \"%s\"", z->name,
			    z->datasets[j].type);
			report(arg, conf->path, z->line, text);
			good = false;
		}
	}
	return good;
}

int
prepare_read(struct conf **out, const char *path, conf_report_fn *report,
    void *arg)
{
	int rc = conf_read(out, path, report, arg);

	if (rc != 0 || types_are_known(*out, report, arg))
		return rc;
	conf_free(*out);
	*out = NULL;
	return -EINVAL;
}

/* ---- whom, how much */

/*
 * Once, not in each process: it may load modules of nsswitch(5), a millisecond
 * or more before the first answer each time.
 */
static int
find_groups(struct identity *who, char *why)
{
	who->n_groups = IDENTITY_GROUPS_MAX;
	if (getgrouplist(who->user, who->gid, who->groups, &who->n_groups) >= 0)
		return 0;
	return explain(why, -E2BIG,
	    "user \"%s\": in more than %d groups; take it out of some",
	    who->user, IDENTITY_GROUPS_MAX);
}

int
prepare_identity(struct identity *out, const struct conf *conf, char *why)
{
	const struct passwd *pw;

	out->change = getuid() == 0;
	out->user = conf->user;
	out->uid = getuid();
	out->gid = getgid();
	if (!out->change)
		return 0;
	pw = getpwnam(conf->user);
	if (pw == NULL)
		return explain(why, -ENOENT,
		    "user \"%s\": no such user; make it (useradd --system %s) "
		    "or set `user`",
		    conf->user, conf->user);
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	return find_groups(out, why);
}

/* The workers inherit it. Root may raise what is the most, too. */
void
prepare_limits(const struct conf *conf)
{
	const rlim_t files = FILES_MIN + conf->clients.tcp_connections;
	struct rlimit rl, more;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur >= files)
		return;
	more.rlim_cur = files;
	more.rlim_max = rl.rlim_max < files ? files : rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
	log_warn("a process may have %llu descriptors only: beyond that, "
		 "questions fail; raise it to %llu (ulimit -n, LimitNOFILE)",
	    (unsigned long long)rl.rlim_max, (unsigned long long)files);
}

/* ---- folders */

/* Makes dir and its parents, owned by us. */
static int
make_dir(const char *dir, char *why)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);
	struct stat st;

	if (len >= sizeof(path))
		return explain(why, -ENAMETOOLONG, "%s: the path is too long",
		    dir);
	memcpy(path, dir, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		path[i] = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			return explain(why, -errno, "%s: %s", path,
			    strerror(errno));
		path[i] = dir[i];
	}
	if (stat(dir, &st) == -1)
		return explain(why, -errno, "%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return explain(why, -ENOTDIR, "%s: is no folder; remove it",
		    dir);
	return 0;
}

static int
make_zone_dir(const char *state_dir, const char *zone, char *why)
{
	char dir[PATH_MAX];

	if (publish_dir(dir, state_dir, zone) != 0)
		return explain(why, -ENAMETOOLONG, "%s: the path is too long",
		    zone);
	return make_dir(dir, why);
}

/* One below the state's folder, in which the workers write. */
static int
make_worker_dir(const char *state_dir, const char *name,
    const struct identity *who, char *why)
{
	char dir[PATH_MAX];
	int rc;

	if (snprintf(dir, sizeof(dir), "%s/%s", state_dir, name) >=
	    (int)sizeof(dir))
		return explain(why, -ENAMETOOLONG, "%s: the path is too long",
		    state_dir);
	rc = make_dir(dir, why);
	if (rc == 0 && who->change && chown(dir, who->uid, who->gid) == -1)
		rc = explain(why, -errno, "%s: %s", dir, strerror(errno));
	return rc;
}

/* ---- in a process of its own */

typedef int prepare_fn(const struct conf *, const struct identity *, char *why);

/* What the child says is its reason; without a word, it ended by itself. */
static int
read_reason(int fd, pid_t pid, char *why)
{
	int status, rc = 0;
	ssize_t n, len = 0;

	while (len < PREPARE_WHY_MAX - 1 &&
	    ((n = read(fd, why + len, (size_t)(PREPARE_WHY_MAX - 1 - len))) >
		    0 ||
		(n == -1 && errno == EINTR)))
		len += n > 0 ? n : 0;
	why[len] = '\0';
	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			return explain(why, -errno, "waitpid: %s",
			    strerror(errno));
	}
	if (status != 0)
		rc = len > 0 ? -EINVAL :
			       explain(why, -EINVAL,
				   "a process that tried it ended with status "
				   "%#x",
				   (unsigned)status);
	return rc;
}

static int
in_child(prepare_fn *fn, const struct conf *conf, const struct identity *who,
    char *why)
{
	int fds[2], rc;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return explain(why, -errno, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		char reason[PREPARE_WHY_MAX] = "";

		close(fds[0]);
		rc = fn(conf, who, reason);
		if (rc != 0)
			(void)!write(fds[1], reason, strlen(reason));
		_exit(rc != 0);
	}
	close(fds[1]);
	rc = pid == -1 ? explain(why, -errno, "fork: %s", strerror(errno)) :
			 read_reason(fds[0], pid, why);
	close(fds[0]);
	return rc;
}

static int
prepare_locals(const struct conf *conf, const struct identity *who, char *why)
{
	char reason[LOCAL_WHY_MAX];
	struct local *local;

	for (size_t i = 0; i < conf->n_locals; i++) {
		const char *name = conf->locals[i].name;
		int rc = local_open(&local, conf->state_dir, name, true,
		    who->change ? who->gid : (gid_t)-1, reason);

		if (rc != 0)
			return explain(why, rc, "%s: %s", name, reason);
		local_close(local);
	}
	return 0;
}

static int
prepare_cache(const struct conf *conf, const struct identity *who, char *why)
{
	char reason[CACHE_WHY_MAX];
	int rc;

	worker_drop_privileges(who);
	rc = cache_prepare(conf->state_dir, reason);
	return rc == 0 ? 0 : explain(why, rc, "cache: %s", reason);
}

/* Else the workers find it out, one after the other and for ever. */
static int
check_upstream(const struct conf *conf, const struct identity *who, char *why)
{
	struct event_base *base = event_base_new();
	char reason[UPSTREAM_WHY_MAX + ANCHOR_WHY_MAX];
	struct upstream_pool *pool;
	int rc;

	worker_drop_privileges(who);
	if (base == NULL)
		return explain(why, -ENOMEM, "cannot make an event base");
	if (conf->upstream.validate) {
		rc = anchor_prepare(conf, reason);
		if (rc != 0)
			return explain(why, rc, "upstream: %s", reason);
	}
	rc = upstream_pool_open(&pool, base, conf, true, reason);
	if (rc != 0)
		return explain(why, rc, "upstream: %s", reason);
	upstream_pool_close(pool);
	event_base_free(base);
	return 0;
}

static void
on_hosts_line(void *arg, const char *path, unsigned line, const char *text)
{
	(void)arg;
	log_warn("%s:%u: %s", path, line, text);
}

/* In the workers' name; they read it without a word. */
static int
check_localdata(const struct conf *conf, const struct identity *who, char *why)
{
	char reason[LOCALDATA_WHY_MAX];
	struct localdata *ld;
	int rc;

	worker_drop_privileges(who);
	rc = localdata_open(&ld, conf, on_hosts_line, NULL, reason);
	if (rc != 0)
		return explain(why, rc, "%s", reason);
	localdata_close(ld);
	return 0;
}

static int
finish_cache(const struct conf *conf, const struct identity *who, char *why)
{
	(void)why;
	worker_drop_privileges(who);
	cache_close_well(conf->state_dir);
	return 0;
}

/* Secrets of a file are read each time; made-up ones stay for good. */
static int
prepare_cookies(const struct conf *conf, char *why)
{
	const char *file = conf->clients.cookie_secret_file;
	static bool made_up;
	char reason[COOKIE_WHY_MAX];
	int rc;

	if (conf->clients.cookies == CONF_COOKIES_NO ||
	    (file == NULL && made_up))
		return 0;
	rc = cookie_init(file, reason);
	if (rc != 0)
		return explain(why, rc, "cookies: %s", reason);
	made_up = file == NULL;
	return 0;
}

static bool
serves_tls(const struct conf *conf)
{
	bool tls = false;

	for (size_t i = 0; i < conf->n_listen; i++)
		tls |= conf->listen[i].tls;
	return tls;
}

/* ---- what others call */

int
prepare_tls(const struct conf *conf, char *why)
{
	char reason[TLS_WHY_MAX];

	if (serves_tls(conf) &&
	    tls_load(conf->tls_certificate, conf->tls_key, reason) != 0)
		return explain(why, -EINVAL, "%s", reason);
	return 0;
}

bool
prepare_is_outdated(const struct conf *conf)
{
	return serves_tls(conf) &&
	    tls_files_changed(conf->tls_certificate, conf->tls_key);
}

int
prepare_start(const struct conf *conf, const struct identity *who, char *why)
{
	int rc = make_dir(conf->state_dir, why);

	if (rc == 0)
		rc = make_worker_dir(conf->state_dir, "cache", who, why);
	if (rc == 0)
		rc = make_worker_dir(conf->state_dir, "anchor", who, why);
	if (rc == 0)
		rc = in_child(prepare_cache, conf, who, why);
	return rc;
}

/* Once, not in each worker. */
static void
log_ended_anchors(const struct conf *conf)
{
	char name[DNAME_TXT_MAX];

	for (size_t i = 0; i < conf->upstream.n_negative; i++) {
		const struct conf_negative_anchor *na =
		    &conf->upstream.negative[i];

		if (na->until_s <= (int64_t)clock_wall_s())
			log_warn("%s:%u: the negative-anchor of %s has ended "
				 "and is not used; remove it",
			    conf->path, na->line, dname_to_txt(name, na->name));
	}
}

int
prepare_conf(const struct conf *conf, const struct identity *who, char *why)
{
	int rc = in_child(check_upstream, conf, who, why);

	log_ended_anchors(conf);
	if (rc == 0)
		rc = in_child(check_localdata, conf, who, why);
	for (size_t i = 0; rc == 0 && i < conf->n_zones; i++)
		rc = make_zone_dir(conf->state_dir, conf->zones[i].name, why);
	if (rc == 0)
		rc = in_child(prepare_locals, conf, who, why);
	if (rc == 0)
		rc = prepare_cookies(conf, why);
	if (rc == 0)
		rc = prepare_tls(conf, why);
	if (rc == 0 && ratelimit_init() != 0)
		rc = explain(why, -ENOMEM, "rate limit: no memory");
	if (rc == 0 && tcp_count_init() != 0)
		rc = explain(why, -ENOMEM, "limits of TCP: no memory");
	return rc;
}

void
prepare_end(const struct conf *conf, const struct identity *who)
{
	char why[PREPARE_WHY_MAX];

	if (in_child(finish_cache, conf, who, why) != 0)
		log_warn("%s", why);
}
