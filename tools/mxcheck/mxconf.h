/*
 * The configuration of mxcheck(8): options as on the command line, and what is
 * said of single domains and hosts.
 */
#ifndef TOOLS_MXCHECK_MXCONF_H
#define TOOLS_MXCHECK_MXCONF_H

#include "tools/mxcheck/settings.h"

#define MXCONF_PATH SYSCONFDIR "/resolverd/mxcheck.conf"

/*
 * Reads the file into the settings; texts live as long as the facts. Returns
 * false after a message with file and line for each error. A file that is not
 * there is an error unless optional.
 */
bool mxconf_read(struct settings *s, struct facts *facts, const char *path,
    bool optional);

/* The domains that have a section, in the order of the file. */
void mxconf_add_domains(const struct settings *s, struct facts *facts);

#endif
