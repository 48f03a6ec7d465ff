/*
 * The name servers' own question: version.bind and version.server, TXT in class
 * CH.
 */
#ifndef RESOLVERD_VERSION_H
#define RESOLVERD_VERSION_H

#include <stdbool.h>

#include "resolverd/query.h"

/* If q, which was refused for its class, is that question: answers it. */
void version_answer(struct query *q, const char *version);

#endif
