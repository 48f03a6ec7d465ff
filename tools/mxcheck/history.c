/*
 * Digests are hex in the facts, bytes in the state.
 */
#include "tools/mxcheck/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tools/mxcheck/outcome.h"
#include "tools/mxcheck/policy.h"

static const char *
to_hex(struct facts *facts, const uint8_t *bytes)
{
	char *hex = facts_alloc(facts, 2 * STATE_DIGEST_LEN + 1, 1);

	for (size_t i = 0; i < STATE_DIGEST_LEN; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
	return hex;
}

static bool
from_hex(uint8_t *bytes, const char *hex)
{
	unsigned byte;

	if (strlen(hex) != 2 * STATE_DIGEST_LEN)
		return false;
	for (size_t i = 0; i < STATE_DIGEST_LEN; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		bytes[i] = (uint8_t)byte;
	}
	return true;
}

static void
load_policy(struct facts *facts, struct facts_domain *domain,
    struct state *state)
{
	struct state_sts was;

	if (!state_get_sts(state, domain->name, &was) ||
	    was.mode > STS_MODE_ENFORCE)
		return;
	domain->sts_past = (struct facts_sts_past){
	    .id = facts_str(facts, was.id),
	    .digest = to_hex(facts, was.body),
	    .mode = was.mode,
	    .max_age = was.max_age,
	    .fetched = was.fetched,
	};
}

/* One that could not be had leaves the old one: so do senders. */
static void
keep_policy(const struct facts *facts, const struct facts_domain *domain,
    struct state *state)
{
	const struct facts_fetch *fetch = &domain->fetch;
	struct state_sts now = {
	    .mode = (uint8_t)fetch->mode,
	    .max_age = fetch->max_age,
	    .fetched = facts->at,
	};
	char why[STS_WHY_MAX];

	if (policy_is_had(domain) && policy_sts_id(domain, now.id, why) == 0 &&
	    from_hex(now.body, fetch->digest))
		state_put_sts(state, domain->name, &now);
}

void
history_load(struct facts *facts, struct state *state)
{
	struct state_endpoint was;

	for (size_t i = 0; i < facts->n_domains; i++)
		load_policy(facts, facts->domains[i], state);
	for (size_t i = 0; i < facts->n_endpoints; i++) {
		struct facts_endpoint *ep = facts->endpoints[i];

		if (!state_get_endpoint(state, ep->host->name, ep->addr->txt,
		    &was))
			continue;
		ep->past = (struct facts_past){
		    .first_usable = was.first_usable,
		    .last_usable = was.last_usable,
		    .not_after = was.not_after,
		    .next_probe = was.next_probe,
		    .n_tls = was.n_tls,
		    .spki = was.has_key ? to_hex(facts, was.spki) : NULL,
		};
		/* farther away: the clock has been set back */
		ep->held = was.next_probe > facts->at &&
		    was.next_probe <= facts->at + HISTORY_HOLD_S;
	}
}

struct seen { /* by any domain that has the host */
	bool usable, limited;
};

static void
look(struct seen *seen, const struct facts_domain *domain)
{
	for (size_t i = 0; i < domain->n_mxs; i++) {
		const struct facts_host *host = domain->mxs[i].host;

		for (size_t k = 0; host != NULL && k < host->n_endpoints; k++) {
			const struct facts_endpoint *ep = host->endpoints[k];
			enum outcome outcome = outcome_of(ep, domain);

			seen[ep->index].usable |= outcome_is_usable(outcome);
			seen[ep->index].limited |= outcome == OUTCOME_LIMITED;
		}
	}
}

static void
keep(const struct facts *facts, const struct facts_endpoint *ep,
    const struct seen *seen, struct state *state)
{
	const struct facts_probe *probe = ep->shared != NULL ?
	    &ep->shared->probe : &ep->probe;
	struct state_endpoint now = {
	    .first_usable = ep->past.first_usable,
	    .last_usable = ep->past.last_usable,
	    .seen = facts->at,
	    .not_after = ep->past.not_after,
	    .n_tls = ep->past.n_tls,
	};

	if (seen->limited)
		now.next_probe = facts->at + HISTORY_HOLD_S;
	if (seen->usable) {
		now.last_usable = facts->at;
		if (now.first_usable == 0)
			now.first_usable = facts->at;
	}
	if (ep->past.spki != NULL)
		now.has_key = from_hex(now.spki, ep->past.spki);
	if (probe->step[FACTS_TLS].end == FACTS_END_DONE &&
	    probe->tls.n_certs > 0) {
		now.n_tls++;
		now.not_after = probe->tls.certs[0].not_after;
		now.has_key = from_hex(now.spki, probe->tls.certs[0].spki);
	}
	state_put_endpoint(state, ep->host->name, ep->addr->txt, &now);
}

void
history_keep(const struct facts *facts, struct state *state)
{
	struct seen *seen = xcalloc(facts->n_endpoints, sizeof(*seen));

	for (size_t i = 0; i < facts->n_domains; i++) {
		keep_policy(facts, facts->domains[i], state);
		look(seen, facts->domains[i]);
	}
	for (size_t i = 0; i < facts->n_endpoints; i++)
		if (facts->endpoints[i]->untried == NULL)
			keep(facts, facts->endpoints[i], &seen[i], state);
	free(seen);
}
