/*
 * Why a local list lists a key: all its entries that cover the key.
 */
#ifndef ZONES_LOCAL_WHY_H
#define ZONES_LOCAL_WHY_H

#include "zones/local.h"

/* counts: its value is answered; otherwise another entry is nearer. */
typedef void local_why_fn(void *arg, const struct local_entry *e, bool counts);

/* Returns 0 or -errno with the reason in why (LOCAL_WHY_MAX bytes). */
int local_why(struct local *l, const struct zone_key *key, local_why_fn *fn,
    void *arg, char *why) __attribute__((warn_unused_result));

#endif
