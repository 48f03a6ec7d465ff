/*
 * A stub resolver on the event loop: many questions at once to the configured
 * servers, each from a port and with an id of its own; TCP if an answer is cut;
 * aliases followed.
 */
#ifndef TOOLS_MXCHECK_DNS_H
#define TOOLS_MXCHECK_DNS_H

#include "tools/mxcheck/dnsmsg.h"
#include "tools/mxcheck/settings.h"

struct event_base;
struct dns;

/* The settings are borrowed. */
struct dns *dns_new(struct event_base *base, const struct settings *settings);
void dns_free(struct dns *dns); /* questions under way are dropped */

/*
 * What came out: lookup's strings are literals or borrowed with the records
 * until done() returns. records are there for FACTS_EXISTS only.
 */
struct dns_answer {
	struct facts_lookup lookup;
	bool aa; /* who gives it has the zone, RFC 1035 4.1.1 */
	const uint8_t *zone; /* NODATA, NXDOMAIN: who says so; may be NULL */
	const struct dnsmsg_record *records;
	size_t n_records;
};
typedef void dns_done_fn(void *arg, const struct dns_answer *answer);

/* done() is called once, from the loop, never from within dns_ask(). */
void dns_ask(struct dns *dns, const uint8_t *qname, uint16_t qtype,
    dns_done_fn *done, void *arg);

/* The same of one server (copied), which is to have the zone itself: recursion
 * is not desired, and aliases are not followed to other questions. */
void dns_ask_server(struct dns *dns, const struct settings_dns *server,
    const uint8_t *qname, uint16_t qtype, dns_done_fn *done, void *arg);

#endif
