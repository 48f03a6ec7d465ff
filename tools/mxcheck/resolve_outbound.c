/*
 * What receivers ask about mail of ours: DMARC, DKIM, BIMI.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/dns.h"
#include "tools/mxcheck/dmarc.h"
#include "tools/mxcheck/resolve_impl.h"

#define SENDERS_MAX 128 /* addresses of a domain */
#define DMARC_STEPS_MAX 8 /* questions of a walk, RFC 9989 4.10 */

static bool
has_dmarc(const struct facts_txt *txt)
{
	struct dmarc dmarc;
	char why[TEXT_WHY_MAX];

	for (size_t i = 0; i < txt->texts.n; i++)
		if (dmarc_read(&dmarc, txt->texts.name[i],
		    strlen(txt->texts.name[i]), why) != -ENOENT)
			return true;
	return false;
}

static void
ask_dmarc(struct resolve *r, struct facts_dmarc *dmarc, resolve_fn *fn,
    void *of)
{
	resolve_ask_below(r, "_dmarc", dmarc->name, DNS_TYPE_TXT, fn, of);
}

static size_t
count_labels(const char *name)
{
	size_t n = 1;

	for (; *name != '\0'; name++)
		n += *name == '.';
	return n;
}

/* The domain has no record of its own: its parents may have one for it. Of a
 * name of many labels those in the middle are left out. */
static void
on_own_dmarc(struct resolve *r, void *of, const struct dns_answer *answer)
{
	struct facts_outbound *out = of;
	const char *name = out->dmarcs[0].name;

	resolve_on_txt(r, &out->dmarcs[0].txt, answer);
	if (answer->lookup.dns == FACTS_FAILED ||
	    has_dmarc(&out->dmarcs[0].txt))
		return;
	while ((name = strchr(name, '.')) != NULL) {
		name++;
		if (count_labels(name) >= DMARC_STEPS_MAX)
			continue;
		out->dmarcs[out->n_dmarcs].name = name;
		ask_dmarc(r, &out->dmarcs[out->n_dmarcs], resolve_on_txt,
		    &out->dmarcs[out->n_dmarcs].txt);
		out->n_dmarcs++;
	}
}

static void
ask_domain(struct resolve *r, struct facts_domain *domain,
    const struct settings_list *selectors)
{
	struct facts_outbound *out = &domain->outbound;

	out->dmarcs = facts_alloc(r->facts, DMARC_STEPS_MAX,
	    sizeof(*out->dmarcs));
	out->n_dmarcs = 1;
	out->dmarcs[0].name = domain->name;
	ask_dmarc(r, &out->dmarcs[0], on_own_dmarc, out);
	resolve_ask_below(r, "default._bimi", domain->name, DNS_TYPE_TXT,
	    resolve_on_txt, &out->bimi);
	out->dkims = facts_alloc(r->facts, selectors->n, sizeof(*out->dkims));
	out->n_dkims = selectors->n;
	for (size_t i = 0; i < selectors->n; i++) {
		char prefix[DNAME_TXT_MAX];

		out->dkims[i].selector = facts_str(r->facts,
		    selectors->word[i]);
		if (snprintf(prefix, sizeof(prefix), "%s._domainkey",
		    selectors->word[i]) < (int)sizeof(prefix))
			resolve_ask_below(r, prefix, domain->name,
			    DNS_TYPE_TXT, resolve_on_txt, &out->dkims[i].key);
	}
}

static void
add_sender(struct facts_outbound *out, struct facts_addr *addr)
{
	for (size_t i = 0; i < out->n_senders; i++)
		if (out->senders[i] == addr)
			return;
	if (out->n_senders < SENDERS_MAX)
		out->senders[out->n_senders++] = addr;
}

/* The addresses that are configured, and those of the MX: many servers send
 * what they are sent on. */
static void
find_senders(struct facts *facts, struct facts_domain *domain,
    const struct settings_list *configured)
{
	struct facts_outbound *out = &domain->outbound;
	struct addr addr;

	out->senders = facts_alloc(facts, SENDERS_MAX, sizeof(*out->senders));
	for (size_t i = 0; i < configured->n; i++)
		if (addr_parse(&addr, configured->word[i]) == 0)
			add_sender(out, facts_addr(facts, &addr));
	for (size_t i = 0; i < domain->n_mxs; i++) {
		const struct facts_host *host = domain->mxs[i].host;

		for (size_t k = 0; host != NULL && k < host->n_endpoints; k++)
			add_sender(out, host->endpoints[k]->addr);
	}
}

void
resolve_outbound(struct resolve *r)
{
	for (size_t i = 0; i < r->facts->n_domains; i++) {
		struct facts_domain *domain = r->facts->domains[i];
		const struct settings_domain *s = settings_domain(r->settings,
		    domain->name);

		ask_domain(r, domain, &s->dkim);
		find_senders(r->facts, domain, &s->outbound);
	}
	resolve_dnsbls(r);
}
