/*
 * What the command-line tools share.
 */
#include "tools/tool.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *tool_name = "tool";

static bool
is_closed(int fd)
{
	return fcntl(fd, F_GETFD) == -1 && errno == EBADF;
}

void
tool_init(const char *name)
{
	tool_name = name;
	if (is_closed(STDIN_FILENO) && open("/dev/null", O_RDONLY) == -1)
		exit(TOOL_FAILED);
	if (is_closed(STDOUT_FILENO))
		exit(tool_error("standard output is closed; nothing was done"));
	if (is_closed(STDERR_FILENO) && open("/dev/null", O_WRONLY) == -1)
		exit(TOOL_FAILED);
	signal(SIGXFSZ, SIG_IGN);
	umask(022); /* the daemon, another user, reads what we make */
}

int
tool_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout); /* in the order in which things happened */
	fprintf(stderr, "%s: ", tool_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return TOOL_FAILED;
}

int
tool_finish(int rc)
{
	bool failed = ferror(stdout) != 0;

	if (fclose(stdout) != 0 || failed) {
		fprintf(stderr, "%s: standard output: %s\n", tool_name,
		    strerror(errno));
		return rc == TOOL_DONE ? TOOL_FAILED : rc;
	}
	return rc;
}

static void
print_conf_error(void *arg, const char *path, unsigned line, const char *text)
{
	(void)arg;
	if (line > 0)
		fprintf(stderr, "%s:%u: %s\n", path, line, text);
	else
		fprintf(stderr, "%s: %s\n", path, text);
}

struct conf *
tool_conf(const char *path)
{
	struct conf *conf;

	if (conf_read(&conf, path, print_conf_error, NULL) != 0)
		return NULL;
	return conf;
}

char *
tool_time_txt(char *out, uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, TOOL_TXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, TOOL_TXT_MAX, "%" PRIu64, seconds);
	return out;
}

char *
tool_size_txt(char *out, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double size = (double)bytes / 1024;
	unsigned i;

	for (i = 0; i < 3 && size >= 1024; i++)
		size /= 1024;
	snprintf(out, TOOL_TXT_MAX, "%.1f %s", size, units[i]);
	return out;
}

const char *
tool_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}
