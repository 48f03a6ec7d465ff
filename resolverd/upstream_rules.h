/*
 * Routes in libunbound's terms: which context a route's names are asked in, and
 * the zones of that context in the words of unbound.conf(5).
 *
 * A context knows forward and stub zones, but no way to except names from a
 * forwarder above them; QNAME minimisation is the whole context's. So there are
 * up to four kinds of contexts.
 */
#ifndef RESOLVERD_UPSTREAM_RULES_H
#define RESOLVERD_UPSTREAM_RULES_H

#include <stdbool.h>

#include "lib/conf.h"

/* Bits: 0 is what names without a route need. */
enum upstream_kind {
	UPSTREAM_DIRECT = 1, /* nobody above a `recurse` route is asked */
	UPSTREAM_WHOLE_NAMES = 2, /* without QNAME minimisation */
	UPSTREAM_PROBE = 4 /* brings the state of the trust anchor on */
};
#define UPSTREAM_KINDS 4 /* without UPSTREAM_PROBE, which is anchor_probe()'s */

/* The kind of context that asks for the route's names. route: one of conf's. */
unsigned upstream_kind_of(
    const struct conf *conf, const struct conf_route *route);

/* Are the forwarders of the section upstream asked in such a context? */
bool upstream_kind_forwards(const struct conf *conf, unsigned kind);

/* Is the route a forward or a stub zone in such a context? */
bool upstream_kind_has(
    const struct conf *conf, unsigned kind, const struct conf_route *route);

/*
 * The forward-zone and stub-zone clauses of a context; "" for none. The caller
 * frees it. NULL: out of memory.
 */
char *upstream_rules_txt(const struct conf *conf, unsigned kind);

#endif
