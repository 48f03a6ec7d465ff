/*
 * BIMI records as text (draft-brand-indicators-for-message-identification 4.3):
 * untrusted bytes in.
 */
#ifndef TOOLS_MXCHECK_BIMI_H
#define TOOLS_MXCHECK_BIMI_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/mxcheck/text.h"

/*
 * One TXT RR at default._bimi, its strings joined. Returns 0; -ENOENT if it is
 * about something else; -EINVAL with why if nobody shows a logo by it.
 */
int bimi_read(const char *txt, size_t len, bool *has_evidence,
    char why[TEXT_WHY_MAX]);

#endif
