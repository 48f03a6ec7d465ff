/*
 * Log lines: to stderr, or to syslog. A line starts with its object (zone,
 * qname/qtype or client). errno is kept.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdnoreturn.h>

/* name is borrowed for the process's life (a literal). */
void log_init(const char *name, bool to_stderr, bool debug);

/* From now on log_info() says nothing. */
void log_warnings_only(void);

/* Put into each line from now on, e.g. "worker 0"; "" for none. Copied. */
void log_procname(const char *procname);

void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Start-up and broken invariants only; no byte from outside leads here. */
noreturn void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
