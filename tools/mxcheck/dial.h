/*
 * TCP connections to mail servers, begun and not waited for.
 */
#ifndef TOOLS_MXCHECK_DIAL_H
#define TOOLS_MXCHECK_DIAL_H

#include "tools/mxcheck/settings.h"

/*
 * Begins to connect, from the source address of the settings if there is one
 * for the family. Returns 0 when connected, EINPROGRESS, or the errno of what
 * failed; *fd is then -1 or to be closed.
 */
int dial_tcp(int *fd, const struct settings *settings, const struct addr *to,
    uint16_t port);

#endif
