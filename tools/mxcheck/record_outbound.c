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

void
record_visit_outbound(struct visit *r, struct facts_outbound *out)
{
	struct visit sub;

	if (!visit_enter(r, "outbound", &sub))
		return;
	visit_dmarcs(&sub, out);
	visit_dkims(&sub, out);
	record_visit_txt(&sub, "bimi", &out->bimi);
	visit_leave(r, "outbound", &sub);
}
