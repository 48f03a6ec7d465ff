/*
 * The counters of use: a file of one byte for each 64 bytes of the cache,
 * several for an entry, so that few share one. They are hints: whatever stands
 * in it, the worst is that a wrong entry is kept.
 */
#include "resolverd/cache_use.h"

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define BYTES_PER_SLOT 64
#define SLOTS_MIN 16384

/*
 * The blocks come first: a page without one would end the process with SIGBUS
 * on a full disk.
 */
static void *
map_file(const char *state_dir, size_t len)
{
	char path[PATH_MAX];
	void *p = MAP_FAILED;
	int fd, n;

	n = snprintf(path, sizeof(path), "%s/cache/used", state_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return MAP_FAILED;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return MAP_FAILED;
	if (posix_fallocate(fd, 0, (off_t)len) == 0)
		p = mmap(
		    NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p;
}

int
cache_use_open(struct cache_use *u, const char *state_dir, uint64_t size)
{
	size_t len = SLOTS_MIN;
	void *p;

	while (len < size / BYTES_PER_SLOT)
		len *= 2;
	p = map_file(state_dir, len);
	if (p == MAP_FAILED)
		p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	*u = (struct cache_use){.slots = p, .mask = len - 1, .len = len};
	return 0;
}

void
cache_use_close(struct cache_use *u)
{
	if (u->slots != NULL)
		munmap(u->slots, u->len);
	u->slots = NULL;
}
