/*
 * The part of a record that --outbound adds.
 */
#include "tools/mxcheck/record_impl.h"

static void
visit_dmarc(struct visit *r, struct facts_dmarc *dmarc)
{
	WORD(r, dmarc, name);
	record_visit_txt(r, "txt", &dmarc->txt);
}

static void
visit_dkim(struct visit *r, struct facts_dkim *dkim)
{
	WORD(r, dkim, selector);
	record_visit_txt(r, "key", &dkim->key);
}

static void
visit_dmarcs(struct visit *r, struct facts_outbound *out)
{
	struct visit item;
	json_t *array;

	out->n_dmarcs = visit_list(r, "dmarc", out->n_dmarcs, LIST_MAX, &array);
	if (r->reads)
		out->dmarcs = facts_alloc(r->facts, out->n_dmarcs + 1,
		    sizeof(*out->dmarcs));
	for (size_t i = 0; i < out->n_dmarcs; i++) {
		if (visit_item(r, "dmarc", array, i, &item))
			visit_dmarc(&item, &out->dmarcs[i]);
		r->bad = item.bad != NULL ? item.bad : r->bad;
	}
}

static void
visit_dkims(struct visit *r, struct facts_outbound *out)
{
	struct visit item;
	json_t *array;

	out->n_dkims = visit_list(r, "dkim", out->n_dkims, LIST_MAX, &array);
	if (r->reads)
		out->dkims = facts_alloc(r->facts, out->n_dkims + 1,
		    sizeof(*out->dkims));
	for (size_t i = 0; i < out->n_dkims; i++) {
		if (visit_item(r, "dkim", array, i, &item))
			visit_dkim(&item, &out->dkims[i]);
		r->bad = item.bad != NULL ? item.bad : r->bad;
	}
}

/* By their text, as they stand in the list of addresses. */
static void
visit_senders(struct visit *r, struct facts_outbound *out)
{
	struct facts_names names = {0};
	struct addr addr;

	for (size_t i = 0; !r->reads && i < out->n_senders; i++)
		facts_name_add(r->facts, &names, out->senders[i]->txt);
	record_visit_names(r, "senders", &names);
	if (!r->reads)
		return;
	out->n_senders = 0; /* the line may be there twice */
	out->senders = facts_alloc(r->facts, names.n + 1,
	    sizeof(*out->senders));
	for (size_t i = 0; i < names.n; i++) {
		if (addr_parse(&addr, names.name[i]) == 0)
			out->senders[out->n_senders++] = facts_addr(r->facts,
			    &addr);
		else
			visit_spoil(r, "senders");
	}
}

void
record_visit_outbound(struct visit *r, struct facts_outbound *out)
{
	struct visit sub;

	if (!visit_enter(r, "outbound", &sub))
		return;
	visit_dmarcs(&sub, out);
	visit_dkims(&sub, out);
	record_visit_txt(&sub, "bimi", &out->bimi);
	visit_senders(&sub, out);
	visit_leave(r, "outbound", &sub);
}

/* ---- lists of addresses */

static void
visit_answer(struct visit *r, const char *member,
    struct facts_dnsbl_answer *answer)
{
	struct visit sub;

	if (!visit_enter(r, member, &sub))
		return;
	record_visit_lookup(&sub, "lookup", &answer->lookup);
	record_visit_names(&sub, "codes", &answer->codes);
	visit_leave(r, member, &sub);
}

static void
visit_dnsbl(struct visit *r, struct facts_dnsbl *list)
{
	WORD(r, list, zone);
	visit_answer(r, "listed", &list->listed[0]);
	visit_answer(r, "clean", &list->clean[0]);
	visit_answer(r, "listed6", &list->listed[1]);
	visit_answer(r, "clean6", &list->clean[1]);
}

void
record_visit_dnsbls(struct visit *r, struct facts *facts)
{
	struct visit item;
	json_t *array;

	facts->n_dnsbls = visit_list(r, "lists", facts->n_dnsbls, LIST_MAX,
	    &array);
	if (r->reads)
		facts->dnsbls = facts_alloc(facts, facts->n_dnsbls + 1,
		    sizeof(*facts->dnsbls));
	for (size_t i = 0; i < facts->n_dnsbls; i++) {
		if (visit_item(r, "lists", array, i, &item))
			visit_dnsbl(&item, &facts->dnsbls[i]);
		r->bad = item.bad != NULL ? item.bad : r->bad;
	}
}

/* One for each of the run's lists, or none at all. */
void
record_visit_listings(struct visit *r, struct facts_addr *addr)
{
	struct visit item;
	json_t *array;
	size_t n = addr->listings != NULL ? r->facts->n_dnsbls : 0;

	n = visit_list(r, "listings", n, LIST_MAX, &array);
	if (n == 0)
		return;
	if (n != r->facts->n_dnsbls) {
		visit_spoil(r, "listings");
		return;
	}
	if (r->reads)
		addr->listings = facts_alloc(r->facts, n,
		    sizeof(*addr->listings));
	for (size_t i = 0; i < n; i++) {
		if (visit_item(r, "listings", array, i, &item))
			visit_answer(&item, "answer", &addr->listings[i]);
		r->bad = item.bad != NULL ? item.bad : r->bad;
	}
}
