/*
 * A folder under a parent that anyone may write to: mkdtemp() makes it with a
 * name that nobody foresees, and for us alone.
 */
#include "resolverd/compat_state.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN_PARENT "/rbldnsd-compat"
#define PREFIX "rbldnsd-compat-"
#define OPEN_FOLDERS 8 /* descriptors that nftw() may use */
#define TRIES 10

static int
make_in(char *path, const char *parent)
{
	int n = snprintf(path, PATH_MAX, "%s/" PREFIX "XXXXXX", parent);

	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	return mkdtemp(path) != NULL ? 0 : -errno;
}

/*
 * Locks it, by a descriptor that stays open. -EAGAIN if another took it for one
 * that is left, before it was locked.
 */
static int
lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat mine, there;

	if (fd == -1)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &mine) == 0 &&
	    stat(path, &there) == 0 && mine.st_ino == there.st_ino)
		return 0;
	close(fd);
	return -EAGAIN;
}

static int
make_somewhere(char *path, uid_t uid, gid_t gid)
{
	const char *const parents[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
	int rc = -ENOENT;

	for (unsigned i = 0; rc != 0 && i < 3; i++) {
		if (parents[i] != NULL)
			rc = make_in(path, parents[i]);
	}
	if (rc != 0) {
		if (mkdir(OWN_PARENT, 0711) == -1 && errno != EEXIST)
			return rc;
		/* else it could not be emptied by uid */
		if (geteuid() == 0 && chown(OWN_PARENT, uid, gid) == -1)
			return -errno;
		rc = make_in(path, OWN_PARENT);
	}
	if (rc == 0 && geteuid() == 0 && chown(path, uid, gid) == -1)
		rc = -errno;
	return rc;
}

int
compat_state_make(char *path, uid_t uid, gid_t gid)
{
	int rc = -EAGAIN;

	for (unsigned i = 0; rc == -EAGAIN && i < TRIES; i++) {
		rc = make_somewhere(path, uid, gid);
		if (rc == 0)
			rc = lock(path);
	}
	return rc;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	(void)remove(path);
	return 0;
}

void
compat_state_remove(const char *path)
{
	(void)nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* Locks a folder that was left; -1 if it was not. */
static int
lock_left(int parent, const char *name)
{
	struct stat st;
	int fd;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return -1;
	fd = openat(parent, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

void
compat_state_clean(const char *path)
{
	char parent[PATH_MAX], left[PATH_MAX + NAME_MAX + 2];
	struct dirent *e;
	DIR *dir;
	int fd;

	snprintf(parent, sizeof(parent), "%s", path);
	*strrchr(parent, '/') = '\0';
	dir = opendir(parent);
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		fd = lock_left(dirfd(dir), e->d_name);
		if (fd == -1)
			continue;
		snprintf(left, sizeof(left), "%s/%s", parent, e->d_name);
		compat_state_remove(left);
		close(fd);
	}
	if (dir != NULL)
		closedir(dir);
}
