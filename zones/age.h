/*
 * How old the data of a generation is, against its zone's limits: its newest
 * source file, and when the data itself says that it expires ($TIMESTAMP).
 */
#ifndef ZONES_AGE_H
#define ZONES_AGE_H

#include "lib/conf.h"
#include "zones/generation.h"

enum age {
	AGE_FRESH,
	AGE_STALE,   /* beyond max-age: served, and worth a warning */
	AGE_EXPIRED, /* beyond expire, or by the data's own word */
};

static inline enum age
age_of(const struct conf_age *limits, const struct generation_info *info,
    uint64_t now)
{
	uint64_t age = now > info->source_time ? now - info->source_time : 0;

	if ((limits->expire_s != 0 && age > limits->expire_s) ||
	    (info->expires != 0 && now >= info->expires))
		return AGE_EXPIRED;
	if (limits->max_age_s != 0 && age > limits->max_age_s)
		return AGE_STALE;
	return AGE_FRESH;
}

#endif
