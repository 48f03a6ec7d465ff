/*
 * The cache's file as a whole: whether it may be trusted.
 *
 * Commits are not synced, so the file outlives the death of any process, but
 * not surely that of the machine. STATE/cache/state tells, before a byte of it
 * is read: "open BOOT" from before the first worker starts, "clean SIZE MTIME"
 * after the last one ended well. Compared with what would be written now:
 *
 *	clean, the same file	trusted
 *	open, the same boot	a process died: its pages are looked at, since
 *				LMDB dies of damage there
 *	anything else		put aside
 *
 * Put aside is: renamed to answers.mdb.bad, one is kept. It is a cache: when in
 * doubt it starts empty.
 */
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/why.h"
#include "resolverd/cache.h"
#include "resolverd/cache_file.h"

#define FILE_NAME "answers.mdb"
#define LOCK_NAME "answers.mdb-lock" /* LMDB's */
#define BAD_NAME "answers.mdb.bad"
#define STATE_NAME "state"
#define STATE_NEW_NAME "state.new"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define CHECK_TRIES 10 /* others may write at the same time */
#define STATE_MAX 128


#define explain(why, rc, ...) why_fail(why, CACHE_WHY_MAX, rc, __VA_ARGS__)

/* ---- the folder; all names below are relative to its descriptor */

/* Returns a descriptor, locked against others who open or put aside. */
static int
folder_open(const char *state_dir, bool make, char *why)
{
	char path[PATH_MAX];
	int fd, n;

	n = snprintf(path, sizeof(path), "%s/cache", state_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return explain(why, -ENAMETOOLONG, "%s: too long", state_dir);
	if (make && mkdir(path, 0700) != 0 && errno != EEXIST)
		return explain(why, -errno, "%s: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return explain(why, -errno, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX) != 0) {
		n = explain(why, -errno, "%s: %s", path, strerror(errno));
		close(fd);
		return n;
	}
	return fd;
}

/*
 * LMDB's lock file goes, too: processes that still use the old file have theirs
 * open, and a new file must not share it.
 */
static void
put_aside(int dir)
{
	if (renameat(dir, FILE_NAME, dir, BAD_NAME) != 0 && errno != ENOENT)
		(void)unlinkat(dir, FILE_NAME, 0);
	(void)unlinkat(dir, LOCK_NAME, 0);
}

/* ---- the state file */

static ssize_t
read_small(int dir, const char *name, char *out, size_t cap)
{
	ssize_t n;
	int fd;

	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, out, cap - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n;
}

/* Without a boot id nothing ever equals it. */
static void
state_open(char *out)
{
	static const char prefix[] = "open ";

	memcpy(out, prefix, sizeof(prefix));
	if (read_small(AT_FDCWD, BOOT_ID, out + sizeof(prefix) - 1,
		STATE_MAX - sizeof(prefix)) <= 0)
		snprintf(out, STATE_MAX, "open since boot unknown %d\n",
		    (int)getpid());
}

/* The file can be used all the same, but not be trusted at the next start. */
static int
state_remove(int dir)
{
	(void)unlinkat(dir, STATE_NEW_NAME, 0);
	if (unlinkat(dir, STATE_NAME, 0) != 0 && errno != ENOENT)
		return -errno;
	return fsync(dir) == 0 ? 0 : -errno;
}

/* For the file as it is; "" without one. */
static void
state_clean(int dir, char *out)
{
	struct stat st;

	out[0] = '\0';
	if (fstatat(dir, FILE_NAME, &st, 0) == 0)
		snprintf(out, STATE_MAX, "clean %lld %lld.%09ld\n",
		    (long long)st.st_size, (long long)st.st_mtim.tv_sec,
		    st.st_mtim.tv_nsec);
}

/* On disk before we return: it must not be younger there than the cache. */
static int
state_write(int dir, const char *text)
{
	size_t len = strlen(text);
	int fd, rc = 0;

	fd = openat(dir, STATE_NEW_NAME,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	errno = EIO; /* of a short write */
	if (write(fd, text, len) != (ssize_t)len || fsync(fd) != 0)
		rc = -errno;
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && renameat(dir, STATE_NEW_NAME, dir, STATE_NAME) != 0)
		rc = -errno;
	if (rc == 0 && fsync(dir) != 0)
		rc = -errno;
	return rc;
}

/* ---- looking at the pages of a file that a process died over */

static int
store_open_as(struct store **out, const char *path, enum store_mode mode,
    uint64_t size, char *why)
{
	const struct store_opts opts = {.mode = mode,
	    .size_max = size,
	    .integer_keys = true,
	    .file_mode = 0600};

	return store_open(out, path, &opts, why);
}

static bool
is_sound(const char *state_dir)
{
	char path[PATH_MAX], why[STORE_WHY_MAX];
	struct store_txn *t = NULL;
	struct store *s;
	int rc;

	snprintf(path, sizeof(path), "%s/cache/" FILE_NAME, state_dir);
	rc = store_open_as(&s, path, STORE_LIVE_READ, 0, why);
	if (rc == 0)
		rc = store_read_begin(s, &t);
	if (rc == 0)
		rc = store_check(t);
	for (unsigned n = 0; n < CHECK_TRIES && rc == -EBUSY; n++) {
		rc = store_read_resume(t);
		if (rc == 0)
			rc = store_check(t);
	}
	store_read_end(t);
	store_close(s);
	return rc == 0;
}

/* ---- before the first worker, after the last */

static bool
file_is_trusted(int dir, const char *state_dir, const char *opened)
{
	char was[STATE_MAX], clean[STATE_MAX];

	state_clean(dir, clean);
	if (read_small(dir, STATE_NAME, was, sizeof(was)) < 0)
		return false;
	if (strcmp(was, clean) == 0)
		return true;
	return strcmp(was, opened) == 0 && is_sound(state_dir);
}

int
cache_prepare(const char *state_dir, char *why)
{
	char opened[STATE_MAX];
	int dir, rc;

	dir = folder_open(state_dir, true, why);
	if (dir < 0)
		return dir;
	state_open(opened);
	if (faccessat(dir, FILE_NAME, F_OK, 0) == 0 &&
	    !file_is_trusted(dir, state_dir, opened)) {
		log_warn("cache: %s/cache/" FILE_NAME " was not closed well or "
			 "is damaged: put aside as " BAD_NAME
			 ", starting empty",
		    state_dir);
		put_aside(dir);
	}
	rc = state_write(dir, opened);
	if (rc == -ENOSPC || rc == -EDQUOT)
		rc = state_remove(dir);
	if (rc != 0)
		rc = explain(why, rc, "%s/cache/" STATE_NAME ": %s", state_dir,
		    strerror(-rc));
	close(dir);
	return rc;
}

void
cache_close_well(const char *state_dir)
{
	char why[CACHE_WHY_MAX], clean[STATE_MAX];
	int dir, fd, rc;

	dir = folder_open(state_dir, false, why);
	if (dir < 0) {
		log_warn("cache: %s", why);
		return;
	}
	fd = openat(dir, FILE_NAME, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		goto out; /* nothing was kept */
	rc = fd < 0 || fsync(fd) != 0 ? -errno : 0;
	state_clean(dir, clean);
	if (rc == 0)
		rc = state_write(dir, clean);
	if (rc != 0)
		log_warn("cache: %s/cache was not closed well: %s", state_dir,
		    strerror(-rc));
out:
	if (fd >= 0)
		close(fd);
	close(dir);
}

/* ---- opening it */

static bool
is_meta(const struct store_bytes *found)
{
	return found->len == sizeof(struct cache_meta) &&
	    memcmp(found->data, CACHE_META_MAGIC, strlen(CACHE_META_MAGIC)) ==
	    0;
}

/*
 * The wall clock counts only once in a boot: it may be set later, even far, and
 * what is kept must neither last longer nor end at once.
 */
static void
take_clock(struct cache_meta *meta)
{
	char boot[sizeof(meta->boot)] = "";

	(void)read_small(AT_FDCWD, BOOT_ID, boot, sizeof(boot));
	if (boot[0] != '\0' && memcmp(meta->boot, boot, sizeof(boot)) == 0)
		return;
	memcpy(meta->boot, boot, sizeof(boot));
	meta->clock_base = clock_wall_s() - clock_boot_s();
}

/* The meta entry, made if it is missing. The folder is locked. */
static int
take_meta(struct store *s, struct cache_meta *meta)
{
	const uint64_t key = CACHE_META_KEY;
	struct store_bytes found;
	struct store_txn *t;
	int rc;

	rc = store_write_begin(s, &t);
	if (rc != 0)
		return rc;
	memset(meta, 0, sizeof(*meta));
	rc = store_get(t, 0, &key, sizeof(key), &found);
	if (rc == 0 && !is_meta(&found))
		rc = -EBADMSG;
	if (rc != 0 && rc != -ENOENT)
		goto out;
	if (rc == 0)
		memcpy(meta, found.data, sizeof(*meta));
	else if (getrandom(&meta->salt, sizeof(meta->salt), 0) < 0)
		goto out;
	memcpy(meta->magic, CACHE_META_MAGIC, sizeof(meta->magic));
	take_clock(meta);
	rc = store_put(t, 0, &key, sizeof(key), meta, sizeof(*meta));
	if (rc == 0)
		return store_write_commit(t);
out:
	store_write_abort(t);
	return rc;
}

static int
open_once(struct store **out, struct cache_meta *meta, const char *path,
    uint64_t size, char *why)
{
	int rc;

	rc = store_open_as(out, path, STORE_LIVE_NOSYNC, size, why);
	if (rc != 0)
		return rc;
	rc = take_meta(*out, meta);
	if (rc != 0) {
		store_close(*out);
		*out = NULL;
		explain(why, rc, "%s: %s", path,
		    rc == -EBADMSG ? "not an answer cache of this form"
				   : strerror(-rc));
	}
	return rc;
}

/* LMDB never makes a file smaller. */
static void
drop_larger_file(int dir, uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct stat st;

	if (fstatat(dir, FILE_NAME, &st, 0) != 0 ||
	    (uint64_t)st.st_size <= (size + page - 1) / page * page)
		return;
	log_info("cache: cache.size was made smaller: starting empty");
	(void)unlinkat(dir, FILE_NAME, 0);
	(void)unlinkat(dir, LOCK_NAME, 0);
}

int
cache_file_open(struct store **out, struct cache_meta *meta,
    const char *state_dir, uint64_t size, char *why)
{
	char path[PATH_MAX];
	int dir, rc;

	*out = NULL;
	dir = folder_open(state_dir, true, why);
	if (dir < 0)
		return dir;
	snprintf(path, sizeof(path), "%s/cache/" FILE_NAME, state_dir);
	drop_larger_file(dir, size);
	rc = open_once(out, meta, path, size, why);
	if (rc == -EBADMSG) {
		log_warn("cache: %s: put aside as " BAD_NAME ", starting empty",
		    why);
		put_aside(dir);
		rc = open_once(out, meta, path, size, why);
	}
	close(dir);
	return rc;
}
