/*
 * Log lines to stderr or syslog. A line is put together in one buffer and goes
 * out in one write, so lines of several processes do not mix; it is cut at
 * LINE_MAX_LEN bytes, and control characters become '?', so that text from
 * outside cannot forge a line.
 */
#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_LEN 2048

static struct {
	const char *name;
	char procname[32];
	bool to_syslog;
	bool debug;
	bool warnings_only;
} state;

void
log_init(const char *name, bool to_stderr, bool debug)
{
	state.name = name;
	state.to_syslog = !to_stderr;
	state.debug = debug;
	/* now, while the socket can be reached: later comes the drop of
	 * privileges */
	if (state.to_syslog)
		openlog(name, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void
log_warnings_only(void)
{
	state.warnings_only = true;
}

void
log_procname(const char *procname)
{
	snprintf(state.procname, sizeof(state.procname), "%s", procname);
}

static void
write_stderr(const char *text)
{
	char line[LINE_MAX_LEN + 128];
	const char *name = state.name ? state.name
				      : program_invocation_short_name;
	int n;

	n = snprintf(line, sizeof(line), "%.64s: %s\n", name, text);
	/* nothing is left to be told if stderr is gone */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

__attribute__((format(printf, 2, 0))) static void
log_line(int priority, const char *fmt, va_list ap)
{
	int saved = errno;
	char text[LINE_MAX_LEN];
	int n = 0;
	char *p;

	if (state.procname[0] != '\0')
		n = snprintf(text, sizeof(text), "%s: ", state.procname);
	errno = saved; /* for %m */
	if (vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap) < 0)
		strcpy(text + n, "(a log line could not be formatted)");
	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	if (state.to_syslog)
		syslog(priority, "%s", text);
	else
		write_stderr(text);
	errno = saved;
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_WARNING, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	if (state.warnings_only)
		return;
	va_start(ap, fmt);
	log_line(LOG_INFO, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!state.debug)
		return;
	va_start(ap, fmt);
	log_line(LOG_DEBUG, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_CRIT, fmt, ap);
	va_end(ap);
	exit(1);
}
