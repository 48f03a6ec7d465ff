/*
 * Pure functions of the facts. That a record is secure is taken from the AD
 * flag of the resolver, which therefore has to be one that we may trust.
 */
#include "tools/mxcheck/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
policy_sts_id(const struct facts_domain *domain, char id[STS_ID_LEN],
    char why[STS_WHY_MAX])
{
	const struct facts_names *texts = &domain->sts.texts;
	char more[STS_ID_LEN], *to = id;
	int rc = -ENOENT, one;

	for (size_t i = 0; i < texts->n; i++) {
		one = sts_record_read(to, texts->name[i],
		    strlen(texts->name[i]), why);
		if (one == -ENOENT)
			continue;
		if (rc != -ENOENT) {
			snprintf(why, STS_WHY_MAX, "several records");
			return -EINVAL;
		}
		rc = one;
		to = more;
	}
	return rc;
}

bool
policy_is_had(const struct facts_domain *domain)
{
	return domain->fetch.is_had && domain->fetch.wrong == NULL;
}

bool
policy_covers(const struct facts_domain *domain, const char *host)
{
	const struct facts_names *patterns = &domain->fetch.patterns;

	for (size_t i = 0; i < patterns->n; i++)
		if (sts_pattern_covers(patterns->name[i], host))
			return true;
	return false;
}

bool
policy_tlsa_is_usable(const struct facts_tlsa *tlsa)
{
	size_t len = strlen(tlsa->data) / 2;

	if ((tlsa->usage != 2 && tlsa->usage != 3) || tlsa->selector > 1)
		return false;
	return tlsa->matching == 0 ? len > 0 :
	    tlsa->matching == 1 ? len == 32 :
	    tlsa->matching == 2 ? len == 64 : false;
}

unsigned
policy_tlsa_matches(const struct facts_endpoint *ep, bool ee)
{
	const struct facts_host *host = ep->host;
	unsigned n = 0;

	for (size_t i = 0; i < host->n_tlsas && i < FACTS_TLSA_MAX; i++)
		n += (ep->probe.tls.tlsa_matches >> i & 1) &&
		    policy_tlsa_is_usable(&host->tlsas[i]) &&
		    (!ee || host->tlsas[i].usage == 3);
	return n;
}

bool
policy_has_dane(const struct facts_host *host)
{
	if (host == NULL || !host->tlsa.ad)
		return false;
	for (size_t i = 0; i < host->n_tlsas; i++)
		if (policy_tlsa_is_usable(&host->tlsas[i]))
			return true;
	return false;
}
