/*
 * What the facts say of a domain's policies: MTA-STS (RFC 8461) and DANE
 * (RFC 7672). Questions that more than one check has, and that senders with
 * these policies ask; nothing is fetched here.
 */
#ifndef TOOLS_MXCHECK_POLICY_H
#define TOOLS_MXCHECK_POLICY_H

#include "tools/mxcheck/facts.h"
#include "tools/mxcheck/sts.h"

/*
 * The id in the domain's record of MTA-STS. Returns 0; -ENOENT if there is no
 * record; -EINVAL with why if it counts as none (RFC 8461 3.1): several, or a
 * bad one.
 */
int policy_sts_id(const struct facts_domain *domain, char id[STS_ID_LEN],
    char why[STS_WHY_MAX]);

/* A policy was fetched and can be read; "none" is one, too. */
bool policy_is_had(const struct facts_domain *domain);

/* The MX host matches a pattern of the policy that was had (RFC 8461 4.1). */
bool policy_covers(const struct facts_domain *domain, const char *host);

/* Of use to a sender of mail: DANE-TA or DANE-EE (RFC 7672 3.1), with
 * parameters that are known and data that fits them. */
bool policy_tlsa_is_usable(const struct facts_tlsa *tlsa);

/* How many of the host's usable records match what its endpoint showed. With
 * ee only those of usage 3, which need no name and no dates. */
unsigned policy_tlsa_matches(const struct facts_endpoint *ep, bool ee);

/* The host has TLSA records that DNSSEC vouches for, and one that is usable:
 * DANE senders hold it to them. */
bool policy_has_dane(const struct facts_host *host);

#endif
