/*
 * One sender, one MX list, step by step. A pure function: the unit test holds
 * it to what the real senders did.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include "tools/mxcheck/judge.h"

/* What the sender sees of one hop. */
struct view {
	const struct walk_hop *hop;
	bool dead, lost;
	enum model_action action;
	uint32_t cost_s;
	const char *why;
	bool greets5; /* a 5xx greeting was seen */
	bool session; /* it counts as a session: the peer came past EHLO */
};

struct walker {
	const struct walk_list *list;
	const struct walk_how *how;
	struct view view[WALK_HOPS_MAX]; /* those with an address */
	size_t n;
	bool was_cut; /* there were more addresses than the sender keeps */
};

const char *
walk_end_txt(enum walk_end end)
{
	static const char *const txt[] = {
	    [WALK_FLOWS] = "FLOWS",
	    [WALK_DEFERRED] = "DEFERRED",
	    [WALK_BOUNCED] = "BOUNCED",
	};

	return txt[end];
}

const char *
walk_overlay_txt(enum walk_overlay overlay)
{
	static const char *const txt[WALK_OVERLAYS] = {
	    [WALK_PLAIN] = "", [WALK_STS] = "sts", [WALK_DANE] = "dane",
	    [WALK_V4] = "v4", [WALK_V6] = "v6",
	};

	return txt[overlay];
}

/* ---- one hop */

static uint32_t
cost(const struct model *m, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_FILTERED:
		return m->connect_s;
	case OUTCOME_MUTE:
	case OUTCOME_EHLOFAIL:
		return m->greeting_s;
	case OUTCOME_NAME_FAILED:
		return 10; /* measured: what the lookup takes */
	default:
		return 0;
	}
}

static bool
is_session(enum outcome outcome)
{
	return outcome == OUTCOME_MAIL4 || outcome == OUTCOME_RCPT4;
}

/* The handshake comes before MAIL: it decides if the rest would deliver. */
static void
look_at_tls(struct view *v, const struct model *m)
{
	if (v->action != MODEL_DELIVER)
		return;
	if (v->hop->tls == OUTCOME_TLS_FAIL) {
		v->action = m->tls_fail;
		v->why = "the TLS handshake fails";
	} else if (v->hop->tls == OUTCOME_TLS_HANG) {
		v->action = m->tls_hang;
		v->why = "the TLS handshake hangs";
		v->cost_s = m->tls_s;
	}
	v->session = v->action == MODEL_NEXT;
}

static void
look(struct view *v, const struct walk_hop *hop, bool dead, bool lost,
    const struct walk_how *how)
{
	enum outcome outcome = hop->outcome;

	if (lost)
		outcome = OUTCOME_NAME_FAILED;
	else if (dead)
		outcome = how->death == WALK_DEAD_SILENT ? OUTCOME_FILTERED :
		    OUTCOME_REFUSED;
	*v = (struct view){
	    .hop = hop,
	    .dead = dead,
	    .lost = lost,
	    .action = how->model->action[outcome],
	    .cost_s = cost(how->model, outcome),
	    .greets5 = outcome == OUTCOME_GREET5,
	    .session = is_session(outcome),
	    .why = outcome_txt(outcome),
	};
	if (!dead && !lost)
		look_at_tls(v, how->model);
	if ((how->overlay == WALK_STS && hop->sts_fails) ||
	    (how->overlay == WALK_DANE && hop->dane_fails)) {
		v->action = MODEL_NEXT;
		v->why = "policy";
		v->greets5 = false;
	}
}

static bool
is_other_family(const struct walk_hop *hop, enum walk_overlay overlay)
{
	return (overlay == WALK_V4 && hop->family == AF_INET6) ||
	    (overlay == WALK_V6 && hop->family == AF_INET);
}

/* ---- the list as the sender builds it */

static int
worst_first(const void *a, const void *b)
{
	const struct view *x = a, *y = b;

	if (x->hop->pref != y->hop->pref)
		return x->hop->pref < y->hop->pref ? -1 : 1;
	if (x->action != y->action)
		return x->action > y->action ? -1 : 1;
	if (x->cost_s != y->cost_s)
		return x->cost_s > y->cost_s ? -1 : 1;
	return x->hop < y->hop ? -1 : x->hop > y->hop;
}

static int
best_first(const void *a, const void *b)
{
	const struct view *x = a, *y = b;

	if (x->hop->pref != y->hop->pref)
		return x->hop->pref < y->hop->pref ? -1 : 1;
	if (x->action != y->action)
		return x->action < y->action ? -1 : 1;
	if (x->cost_s != y->cost_s)
		return x->cost_s < y->cost_s ? -1 : 1;
	return x->hop < y->hop ? -1 : x->hop > y->hop;
}

static bool
is_set(const bool *flags, size_t i)
{
	return flags != NULL && flags[i];
}

/* A lost name is looked up once, however many addresses it had. */
static bool
is_lost_already(const struct walker *w, size_t i)
{
	return i > 0 && is_set(w->how->lost, i) &&
	    is_set(w->how->lost, i - 1) &&
	    w->list->hop[i].host == w->list->hop[i - 1].host;
}

static void
build(struct walker *w)
{
	const struct walk_how *how = w->how;

	for (size_t i = 0; i < w->list->n; i++)
		if (!is_other_family(&w->list->hop[i], how->overlay) &&
		    !is_lost_already(w, i))
			look(&w->view[w->n++], &w->list->hop[i],
			    is_set(how->dead, i), is_set(how->lost, i), how);
	qsort(w->view, w->n, sizeof(w->view[0]),
	    how->order == WALK_WORST ? worst_first : best_first);
}

/* Names without address are not in the list that is counted, nor is the
 * sender's own host. */
static bool
has_address(const struct view *v)
{
	return v->hop->family != 0 && v->hop->outcome != OUTCOME_LOOP &&
	    !v->lost;
}

/* What the sender cuts off its list; the order stays. */
static void
cut(struct walker *w)
{
	unsigned n4 = 0, n6 = 0, keep[2];
	size_t i, n = 0;

	for (i = 0; i < w->n; i++) {
		n4 += has_address(&w->view[i]) &&
		    w->view[i].hop->family == AF_INET;
		n6 += has_address(&w->view[i]) &&
		    w->view[i].hop->family == AF_INET6;
	}
	model_keep(w->how->model, n4, n6, keep);
	w->was_cut = keep[0] + keep[1] < n4 + n6;
	for (i = 0; i < w->n; i++) {
		unsigned *left = &keep[w->view[i].hop->family == AF_INET6];

		if (has_address(&w->view[i]) && *left == 0)
			continue;
		*left -= has_address(&w->view[i]);
		w->view[n++] = w->view[i];
	}
	w->n = n;
}

/* What is as far as the sender's own host, or farther, would be a loop. Returns
 * false if nothing is nearer. */
static bool
cut_loop(struct walker *w)
{
	size_t i = 0;

	while (i < w->n && (w->view[i].hop->outcome != OUTCOME_LOOP ||
	    w->view[i].dead || w->view[i].lost))
		i++;
	if (i == w->n)
		return true;
	while (i > 0 && w->view[i - 1].hop->pref == w->view[i].hop->pref)
		i--;
	w->n = i;
	return i > 0;
}

/* ---- the walk */

/* There is something to deliver to, or to fail at. */
static bool
is_listed(const struct view *v, const struct model *m)
{
	if (v->lost)
		return false;
	switch (v->hop->outcome) {
	case OUTCOME_LOOP:
		return m->action[OUTCOME_LOOP] == MODEL_BOUNCE;
	case OUTCOME_NUMBER:
		return m->dials_numbers;
	default:
		return has_address(v);
	}
}

static bool
is_nameless(const struct walker *w, bool *failed)
{
	*failed = false;
	for (size_t i = 0; i < w->n; i++) {
		if (is_listed(&w->view[i], w->how->model))
			return false;
		*failed |= w->view[i].lost ||
		    w->view[i].hop->outcome == OUTCOME_NAME_FAILED;
	}
	return true;
}

static void
end(struct walk_result *out, enum walk_end how, const char *host,
    const char *why)
{
	out->end = how;
	out->host = host;
	out->why = why;
}

static bool
is_over_limit(const struct walker *w, const unsigned tried[2],
    const struct view *v, bool level_tried)
{
	const struct model *m = w->how->model;
	unsigned n = tried[0] + tried[1];

	if (m->addr_limit == 0 || !has_address(v))
		return false;
	if (m->per_family)
		n = tried[v->hop->family == AF_INET6];
	return n >= m->addr_limit && (!m->one_per_level || level_tried);
}

static void
go(struct walk_result *out, const struct walker *w)
{
	const struct model *m = w->how->model;
	unsigned tried[2] = {0, 0}, sessions = 0;
	bool level_tried = false, skipped = w->was_cut;
	const struct view *last = NULL;

	for (size_t i = 0; i < w->n; i++) {
		const struct view *v = &w->view[i];

		if (i == 0 || v->hop->pref != v[-1].hop->pref)
			level_tried = false;
		if (is_over_limit(w, tried, v, level_tried)) {
			skipped = true;
			continue;
		}
		last = v;
		level_tried |= has_address(v);
		tried[v->hop->family == AF_INET6] += has_address(v);
		out->delay_s += v->cost_s;
		switch (v->action) {
		case MODEL_DELIVER:
		case MODEL_CLEAR:
			end(out, WALK_FLOWS, v->hop->host, NULL);
			out->clear = v->action == MODEL_CLEAR;
			return;
		case MODEL_DEFER:
			end(out, WALK_DEFERRED, v->hop->host, v->why);
			return;
		case MODEL_BOUNCE:
			end(out, WALK_BOUNCED, v->hop->host, v->why);
			return;
		case MODEL_NEXT:
			sessions += v->session;
			break;
		}
		if (m->session_limit > 0 && sessions >= m->session_limit) {
			end(out, WALK_DEFERRED, v->hop->host,
			    "session limit");
			return;
		}
	}
	if (m->last_greet5_bounces && last != NULL && last->greets5) {
		end(out, WALK_BOUNCED, last->hop->host, last->why);
		return;
	}
	end(out, WALK_DEFERRED, NULL,
	    skipped ? "address limit" : "list exhausted");
}

void
walk(struct walk_result *out, const struct walk_list *list,
    const struct walk_how *how)
{
	struct walker w; /* large: only what is used of it is written */
	bool failed;

	w.list = list;
	w.how = how;
	w.n = 0;
	w.was_cut = false;
	*out = (struct walk_result){0};
	build(&w);
	if (list->null_mx && how->model->null_beside == MODEL_BOUNCE) {
		end(out, WALK_BOUNCED, NULL, "null MX");
		return;
	}
	if (is_nameless(&w, &failed)) {
		if (failed || how->model->all_nameless == MODEL_DEFER)
			end(out, WALK_DEFERRED, NULL, "no address");
		else
			end(out, WALK_BOUNCED, NULL, "no address");
		return;
	}
	if (how->model->loop_cuts && !cut_loop(&w)) {
		end(out, WALK_BOUNCED, w.view[0].hop->host,
		    outcome_txt(OUTCOME_LOOP));
		return;
	}
	if (how->model->balances)
		cut(&w);
	go(out, &w);
}
