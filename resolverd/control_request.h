/*
 * A line that came over the control socket: untrusted.
 *
 *	FORMAT COMMAND [--below] [NAME [TYPE]]
 */
#ifndef RESOLVERD_CONTROL_REQUEST_H
#define RESOLVERD_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dname.h"

#define CONTROL_LINE_MAX 2048
#define CONTROL_WHY_MAX 4096

enum control_format { CONTROL_TEXT, CONTROL_JSON, CONTROL_PROMETHEUS };

enum control_verb {
	CONTROL_STATUS,
	CONTROL_STATS,
	CONTROL_FLUSH,
	CONTROL_DUMP,
	CONTROL_LOOKUP,
	CONTROL_RELOAD,
};

struct control_request {
	enum control_format format;
	enum control_verb verb;
	bool has_name, has_type, below;
	uint8_t name[DNAME_MAX]; /* lower case */
	uint16_t type;
};

/*
 * Reads len bytes of a line, its end not included. Returns 0, or -EINVAL with a
 * sentence in why (CONTROL_WHY_MAX).
 */
int control_request_parse(struct control_request *out, const char *line,
    size_t len, char *why) __attribute__((warn_unused_result));

#endif
