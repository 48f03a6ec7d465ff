/*
 * The history of a zone. A line is one write(); one that was cut by a crash or
 * a full disk ends at the next line that is added, and is passed over.
 */
#include "zones/history.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "zones/publish.h"

#define LINE_MAX_LEN (64 + HISTORY_TEXT_MAX)

static const char *const words[] = {
    [HISTORY_PUBLISHED] = "published",
    [HISTORY_REFUSED] = "refused",
    [HISTORY_FAILED] = "failed",
    [HISTORY_ROLLBACK] = "rollback",
};
#define N_WORDS (sizeof(words) / sizeof(words[0]))

const char *
history_what_txt(enum history_what what)
{
	return words[what];
}

static int
file_path(char *out, const char *state_dir, const char *zone)
{
	int rc = publish_dir(out, state_dir, zone);

	if (rc != 0 || strlen(out) + sizeof("/" HISTORY_FILE) > PATH_MAX)
		return -ENAMETOOLONG;
	strcat(out, "/" HISTORY_FILE);
	return 0;
}

/* ---- one line */

/* Digits, and the space behind them. NULL if they are not there. */
static const char *
take_number(const char *p, const char *end, uint64_t *out)
{
	const char *start = p;

	for (*out = 0; p < end && *p >= '0' && *p <= '9'; p++) {
		if (*out > INT64_MAX / 10 - 1)
			return NULL;
		*out = *out * 10 + (uint64_t)(*p - '0');
	}
	return p > start && p < end && *p == ' ' ? p + 1 : NULL;
}

static const char *
take_word(const char *p, const char *end, enum history_what *out)
{
	size_t len;

	for (unsigned i = 0; i < N_WORDS; i++) {
		len = strlen(words[i]);
		if ((size_t)(end - p) > len && p[len] == ' ' &&
		    memcmp(p, words[i], len) == 0) {
			*out = i;
			return p + len + 1;
		}
	}
	return NULL;
}

/* Text comes from file names and data, too: nothing for a terminal in it. */
static void
copy_text(char *out, const char *p, size_t len)
{
	if (len > HISTORY_TEXT_MAX)
		len = HISTORY_TEXT_MAX;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)p[i] < ' ' || p[i] == 0x7f ? '?' : p[i];
	out[len] = '\0';
}

bool
history_parse(struct history_event *out, const char *line, size_t len)
{
	const char *end = line + len;
	uint64_t when;

	line = take_number(line, end, &when);
	if (line != NULL)
		line = take_word(line, end, &out->what);
	if (line != NULL)
		line = take_number(line, end, &out->generation);
	if (line == NULL)
		return false;
	out->when = (int64_t)when;
	copy_text(out->text, line, (size_t)(end - line));
	return true;
}

/* ---- adding */

/* Is the last line of the file whole? */
static bool
ends_in_newline(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last;

	return size <= 0 || (pread(fd, &last, 1, size - 1) == 1 &&
	    last == '\n');
}

int
history_add(const char *state_dir, const char *zone, enum history_what what,
    uint64_t generation, const char *text)
{
	char path[PATH_MAX], line[LINE_MAX_LEN], plain[HISTORY_TEXT_MAX + 1];
	int fd, len, rc;

	rc = file_path(path, state_dir, zone);
	if (rc != 0)
		return rc;
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0644);
	if (fd < 0)
		return -errno;
	copy_text(plain, text, strlen(text));
	len = snprintf(line, sizeof(line), "%s%lld %s %" PRIu64 " %s\n",
	    ends_in_newline(fd) ? "" : "\n", (long long)time(NULL),
	    words[what], generation, plain);
	rc = write(fd, line, (size_t)len) == len ? 0 : -EIO;
	close(fd);
	return rc;
}

/* ---- reading */

int
history_each(const char *state_dir, const char *zone, history_fn *fn,
    void *arg)
{
	struct history_event event;
	char path[PATH_MAX], *line = NULL;
	size_t cap = 0;
	ssize_t len;
	FILE *f;
	int rc;

	rc = file_path(path, state_dir, zone);
	if (rc != 0)
		return rc;
	f = fopen(path, "re");
	if (f == NULL)
		return errno == ENOENT ? 0 : -errno;
	while ((len = getline(&line, &cap, f)) > 0)
		if (line[len - 1] == '\n' &&
		    history_parse(&event, line, (size_t)len - 1))
			fn(arg, &event);
	rc = ferror(f) ? -EIO : 0;
	free(line);
	fclose(f);
	return rc;
}

/* Takes the last whole line of the form from the end of the file. */
static int
find_last(const char *tail, size_t len, struct history_event *out)
{
	const char *end = memrchr(tail, '\n', len), *start;

	while (end != NULL) {
		start = memrchr(tail, '\n', (size_t)(end - tail));
		if (history_parse(out, start != NULL ? start + 1 : tail,
		    (size_t)(end - (start != NULL ? start + 1 : tail))))
			return 0;
		end = start;
	}
	return -ENOENT;
}

int
history_last(const char *state_dir, const char *zone,
    struct history_event *out)
{
	char path[PATH_MAX], tail[4 * LINE_MAX_LEN];
	ssize_t len;
	off_t size;
	int fd, rc;

	rc = file_path(path, state_dir, zone);
	if (rc != 0)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size = lseek(fd, 0, SEEK_END);
	size = size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0;
	len = pread(fd, tail, sizeof(tail), size);
	close(fd);
	return len < 0 ? -EIO : find_last(tail, (size_t)len, out);
}
