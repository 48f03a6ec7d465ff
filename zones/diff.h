/*
 * What is answered differently by two generations of a zone.
 */
#ifndef ZONES_DIFF_H
#define ZONES_DIFF_H

#include <stdint.h>

#include "zones/generation.h"

enum diff_what { DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED };

#define DIFF_KEY_MAX (2 * DNAME_TXT_MAX + 8)
#define DIFF_VALUE_MAX 512

struct diff_change {
	enum diff_what what;
	enum zone_hit_kind kind;
	char key[DIFF_KEY_MAX]; /* 192.0.2.0/24, 192.0.2.3-192.0.2.9,
				 * example.com, *.example.com; behind it in a
				 * subzone " in proxies" */
	uint64_t addresses;	/* of ZONE_HIT_IP4 */
	/* 127.0.0.2 "text"; nothing for a terminal in it; "" if not listed */
	char before[DIFF_VALUE_MAX], after[DIFF_VALUE_MAX];
};

typedef void diff_fn(void *arg, const struct diff_change *change);

/*
 * Calls fn for each difference: IPv4 addresses, IPv6 addresses, names, each in
 * order. Both are generations of one zone. Returns 0 or -ENOMEM.
 */
int diff_generations(const struct generation *before,
    const struct generation *after, diff_fn *fn, void *arg)
    __attribute__((warn_unused_result));

#endif
