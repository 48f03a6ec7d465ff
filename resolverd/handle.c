/*
 * The order of things: refuse, list zones, then what is outside of them.
 */
#include "resolverd/admission.h"
#include "resolverd/counters.h"
#include "resolverd/handle.h"
#include "resolverd/listzone.h"
#include "resolverd/query.h"
#include "zones/acl.h"

/*
 * Whom the acl for all zones ignores gets no REFUSED for other names either,
 * where there are none but lists.
 */
static bool
is_ignored(const struct handler *h, const struct client *client)
{
	struct acl_verdict v = {.client = &client->addr};

	if (h->outside != NULL)
		return false;
	listzones_acl(h->zones, &v);
	return v.action == ACL_IGNORE;
}

/* Parses, and finds every reason not to answer. */
static enum query_verdict
judge(const struct handler *h, struct query *q, const struct client *client,
    const uint8_t *packet, size_t len, uint8_t *reply, size_t cap)
{
	enum query_verdict verdict;

	if (client->acl == CONF_ACL_DROP || is_ignored(h, client))
		return QUERY_DROP;
	verdict = query_begin(q, packet, len, client->acl == CONF_ACL_ALLOW,
	    client->transport->is_datagram, reply, cap);
	return admission_of_query(q, verdict, client, h->conf);
}

void
handle_begin(struct handler *h, struct handling *g,
    const struct client *client, const uint8_t *packet, size_t len,
    uint8_t *reply, size_t cap)
{
	counter_inc(COUNTER_QUERIES);
	if (!client->transport->is_datagram)
		counter_inc(COUNTER_QUERIES_TCP);
	g->packet_len = len;
	g->verdict = judge(h, &g->q, client, packet, len, reply, cap);
	g->is_list = g->verdict == QUERY_ANSWER &&
	    listzones_route(h->zones, &g->q, &g->list);
}

/* Returns false if the answer comes later, or never. */
static bool
answer(struct handler *h, struct handling *g, const struct client *client)
{
	if (g->is_list) {
		counter_inc(COUNTER_LIST_ANSWERS);
		if (!listzone_answer(&g->list, &g->q, &client->addr)) {
			counter_inc(COUNTER_DROPPED);
			return false;
		}
	} else if (h->outside != NULL && g->q.qtype == DNS_TYPE_ANY &&
	    (g->q.flags & DNS_FLAG_RD)) {
		made_up_any_answer(&g->q);
	} else if (h->outside != NULL) {
		return h->outside->answer(h, &g->q, client);
	} else {
		counter_inc(COUNTER_REFUSED);
		query_set_error(&g->q, DNS_RCODE_REFUSED);
	}
	return true;
}

static size_t
finish(struct handler *h, struct handling *g, const struct client *client)
{
	switch (g->verdict) {
	case QUERY_ANSWER:
		if (!answer(h, g, client))
			return 0;
		break;
	case QUERY_FINISH:
		if (client->acl != CONF_ACL_ALLOW ||
		    !made_up_server_answer(&g->q, &h->server))
			counter_inc(COUNTER_REFUSED);
		break;
	case QUERY_DROP:
		counter_inc(COUNTER_DROPPED);
		return 0;
	}
	g->q.no_recursion = h->outside == NULL;
	query_finish(&g->q);
	return g->q.reply_len;
}

size_t
handle_end(struct handler *h, struct handling *g, const struct client *client)
{
	size_t len = finish(h, g, client);

	if (h->note != NULL)
		h->note(h->note_arg, g, client, len);
	return len;
}

void
handle_batch_done(struct handler *h)
{
	listzones_pause(h->zones);
	if (h->outside != NULL)
		h->outside->batch_done(h);
}
