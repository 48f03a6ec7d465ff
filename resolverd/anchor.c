/*
 * The files of the trust anchor. STATE/anchor/root.key is libunbound's:
 * comments for the whole (;;next_probe_time: 1795301258), then a key in each
 * line with what is known of it (;;state=2). STATE/anchor/start is a copy of
 * the configured file that it began with.
 */
#include "resolverd/anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/why.h"

#define FILE_MAX (256 * 1024)

/* libunbound's states of a key in which it is trusted (RFC 5011 4.2) */
enum { STATE_VALID = 2, STATE_MISSING = 3 };

static int
path_of(char *out, size_t cap, const char *state_dir, const char *name)
{
	int n = snprintf(out, cap, "%s/anchor/%s", state_dir, name);

	return n < 0 ? -EINVAL : (size_t)n >= cap ? -ENAMETOOLONG : 0;
}

int
anchor_path(char *out, size_t cap, const char *state_dir)
{
	return path_of(out, cap, state_dir, "root.key");
}

/* The whole file, a NUL behind it; the caller frees it. */
static int
read_file(char **text, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;
	int rc = 0;

	*text = NULL;
	if (fd == -1)
		return -errno;
	*text = malloc(FILE_MAX + 1);
	if (*text == NULL)
		rc = -ENOMEM;
	while (rc == 0 && n > 0) {
		n = read(fd, *text + len, FILE_MAX + 1 - len);
		if (n == -1 && errno != EINTR)
			rc = -errno;
		len += n > 0 ? (size_t)n : 0;
		if (len > FILE_MAX)
			rc = -EFBIG;
	}
	close(fd);
	if (rc == 0) {
		(*text)[len] = '\0';
		return 0;
	}
	free(*text);
	*text = NULL;
	return rc;
}

/* Whole or not at all. */
static int
write_file(const char *path, const char *text)
{
	char new[PATH_MAX];
	size_t len = strlen(text);
	int fd, rc = 0;

	if (snprintf(new, sizeof(new), "%s.new", path) >= (int)sizeof(new))
		return -ENAMETOOLONG;
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1)
		return -errno;
	errno = EIO; /* of a short write */
	if (write(fd, text, len) != (ssize_t)len || fsync(fd) == -1)
		rc = -errno;
	close(fd);
	if (rc == 0 && rename(new, path) == -1)
		rc = -errno;
	return rc;
}

#define explain(why, rc, ...) why_fail(why, ANCHOR_WHY_MAX, rc, __VA_ARGS__)

int
anchor_prepare(const struct conf *conf, char *why)
{
	const char *file = conf->upstream.trust_anchor;
	char start[PATH_MAX], root[PATH_MAX];
	char *given = NULL, *before = NULL;
	int rc;

	rc = path_of(start, sizeof(start), conf->state_dir, "start");
	if (rc == 0)
		rc = anchor_path(root, sizeof(root), conf->state_dir);
	if (rc != 0)
		return explain(why, rc, "%s: %s", conf->state_dir,
		    strerror(-rc));
	rc = read_file(&given, file);
	if (rc != 0)
		return explain(why, rc,
		    "validate = yes needs the root's trust anchor, %s: %s. On "
		    "Debian: apt-get install dns-root-data",
		    file, strerror(-rc));
	if (read_file(&before, start) == 0 && strcmp(given, before) == 0 &&
	    access(root, R_OK) == 0)
		goto out;
	rc = write_file(root, given);
	if (rc == 0)
		rc = write_file(start, given);
	if (rc != 0)
		rc = explain(why, rc, "%s: %s", root, strerror(-rc));
out:
	free(before);
	free(given);
	return rc;
}

/* The number behind name in the line; -1 where it is not there. */
static int64_t
number_behind(const char *line, size_t len, const char *name)
{
	const char *p = memmem(line, len, name, strlen(name));

	return p != NULL ? strtoll(p + strlen(name), NULL, 10) : -1;
}

static bool
is_trusted(const char *line, size_t len)
{
	int64_t state = number_behind(line, len, ";;state=");

	return line[0] != ';' &&
	    (state == STATE_VALID || state == STATE_MISSING);
}

void
anchor_parse(char **keys, const char *text)
{
	size_t len = 0;
	FILE *f = open_memstream(keys, &len);
	const char *end;

	if (f == NULL) {
		*keys = NULL;
		return;
	}
	for (; *text != '\0'; text = end + (*end != '\0')) {
		end = strchrnul(text, '\n');
		if (is_trusted(text, (size_t)(end - text)))
			fprintf(f, "%.*s\n", (int)strcspn(text, ";\n"), text);
	}
	if (fclose(f) != 0) {
		free(*keys);
		*keys = NULL;
	}
}

int
anchor_keys(char **keys, const char *state_dir)
{
	char path[PATH_MAX], *text;
	int rc = anchor_path(path, sizeof(path), state_dir);

	if (rc == 0)
		rc = read_file(&text, path);
	if (rc != 0)
		return rc;
	if (strstr(text, ";;next_probe_time:") == NULL) {
		free(text); /* as it was configured: any form of zone file */
		return -ENOENT;
	}
	anchor_parse(keys, text);
	free(text);
	return *keys != NULL ? 0 : -ENOMEM;
}

int64_t
anchor_due_s(const char *state_dir)
{
	char path[PATH_MAX], *text;
	int64_t due;

	if (anchor_path(path, sizeof(path), state_dir) != 0 ||
	    read_file(&text, path) != 0)
		return 0;
	due = number_behind(text, strlen(text), ";;next_probe_time:");
	free(text);
	return due > 0 ? due : 0;
}
