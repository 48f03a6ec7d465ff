/*
 * Which route section of the configuration holds for a name.
 */
#ifndef RESOLVERD_ROUTE_H
#define RESOLVERD_ROUTE_H

#include <stdint.h>

#include "lib/conf.h"

struct routes;

/* An index of conf's routes, which are borrowed; NULL: out of memory. */
struct routes *routes_new(const struct conf *conf);
void routes_free(struct routes *rs); /* NULL is fine */

/*
 * The longest route that holds for qname (wire form, lower case), or NULL. No
 * system call, no allocation; the time does not depend on how many there are.
 */
const struct conf_route *routes_find(
    const struct routes *rs, const uint8_t *qname);

#endif
