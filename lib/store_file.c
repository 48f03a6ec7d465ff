/*
 * The look at a file before LMDB maps it. LMDB 0.9 takes the page size, the
 * number of pages and the file's length on trust: a foreign file can make it
 * divide by zero, a cut one ends in SIGBUS.
 *
 * Only the two meta pages are read. LMDB itself checks that page numbers lie
 * within the file; other damage inside the pages of a whole file is for
 * lib/store_check.c.
 */
#include "lib/store_file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/store_format.h"
#include "lib/why.h"

#define refuse(why, rc, ...) why_fail(why, STORE_WHY_MAX, rc, __VA_ARGS__)

#define PAGE_SIZE_MIN 512
#define PAGE_SIZE_MAX 0x8000

static bool
meta_is_sane(const struct store_meta *m)
{
	uint32_t size = m->trees[0].page_size;

	return m->magic == STORE_META_MAGIC &&
	    m->version == STORE_META_VERSION && size >= PAGE_SIZE_MIN &&
	    size <= PAGE_SIZE_MAX && (size & (size - 1)) == 0;
}

static bool
read_meta(int fd, off_t pos, struct store_meta *m)
{
	return pread(fd, m, sizeof(*m), pos) == sizeof(*m) && meta_is_sane(m);
}

static int
check_content(int fd, const char *path, uint64_t size, char *why)
{
	struct store_meta first, second;
	uint32_t page_size;
	uint64_t last;

	if (!read_meta(fd, 0, &first))
		return refuse(why, -EBADMSG, "%s: not an LMDB file", path);
	page_size = first.trees[0].page_size;
	if (!read_meta(fd, (off_t)page_size, &second) ||
	    second.trees[0].page_size != page_size)
		return refuse(why, -EBADMSG, "%s: damaged LMDB file", path);
	last = first.last_pgno > second.last_pgno ? first.last_pgno
						  : second.last_pgno;
	if (last >= size / page_size)
		return refuse(why, -EBADMSG,
		    "%s: cut short: %llu bytes, but its last page is %llu",
		    path, (unsigned long long)size, (unsigned long long)last);
	return 0;
}

int
store_file_check(const char *path, enum store_mode mode, size_t *size,
    char *why)
{
	bool makes = mode == STORE_LIVE_WRITE || mode == STORE_LIVE_NOSYNC;
	struct stat st;
	int fd, rc = 0;

	*size = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		if (errno == ENOENT && makes)
			return 0;
		rc = -errno;
		return refuse(why, rc, "%s: %s", path, strerror(-rc));
	}
	if (fstat(fd, &st) != 0)
		rc = refuse(why, -errno, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = refuse(why, -EBADMSG, "%s: not a regular file", path);
	else if (st.st_size == 0 && mode == STORE_LIVE_READ) /* being made */
		rc = refuse(why, -ENOENT, "%s: empty so far", path);
	else if (st.st_size > 0 || !makes)
		rc = check_content(fd, path, (uint64_t)st.st_size, why);
	*size = (size_t)st.st_size;
	close(fd);
	return rc;
}
