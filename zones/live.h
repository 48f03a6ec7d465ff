/*
 * What the values of a generation come to at a moment, for those who look at
 * all of them: some have expired, and some of the rest are the same then.
 */
#ifndef ZONES_LIVE_H
#define ZONES_LIVE_H

#include "zones/generation.h"

struct live; /* NULL: nothing expires in the generation */

/* Returns 0 or -ENOMEM. */
int live_new(struct live **out, const struct generation *gen, uint64_t now)
    __attribute__((warn_unused_result));
void live_free(struct live *live); /* NULL is fine */

/* The value that stands for all that come to the same; 0: it has expired. */
uint32_t live_value(const struct live *live, uint32_t value);

#endif
