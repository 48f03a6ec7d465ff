/*
 * The IPv4 index: the arrays in the file, and the builder that makes them. One
 * index serves the dataset types that are answered by address.
 *
 * Lookup: dir -> page -> cell, one step per 16, 8 and 8 bits of the address.
 *
 *	dir	65536 u16: the page of each /16
 *	pages	IP4_PAGE bytes each; equal pages stand once
 *	cells	u32 each: the /24s that are not all alike, in order
 *	heap	what does not fit into a cell
 *	meta	u32: the most common value; 32 bytes: a bit per /8
 *
 * A page:
 *
 *	used	4 u64: a bit for each /24 that has a cell
 *	first	u32: its first cell
 *	rest	u32: the value of all addresses in /24s without a cell
 *	rank	4 u8: bits set in the words of `used` before this one
 *
 * A cell holds up to three octets of the most common value, or says where in
 * the heap it goes on; there stands one of
 *
 *	IP4_LIST	u8 n, u32 value, n octets, sorted
 *	IP4_BITS	u32 value, a bit for each address
 *	IP4_RUNS	u16 n, n times: u8 first, u8 last, u32 value; sorted
 *
 * and IP4_LIST_COMMON, IP4_BITS_COMMON: of the most common value, without it.
 */
#ifndef ZONES_IP4_H
#define ZONES_IP4_H

#include "zones/buf.h"
#include "zones/index.h"
#include "zones/pool.h"
#include "zones/prov.h"

#define IP4_DIR_LEN (65536 * 2)
#define IP4_PAGE 48
#define IP4_PAGE_FIRST 32
#define IP4_PAGE_REST 36
#define IP4_PAGE_RANK 40
#define IP4_META_LEN (4 + 32)

#define IP4_CELL_INLINE 0x80000000u /* octets in bits 0-7, 8-15, 16-23; the */
				    /* last is repeated where there are fewer */
#define IP4_INLINE_MAX 3

enum ip4_form {
	IP4_LIST,
	IP4_LIST_COMMON,
	IP4_BITS,
	IP4_BITS_COMMON,
	IP4_RUNS,
};

#define IP4_RUN 6 /* bytes */

/*
 * The value of an address, and the last of the addresses from it on that are
 * known to have the same; the next one may have it, too.
 */
uint32_t ip4_run(const struct ip4_index *ix, uint32_t ip, uint32_t *last);

/* ---- the builder */

/* Which of the entries that cover an address counts. */
enum ip4_rule {
	/* ip4set: the ones whose octet-aligned piece is smallest: all of
	 * that size together, and none if an exclusion is among them */
	IP4_RULE_OCTETS,
	/* ip4trie: the longest prefix; the first of equal ones */
	IP4_RULE_LONGEST,
};

/* Starts zeroed, but for rule. Members private. */
struct ip4_build {
	enum ip4_rule rule;
	struct buf singles;   /* struct ip4_single: whole addresses */
	struct buf late;      /* of these, sorted, what stood behind others
			       * that were in order; at the end only */
	struct buf pieces[4]; /* struct ip4_piece: within 0, 8, 16, 24 bits */
	uint64_t repeated;    /* IP4_RULE_LONGEST: prefixes left out */
	uint32_t repeated_ip; /* one of them */
	unsigned repeated_bits;
	struct prov_build prov;
};

struct ip4_single {
	uint32_t ip;
	uint32_t value;
};

struct ip4_piece {
	uint32_t first, last;
	uint32_t value;
};

/* Values are the pool's; 0 is an exclusion. */
static inline int __attribute__((warn_unused_result))
ip4_build_single(struct ip4_build *b, uint32_t ip, uint32_t value)
{
	struct ip4_single s = {ip, value};
	int rc = prov_add(&b->prov, ip, PROV_ONE, value == 0);

	return rc == 0 ? buf_put(&b->singles, &s, sizeof(s)) : rc;
}

/* Addresses first..last; under IP4_RULE_LONGEST, a prefix. */
int ip4_build_range(struct ip4_build *b, uint32_t first, uint32_t last,
    uint32_t value) __attribute__((warn_unused_result));

/* In each of n lines, the next one being the first, an address. */
int ip4_build_lines(struct ip4_build *b, const uint32_t *ips, size_t n,
    uint32_t value) __attribute__((warn_unused_result));

/* Makes an index of it; what was gathered is gone. */
int ip4_build_finish(struct ip4_build *b, struct pool *pool,
    struct intern *values, struct arrays *arrays)
    __attribute__((warn_unused_result));

void ip4_build_free(struct ip4_build *b);

#endif
