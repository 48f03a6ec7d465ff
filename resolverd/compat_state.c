/*
 * A folder under a parent that anyone may write to: mkdtemp() makes it with a
 * name that nobody foresees, and for us alone.
 */
#include "resolverd/compat_state.h"

#include <sys/stat.h>

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OWN_PARENT "/rbldnsd-compat"
#define OPEN_FOLDERS 8 /* descriptors that nftw() may use */

static int
make_in(char *path, const char *parent)
{
	int n = snprintf(path, PATH_MAX, "%s/rbldnsd-compat-XXXXXX", parent);

	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	return mkdtemp(path) != NULL ? 0 : -errno;
}

int
compat_state_make(char *path, uid_t uid, gid_t gid)
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
