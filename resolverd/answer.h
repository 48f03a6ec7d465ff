/*
 * An answer from outside in the form that the cache keeps: the sections behind
 * the question, compressed against a question at offset 12, so that it fits
 * behind any client's question for the same name, whatever its case.
 */
#ifndef RESOLVERD_ANSWER_H
#define RESOLVERD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/conf.h"
#include "resolverd/query.h"

#define ANSWER_TTLS_MAX 1024

/* RFC 8767 4: what has expired goes out with this TTL. */
#define ANSWER_STALE_TTL 30

struct answer {
	uint8_t rcode;
	bool secure; /* DNSSEC validated: AD may be set */
	bool stale;  /* expired: each TTL is ANSWER_STALE_TTL */
	bool due;    /* about to expire, and popular: to be asked for anew */
	uint8_t ede; /* an extended error's INFO-CODE; 0: none */
	const char *why; /* its text, ASCII; borrowed; NULL: none */
	/* Without the authority section it would be another answer: it is a
	 * negative one's SOA, or proves something to a client with DO. */
	bool needs_authority;
	uint16_t ancount, nscount, arcount;
	const uint8_t *body; /* borrowed */
	size_t body_len;
	uint16_t authority_at, additional_at; /* where they start in body */
	/* Where the TTLs stand, as offsets into body: u16 little-endian each,
	 * borrowed, any alignment. */
	const uint8_t *ttl_off;
	uint16_t n_ttls;
	uint32_t age; /* seconds since it came: taken off each TTL */
};

/*
 * Puts the answer behind the question of q: RRs with their TTLs less the age
 * (never below 0), counts, rcode, AD where it is secure and the client asked
 * (AD or DO set, RFC 6840 5.7 and 5.8). Where it does not fit, the additional
 * section is left out, then the authority section unless it is needed; what is
 * still too long is cut to nothing with `truncated` set (RFC 2181 9).
 */
void answer_put(const struct answer *a, struct query *q);

/*
 * Makes an answer out of a whole message from libunbound (untrusted): copies
 * every section but the question and the OPT; drops RRSIG, NSEC, NSEC3 and
 * other DNSSEC RRs that were not asked for unless dnssec_ok (RFC 4035 3.2.1).
 * body (room cap) and ttl_off (ANSWER_TTLS_MAX * 2 bytes) are the caller's. The
 * message must be for qname (qname_len bytes), qtype, class IN.
 *
 * *lifetime is how long it may be kept, in seconds: the smallest TTL of the
 * answer; for NXDOMAIN and NODATA the lesser of the SOA's TTL and its MINIMUM
 * (RFC 2308 5); either within the bounds. 0: not at all (no SOA, SERVFAIL).
 * TTLs in the answer are brought within the bounds, too, and that of a negative
 * answer's SOA is *lifetime.
 * Returns 0, or -EBADMSG.
 */
int answer_from_message(struct answer *a, const uint8_t *msg, size_t len,
    const uint8_t *qname, size_t qname_len, uint16_t qtype, bool dnssec_ok,
    const struct conf_ttls *bounds, uint8_t *body, size_t cap,
    uint8_t *ttl_off, uint32_t *lifetime) __attribute__((warn_unused_result));

/*
 * The same RRs for another question: a is an answer for the name `from`, and
 * its names are compressed against that; out can stand behind a question for
 * `to`. Buffers as above. Returns 0, or -EBADMSG (a comes from a file).
 */
int answer_for_name(struct answer *out, const struct answer *a,
    const uint8_t *from, const uint8_t *to, uint8_t *body, size_t cap,
    uint8_t *ttl_off) __attribute__((warn_unused_result));

#endif
