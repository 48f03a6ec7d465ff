/*
 * The command line of mxcheck(8).
 */
#ifndef TOOLS_MXCHECK_OPTIONS_H
#define TOOLS_MXCHECK_OPTIONS_H

#include "tools/mxcheck/settings.h"

#define OPTIONS_STATE_DIR LOCALSTATEDIR "/lib/mxcheck"

enum options_what {
	OPTIONS_RUN,
	OPTIONS_DONE,	/* --help and the like: it has been printed */
	OPTIONS_WRONG,	/* said on stderr */
};

/* argv is borrowed by the settings. Domains go into the facts. */
enum options_what options_read(struct settings *s, struct facts *facts,
    int argc, char **argv);

/*
 * The same for one option by its long name, one that takes a value (borrowed).
 * Returns false after a message.
 */
bool options_set(struct settings *s, const char *name, const char *value);

#endif
