/*
 * Each kind of fact has one visitor, which names its members. It writes or
 * reads, as the record it is given does, so what is written is what is read.
 */
#include "tools/mxcheck/record.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dname.h"

#define LIST_MAX 4096 /* of anything in one object, when it is read */

struct record {
	json_t *object;
	struct facts *facts;
	bool reads;
	const char *bad; /* the first member that cannot be read; NULL */
};

static void
spoil(struct record *r, const char *member)
{
	if (r->bad == NULL)
		r->bad = member;
}

/* ---- members */

static int64_t
visit_number(struct record *r, const char *member, int64_t value, int64_t least,
    int64_t most)
{
	json_t *j;

	if (!r->reads) {
		if (value != 0)
			json_object_set_new(r->object, member,
			    json_integer(value));
		return value;
	}
	j = json_object_get(r->object, member);
	if (j == NULL)
		return 0;
	if (!json_is_integer(j) || json_integer_value(j) < least ||
	    json_integer_value(j) > most) {
		spoil(r, member);
		return 0;
	}
	return json_integer_value(j);
}

#define NUMBER(r, of, name, most) \
	((of)->name = (__typeof__((of)->name))visit_number(r, #name, \
	    (int64_t)(of)->name, 0, most))
#define TIME(r, of, name) \
	((of)->name = visit_number(r, #name, (of)->name, INT64_MIN, INT64_MAX))

static void
visit_flag(struct record *r, const char *member, bool *value)
{
	json_t *j;

	if (!r->reads) {
		if (*value)
			json_object_set_new(r->object, member, json_true());
		return;
	}
	j = json_object_get(r->object, member);
	*value = json_is_true(j);
	if (j != NULL && !json_is_boolean(j))
		spoil(r, member);
}

#define FLAG(r, of, name) visit_flag(r, #name, &(of)->name)

/* Facts are printable ASCII, and are to stay so. */
static bool
is_plain(json_t *j)
{
	const char *s = json_string_value(j);

	if (s == NULL || strlen(s) != json_string_length(j))
		return false;
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

static void
visit_text(struct record *r, const char *member, const char **value)
{
	json_t *j;

	if (!r->reads) {
		if (*value != NULL)
			json_object_set_new(r->object, member,
			    json_string(*value));
		return;
	}
	j = json_object_get(r->object, member);
	*value = NULL;
	if (j == NULL)
		return;
	if (is_plain(j))
		*value = facts_str(r->facts, json_string_value(j));
	else
		spoil(r, member);
}

#define TEXT(r, of, name) visit_text(r, #name, &(of)->name)

/* A text that is never NULL where there is anything to say. */
static void
visit_word(struct record *r, const char *member, const char **value)
{
	visit_text(r, member, value);
	if (r->reads && *value == NULL)
		*value = "";
}

#define WORD(r, of, name) visit_word(r, #name, &(of)->name)

/* A value of an enum, by its name. */
static unsigned
visit_enum(struct record *r, const char *member, unsigned value, unsigned n,
    const char *(*txt)(unsigned))
{
	const char *name = value != 0 ? txt(value) : NULL;

	visit_text(r, member, &name);
	if (!r->reads || name == NULL)
		return r->reads ? 0 : value;
	for (unsigned i = 0; i < n; i++)
		if (strcmp(txt(i), name) == 0)
			return i;
	spoil(r, member);
	return 0;
}

static const char *
dns_txt(unsigned i)
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

/* A member that is an object: *sub is to visit it, and to be left by leave().
 * Returns false if it is not there. */
static bool
enter(struct record *r, const char *member, struct record *sub)
{
	*sub = *r;
	sub->object = r->reads ? json_object_get(r->object, member) :
	    json_object();
	if (sub->object != NULL && !json_is_object(sub->object)) {
		spoil(r, member);
		return false;
	}
	return sub->object != NULL;
}

static void
leave(struct record *r, const char *member, const struct record *sub)
{
	if (r->reads)
		r->bad = sub->bad;
	else if (json_object_size(sub->object) > 0)
		json_object_set_new(r->object, member, sub->object);
	else
		json_decref(sub->object);
}

/* How many items a list has; *array is borrowed, or new in the object. */
static size_t
visit_list(struct record *r, const char *member, size_t n, size_t most,
    json_t **array)
{
	if (!r->reads) {
		*array = json_array();
		if (n > 0)
			json_object_set_new(r->object, member, *array);
		else
			json_decref(*array);
		return n;
	}
	*array = json_object_get(r->object, member);
	if (*array == NULL)
		return 0;
	if (!json_is_array(*array) || json_array_size(*array) > most) {
		spoil(r, member);
		return 0;
	}
	return json_array_size(*array);
}

static void
visit_texts(struct record *r, const char *member, const char ***list, size_t *n,
    size_t most)
{
	json_t *array, *j;

	*n = visit_list(r, member, *n, most, &array);
	if (r->reads && *n > 0)
		*list = facts_alloc(r->facts, *n, sizeof(**list));
	for (size_t i = 0; i < *n; i++) {
		if (!r->reads) {
			json_array_append_new(array, json_string((*list)[i]));
			continue;
		}
		j = json_array_get(array, i);
		(*list)[i] = is_plain(j) ?
		    facts_str(r->facts, json_string_value(j)) : "";
		if (!is_plain(j))
			spoil(r, member);
	}
}

/* An item of a list that is an object. */
static bool
enter_item(struct record *r, const char *member, json_t *array, size_t i,
    struct record *sub)
{
	*sub = *r;
	sub->object = r->reads ? json_array_get(array, i) : json_object();
	if (!r->reads)
		json_array_append_new(array, sub->object);
	if (!json_is_object(sub->object)) {
		spoil(r, member);
		return false;
	}
	return true;
}

/* ---- facts */

static void
visit_lookup(struct record *r, const char *member, struct facts_lookup *l)
{
	struct record sub;

	if (!enter(r, member, &sub))
		return;
	l->dns = visit_enum(&sub, "dns", l->dns, FACTS_FAILED + 1, dns_txt);
	TEXT(&sub, l, why);
	NUMBER(&sub, l, ttl, UINT32_MAX);
	FLAG(&sub, l, ad);
	FLAG(&sub, l, bogus);
	FLAG(&sub, l, cut);
	NUMBER(&sub, l, n_aliases, LIST_MAX);
	TEXT(&sub, l, alias);
	leave(r, member, &sub);
}

static void
visit_names(struct record *r, const char *member, struct facts_names *names)
{
	visit_texts(r, member, &names->name, &names->n, LIST_MAX);
}

static void
visit_txt(struct record *r, const char *member, struct facts_txt *txt)
{
	struct record sub;

	if (!enter(r, member, &sub))
		return;
	visit_lookup(&sub, "lookup", &txt->lookup);
	visit_names(&sub, "texts", &txt->texts);
	leave(r, member, &sub);
}

static const char *
mode_txt(unsigned i)
{
	return sts_mode_txt((enum sts_mode)i);
}

static void
visit_fetch(struct record *r, struct facts_fetch *fetch)
{
	struct record sub;

	if (!enter(r, "fetch", &sub))
		return;
	visit_names(&sub, "addrs", &fetch->addrs);
	FLAG(&sub, fetch, is_had);
	TEXT(&sub, fetch, why);
	NUMBER(&sub, fetch, ms, UINT32_MAX);
	NUMBER(&sub, fetch, size, STS_BODY_MAX);
	TEXT(&sub, fetch, digest);
	TEXT(&sub, fetch, wrong);
	fetch->mode = visit_enum(&sub, "mode", fetch->mode,
	    STS_MODE_ENFORCE + 1, mode_txt);
	NUMBER(&sub, fetch, max_age, UINT32_MAX);
	visit_names(&sub, "patterns", &fetch->patterns);
	if (r->reads && fetch->is_had && fetch->digest == NULL)
		fetch->digest = "";
	leave(r, "fetch", &sub);
}

static void
visit_sts_past(struct record *r, struct facts_sts_past *past)
{
	struct record sub;

	if (!enter(r, "past-policy", &sub))
		return;
	TEXT(&sub, past, id);
	TEXT(&sub, past, digest);
	past->mode = visit_enum(&sub, "mode", past->mode,
	    STS_MODE_ENFORCE + 1, mode_txt);
	NUMBER(&sub, past, max_age, UINT32_MAX);
	TIME(&sub, past, fetched);
	leave(r, "past-policy", &sub);
}

static void
visit_step(struct record *r, const char *member, struct facts_step *step)
{
	struct record sub;

	if (!enter(r, member, &sub))
		return;
	step->end = visit_enum(&sub, "end", step->end, FACTS_END_STOPPED + 1,
	    end_txt);
	NUMBER(&sub, step, ms, UINT32_MAX);
	NUMBER(&sub, &step->reply, code, 999);
	NUMBER(&sub, &step->reply, faults, UINT8_MAX);
	TEXT(&sub, &step->reply, text);
	if (step->reply.text == NULL && step->reply.code != 0)
		step->reply.text = "";
	leave(r, member, &sub);
}

static void
visit_ehlo(struct record *r, const char *member, struct facts_ehlo *ehlo)
{
	struct record sub;

	if (!enter(r, member, &sub))
		return;
	WORD(&sub, ehlo, name);
	visit_texts(&sub, "keywords", &ehlo->keyword, &ehlo->n,
	    FACTS_EHLO_MAX);
	leave(r, member, &sub);
}

static void
visit_cert(struct record *r, struct facts_cert *c)
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
visit_tls(struct record *r, struct facts_tls *tls)
{
	struct record sub, item;
	json_t *array;

	if (!enter(r, "tls", &sub))
		return;
	TEXT(&sub, tls, proto);
	TEXT(&sub, tls, cipher);
	TEXT(&sub, tls, why);
	FLAG(&sub, tls, old_proto);
	FLAG(&sub, tls, injected);
	NUMBER(&sub, tls, verify, INT32_MAX);
	TEXT(&sub, tls, verify_txt);
	tls->name = visit_enum(&sub, "name", tls->name, FACTS_YES + 1, yes_txt);
	FLAG(&sub, tls, cn_matches);
	NUMBER(&sub, tls, tlsa_matches, UINT32_MAX);
	tls->n_certs = visit_list(&sub, "certs", tls->n_certs, FACTS_CERTS_MAX,
	    &array);
	if (r->reads)
		tls->certs = facts_alloc(r->facts, tls->n_certs + 1,
		    sizeof(*tls->certs));
	for (size_t i = 0; i < tls->n_certs; i++) {
		if (enter_item(&sub, "certs", array, i, &item))
			visit_cert(&item, &tls->certs[i]);
		sub.bad = item.bad != NULL ? item.bad : sub.bad;
	}
	leave(r, "tls", &sub);
}

static void
visit_rcpt(struct record *r, struct facts_rcpt *rcpt)
{
	const char *name = r->reads ? NULL : rcpt->domain->name;

	visit_text(r, "domain", &name);
	if (r->reads && name == NULL)
		spoil(r, "domain");
	else if (r->reads)
		rcpt->domain = facts_domain(r->facts, name);
	visit_step(r, "postmaster", &rcpt->postmaster);
	visit_step(r, "unknown", &rcpt->unknown);
}

static void
visit_probe(struct record *r, const char *member, struct facts_probe *p)
{
	struct record sub, item;
	json_t *array;

	if (!enter(r, member, &sub))
		return;
	for (unsigned i = 0; i < FACTS_STAGES; i++)
		visit_step(&sub, i == FACTS_TLS ? "handshake" :
		    facts_stage_txt((enum facts_stage)i), &p->step[i]);
	visit_ehlo(&sub, "said", &p->ehlo);
	visit_ehlo(&sub, "said-tls", &p->ehlo_tls);
	FLAG(&sub, p, clear);
	visit_tls(&sub, &p->tls);
	p->n_rcpts = visit_list(&sub, "rcpts", p->n_rcpts, LIST_MAX, &array);
	if (r->reads)
		p->rcpts = facts_alloc(r->facts, p->n_rcpts + 1,
		    sizeof(*p->rcpts));
	for (size_t i = 0; i < p->n_rcpts; i++) {
		if (enter_item(&sub, "rcpts", array, i, &item))
			visit_rcpt(&item, &p->rcpts[i]);
		sub.bad = item.bad != NULL ? item.bad : sub.bad;
	}
	leave(r, member, &sub);
}

/* ---- what there is */

static void
visit_mx(struct record *r, struct facts_mx *mx)
{
	const char *host = !r->reads && mx->host != NULL ? mx->host->name :
	    NULL;

	NUMBER(r, mx, pref, UINT16_MAX);
	WORD(r, mx, target);
	visit_text(r, "host", &host);
	if (r->reads && host != NULL)
		mx->host = facts_host(r->facts, host);
}

static void
visit_domain(struct record *r, struct facts_domain *d)
{
	struct record item;
	json_t *array;

	visit_lookup(r, "lookup", &d->mx);
	FLAG(r, d, implicit);
	d->n_mxs = visit_list(r, "mx", d->n_mxs, LIST_MAX, &array);
	if (r->reads)
		d->mxs = facts_alloc(r->facts, d->n_mxs + 1, sizeof(*d->mxs));
	for (size_t i = 0; i < d->n_mxs; i++) {
		if (enter_item(r, "mx", array, i, &item))
			visit_mx(&item, &d->mxs[i]);
		r->bad = item.bad != NULL ? item.bad : r->bad;
	}
	visit_txt(r, "sts", &d->sts);
	visit_txt(r, "tlsrpt", &d->tlsrpt);
	visit_fetch(r, &d->fetch);
	visit_sts_past(r, &d->sts_past);
}

static void
visit_tlsa(struct record *r, struct facts_tlsa *tlsa)
{
	NUMBER(r, tlsa, usage, UINT8_MAX);
	NUMBER(r, tlsa, selector, UINT8_MAX);
	NUMBER(r, tlsa, matching, UINT8_MAX);
	WORD(r, tlsa, data);
}

static void
visit_host(struct record *r, struct facts_host *h)
{
	struct record item;
	json_t *array;

	visit_lookup(r, "a", &h->a);
	visit_lookup(r, "aaaa", &h->aaaa);
	visit_lookup(r, "tlsa", &h->tlsa);
	h->n_tlsas = visit_list(r, "records", h->n_tlsas, FACTS_TLSA_MAX,
	    &array);
	if (r->reads)
		h->tlsas = facts_alloc(r->facts, h->n_tlsas + 1,
		    sizeof(*h->tlsas));
	for (size_t i = 0; i < h->n_tlsas; i++) {
		if (enter_item(r, "records", array, i, &item))
			visit_tlsa(&item, &h->tlsas[i]);
		r->bad = item.bad != NULL ? item.bad : r->bad;
	}
}

static void
visit_address(struct record *r, struct facts_addr *a)
{
	visit_lookup(r, "ptr", &a->ptr);
	visit_names(r, "names", &a->ptrs);
	FLAG(r, a, confirmed);
	FLAG(r, a, unchecked);
}

/* Which endpoint: by its place in the run's list. */
static void
visit_shared(struct record *r, struct facts_endpoint *ep)
{
	int64_t place = !r->reads && ep->shared != NULL ?
	    (int64_t)ep->shared->index + 1 : 0;

	place = visit_number(r, "shares", place, 0,
	    (int64_t)r->facts->n_endpoints);
	if (r->reads && place > 0)
		ep->shared = r->facts->endpoints[place - 1];
}

static void
visit_past(struct record *r, struct facts_past *past)
{
	struct record sub;

	if (!enter(r, "past", &sub))
		return;
	TIME(&sub, past, first_usable);
	TIME(&sub, past, last_usable);
	TIME(&sub, past, not_after);
	NUMBER(&sub, past, n_tls, UINT32_MAX);
	TEXT(&sub, past, spki);
	leave(r, "past", &sub);
}

static void
visit_endpoint(struct record *r, struct facts_endpoint *ep)
{
	bool is_dialled = !r->reads && ep->addr->dialled == ep;
	bool has_first = ep->first != NULL;

	TEXT(r, ep, untried);
	visit_shared(r, ep);
	visit_flag(r, "dialled", &is_dialled);
	if (r->reads && is_dialled)
		ep->addr->dialled = ep;
	visit_probe(r, "session", &ep->probe);
	if (r->reads)
		has_first = json_object_get(r->object, "first") != NULL;
	if (r->reads && has_first)
		ep->first = facts_alloc(r->facts, 1, sizeof(*ep->first));
	if (has_first)
		visit_probe(r, "first", ep->first);
	visit_lookup(r, "greeting-name", &ep->greeting_name);
	visit_past(r, &ep->past);
}

static void
visit_run(struct record *r, struct facts *f)
{
	TIME(r, f, at);
	NUMBER(r, f, took_ms, UINT32_MAX);
	WORD(r, f, helo);
	FLAG(r, f, no_route4);
	FLAG(r, f, no_route6);
	f->helo_is_us = visit_enum(r, "helo_is_us", f->helo_is_us,
	    FACTS_YES + 1, yes_txt);
	FLAG(r, f, stopped);
}

/* ---- writing */

/* The visitors change nothing when they write. */
static struct facts *
visited(const struct facts *facts)
{
	return (struct facts *)(uintptr_t)facts;
}

static struct record
begin(const struct facts *facts, const char *type)
{
	struct record r = {.object = json_object(), .facts = visited(facts)};

	json_object_set_new(r.object, "v", json_integer(RECORD_VERSION));
	json_object_set_new(r.object, "type", json_string(type));
	return r;
}

static void
set_text(json_t *object, const char *member, const char *text)
{
	json_object_set_new(object, member, json_string(text));
}

json_t *
record_run(const struct facts *facts)
{
	struct record r = begin(facts, "run");
	json_t *list, *pair;

	visit_run(&r, visited(facts));
	json_object_set_new(r.object, "domains", list = json_array());
	for (size_t i = 0; i < facts->n_domains; i++)
		json_array_append_new(list,
		    json_string(facts->domains[i]->name));
	json_object_set_new(r.object, "hosts", list = json_array());
	for (size_t i = 0; i < facts->n_hosts; i++)
		json_array_append_new(list, json_string(facts->hosts[i]->name));
	json_object_set_new(r.object, "addresses", list = json_array());
	for (size_t i = 0; i < facts->n_addrs; i++)
		json_array_append_new(list, json_string(facts->addrs[i]->txt));
	json_object_set_new(r.object, "endpoints", list = json_array());
	for (size_t i = 0; i < facts->n_endpoints; i++) {
		pair = json_array();
		json_array_append_new(pair,
		    json_string(facts->endpoints[i]->host->name));
		json_array_append_new(pair,
		    json_string(facts->endpoints[i]->addr->txt));
		json_array_append_new(list, pair);
	}
	return r.object;
}

json_t *
record_domain(const struct facts *facts, size_t i)
{
	struct record r = begin(facts, "domain");

	set_text(r.object, "name", facts->domains[i]->name);
	visit_domain(&r, facts->domains[i]);
	return r.object;
}

json_t *
record_host(const struct facts *facts, size_t i)
{
	struct record r = begin(facts, "host");

	set_text(r.object, "name", facts->hosts[i]->name);
	visit_host(&r, facts->hosts[i]);
	return r.object;
}

json_t *
record_address(const struct facts *facts, size_t i)
{
	struct record r = begin(facts, "address");

	set_text(r.object, "addr", facts->addrs[i]->txt);
	visit_address(&r, facts->addrs[i]);
	return r.object;
}

json_t *
record_endpoint(const struct facts *facts, size_t i)
{
	struct record r = begin(facts, "endpoint");

	set_text(r.object, "host", facts->endpoints[i]->host->name);
	set_text(r.object, "addr", facts->endpoints[i]->addr->txt);
	visit_endpoint(&r, facts->endpoints[i]);
	return r.object;
}

void
record_put(FILE *to, json_t *object)
{
	json_dumpf(object, to, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', to);
	json_decref(object);
}

/* ---- reading */

/* The text of a member that has to be there; NULL after spoil(). */
static const char *
wanted(struct record *r, const char *member)
{
	json_t *j = json_object_get(r->object, member);

	if (is_plain(j))
		return json_string_value(j);
	spoil(r, member);
	return NULL;
}

static bool
is_name(const char *text)
{
	uint8_t dname[DNAME_MAX];

	return dname_from_txt(dname, text, strlen(text)) > 0;
}

static void
read_names(struct record *r, const char *member,
    void (*add)(struct facts *facts, const char *name))
{
	json_t *list, *j;
	size_t n = visit_list(r, member, 0, SIZE_MAX, &list);

	for (size_t i = 0; i < n && r->bad == NULL; i++) {
		j = json_array_get(list, i);
		if (is_plain(j) && is_name(json_string_value(j)))
			add(r->facts, json_string_value(j));
		else
			spoil(r, member);
	}
}

static void
add_domain(struct facts *facts, const char *name)
{
	(void)facts_domain(facts, name);
}

static void
add_host(struct facts *facts, const char *name)
{
	(void)facts_host(facts, name);
}

static void
read_addresses(struct record *r)
{
	json_t *list, *j;
	struct addr addr;
	size_t n = visit_list(r, "addresses", 0, SIZE_MAX, &list);

	for (size_t i = 0; i < n && r->bad == NULL; i++) {
		j = json_array_get(list, i);
		if (is_plain(j) && addr_parse(&addr, json_string_value(j)) == 0)
			(void)facts_addr(r->facts, &addr);
		else
			spoil(r, "addresses");
	}
}

static void
read_endpoints(struct record *r)
{
	json_t *list, *host, *txt;
	struct addr addr;
	size_t n = visit_list(r, "endpoints", 0, SIZE_MAX, &list);

	for (size_t i = 0; i < n && r->bad == NULL; i++) {
		host = json_array_get(json_array_get(list, i), 0);
		txt = json_array_get(json_array_get(list, i), 1);
		if (is_plain(host) && is_name(json_string_value(host)) &&
		    is_plain(txt) &&
		    addr_parse(&addr, json_string_value(txt)) == 0)
			(void)facts_endpoint(r->facts, facts_host(r->facts,
			    json_string_value(host)), &addr);
		else
			spoil(r, "endpoints");
	}
}

static void
read_run(struct record *r)
{
	visit_run(r, r->facts);
	read_names(r, "domains", add_domain);
	read_names(r, "hosts", add_host);
	read_addresses(r);
	read_endpoints(r);
}

static void
read_domain(struct record *r)
{
	const char *name = wanted(r, "name");

	if (name != NULL && is_name(name))
		visit_domain(r, facts_domain(r->facts, name));
	else
		spoil(r, "name");
}

static void
read_host(struct record *r)
{
	const char *name = wanted(r, "name");

	if (name != NULL && is_name(name))
		visit_host(r, facts_host(r->facts, name));
	else
		spoil(r, "name");
}

static void
read_address(struct record *r)
{
	const char *txt = wanted(r, "addr");
	struct addr addr;

	if (txt != NULL && addr_parse(&addr, txt) == 0)
		visit_address(r, facts_addr(r->facts, &addr));
	else
		spoil(r, "addr");
}

static void
read_endpoint(struct record *r)
{
	const char *host = wanted(r, "host"), *txt = wanted(r, "addr");
	struct addr addr;

	if (host != NULL && txt != NULL && is_name(host) &&
	    addr_parse(&addr, txt) == 0)
		visit_endpoint(r, facts_endpoint(r->facts,
		    facts_host(r->facts, host), &addr));
	else
		spoil(r, "host");
}

static const struct {
	const char *type;
	void (*read)(struct record *r);
} types[] = {
    {"run", read_run},
    {"domain", read_domain},
    {"host", read_host},
    {"address", read_address},
    {"endpoint", read_endpoint},
};

static int __attribute__((format(printf, 3, 4)))
wrong(char *why, unsigned line, const char *fmt, ...)
{
	int n = snprintf(why, RECORD_WHY_MAX, "line %u: ", line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why + n, RECORD_WHY_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int
read_object(struct facts *facts, json_t *object, unsigned line, char *why)
{
	struct record r = {.object = object, .facts = facts, .reads = true};
	const char *type = wanted(&r, "type");

	if (type == NULL || json_integer_value(json_object_get(object, "v")) !=
	    RECORD_VERSION)
		return wrong(why, line, "is no record of mxcheck, or one of "
		    "another version");
	if (line == 1 && strcmp(type, "run") != 0)
		return wrong(why, line, "a record begins with a run");
	if (line > 1 && strcmp(type, "run") == 0)
		return wrong(why, line, "a second run; give one at a time");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].type, type) == 0)
			types[i].read(&r);
	if (r.bad != NULL)
		return wrong(why, line, "%s: cannot be read", r.bad);
	return 0;
}

static int
read_line(struct facts *facts, const char *text, size_t len, unsigned line,
    char *why)
{
	json_error_t error;
	json_t *object;
	int rc;

	if (len > RECORD_LINE_MAX)
		return wrong(why, line, "longer than %d bytes",
		    RECORD_LINE_MAX);
	object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (object == NULL)
		return wrong(why, line, "is no JSON, at byte %d",
		    error.position);
	rc = json_is_object(object) ? read_object(facts, object, line, why) :
	    wrong(why, line, "is no object");
	json_decref(object);
	return rc;
}

/* A session is shared with the endpoint that has one, in one hop. */
static int
check_shared(const struct facts *facts, char *why)
{
	for (size_t i = 0; i < facts->n_endpoints; i++) {
		const struct facts_endpoint *ep = facts->endpoints[i];

		if (ep->shared != NULL && ep->shared->shared != NULL)
			return wrong(why, 1, "endpoint %zu shares one that "
			    "shares another", i + 1);
	}
	return 0;
}

int
record_read(struct facts *facts, FILE *from, char why[RECORD_WHY_MAX])
{
	size_t size = 0;
	unsigned line = 0;
	char *text = NULL;
	ssize_t len;
	int rc = 0;

	while (rc == 0 && (len = getline(&text, &size, from)) > 0)
		rc = read_line(facts, text, (size_t)len, ++line, why);
	free(text);
	if (rc == 0 && line == 0)
		rc = wrong(why, 1, "the record is empty");
	return rc == 0 ? check_shared(facts, why) : rc;
}
