/*
 * The folder of a zone's generations, and the turn from one to the next.
 *
 * A build may be killed at any point. Its temporary files are removed by the
 * next one, under the lock; `current` is only ever replaced by rename(), after
 * the file that it will name is on disk.
 */
#include "zones/publish.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/why.h"
#include "zones/generation.h"

#define TEMP_PREFIX "new-"
#define LOCK_NAME "build.lock"

struct publish {
	char dir[PATH_MAX];
	char temp[PATH_MAX];
	uint64_t number;
	unsigned keep;
	int dir_fd;
	int lock_fd;
};

/* What it was done to, and why that failed. */
#define fail(why, rc, fmt, ...)                                                \
	why_fail(why, GENERATION_WHY_MAX, rc, fmt ": %s", __VA_ARGS__,         \
	    strerror(-(rc)))

/* ---- paths */

/* A zone's name may hold bytes that a file name may not, or that mislead. */
static bool
is_plain(char c, bool is_first)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_' || (c == '.' && !is_first);
}

int
publish_dir(char *out, const char *state_dir, const char *zone)
{
	size_t len;
	int n = snprintf(out, PATH_MAX, "%s/zones/", state_dir);

	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	len = n;
	for (const char *c = zone; *c != '\0'; c++) {
		if (len + 4 > PATH_MAX)
			return -ENAMETOOLONG;
		if (is_plain(*c, c == zone))
			out[len++] = *c;
		else
			len += sprintf(out + len, "%%%02x", (uint8_t)*c);
	}
	out[len] = '\0';
	return 0;
}

int
publish_current(char *out, const char *state_dir, const char *zone)
{
	int rc = publish_dir(out, state_dir, zone);

	if (rc != 0 || strlen(out) + sizeof("/" PUBLISH_CURRENT) > PATH_MAX)
		return -ENAMETOOLONG;
	strcat(out, "/" PUBLISH_CURRENT);
	return 0;
}

static void
file_name(char *out, size_t cap, uint64_t number)
{
	snprintf(out, cap, "gen-%08llu.mdb", (unsigned long long)number);
}

/* The number in gen-NUMBER.mdb; 0 if the name is not of that form. */
static uint64_t
file_number(const char *name)
{
	char same[NAME_MAX + 1];
	uint64_t n;

	if (strncmp(name, "gen-", 4) != 0)
		return 0;
	n = strtoull(name + 4, NULL, 10);
	file_name(same, sizeof(same), n);
	return strcmp(same, name) == 0 ? n : 0;
}

int
publish_path(char *out, const char *state_dir, const char *zone,
    uint64_t number)
{
	char name[NAME_MAX + 1];
	int rc = publish_dir(out, state_dir, zone);

	file_name(name, sizeof(name), number);
	if (rc != 0 || strlen(out) + 1 + strlen(name) + 1 > PATH_MAX)
		return -ENAMETOOLONG;
	strcat(out, "/");
	strcat(out, name);
	return 0;
}

static int
make_dirs(const char *dir, char *why)
{
	char path[PATH_MAX];
	char *slash = path;
	int rc;

	strcpy(path, dir);
	do {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST) {
			rc = -errno;
			return fail(why, rc, "%s", path);
		}
		if (slash != NULL)
			*slash = '/';
	} while (slash != NULL);
	return 0;
}

/* ---- what is in the folder */

/*
 * Calls fn for each file. Returns 0 or -errno.
 */
static int
each_file(struct publish *p, void (*fn)(struct publish *p, const char *name,
    void *arg), void *arg)
{
	struct dirent *e;
	DIR *d;
	int fd, rc;

	fd = openat(p->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (d == NULL) {
		rc = -errno;
		close(fd);
		return rc;
	}
	for (errno = 0; (e = readdir(d)) != NULL; errno = 0)
		fn(p, e->d_name, arg);
	rc = -errno;
	closedir(d);
	return rc;
}

static void
on_leftover(struct publish *p, const char *name, void *arg)
{
	(void)arg;
	if (strncmp(name, TEMP_PREFIX, strlen(TEMP_PREFIX)) == 0)
		(void)unlinkat(p->dir_fd, name, 0);
	else if (file_number(name) > p->number)
		p->number = file_number(name);
}

struct numbers {
	uint64_t *list;
	size_t n, cap;
	int rc;
};

static void
on_generation(struct publish *p, const char *name, void *arg)
{
	struct numbers *all = arg;
	size_t cap = all->cap > 0 ? all->cap * 2 : 16;
	uint64_t *list;

	(void)p;
	if (file_number(name) == 0 || all->rc != 0)
		return;
	if (all->n == all->cap) {
		list = reallocarray(all->list, cap, sizeof(*list));
		if (list == NULL) {
			all->rc = -ENOMEM;
			return;
		}
		all->list = list;
		all->cap = cap;
	}
	all->list[all->n++] = file_number(name);
}

static int
by_number(const void *va, const void *vb)
{
	const uint64_t *a = va, *b = vb;

	return *a < *b ? -1 : *a > *b;
}

/* The generations, ascending. Returns 0 or -errno, with nothing to free. */
static int
read_numbers(struct publish *p, struct numbers *all)
{
	int rc;

	*all = (struct numbers){0};
	rc = each_file(p, on_generation, all);
	if (rc == 0)
		rc = all->rc;
	if (rc != 0) {
		free(all->list);
		return rc;
	}
	if (all->n > 0)
		qsort(all->list, all->n, sizeof(*all->list), by_number);
	return 0;
}

/* What is left over here is not worth failing for: the next build tries. */
static void
drop_old(struct publish *p)
{
	char name[NAME_MAX + 1];
	struct numbers all;

	if (read_numbers(p, &all) != 0)
		return;
	for (size_t i = 0; i + p->keep < all.n; i++) {
		file_name(name, sizeof(name), all.list[i]);
		(void)unlinkat(p->dir_fd, name, 0);
	}
	free(all.list);
}

/* The number that `current` names; 0 if it names none. */
static uint64_t
current_number(struct publish *p)
{
	char name[NAME_MAX + 1];
	ssize_t len;

	len = readlinkat(p->dir_fd, PUBLISH_CURRENT, name, sizeof(name) - 1);
	if (len < 0)
		return 0;
	name[len] = '\0';
	return file_number(name);
}

int
publish_list(struct publish_list *out, const char *state_dir,
    const char *zone)
{
	struct publish p;
	struct numbers all;
	int rc;

	*out = (struct publish_list){0};
	rc = publish_dir(p.dir, state_dir, zone);
	if (rc != 0)
		return rc;
	p.dir_fd = open(p.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p.dir_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = read_numbers(&p, &all);
	if (rc == 0) {
		out->numbers = all.list;
		out->n = all.n;
		out->current = current_number(&p);
	}
	close(p.dir_fd);
	return rc;
}

/* ---- begin, commit, abort */

static void
publish_free(struct publish *p)
{
	if (p->lock_fd >= 0)
		close(p->lock_fd); /* lets go of the lock */
	if (p->dir_fd >= 0)
		close(p->dir_fd);
	free(p);
}

static int
take_lock(struct publish *p, char *why)
{
	int rc;

	p->dir_fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir_fd < 0) {
		rc = -errno;
		return fail(why, rc, "%s", p->dir);
	}
	p->lock_fd = openat(p->dir_fd, LOCK_NAME,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (p->lock_fd < 0) {
		rc = -errno;
		return fail(why, rc, "%s/" LOCK_NAME, p->dir);
	}
	while (flock(p->lock_fd, LOCK_EX) != 0) {
		rc = -errno;
		if (rc != -EINTR)
			return fail(why, rc, "%s/" LOCK_NAME, p->dir);
	}
	return 0;
}

static int
begin(struct publish *p, const char *state_dir, const char *zone, char *why)
{
	int n, rc;

	rc = publish_dir(p->dir, state_dir, zone);
	if (rc != 0)
		return fail(why, rc, "%s", state_dir);
	rc = make_dirs(p->dir, why);
	if (rc == 0)
		rc = take_lock(p, why);
	if (rc != 0)
		return rc;
	rc = each_file(p, on_leftover, NULL);
	if (rc != 0)
		return fail(why, rc, "%s", p->dir);
	p->number++;
	n = snprintf(p->temp, sizeof(p->temp), "%s/" TEMP_PREFIX "%llu.mdb",
	    p->dir, (unsigned long long)p->number);
	if (n < 0 || (size_t)n >= sizeof(p->temp))
		return fail(why, -ENAMETOOLONG, "%s", p->dir);
	return 0;
}

int
publish_begin(struct publish **out, const char *state_dir, const char *zone,
    char *why)
{
	struct publish *p;
	int rc;

	*out = NULL;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return fail(why, -ENOMEM, "%s", zone);
	p->dir_fd = p->lock_fd = -1;
	p->keep = PUBLISH_KEEP;
	rc = begin(p, state_dir, zone, why);
	if (rc != 0) {
		publish_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

uint64_t
publish_number(const struct publish *p)
{
	return p->number;
}

const char *
publish_temp_path(const struct publish *p)
{
	return p->temp;
}

static int
sync_file(const char *path)
{
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	return rc;
}

/* Makes `current` name the file. */
static int
turn(struct publish *p, const char *name)
{
	static const char temp[] = TEMP_PREFIX PUBLISH_CURRENT;
	int rc = 0;

	if (symlinkat(name, p->dir_fd, temp) != 0 ||
	    renameat(p->dir_fd, temp, p->dir_fd, PUBLISH_CURRENT) != 0)
		rc = -errno;
	if (rc == 0 && fsync(p->dir_fd) != 0)
		rc = -errno;
	return rc;
}

void
publish_keep(struct publish *p, unsigned n)
{
	p->keep = n > 0 ? n : PUBLISH_KEEP;
}

int
publish_turn(struct publish *p, uint64_t number, char *why)
{
	char name[NAME_MAX + 1];
	int rc;

	file_name(name, sizeof(name), number);
	if (faccessat(p->dir_fd, name, F_OK, 0) != 0)
		rc = -errno;
	else
		rc = turn(p, name);
	return rc == 0 ? 0 : fail(why, rc, "%s/%s", p->dir, name);
}

int
publish_commit(struct publish *p, char *why)
{
	char name[NAME_MAX + 1];
	int rc;

	file_name(name, sizeof(name), p->number);
	rc = sync_file(p->temp);
	if (rc == 0 &&
	    renameat(AT_FDCWD, p->temp, p->dir_fd, name) != 0)
		rc = -errno;
	if (rc == 0) /* the name must be on disk before `current` is */
		rc = fsync(p->dir_fd) == 0 ? 0 : -errno;
	if (rc == 0)
		rc = turn(p, name);
	if (rc != 0) {
		fail(why, rc, "%s/%s", p->dir, name);
		publish_abort(p);
		return rc;
	}
	drop_old(p);
	publish_free(p);
	return 0;
}

void
publish_abort(struct publish *p)
{
	if (p == NULL)
		return;
	(void)unlink(p->temp);
	publish_free(p);
}
