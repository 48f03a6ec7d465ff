/*
 * One question on its way through the daemon.
 *
 *	query_begin()   parses the packet once and refuses what must be refused
 *	... a handler puts RRs behind the question ...
 *	query_finish()  makes header and OPT, truncates: the answer is ready
 *
 * The answer is written in place: query.reply is the buffer that is sent.
 */
#ifndef RESOLVERD_QUERY_H
#define RESOLVERD_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dname.h"
#include "lib/dns.h"
#include "resolverd/opt.h"

/* What EDNS lets us send over UDP at most (DNS flag day 2020) */
#define QUERY_UDP_MAX 1232

/* The longest question section: name, type, class */
#define QUERY_QUESTION_MAX (DNAME_MAX + 4)

struct query {
	/* --- from the packet */
	uint16_t id;
	uint16_t flags;	 /* of the request's header, host order */
	uint16_t qtype, qclass;
	bool has_question; /* the question was read and is echoed */
	bool has_edns; /* an OPT was there: one goes back (RFC 6891 6.1.1) */
	bool dnssec_ok;	   /* DO, RFC 3225 */
	struct opt opt;	   /* what else is in the OPT, and goes back */
	uint8_t qname[DNAME_MAX]; /* lower case */
	uint8_t qname_len;	  /* root byte included */
	uint8_t n_labels;
	uint8_t off[DNAME_LABELS_MAX]; /* off[i]: where label i starts */

	/* --- worked out on demand, from the root to the left */
	uint8_t hashed; /* how many labels, counted from the right, are done */
	uint64_t hash[DNAME_LABELS_MAX + 1]; /* hash[i]: name from label i;
					      * hash[n_labels]: the root's */
	/* --- the answer */
	uint8_t *reply;	    /* borrowed: question already in it, case kept */
	size_t reply_cap;   /* room in the buffer */
	size_t reply_len;   /* used so far */
	size_t reply_limit; /* what the client takes, OPT included */
	uint16_t rcode;	    /* 12 bits with EDNS, RFC 6891 6.1.3 */
	uint16_t ancount, nscount, arcount; /* arcount: without the OPT */
	bool aa, ad;
	bool truncated;
	bool no_recursion; /* is available: RA stays 0 */
	bool has_ede; /* RFC 8914: what follows goes into the OPT */
	uint16_t ede_code;
	const char *ede_text; /* borrowed until query_finish(); or NULL */
};

enum query_verdict {
	QUERY_ANSWER, /* parsed well: find the answer */
	QUERY_FINISH, /* refused, rcode is set: query_finish() and send */
	QUERY_DROP,   /* nothing may be sent (no header, or a response) */
};

/*
 * Parses len bytes from the network into q, and the question into reply (at
 * least DNS_UDP_PLAIN_MAX bytes of room). allowed: the client may ask. udp: the
 * client's size limit applies.
 */
enum query_verdict query_begin(struct query *q, const uint8_t *packet,
    size_t len, bool allowed, bool udp, uint8_t *reply, size_t reply_cap);

/* What is kept of a question that waits for an answer from outside. */
struct query_saved {
	uint16_t id;
	uint16_t flags;
	bool has_edns, dnssec_ok;
	struct opt opt;
	size_t reply_limit;
	size_t question_len;
	uint8_t question[QUERY_QUESTION_MAX]; /* as sent, case kept */
};

void query_save(const struct query *q, struct query_saved *out);

/* q as it was when it was saved, with an empty answer in reply. */
void query_resume(struct query *q, const struct query_saved *saved,
    uint8_t *reply, size_t reply_cap);

/* Sees to it that hash[i] is worked out for every i >= label. */
void query_hash_from(struct query *q, unsigned label);

/* Where the reply must end. */
static inline size_t
query_end(const struct query *q)
{
	return q->reply_limit < q->reply_cap ? q->reply_limit : q->reply_cap;
}

/* Room for RRs, so that the OPT still fits. */
static inline size_t
query_room(const struct query *q)
{
	size_t end = query_end(q) - opt_len(q);

	return end > q->reply_len ? end - q->reply_len : 0;
}

/*
 * Begins an RR behind what is there; its owner is a pointer (RFC 1035 4.1.4).
 * Returns where its rdlen bytes of RDATA go, or NULL: it does not fit. The
 * caller counts it.
 */
uint8_t *query_put_rr(struct query *q, uint16_t owner, uint16_t type,
    uint16_t class, uint32_t ttl, size_t rdlen);

/* What was written behind the question goes. */
void query_clear_answer(struct query *q);

/* An empty answer of this rcode. */
void query_set_error(struct query *q, uint16_t rcode);

/* An empty answer with TC: it did not fit (RFC 2181 9: no partial RRset). */
void query_set_truncated(struct query *q);

/*
 * An extended error (RFC 8914) for a client that sent EDNS; the last one set
 * holds. info_code: enum ede_code. text: ASCII, at most QUERY_EDE_TEXT_MAX
 * bytes of it are sent, borrowed until query_finish(); may be NULL. It never
 * takes room from the answer: where there is none left it goes out without the
 * text, or not at all (RFC 8914 3).
 */
#define QUERY_EDE_TEXT_MAX 128
void query_set_ede(struct query *q, uint16_t info_code, const char *text);

/* Header and OPT. After it reply[0..reply_len) is to be sent. */
void query_finish(struct query *q);

#endif
