/*
 * Byte strings, each kept once and named by a number that counts up from 1.
 */
#ifndef ZONES_INTERN_H
#define ZONES_INTERN_H

#include "zones/buf.h"

/* Starts zeroed. Members private, but for count. */
struct intern {
	uint32_t count;	   /* the last number given out */
	struct buf bytes;
	struct buf ends;   /* size_t each: where string i ends */
	uint32_t *slots;   /* open addressing; 0 is empty */
	uint32_t n_slots;  /* a power of two, or 0 */
};

/* The number of a string, new or known. Returns 0 or -ENOMEM. */
int intern_add(struct intern *in, const void *p, size_t len, uint32_t *id)
    __attribute__((warn_unused_result));

/* The string of a number that intern_add() gave; borrowed until the next. */
const uint8_t *intern_get(const struct intern *in, uint32_t id, size_t *len);

void intern_free(struct intern *in);

#endif
