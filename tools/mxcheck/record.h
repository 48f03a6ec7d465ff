/*
 * Facts as JSON Lines, and back: --output json writes them, --replay judges a
 * run again from them. One object a line: first "run", which names what there
 * is in its order, then a "domain", "host", "address", "zone", "server" or
 * "endpoint" each.
 * Members that say nothing (0, false, no text) are left out; unknown types and
 * members are skipped, so that they can be added.
 */
#ifndef TOOLS_MXCHECK_RECORD_H
#define TOOLS_MXCHECK_RECORD_H

#include <stdio.h>

#include <jansson.h>

#include "tools/mxcheck/facts.h"

#define RECORD_VERSION 1
#define RECORD_WHY_MAX 256
#define RECORD_LINE_MAX (64 << 20) /* bytes; a longer one is refused */

/* Each a new object, for the caller to add to and to let go of; "v" and "type"
 * stand in it. facts are borrowed for the call, and not changed. */
json_t *record_run(const struct facts *facts);
json_t *record_domain(const struct facts *facts, size_t i);
json_t *record_host(const struct facts *facts, size_t i);
json_t *record_address(const struct facts *facts, size_t i);
json_t *record_zone(const struct facts *facts, size_t i);
json_t *record_server(const struct facts *facts, size_t i);
json_t *record_endpoint(const struct facts *facts, size_t i);
json_t *record_access(const struct facts *facts, size_t i);

/* One line; lets go of the object. */
void record_put(FILE *to, json_t *object);

/*
 * Reads lines into facts, which are empty. The file may come from anywhere: it
 * is checked whole. Returns 0, or -EINVAL with "line N: what is wrong".
 */
int record_read(struct facts *facts, FILE *from, char why[RECORD_WHY_MAX]);

#endif
