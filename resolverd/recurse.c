/*
 * Cache, then upstream. A question that has to wait becomes a struct waiter; its
 * answer leaves through the same query_finish() as any other.
 */
#include "resolverd/recurse.h"

#include <errno.h>
#include <stdlib.h>

#include <event2/event.h>

#include "lib/log.h"
#include "resolverd/answer.h"
#include "resolverd/cache.h"
#include "resolverd/counters.h"
#include "resolverd/handle.h"
#include "resolverd/query.h"
#include "resolverd/upstream.h"

struct waiter {
	struct handler *h;
	struct query_saved query;
	const struct transport *transport;
	void *kept; /* the transport's way back */
};

/* Completion of upstream_resolve(); a NULL: there is no answer to be had. */
static void
on_answer(void *arg, const struct answer *a)
{
	/* one at a time, and too large for the stack */
	static uint8_t reply[DNS_MESSAGE_MAX];
	static const struct timeval soon = {
		.tv_usec = HANDLE_FLUSH_MS * 1000,
	};
	struct waiter *w = arg;
	struct query q;

	query_resume(&q, &w->query, reply, sizeof(reply));
	if (a != NULL) {
		answer_put(a, &q);
	} else {
		counter_inc(COUNTER_UPSTREAM_FAILURES);
		query_set_error(&q, DNS_RCODE_SERVFAIL);
	}
	query_finish(&q);
	w->transport->answer(w->kept, reply, q.reply_len);
	if (!evtimer_pending(w->h->flush, NULL))
		evtimer_add(w->h->flush, &soon);
	free(w);
}

/* Returns 0 if the answer comes later. */
static int
ask_upstream(struct handler *h, const struct query *q,
    const struct client *client, const struct cache_key *key)
{
	struct waiter *w = malloc(sizeof(*w));
	int rv;

	if (w == NULL)
		return -ENOMEM;
	w->h = h;
	w->transport = client->transport;
	w->kept = client->transport->keep(client);
	if (w->kept == NULL) {
		free(w);
		return -ENOMEM;
	}
	query_save(q, &w->query);
	rv = upstream_resolve(h->upstream, key, on_answer, w);
	if (rv != 0) {
		w->transport->answer(w->kept, NULL, 0);
		free(w);
	}
	return rv;
}

static void
note_overload(void)
{
	static uint64_t n;

	counter_inc(COUNTER_OVERLOAD);
	if (n++ % 10000 == 0)
		log_warn("too many questions under way, %llu answered SERVFAIL "
			 "so far",
		    (unsigned long long)n);
}

/* The answer from outside. Returns false if q waits for it. */
static bool
recurse_answer(struct handler *h, struct query *q,
    const struct client *client)
{
	struct cache_key key;
	struct answer a;

	/* RFC 1034 4.3.1: whoever wants recursion says so */
	if (!(q->flags & DNS_FLAG_RD)) {
		query_set_error(q, DNS_RCODE_REFUSED);
		return true;
	}
	query_hash_from(q, 0);
	key.qname = q->qname;
	key.qname_len = q->qname_len;
	key.hash = q->hash[0];
	key.qtype = q->qtype;
	key.dnssec_ok = q->dnssec_ok;
	key.checking_disabled = q->flags & DNS_FLAG_CD;
	if (h->cache != NULL &&
	    cache_get(h->cache, &key, cache_now(h->cache), &a) == 0) {
		counter_inc(a.rcode == DNS_RCODE_NOERROR && a.ancount > 0 ?
			COUNTER_CACHE_HITS :
			COUNTER_CACHE_NEGATIVE_HITS);
		answer_put(&a, q);
		return true;
	}
	counter_inc(COUNTER_CACHE_MISSES);
	switch (ask_upstream(h, q, client, &key)) {
	case 0:
		return false;
	case -EBUSY:
		note_overload();
		/* FALLTHROUGH */
	default:
		query_set_error(q, DNS_RCODE_SERVFAIL);
		return true;
	}
}

static void
recurse_batch_done(struct handler *h)
{
	if (h->cache != NULL)
		cache_pause(h->cache);
}

const struct outside recurse = {
	.answer = recurse_answer,
	.batch_done = recurse_batch_done,
};
