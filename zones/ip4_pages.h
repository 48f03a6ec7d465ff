/*
 * The pages of the IPv4 index, one for each /16, and the directory that leads
 * to them (see zones/ip4.h), for the builder.
 */
#ifndef ZONES_IP4_PAGES_H
#define ZONES_IP4_PAGES_H

#include "zones/bits256.h"
#include "zones/intern.h"
#include "zones/ip4.h"

/* A /16: the /24s that have a cell, the first of these cells, and the value of
 * all other /24s. */
struct ip4_page {
	struct bits256 used;
	uint32_t first_cell;
	uint32_t rest;
};

/* Starts zeroed. */
struct ip4_pages {
	struct buf dir, pages;
	struct intern even;   /* values that fill pages on their own... */
	struct buf even_page; /* ... and the number of that page, u32 each */
	uint8_t any8[32];     /* a bit for each /8 that lists something */
};

/* Before the first page: each /16 is to be put once. Returns 0 or -ENOMEM. */
int ip4_pages_begin(struct ip4_pages *p) __attribute__((warn_unused_result));

/* The page of a /16 in which something is listed. Returns 0 or -ENOMEM. */
int ip4_pages_put(struct ip4_pages *p, uint32_t c16,
    const struct ip4_page *page) __attribute__((warn_unused_result));

/* n /16s of a /8 that are all of one value; those of equal value share a page.
 * Returns 0 or -ENOMEM. */
int ip4_pages_put_even(struct ip4_pages *p, uint32_t c16, unsigned n,
    uint32_t value) __attribute__((warn_unused_result));

void ip4_pages_free(struct ip4_pages *p);

#endif
