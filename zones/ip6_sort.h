/*
 * Sorting the entries of an IPv6 list, in place: with 10 M of them there is not
 * the memory for a copy.
 */
#ifndef ZONES_IP6_SORT_H
#define ZONES_IP6_SORT_H

#include "zones/ip6.h"

/* As they are gathered. */
struct ip6_entry {
	struct ip6 ip;
	uint32_t value;
	uint32_t number; /* in the order of the files */
	uint32_t tag;	 /* where it comes from, see prov_tag() */
	uint8_t bits;
};

/* By address, length, number. */
void ip6_sort(struct ip6_entry *e, size_t n);

#endif
