/*
 * What comes back from libunbound: into the cache, then to those who wait.
 * Answers come from the network by way of libunbound: untrusted.
 */
#include <event2/event.h>
#include <stdio.h>
#include <time.h>

#include "lib/log.h"
#include "resolverd/upstream_impl.h"

#define BOGUS_LIFETIME_S 60 /* RFC 4035 4.7: of bad data, for CD questions */
#define BOGUS_LOG_S 10      /* between two log lines about bogus answers */

/* What came goes into the cache this much later, many at once. */
#define FLUSH_MS 20

/* ---- failures */

void
upstream_flush_soon(struct upstream *u)
{
	static const struct timeval soon = {.tv_usec = FLUSH_MS * 1000};

	if (u->cache != NULL && !evtimer_pending(u->flush, NULL))
		event_add(u->flush, &soon);
}

/* RFC 9520; RFC 8767 5 where there is an expired answer */
void
flight_note_failure(struct flight *f, uint8_t ede)
{
	struct upstream *u = f->up;
	struct answer a;
	uint64_t now;
	bool has_stale;

	/* a probe's failure is its zone's, not that question's */
	if (f->failed || f->is_probe || u->cache == NULL || u->pool == NULL)
		return;
	f->failed = true;
	now = cache_now(u->cache);
	has_stale = cache_get(u->cache, &f->key, now, &a) == -ESTALE;
	cache_pause(u->cache);
	(void)cache_put_failure(u->cache, &f->key, now, ede,
	    has_stale ? UPSTREAM_STALE_RETRY_S : 0, 0);
	upstream_flush_soon(u);
}

void
flight_fail(struct flight *f, uint8_t ede, const char *why)
{
	const struct answer a = {
	    .rcode = DNS_RCODE_SERVFAIL, .ede = ede, .why = why};

	flight_note_failure(f, ede);
	if (f->is_probe)
		flight_is_silent(f);
	flight_end(f, &a);
}

/* ---- answers */

static void
log_bogus(struct upstream *u, const struct cache_key *key, const char *why)
{
	char txt[DNAME_TXT_MAX];
	time_t now = time(NULL);

	if (now - u->bogus_logged < BOGUS_LOG_S && now >= u->bogus_logged) {
		u->bogus_unlogged++;
		return;
	}
	log_info("%s/%u: DNSSEC validation failed: %s (%u more since the last "
		 "such line)",
	    dname_to_txt(txt, key->qname), key->qtype,
	    why != NULL ? why : "no reason given", u->bogus_unlogged);
	u->bogus_logged = now;
	u->bogus_unlogged = 0;
}

/* libunbound's words have names in them, which come from the network. */
static void
flight_is_bogus(struct flight *f, const struct upstream_result *result)
{
	char why[QUERY_EDE_TEXT_MAX + 1] = "";

	if (result->why_bogus != NULL)
		snprintf(why, sizeof(why), "%s", result->why_bogus);
	for (char *p = why; *p != '\0'; p++) {
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	}
	flight_fail(f, result->ede, why);
}

/* The buffers are this call's own: a waiter may ask anew, and so come here. */
static void
flight_answer(struct flight *f, const struct upstream_result *result)
{
	uint8_t body[DNS_MESSAGE_MAX], ttl_off[2 * ANSWER_TTLS_MAX];
	struct upstream *u = f->up;
	const struct cache_key *key = &f->key;
	struct answer a;
	uint32_t lifetime;

	if (answer_from_message(&a, result->message, result->len, key->qname,
		key->qname_len, key->qtype, key->dnssec_ok, &u->ttls, body,
		sizeof(body), ttl_off, &lifetime) != 0) {
		flight_fail(f, EDE_INVALID_DATA, "the answer is malformed");
		return;
	}
	if (a.rcode == DNS_RCODE_SERVFAIL) {
		flight_fail(
		    f, EDE_NO_REACHABLE_AUTHORITY, "upstream says SERVFAIL");
		return;
	}
	reach_answered(u->reach, f->course.zone);
	a.secure = result->security == UPSTREAM_SECURE;
	if (result->security == UPSTREAM_BOGUS && lifetime > BOGUS_LIFETIME_S)
		lifetime = BOGUS_LIFETIME_S;
	if (u->cache != NULL)
		cache_put(u->cache, key, cache_now(u->cache), &a, lifetime);
	/* nobody waits: it is for the cache, and was waited for there */
	if (u->cache != NULL && f->waiters == NULL)
		cache_flush(u->cache, cache_now(u->cache));
	else
		upstream_flush_soon(u);
	flight_end(f, &a);
}

/*
 * Bogus data comes as it is; to withhold it is our part (RFC 4035 5.5), unless
 * CD was set.
 */
void
upstream_on_answer(struct upstream_ask *ask,
    const struct upstream_result *result)
{
	struct flight *f = (struct flight *)ask;
	bool bogus = result->security == UPSTREAM_BOGUS;

	if (bogus)
		log_bogus(f->up, &f->key, result->why_bogus);
	if (result->message == NULL)
		flight_fail(f, EDE_NO_REACHABLE_AUTHORITY,
		    "no server gave an answer that is of use");
	else if (bogus && !f->key.checking_disabled)
		flight_is_bogus(f, result);
	else
		flight_answer(f, result);
}
