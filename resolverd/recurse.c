/*
 * Cache, then upstream. A question that has to wait becomes a struct waiter;
 * its answer leaves through the same query_finish() as any other.
 */
#include "resolverd/recurse.h"

#include <errno.h>
#include <stdlib.h>

#include <event2/event.h>

#include "lib/log.h"
#include "resolverd/answer.h"
#include "resolverd/bogus.h"
#include "resolverd/cache.h"
#include "resolverd/counters.h"
#include "resolverd/handle.h"
#include "resolverd/localdata.h"
#include "resolverd/query.h"
#include "resolverd/upstream.h"

struct waiter {
	struct handler *h;
	struct query_saved query;
	const struct transport *transport;
	void *kept; /* the transport's way back */
};

static struct cache_key
key_of(struct query *q)
{
	query_hash_from(q, 0);
	return (struct cache_key){.qname = q->qname,
	    .qname_len = q->qname_len,
	    .hash = q->hash[0],
	    .qtype = q->qtype,
	    .dnssec_ok = q->dnssec_ok,
	    .checking_disabled = q->flags & DNS_FLAG_CD};
}

/* ---- without an answer */

/* RFC 8767: what has expired is better than nothing. */
static bool
put_stale(struct handler *h, struct query *q)
{
	struct cache_key key = key_of(q);
	struct answer a;

	if (h->cache == NULL ||
	    cache_get(h->cache, &key, cache_now(h->cache), &a) != -ESTALE)
		return false;
	answer_put(&a, q);
	query_set_ede(q,
	    a.rcode == DNS_RCODE_NXDOMAIN ? EDE_STALE_NXDOMAIN :
					    EDE_STALE_ANSWER,
	    NULL);
	counter_inc(COUNTER_STALE_ANSWERS);
	return true;
}

static void
put_servfail(struct query *q, uint8_t ede, const char *why)
{
	query_set_error(q, DNS_RCODE_SERVFAIL);
	if (ede != 0 || why != NULL)
		query_set_ede(q, ede, why);
}

/* ---- waiting for an answer */

/* Completion of upstream_resolve(). */
static void
on_answer(void *arg, const struct answer *a)
{
	/* one at a time, and too large for the stack */
	static uint8_t reply[DNS_MESSAGE_MAX];
	struct waiter *w = arg;
	struct query q;

	query_resume(&q, &w->query, reply, sizeof(reply));
	if (a->rcode != DNS_RCODE_SERVFAIL) {
		answer_put(a, &q);
	} else if (bogus_is_ede(a->ede) || !put_stale(w->h, &q)) {
		/* what is bogus is not to be covered up by an old answer */
		counter_inc(COUNTER_UPSTREAM_FAILURES);
		put_servfail(&q, a->ede, a->why);
	}
	query_finish(&q);
	w->transport->answer(w->kept, reply, q.reply_len);
	if (w->h->cache != NULL)
		cache_pause(w->h->cache);
	free(w);
}

/* Returns 0 if the answer comes later. */
static int
ask_upstream(struct handler *h, const struct query *q,
    const struct client *client, const struct cache_key *key, bool has_stale)
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
	rv = upstream_resolve(h->upstream, key, has_stale, on_answer, w);
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

/* ---- answers at once */

static void
put_hit(struct handler *h, struct query *q, const struct cache_key *key,
    const struct answer *a)
{
	counter_inc(a->rcode == DNS_RCODE_NOERROR && a->ancount > 0 ?
		COUNTER_CACHE_HITS :
		COUNTER_CACHE_NEGATIVE_HITS);
	answer_put(a, q);
	if (a->due)
		upstream_refresh(h->upstream, key);
}

/* RFC 9520: what failed a moment ago is not asked for again. */
static bool
put_failure(struct handler *h, struct query *q, const struct cache_key *key)
{
	struct answer a;

	if (cache_get_failure(h->cache, key, cache_now(h->cache), &a) != 0)
		return false;
	counter_inc(COUNTER_CACHED_FAILURES);
	if (bogus_is_ede(a.ede) || !put_stale(h, q))
		put_servfail(q, a.ede, "it failed a moment ago");
	return true;
}

/* RFC 8020 2: below a name that does not exist there is nothing. */
static bool
put_cut(struct handler *h, struct query *q, const struct cache_key *key)
{
	uint8_t body[DNS_MESSAGE_MAX], ttl_off[2 * ANSWER_TTLS_MAX];
	struct cache_key above = *key;
	struct answer cut, a;

	/* only what is secure proves it */
	for (unsigned i = 1; h->conf->upstream.validate && i < q->n_labels;
	     i++) {
		above.qname = q->qname + q->off[i];
		above.qname_len = q->qname_len - (size_t)q->off[i];
		above.hash = q->hash[i];
		if (cache_get_cut(
			h->cache, &above, cache_now(h->cache), &cut) != 0 ||
		    answer_for_name(&a, &cut, above.qname, q->qname, body,
			sizeof(body), ttl_off) != 0)
			continue;
		counter_inc(COUNTER_CUTS);
		answer_put(&a, q);
		return true;
	}
	return false;
}

static void
put_nothing(struct handler *h, struct query *q, int rc)
{
	const char *why = NULL;
	uint8_t ede = 0;

	if (rc == -EBUSY) {
		note_overload();
		why = "too many questions under way";
	}
	if (rc == -ETIMEDOUT) {
		ede = EDE_NO_REACHABLE_AUTHORITY;
		why = "nothing came from there lately";
	}
	if (!put_stale(h, q))
		put_servfail(q, ede, why);
}

/* The answer from outside. Returns false if q waits for it. */
static bool
recurse_answer(struct handler *h, struct query *q, const struct client *client)
{
	struct cache_key key;
	struct answer a;
	int rc = -ENOENT;

	if (localdata_answer(h->localdata, q)) {
		counter_inc(COUNTER_LOCAL_ANSWERS);
		return true;
	}
	/* RFC 1034 4.3.1: whoever wants recursion says so */
	if (!(q->flags & DNS_FLAG_RD)) {
		query_set_error(q, DNS_RCODE_REFUSED);
		return true;
	}
	key = key_of(q);
	if (h->cache != NULL)
		rc = cache_get(h->cache, &key, cache_now(h->cache), &a);
	if (rc == 0) {
		put_hit(h, q, &key, &a);
		return true;
	}
	counter_inc(COUNTER_CACHE_MISSES);
	if (h->cache != NULL &&
	    (put_failure(h, q, &key) || put_cut(h, q, &key)))
		return true;
	rc = ask_upstream(h, q, client, &key, rc == -ESTALE);
	if (rc == 0)
		return false;
	put_nothing(h, q, rc);
	return true;
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
