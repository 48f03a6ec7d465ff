/*
 * What is asked of a list zone, and what it gives: the one shape in which the
 * daemon, the tools and the tests ask a generation or a local store.
 */
#ifndef ZONES_KEY_H
#define ZONES_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/dname.h"

/*
 * The labels of a qname that stand below the apex of the list zone, in every
 * form that a dataset looks at. All pointers are borrowed from the caller.
 */
struct zone_key {
	const uint8_t *dname;	/* the whole qname, wire, lower case */
	const uint8_t *off;	/* off[i]: where label i starts in dname */
	const uint64_t *hash;	/* hash[i]: dname_hash(dname + off[i]) */
	unsigned n_labels;	/* below the apex; 0: the apex itself */
	unsigned rel_len;	/* bytes of those labels, no root byte */
	/* The labels as a reversed address; fewer labels than a whole address
	 * has are the prefix of it. Bits: 8, 16, 24, 32; 4, 8, ... 128; 0 where
	 * they are not of the form. Both can hold: 4.3.2.1 is four nibbles, and
	 * a whole IPv6 address in ::ffff:0:0/96 or 2002::/16 carries an IPv4
	 * one, which ip4 is, then (as in rbldnsd). */
	unsigned ip4_bits;
	unsigned ip6_bits;
	uint32_t ip4;	 /* host order, bits beyond ip4_bits 0 */
	uint8_t ip6[16]; /* network order, bits beyond ip6_bits 0 */
};

/*
 * Fills a key for a lower-case name below (or at) an apex of apex_labels
 * labels. off and hash need room for DNAME_LABELS_MAX. The daemon, which has
 * the offsets and hashes at hand, fills them itself and calls
 * zone_key_addresses() only.
 */
void zone_key_init(struct zone_key *key, const uint8_t *dname,
    unsigned apex_labels, uint8_t *off, uint64_t *hash);

/* Works out ip4* and ip6* from dname and n_labels. */
void zone_key_addresses(struct zone_key *key);

/* Where the text comes from that `$` in a TXT template stands for. */
enum zone_hit_kind {
	ZONE_HIT_IP4,  /* key.ip4 */
	ZONE_HIT_IP6,  /* key.ip6 */
	ZONE_HIT_NAME, /* the listed name: labels first_label.. of the key */
	ZONE_HIT_CLIENT, /* who asks */
};

struct zone_hit {
	const uint8_t *rrs; /* RRs as zones/value.h has them; borrowed from the
			     * generation or the local store's view */
	size_t len;
	enum zone_hit_kind kind;
	unsigned first_label; /* ZONE_HIT_NAME */
	unsigned subzone_labels; /* the last of the key, not looked at */
	const struct addr *client; /* ZONE_HIT_CLIENT; borrowed */
};

#define ZONE_DATASETS_MAX 32

struct zone_hits {
	struct zone_hit hit[ZONE_DATASETS_MAX];
	unsigned n;
	/* The name exists, with or without RRs of its own: NODATA rather than
	 * NXDOMAIN (an empty non-terminal, RFC 4592 2.2.2). Set when n > 0. */
	bool exists;
};

/* The text for `$`, in out (DNAME_TXT_MAX bytes). Returns out. */
char *zone_hit_txt(char *out, const struct zone_key *key,
    const struct zone_hit *hit);

/* SOA and NS at the apex; made up by the builder where the data has none. */
struct zone_apex {
	const uint8_t *soa; /* RDATA, wire, names uncompressed; borrowed */
	uint16_t soa_len;
	uint32_t soa_ttl;      /* of an SOA that was asked for */
	uint32_t negative_ttl; /* of the SOA in a negative answer, RFC 2308 5 */
	const uint8_t *ns;     /* dnames one behind the other; borrowed */
	size_t ns_len;
	uint32_t ns_ttl;
};

#endif
