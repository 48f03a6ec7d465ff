/*
 * Who is to blame for a refusal: the entry that lists a key, or something
 * within it.
 */
#ifndef ZONES_GATE_BLAME_H
#define ZONES_GATE_BLAME_H

#include "lib/conf.h"
#include "zones/generation.h"

/* Writes ": 192.0.2.77, by 192.0.2.64/26 in file:line", as much of it as is
 * known; "" if nothing is. */
void gate_blame(const struct generation *gen, const struct conf_zone *zone,
    const struct conf_key *key, char *out, size_t size);

#endif
