/*
 * TCP connections to mail servers, begun and not waited for.
 */
#ifndef TOOLS_MXCHECK_DIAL_H
#define TOOLS_MXCHECK_DIAL_H

#include "tools/mxcheck/settings.h"

/*
 * Begins to connect to the port of the settings, from the source address if
 * there is one for the family. Returns 0 when connected, EINPROGRESS, or the
 * errno of what failed; *fd is then -1 or to be closed.
 */
int dial_tcp(int *fd, const struct settings *settings, const struct addr *to);

#endif
