/*
 * The IPv6 index: the arrays in the file, and the builder that makes them.
 *
 *	entries	IP6_ENTRY bytes each: the prefix's address, u32 value, u8
 *		length, 3 zero bytes; sorted by address, then length. Value 0
 *		is an exclusion: it ends the search.
 *	slots	by ip6_hash(): the number of the entry, from 1 (zones/slots.h)
 *	lengths	u8 for each length that occurs, longest first
 */
#ifndef ZONES_IP6_H
#define ZONES_IP6_H

#include "zones/index.h"
#include "zones/pool.h"
#include "zones/prov.h"

#define IP6_ENTRY 24
#define IP6_ENTRY_VALUE 16
#define IP6_ENTRY_BITS 20

/* An address as two numbers in host order. */
struct ip6 {
	uint64_t high, low;
};

uint64_t ip6_hash(const struct ip6 *ip, unsigned bits);

/* Bits beyond the length become 0. */
struct ip6 ip6_mask(struct ip6 ip, unsigned bits);

static inline int
ip6_compare(const struct ip6 *a, const struct ip6 *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->low < b->low ? -1 : a->low > b->low;
}

/* The next address, or the one before; around at the ends. */
static inline struct ip6
ip6_next(struct ip6 ip)
{
	return (struct ip6){ip.high + (ip.low == UINT64_MAX), ip.low + 1};
}

static inline struct ip6
ip6_before(struct ip6 ip)
{
	return (struct ip6){ip.high - (ip.low == 0), ip.low - 1};
}

/* The last address of a prefix. */
struct ip6 ip6_last(struct ip6 ip, unsigned bits);

/* An address of 16 bytes, in network order. */
struct ip6 ip6_read(const uint8_t *p);

/* The number of a prefix in the entries, and its value; false if it is none. */
bool ip6_find(const struct ip6_index *ix, const struct ip6 *ip, unsigned bits,
    uint32_t *number, uint32_t *value);

/* As ip4_run(). */
uint32_t ip6_run(const struct ip6_index *ix, struct ip6 ip, struct ip6 *last);

/* Starts zeroed. Members private. */
struct ip6_build {
	struct buf entries; /* struct ip6_entry, see ip6_build.c */
	uint64_t repeated;  /* prefixes left out */
	struct ip6 repeated_ip; /* one of them */
	unsigned repeated_bits;
	struct prov_build prov;
};

/* The first value of a prefix counts; 0 is an exclusion. */
int ip6_build_add(struct ip6_build *b, struct ip6 ip, unsigned bits,
    uint32_t value) __attribute__((warn_unused_result));

/* Makes an index of it; what was gathered is gone. */
int ip6_build_finish(struct ip6_build *b, struct pool *pool,
    struct intern *values, struct arrays *arrays)
    __attribute__((warn_unused_result));

void ip6_build_free(struct ip6_build *b);

#endif
