/*
 * Mail domains as people write them.
 */
#ifndef TOOLS_MXCHECK_DOMAIN_H
#define TOOLS_MXCHECK_DOMAIN_H

#include "tools/mxcheck/facts.h"

#define DOMAIN_MAX 256 /* bytes of a name, NUL included */

/*
 * U-labels become A-labels (RFC 5891), letters lower case, the final dot goes.
 * Returns NULL, or why it was refused: a literal.
 */
const char *domain_read(char out[DOMAIN_MAX], const char *text);

/* Adds one to the facts; false: refused, and said on stderr. */
bool domain_add(struct facts *facts, const char *text);

/* One a line, # begins a comment; path "-" is standard input. The same. */
bool domain_add_file(struct facts *facts, const char *path);

#endif
