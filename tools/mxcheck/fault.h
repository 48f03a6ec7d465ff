/*
 * Fault domains: a thing whose loss takes several servers down together, mail
 * servers and name servers alike.
 */
#ifndef TOOLS_MXCHECK_FAULT_H
#define TOOLS_MXCHECK_FAULT_H

#include "tools/mxcheck/facts.h"
#include "tools/mxcheck/settings.h"

#define FAULT_PREFIXES_MAX (2 * FACTS_ADDRS_MAX)
#define FAULT_TXT_MAX 320

enum fault_kind {
	FAULT_HOST,    /* the addresses of an MX host */
	FAULT_NETWORK, /* the /24 and /48 around them */
	FAULT_AS,      /* who announces an address (RFC 1930) */
	FAULT_SITE,    /* as configured */
};
#define FAULT_KINDS 4

struct fault { /* what has any of these is taken */
	enum fault_kind kind; /* by fault_of() */
	const char *name; /* of a server; NULL */
	const char *site; /* NULL */
	uint32_t asn;	  /* 0: none */
	struct prefix prefixes[FAULT_PREFIXES_MAX];
	size_t n_prefixes;
	char txt[FAULT_TXT_MAX]; /* "192.0.2.0/24", "AS64500", "site ams1" */
};

/* The one that the endpoint is in; false: it is in none of that kind. */
bool fault_of(struct fault *out, enum fault_kind kind,
    const struct settings *settings, const struct facts_endpoint *ep);

/* Adds the prefix of that length; what is there already is not added again. */
void fault_add(struct fault *f, const struct addr *addr, unsigned len4,
    unsigned len6);

/* A server of this name at this address; addr may be NULL. */
bool fault_takes(const struct fault *f, const struct settings *settings,
    const char *name, const struct facts_addr *addr);

/* Every name server of the zone, as far as all are known. zone may be NULL. */
bool fault_takes_zone(const struct fault *f, const struct settings *settings,
    const struct facts_zone *zone);

/* The AS of that server: as configured, or as gathered; 0: not known. */
uint32_t fault_asn(const struct settings *settings, const char *name,
    const struct facts_addr *addr);

#endif
