/*
 * Each kind of fact has one visitor, which names its members. It writes or
 * reads, as the visit does, so what is written is what is read.
 */
#include <stdint.h>

#include "tools/mxcheck/record_impl.h"

/* ---- facts */

const char *
record_dns_txt(unsigned i)
{
	return facts_dns_txt((enum facts_dns)i);
}

static const char *
end_txt(unsigned i)
{
	return facts_end_txt((enum facts_end)i);
}

static const char *
yes_txt(unsigned i)
{
	static const char *const txt[] = {"unknown", "no", "yes"};

	return txt[i];
}

void
record_visit_lookup(struct visit *r, const char *member, struct facts_lookup *l)
{
	struct visit sub;

	if (!visit_enter(r, member, &sub))
		return;
	l->dns = visit_enum(&sub, "dns", l->dns, FACTS_FAILED + 1,
	    record_dns_txt);
	TEXT(&sub, l, why);
	NUMBER(&sub, l, ttl, UINT32_MAX);
	FLAG(&sub, l, ad);
	FLAG(&sub, l, bogus);
	FLAG(&sub, l, cut);
	NUMBER(&sub, l, n_aliases, LIST_MAX);
	TEXT(&sub, l, alias);
	if (r->reads && l->dns == FACTS_FAILED && l->why == NULL)
		l->why = "";
	if (r->reads && l->n_aliases > 0 && l->alias == NULL)
		l->alias = "";
	visit_leave(r, member, &sub);
}

void
record_visit_names(struct visit *r, const char *member,
    struct facts_names *names)
{
	visit_texts(r, member, &names->name, &names->n, LIST_MAX);
}

void
record_visit_txt(struct visit *r, const char *member, struct facts_txt *txt)
{
	struct visit sub;

	if (!visit_enter(r, member, &sub))
		return;
	record_visit_lookup(&sub, "lookup", &txt->lookup);
	record_visit_names(&sub, "texts", &txt->texts);
	visit_leave(r, member, &sub);
}

static const char *
mode_txt(unsigned i)
{
	return sts_mode_txt((enum sts_mode)i);
}

static void
visit_fetch(struct visit *r, struct facts_fetch *fetch)
{
	struct visit sub;

	if (!visit_enter(r, "fetch", &sub))
		return;
	record_visit_names(&sub, "addrs", &fetch->addrs);
	FLAG(&sub, fetch, is_had);
	TEXT(&sub, fetch, why);
	NUMBER(&sub, fetch, ms, UINT32_MAX);
	NUMBER(&sub, fetch, size, STS_BODY_MAX);
	TEXT(&sub, fetch, digest);
	TEXT(&sub, fetch, wrong);
	fetch->mode = visit_enum(&sub, "mode", fetch->mode,
	    STS_MODE_ENFORCE + 1, mode_txt);
	NUMBER(&sub, fetch, max_age, UINT32_MAX);
	record_visit_names(&sub, "patterns", &fetch->patterns);
	if (r->reads && fetch->is_had && fetch->digest == NULL)
		fetch->digest = "";
	visit_leave(r, "fetch", &sub);
}

static void
visit_sts_past(struct visit *r, struct facts_sts_past *past)
{
	struct visit sub;

	if (!visit_enter(r, "past-policy", &sub))
		return;
	TEXT(&sub, past, id);
	TEXT(&sub, past, digest);
	past->mode = visit_enum(&sub, "mode", past->mode,
	    STS_MODE_ENFORCE + 1, mode_txt);
	NUMBER(&sub, past, max_age, UINT32_MAX);
	TIME(&sub, past, fetched);
	visit_leave(r, "past-policy", &sub);
}

static void
visit_step(struct visit *r, const char *member, struct facts_step *step)
{
	struct visit sub;

	if (!visit_enter(r, member, &sub))
		return;
	step->end = visit_enum(&sub, "end", step->end, FACTS_END_STOPPED + 1,
	    end_txt);
	NUMBER(&sub, step, ms, UINT32_MAX);
	NUMBER(&sub, &step->reply, code, 999);
	NUMBER(&sub, &step->reply, faults, UINT8_MAX);
	TEXT(&sub, &step->reply, text);
	if (step->reply.text == NULL && step->reply.code != 0)
		step->reply.text = "";
	visit_leave(r, member, &sub);
}

static void
visit_ehlo(struct visit *r, const char *member, struct facts_ehlo *ehlo)
{
	struct visit sub;

	if (!visit_enter(r, member, &sub))
		return;
	WORD(&sub, ehlo, name);
	visit_texts(&sub, "keywords", &ehlo->keyword, &ehlo->n,
	    FACTS_EHLO_MAX);
	visit_leave(r, member, &sub);
}

static void
visit_cert(struct visit *r, struct facts_cert *c)
{
	WORD(r, c, subject);
	WORD(r, c, issuer);
	WORD(r, c, serial);
	TIME(r, c, not_before);
	TIME(r, c, not_after);
	WORD(r, c, key);
	NUMBER(r, c, key_bits, UINT32_MAX);
	WORD(r, c, signature);
	FLAG(r, c, weak_signature);
	WORD(r, c, spki);
	WORD(r, c, der);
}

static void
visit_tls(struct visit *r, const char *member, struct facts_tls *tls)
{
	struct visit sub, item;
	json_t *array;

	if (!visit_enter(r, member, &sub))
		return;
	TEXT(&sub, tls, proto);
	TEXT(&sub, tls, cipher);
	TEXT(&sub, tls, why);
	FLAG(&sub, tls, old_proto);
	FLAG(&sub, tls, injected);
	NUMBER(&sub, tls, verify, INT32_MAX);
	TEXT(&sub, tls, verify_txt);
	if (r->reads && tls->verify != 0 && tls->verify_txt == NULL)
		tls->verify_txt = "";
	tls->name = visit_enum(&sub, "name", tls->name, FACTS_YES + 1, yes_txt);
	FLAG(&sub, tls, cn_matches);
	NUMBER(&sub, tls, tlsa_matches, UINT32_MAX);
	tls->n_certs = visit_list(&sub, "certs", tls->n_certs, FACTS_CERTS_MAX,
	    &array);
	if (r->reads)
		tls->certs = facts_alloc(r->facts, tls->n_certs + 1,
		    sizeof(*tls->certs));
	for (size_t i = 0; i < tls->n_certs; i++) {
		if (visit_item(&sub, "certs", array, i, &item))
			visit_cert(&item, &tls->certs[i]);
		sub.bad = item.bad != NULL ? item.bad : sub.bad;
	}
	visit_leave(r, member, &sub);
}

static void
visit_rcpt(struct visit *r, struct facts_rcpt *rcpt)
{
	const char *name = r->reads ? NULL : rcpt->domain->name;

	visit_text(r, "domain", &name);
	if (r->reads && name == NULL)
		visit_spoil(r, "domain");
	else if (r->reads)
		rcpt->domain = facts_domain(r->facts, name);
	visit_step(r, "postmaster", &rcpt->postmaster);
	visit_step(r, "unknown", &rcpt->unknown);
}

void
record_visit_probe(struct visit *r, const char *member, struct facts_probe *p)
{
	struct visit sub, item;
	json_t *array;

	if (!visit_enter(r, member, &sub))
		return;
	for (unsigned i = 0; i < FACTS_STAGES; i++)
		visit_step(&sub, i == FACTS_TLS ? "handshake" :
		    facts_stage_txt((enum facts_stage)i), &p->step[i]);
	visit_ehlo(&sub, "said", &p->ehlo);
	visit_ehlo(&sub, "said-tls", &p->ehlo_tls);
	FLAG(&sub, p, clear);
	visit_tls(&sub, "tls", &p->tls);
	p->n_rcpts = visit_list(&sub, "rcpts", p->n_rcpts, LIST_MAX, &array);
	if (r->reads)
		p->rcpts = facts_alloc(r->facts, p->n_rcpts + 1,
		    sizeof(*p->rcpts));
	for (size_t i = 0; i < p->n_rcpts; i++) {
		if (visit_item(&sub, "rcpts", array, i, &item))
			visit_rcpt(&item, &p->rcpts[i]);
		sub.bad = item.bad != NULL ? item.bad : sub.bad;
	}
	visit_leave(r, member, &sub);
}

/* ---- what there is */

static void
visit_mx(struct visit *r, struct facts_mx *mx)
{
	const char *host = !r->reads && mx->host != NULL ? mx->host->name :
	    NULL;

	NUMBER(r, mx, pref, UINT16_MAX);
	WORD(r, mx, target);
	visit_text(r, "host", &host);
	if (r->reads && host != NULL)
		mx->host = facts_host(r->facts, host);
}

void
record_visit_domain(struct visit *r, struct facts_domain *d)
{
	struct visit item;
	json_t *array;

	record_visit_lookup(r, "lookup", &d->mx);
	FLAG(r, d, implicit);
	d->n_mxs = visit_list(r, "mx", d->n_mxs, LIST_MAX, &array);
	if (r->reads)
		d->mxs = facts_alloc(r->facts, d->n_mxs + 1, sizeof(*d->mxs));
	for (size_t i = 0; i < d->n_mxs; i++) {
		if (visit_item(r, "mx", array, i, &item))
			visit_mx(&item, &d->mxs[i]);
		r->bad = item.bad != NULL ? item.bad : r->bad;
	}
	record_visit_in_zone(r, &d->zone);
	record_visit_told(r, &d->told);
	record_visit_txt(r, "sts", &d->sts);
	record_visit_txt(r, "tlsrpt", &d->tlsrpt);
	visit_fetch(r, &d->fetch);
	visit_sts_past(r, &d->sts_past);
	record_visit_outbound(r, &d->outbound);
	record_visit_offers(r, d->offers);
}

static void
visit_tlsa(struct visit *r, struct facts_tlsa *tlsa)
{
	NUMBER(r, tlsa, usage, UINT8_MAX);
	NUMBER(r, tlsa, selector, UINT8_MAX);
	NUMBER(r, tlsa, matching, UINT8_MAX);
	WORD(r, tlsa, data);
}

void
record_visit_host(struct visit *r, struct facts_host *h)
{
	struct visit item;
	json_t *array;

	record_visit_lookup(r, "a", &h->a);
	record_visit_lookup(r, "aaaa", &h->aaaa);
	record_visit_lookup(r, "tlsa", &h->tlsa);
	record_visit_in_zone(r, &h->zone);
	record_visit_told(r, &h->told);
	h->n_tlsas = visit_list(r, "records", h->n_tlsas, FACTS_TLSA_MAX,
	    &array);
	if (r->reads)
		h->tlsas = facts_alloc(r->facts, h->n_tlsas + 1,
		    sizeof(*h->tlsas));
	for (size_t i = 0; i < h->n_tlsas; i++) {
		if (visit_item(r, "records", array, i, &item))
			visit_tlsa(&item, &h->tlsas[i]);
		r->bad = item.bad != NULL ? item.bad : r->bad;
	}
}

void
record_visit_address(struct visit *r, struct facts_addr *a)
{
	record_visit_lookup(r, "ptr", &a->ptr);
	record_visit_names(r, "names", &a->ptrs);
	FLAG(r, a, confirmed);
	FLAG(r, a, unchecked);
	NUMBER(r, a, asn, UINT32_MAX);
	record_visit_listings(r, a);
}

/* Which endpoint: by its place in the run's list. */
static void
visit_shared(struct visit *r, struct facts_endpoint *ep)
{
	int64_t place = !r->reads && ep->shared != NULL ?
	    (int64_t)ep->shared->index + 1 : 0;

	place = visit_number(r, "shares", place, 0,
	    (int64_t)r->facts->n_endpoints);
	if (r->reads && place > 0)
		ep->shared = r->facts->endpoints[place - 1];
}

static void
visit_past(struct visit *r, struct facts_past *past)
{
	struct visit sub;

	if (!visit_enter(r, "past", &sub))
		return;
	TIME(&sub, past, first_usable);
	TIME(&sub, past, last_usable);
	TIME(&sub, past, not_after);
	TIME(&sub, past, next_probe);
	NUMBER(&sub, past, n_tls, UINT32_MAX);
	TEXT(&sub, past, spki);
	visit_leave(r, "past", &sub);
}

void
record_visit_endpoint(struct visit *r, struct facts_endpoint *ep)
{
	bool is_dialled = !r->reads && ep->addr->dialled == ep;
	bool has_first = ep->first != NULL;

	TEXT(r, ep, untried);
	FLAG(r, ep, held);
	visit_shared(r, ep);
	visit_flag(r, "dialled", &is_dialled);
	if (r->reads && is_dialled)
		ep->addr->dialled = ep;
	record_visit_probe(r, "session", &ep->probe);
	if (r->reads)
		has_first = json_object_get(r->object, "first") != NULL;
	if (r->reads && has_first)
		ep->first = facts_alloc(r->facts, 1, sizeof(*ep->first));
	if (has_first)
		record_visit_probe(r, "first", ep->first);
	if (r->reads && json_object_get(r->object, "other") != NULL)
		ep->other = facts_alloc(r->facts, 1, sizeof(*ep->other));
	if (ep->other != NULL)
		visit_tls(r, "other", ep->other);
	record_visit_lookup(r, "greeting-name", &ep->greeting_name);
	visit_past(r, &ep->past);
}

void
record_visit_run(struct visit *r, struct facts *f)
{
	TIME(r, f, at);
	NUMBER(r, f, took_ms, UINT32_MAX);
	WORD(r, f, helo);
	FLAG(r, f, no_route4);
	FLAG(r, f, no_route6);
	f->helo_is_us = visit_enum(r, "helo_is_us", f->helo_is_us,
	    FACTS_YES + 1, yes_txt);
	FLAG(r, f, stopped);
	record_visit_alerts(r, &f->alerts);
	record_visit_dnsbls(r, f);
}
