/*
 * What is asked of DNS: first what must be known before anything is dialled
 * (MX, A, AAAA), later what is only judged (PTR and back, names in greetings).
 */
#ifndef TOOLS_MXCHECK_RESOLVE_H
#define TOOLS_MXCHECK_RESOLVE_H

#include "tools/mxcheck/dns.h"

struct resolve;

/* done() is called, from the loop, each time that nothing is under way. */
struct resolve *resolve_new(struct dns *dns, struct facts *facts,
    const struct settings *settings, void (*done)(void *arg), void *arg);
void resolve_free(struct resolve *r); /* before the dns it was made of */

/*
 * The MX set of every domain of the facts, the hosts' endpoints and TLSA
 * records; the records of MTA-STS and TLSRPT.
 */
void resolve_domains(struct resolve *r);

/* PTR of every address, and the addresses of those names. */
void resolve_addrs(struct resolve *r);

/* The zones of all domains and hosts, their name servers and the addresses of
 * those. */
void resolve_zones(struct resolve *r);

/*
 * What each name server of the zones says itself, for --authoritative; when all
 * else is known. refuse: why an address is not asked, NULL: it is.
 */
typedef const char *resolve_refuse_fn(void *arg, const struct addr *addr);
void resolve_told(struct resolve *r, resolve_refuse_fn *refuse, void *arg);

/* The MX set of the domain that alerts are mailed to. */
void resolve_alerts(struct resolve *r, const char *mailbox);

/* Who announces each of the addresses there are, and those that come. */
void resolve_asns(struct resolve *r);

/* Whether the name in the greeting of ep exists; nothing for what is none. */
void resolve_greeting(struct resolve *r, struct facts_endpoint *ep);

/* Whether our own name has one of these addresses, for facts->helo_is_us. */
void resolve_helo(struct resolve *r, const struct addr *us, size_t n);

/* Where the domains send their users: the SRV records, and their targets. */
void resolve_access(struct resolve *r);

/* What receivers ask about mail of the domains: DMARC, DKIM, BIMI, lists. */
void resolve_outbound(struct resolve *r);

bool resolve_is_busy(const struct resolve *r);

/* A host name, RFC 1123 2.1; with loose, underscores are fine. */
bool resolve_is_host_name(const char *name, bool loose);

#endif
