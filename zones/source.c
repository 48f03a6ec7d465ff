/*
 * Reading a dataset file. A file that changes while it is read would be half of
 * one version and half of another: it is refused. So is one that is compressed
 * and not whole. However large the text of a small file is, no buffer grows.
 */
#include "zones/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "zones/generation.h"
#include "zones/source_reader.h"

#define BLOCK_SIZE (1 << 20)

static int
fail(char *why, int rc, const char *path, const char *what)
{
	snprintf(why, GENERATION_WHY_MAX, "%s: %s", path, what);
	return rc;
}

ssize_t
source_raw(struct source *s, void *out, size_t n)
{
	ssize_t got;

	do
		got = read(s->fd, out, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	s->total += got;
	return got;
}

/* ---- readers */

static int
plain_begin(struct source *s)
{
	(void)s;
	return 0;
}

static ssize_t
plain_read(struct source *s, char *out, size_t n)
{
	return source_raw(s, out, n);
}

static void
plain_end(struct source *s)
{
	(void)s;
}

static const struct source_reader source_plain = {
    .name = "plain",
    .magic = "",
    .begin = plain_begin,
    .read = plain_read,
    .end = plain_end,
};

/* The one for what the file begins with; plain fits all. */
static int
find_reader(struct source *s)
{
	static const struct source_reader *const readers[] = {&source_gzip,
	    &source_zstd, &source_plain};
	const struct source_reader *const *r = readers;
	char head[SOURCE_MAGIC_MAX];
	ssize_t n = pread(s->fd, head, sizeof(head), 0);

	if (n < 0)
		return -errno;
	while ((size_t)n < (*r)->magic_len ||
	    memcmp(head, (*r)->magic, (*r)->magic_len) != 0)
		r++;
	s->reader = *r;
	return s->reader->begin(s);
}

/* ---- open and close */

static int
start(struct source *s)
{
	int rc = find_reader(s);

	if (rc != 0)
		return rc;
	s->modified = s->before.st_mtime;
	/* one more, so that the end of a small file is seen */
	s->cap = s->reader == &source_plain && s->before.st_size < BLOCK_SIZE
	    ? s->before.st_size + 1 : BLOCK_SIZE;
	s->buf = s->buffers[0] = malloc(s->cap + 1);
	return s->buf != NULL ? 0 : -ENOMEM;
}

int
source_open(struct source *s, const char *path, char *why)
{
	int rc;

	*s = (struct source){.fd = -1};
	/* O_NONBLOCK: a FIFO must not hold us up; it is refused below */
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &s->before) != 0) {
		rc = -errno;
		fail(why, rc, path, strerror(-rc));
	} else if (!S_ISREG(s->before.st_mode)) {
		rc = fail(why, -EINVAL, path, "not a regular file");
	} else {
		rc = start(s);
		if (rc != 0)
			fail(why, rc, path, strerror(-rc));
	}
	if (rc != 0)
		source_close(s);
	return rc;
}

void
source_close(struct source *s)
{
	if (s->reader != NULL)
		s->reader->end(s);
	s->reader = NULL;
	if (s->fd >= 0)
		close(s->fd);
	for (unsigned i = 0; i < SOURCE_BUFFERS; i++)
		free(s->buffers[i]);
	s->fd = -1;
	s->buf = NULL;
}

static int
check_unchanged(struct source *s, const char *path, char *why)
{
	struct stat now;

	if (fstat(s->fd, &now) != 0)
		return fail(why, -errno, path, strerror(errno));
	if (now.st_mtim.tv_sec != s->before.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != s->before.st_mtim.tv_nsec ||
	    now.st_size != s->before.st_size ||
	    (uint64_t)now.st_size != s->total)
		return fail(why, -EAGAIN, path,
		    "changed while it was read; write a new file and rename it "
		    "into place");
	return 0;
}

/* What was not given out yet goes to the start of a buffer: of the next one,
 * where the caller still has a block of this one. */
static int
make_room(struct source *s)
{
	char *to = s->buf;

	if (s->is_in_use) {
		s->at = (s->at + 1) % SOURCE_BUFFERS;
		if (s->buffers[s->at] == NULL)
			s->buffers[s->at] = malloc(s->cap + 1);
		to = s->buffers[s->at];
		if (to == NULL)
			return -ENOMEM;
	}
	s->len -= s->taken;
	memmove(to, s->buf + s->taken, s->len);
	s->buf = to;
	s->taken = 0;
	s->is_in_use = false;
	return 0;
}

/* Fills the buffer behind what was not given out yet. */
static int
fill(struct source *s)
{
	ssize_t n;
	int rc;

	if (s->at_end)
		return 0;
	rc = make_room(s);
	if (rc != 0)
		return rc;
	while (s->len < s->cap && !s->at_end) {
		n = s->reader->read(s, s->buf + s->len, s->cap - s->len);
		if (n < 0)
			return n;
		s->len += n;
		s->at_end = n == 0;
	}
	return 0;
}

static int
give(struct source *s, size_t end, enum source_event event)
{
	s->block = s->buf + s->taken;
	s->block_end = s->buf + end;
	s->taken = end;
	s->is_in_use = true;
	return event;
}

/* The rest of a line that did not fit. */
static void
pass_long_line(struct source *s)
{
	char *end = memchr(s->buf, '\n', s->len); /* none of it is taken */

	s->taken = end != NULL ? (size_t)(end + 1 - s->buf) : s->len;
	s->in_long_line = end == NULL;
}

static int
fail_read(const struct source *s, int rc, const char *path, char *why)
{
	if (rc != -EBADMSG)
		return fail(why, rc, path, strerror(-rc));
	snprintf(why, GENERATION_WHY_MAX, "%s: not whole %s data: %s; get it "
	    "again", path, s->reader->name, s->wrong);
	return rc;
}

int
source_next(struct source *s, const char *path, char *why)
{
	char *end;
	int rc;

	for (;;) {
		rc = fill(s);
		if (rc != 0)
			return fail_read(s, rc, path, why);
		if (s->in_long_line)
			pass_long_line(s);
		end = memrchr(s->buf + s->taken, '\n', s->len - s->taken);
		if (end != NULL)
			return give(s, end + 1 - s->buf, SOURCE_BLOCK);
		if (s->at_end)
			break;
		if (s->taken == 0) { /* the buffer is full of one line */
			s->taken = s->len;
			s->in_long_line = true;
			return SOURCE_LONG_LINE;
		}
	}
	if (s->len > s->taken) {
		s->buf[s->len] = '\0';
		return give(s, s->len, SOURCE_CUT_LINE);
	}
	rc = check_unchanged(s, path, why);
	return rc == 0 ? SOURCE_END : rc;
}
