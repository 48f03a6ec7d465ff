/*
 * The messages of a stub resolver: a question, and what an answer says about
 * it. Names are dnames in lower case; the bytes of an answer are untrusted.
 */
#ifndef TOOLS_MXCHECK_DNSMSG_H
#define TOOLS_MXCHECK_DNSMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dname.h"
#include "tools/mxcheck/facts.h"

#define DNSMSG_QUESTION_MAX 512
#define DNSMSG_RECORDS_MAX 64 /* that are kept of an RRset */
#define DNSMSG_ALIASES_MAX 8
#define DNSMSG_DATA_MAX 2048 /* of TXT and TLSA: a whole certificate */

struct dnsmsg_record {
	uint32_t ttl;
	uint16_t pref;		 /* MX; the priority of SRV */
	uint16_t weight, port;	 /* SRV */
	struct addr addr;	 /* A, AAAA */
	uint8_t name[DNAME_MAX]; /* MX, NS, PTR, SRV */
	/* TXT: its strings joined; TLSA: the RDATA. Cut at the maximum. */
	uint8_t data[DNSMSG_DATA_MAX];
	size_t data_len;
};

struct dnsmsg {
	uint16_t rcode;
	bool aa, ad, truncated;
	bool has_soa;	    /* so "no data" is meant, RFC 2308 2.2 */
	uint8_t soa[DNAME_MAX]; /* its owner: the zone that says so */
	uint32_t ttl;	    /* the least of aliases and records */
	unsigned n_aliases; /* CNAMEs followed from the question's name */
	bool loop;	    /* there were too many of them */
	uint8_t name[DNAME_MAX]; /* where they led to */
	struct dnsmsg_record records[DNSMSG_RECORDS_MAX];
	size_t n_records;
};

/* A question with these flags (DNS_FLAG_*) and EDNS. Its length. */
size_t dnsmsg_question(uint8_t out[DNSMSG_QUESTION_MAX], uint16_t id,
    const uint8_t *qname, uint16_t qtype, uint16_t flags);

/* Is it a response to this question? If not, wait for another. */
bool dnsmsg_is_answer(const uint8_t *msg, size_t len, uint16_t id,
    const uint8_t *qname, uint16_t qtype);

/* Returns 0, or -EBADMSG if the message is malformed. */
int dnsmsg_read(struct dnsmsg *out, const uint8_t *msg, size_t len,
    const uint8_t *qname, uint16_t qtype);

/* qname of the reversed tree, with the root byte: DNAME_MAX bytes of room. */
void dnsmsg_reverse(uint8_t *out, const struct addr *addr);

#endif
