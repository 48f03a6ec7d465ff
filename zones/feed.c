/*
 * Fetching a zone's files with rsync. What comes goes into a fresh folder, in
 * which unchanged files are links to those of the last time: a fetch that was
 * cut short is thrown away, and one that brought nothing new is known by its
 * inodes. When all is there and on disk, the folders change places.
 *
 * Limits: a fetch that does not end within its time limit starts anew the next
 * time. The server is trusted with the contents of the files asked for, and
 * with nothing else; what they say is judged when the zone is built.
 */
#include "zones/feed.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/feed_source.h"
#include "lib/why.h"

#define STAGING "staging"
#define OLD "old"
#define BUILT "built"
#define FILES "files"
#define LOCK "lock"
#define SILENCE_S 60 /* of the server, until rsync gives up */
#define CONNECT_S 30

struct feed {
	const struct conf_feed *conf;
	int dir_fd;
	int lock_fd;
	char staging[PATH_MAX], current[PATH_MAX];
};

#define fail(why, rc, ...) why_fail(why, FEED_WHY_MAX, rc, __VA_ARGS__)

static int
fail_errno(char *why, const struct feed *f, const char *name)
{
	int rc = -errno;

	return fail(why, rc, "%s/%s: %s", f->conf->dir, name, strerror(-rc));
}

/*
 * The command
 */

__attribute__((format(printf, 2, 3))) static void
add(struct feed_args *a, const char *fmt, ...)
{
	char *buf = a->buf[a->n];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, FEED_ARG_LEN, fmt, ap); /* lengths were checked */
	va_end(ap);
	a->argv[a->n++] = buf;
	a->argv[a->n] = NULL;
}

static int
check_conf(const struct conf_feed *conf, enum feed_source_kind *kind, char *why)
{
	const char *fault;

	if (conf->source == NULL)
		return fail(why, -EINVAL, "there is no feed");
	if (feed_source_kind(kind, conf->source, &fault) != 0)
		return fail(why, -EINVAL, "source %s", fault);
	for (size_t i = 0; i < conf->n_files; i++) {
		if (!feed_source_is_file_name(conf->files[i]))
			return fail(why, -EINVAL, "@feed/ has a file without a "
			    "plain name");
	}
	if (conf->dir[0] != '/' || (conf->password_file != NULL &&
	    conf->password_file[0] != '/'))
		return fail(why, -EINVAL, "%s is no path from the root",
		    conf->dir[0] != '/' ? conf->dir : conf->password_file);
	if (strlen(conf->dir) + 32 > PATH_MAX ||
	    strlen(conf->source) + 2 > PATH_MAX ||
	    (conf->password_file != NULL &&
	    strlen(conf->password_file) >= PATH_MAX))
		return fail(why, -ENAMETOOLONG, "a path is too long");
	return 0;
}

int
feed_args(struct feed_args *out, const struct conf_feed *conf,
    bool has_current, bool progress, char *why)
{
	enum feed_source_kind kind;
	int rc = check_conf(conf, &kind, why);

	if (rc != 0)
		return rc;
	out->n = 0;
	add(out, "rsync");
	/* a second is too coarse to see whether a file has changed */
	add(out, "--times");
	add(out, "--modify-window=-1");
	add(out, "--copy-links");
	add(out, "--chmod=D755,F644");
	add(out, "--from0");
	add(out, "--files-from=%s/" FILES, conf->dir);
	add(out, "--timeout=%d", SILENCE_S);
	add(out, "--no-motd");
	if (has_current)
		add(out, "--link-dest=%s/" CONF_FEED_CURRENT, conf->dir);
	if (kind == FEED_SOURCE_RSYNCD)
		add(out, "--contimeout=%d", CONNECT_S);
	if (kind == FEED_SOURCE_RSYNCD && conf->password_file != NULL)
		add(out, "--password-file=%s", conf->password_file);
	if (kind == FEED_SOURCE_SSH)
		add(out, "--rsh=ssh -oBatchMode=yes");
	if (conf->bandwidth > 0)
		add(out, "--bwlimit=%llu",
		    (unsigned long long)(conf->bandwidth + 1023) / 1024);
	if (progress)
		add(out, "--info=progress2");
	add(out, "--");
	add(out, "%s/", conf->source);
	add(out, "%s/" STAGING "/", conf->dir);
	return 0;
}

/*
 * The folder and its lock
 */

static int
make_dir(const char *dir, char *why)
{
	char path[PATH_MAX];
	char *slash = path;

	snprintf(path, sizeof(path), "%s", dir);
	do {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			return fail(why, -errno, "%s: %s", path,
			    strerror(errno));
		if (slash != NULL)
			*slash = '/';
	} while (slash != NULL);
	return 0;
}

/* No O_CLOEXEC: rsync is to hold it, too. */
static int
take_lock(struct feed *f, char *why)
{
	f->lock_fd = openat(f->dir_fd, LOCK, O_RDONLY | O_CREAT | O_NOFOLLOW,
	    0644);
	if (f->lock_fd < 0)
		return fail_errno(why, f, LOCK);
	if (flock(f->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return fail(why, -EAGAIN, "another process fetches it");
	return fail_errno(why, f, LOCK);
}

static int
begin(struct feed *f, char *why)
{
	enum feed_source_kind kind;
	int rc = check_conf(f->conf, &kind, why);

	if (rc == 0)
		rc = make_dir(f->conf->dir, why);
	if (rc != 0)
		return rc;
	snprintf(f->staging, PATH_MAX, "%s/" STAGING, f->conf->dir);
	snprintf(f->current, PATH_MAX, "%s/" CONF_FEED_CURRENT, f->conf->dir);
	f->dir_fd = open(f->conf->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir_fd < 0)
		return fail_errno(why, f, ".");
	return take_lock(f, why);
}

int
feed_open(struct feed **out, const struct conf_feed *conf, char *why)
{
	struct feed *f = calloc(1, sizeof(*f));
	int rc;

	*out = NULL;
	if (f == NULL)
		return fail(why, -ENOMEM, "%s", strerror(ENOMEM));
	f->conf = conf;
	f->dir_fd = f->lock_fd = -1;
	rc = begin(f, why);
	if (rc != 0) {
		feed_close(f);
		return rc;
	}
	*out = f;
	return 0;
}

void
feed_close(struct feed *f)
{
	if (f == NULL)
		return;
	if (f->lock_fd >= 0)
		close(f->lock_fd);
	if (f->dir_fd >= 0)
		close(f->dir_fd);
	free(f);
}

bool
feed_is_built(const struct feed *f)
{
	return faccessat(f->dir_fd, BUILT, F_OK, 0) == 0;
}

int
feed_set_built(struct feed *f, char *why)
{
	int fd = openat(f->dir_fd, BUILT, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return fail_errno(why, f, BUILT);
	close(fd);
	return 0;
}

/*
 * Before rsync
 */

/* rsync reads it by itself; here is looked at who else could. */
static int
check_password_file(const char *path, char *why)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fail(why, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(why, -EINVAL, "%s: not a regular file", path);
	if (st.st_uid != geteuid())
		return fail(why, -EPERM, "%s: belongs to another user; chown "
		    "it to the one who fetches", path);
	if ((st.st_mode & 077) != 0)
		return fail(why, -EPERM, "%s: others have a right to it (mode "
		    "%04o); chmod it to 0600", path,
		    (unsigned)st.st_mode & 07777);
	return 0;
}

static int
on_remove(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static int
remove_tree(const char *path)
{
	if (nftw(path, on_remove, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 ||
	    errno == ENOENT)
		return 0;
	return -errno;
}

static int
clear_staging(struct feed *f, char *why)
{
	char old[PATH_MAX + 8];

	snprintf(old, sizeof(old), "%s/" OLD, f->conf->dir);
	if (remove_tree(f->staging) != 0 || mkdir(f->staging, 0755) != 0)
		return fail_errno(why, f, STAGING);
	return remove_tree(old) == 0 ? 0 : fail_errno(why, f, OLD);
}

static int
write_files(struct feed *f, char *why)
{
	int fd = openat(f->dir_fd, FILES,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool good = out != NULL;

	if (out == NULL) {
		fail_errno(why, f, FILES);
		if (fd >= 0)
			close(fd);
		return -EIO;
	}
	for (size_t i = 0; i < f->conf->n_files && good; i++)
		good = fputs(f->conf->files[i], out) >= 0 &&
		    fputc('\0', out) == '\0';
	if (fclose(out) != 0 || !good)
		return fail_errno(why, f, FILES);
	return 0;
}

/*
 * rsync
 */

static int
say_failure(const struct feed *f, const struct spawn *s, int rc, char *why)
{
	char limit[CONF_DURATION_LEN];
	const char *colon = s->said[0] != '\0' ? ": " : "";

	if (rc == -ETIMEDOUT)
		return fail(why, rc, "not done within the time limit of %s%s%s",
		    conf_duration_txt(limit, f->conf->time_limit_s), colon,
		    s->said);
	if (rc == -EINTR)
		return fail(why, rc, "stopped");
	if (rc == -ENOENT)
		return fail(why, rc, "rsync is not installed");
	if (rc != 0)
		return fail(why, rc, "rsync cannot be started: %s",
		    strerror(-rc));
	if (s->status < 0)
		return fail(why, -EIO, "rsync was killed by signal %d%s%s",
		    -s->status, colon, s->said);
	if (s->status != 0)
		return fail(why, -EIO, "rsync failed (%d)%s%s", s->status,
		    colon, s->said);
	return 0;
}

static int
run_rsync(struct feed *f, const struct feed_watch *watch, char *why)
{
	/* no HOME: rsync would read options from a file there */
	static const char *const env[] = {
	    "PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", NULL};
	struct feed_args *args = malloc(sizeof(*args));
	struct spawn s = {
	    .env = env,
	    .limit_s = f->conf->time_limit_s,
	    .stop = watch->stop,
	    .on_output = watch->on_progress,
	    .arg = watch->arg,
	};
	int rc;

	if (args == NULL)
		return fail(why, -ENOMEM, "%s", strerror(ENOMEM));
	rc = feed_args(args, f->conf, access(f->current, F_OK) == 0,
	    watch->on_progress != NULL, why);
	if (rc == 0) {
		s.argv = args->argv;
		rc = spawn_run(&s);
		rc = say_failure(f, &s, rc, why);
	}
	free(args);
	return rc;
}

/*
 * After rsync
 */

static int
sync_at(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return -errno;
	rc = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	return rc;
}

/* 1 if the file is another one than that in current, 0 if not, or -errno. */
static int
take_file(int staging, int current, const char *name, char *why)
{
	struct stat st, before;
	int rc;

	if (fstatat(staging, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st.st_mode))
		return fail(why, -ENOENT, "%.256s: no such file came", name);
	if (current >= 0 &&
	    fstatat(current, name, &before, AT_SYMLINK_NOFOLLOW) == 0 &&
	    before.st_ino == st.st_ino && before.st_dev == st.st_dev)
		return 0;
	rc = sync_at(staging, name);
	if (rc != 0)
		return fail(why, rc, "%.256s: %s", name, strerror(-rc));
	return 1;
}

static int
take_files(const struct feed *f, char *why)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	int staging = openat(f->dir_fd, STAGING, flags);
	int current = openat(f->dir_fd, CONF_FEED_CURRENT, flags);
	int changed = 0, rc = 0;

	if (staging < 0)
		rc = fail_errno(why, f, STAGING);
	for (size_t i = 0; i < f->conf->n_files && rc >= 0; i++) {
		rc = take_file(staging, current, f->conf->files[i], why);
		changed |= rc > 0;
	}
	if (staging >= 0)
		close(staging);
	if (current >= 0)
		close(current);
	return rc < 0 ? rc : changed;
}

/* One rename, or two where the file system cannot exchange. */
static int
exchange(struct feed *f)
{
	int fd = f->dir_fd;

	if (renameat2(fd, STAGING, fd, CONF_FEED_CURRENT, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != ENOENT &&
	    (errno != EINVAL || renameat(fd, CONF_FEED_CURRENT, fd, OLD) != 0))
		return -errno;
	return renameat(fd, STAGING, fd, CONF_FEED_CURRENT) == 0 ? 0 : -errno;
}

/* `built` has to go for good before current is another one. */
static int
make_current(struct feed *f, char *why)
{
	if (unlinkat(f->dir_fd, BUILT, 0) != 0 && errno != ENOENT)
		return fail_errno(why, f, BUILT);
	if (sync_at(f->dir_fd, STAGING) != 0 || fsync(f->dir_fd) != 0 ||
	    exchange(f) != 0 || fsync(f->dir_fd) != 0)
		return fail_errno(why, f, CONF_FEED_CURRENT);
	return 1;
}

int
feed_fetch(struct feed *f, const struct feed_watch *watch, char *why)
{
	int rc = 0;

	if (f->conf->password_file != NULL)
		rc = check_password_file(f->conf->password_file, why);
	if (rc == 0)
		rc = clear_staging(f, why);
	if (rc == 0)
		rc = write_files(f, why);
	if (rc == 0)
		rc = run_rsync(f, watch, why);
	if (rc == 0)
		rc = take_files(f, why);
	if (rc > 0)
		rc = make_current(f, why);
	/* room is freed at once; what cannot go now is in no one's way */
	(void)remove_tree(f->staging);
	return rc;
}
