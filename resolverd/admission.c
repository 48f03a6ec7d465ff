/*
 * Between parsing and answering: cookies and the rate limit. A server's half of
 * a cookie that is good proves that the address is not forged, and so does TCP.
 */
#include "resolverd/admission.h"

#include <time.h>

#include "resolverd/cookie.h"
#include "resolverd/counters.h"
#include "resolverd/ratelimit.h"

#define PAD_TO 468 /* bytes, RFC 8467 4.1 */

void
admission_of_address(struct client *client, const struct conf *conf,
    const struct sockaddr *sa)
{
	client->acl = CONF_ACL_REFUSE;
	client->addr = (struct addr){0};
	if (addr_from_sockaddr(&client->addr, sa) == 0)
		client->acl = prefix_table_find(&conf->query_acl,
		    &client->addr, CONF_ACL_REFUSE);
}

static enum cookie_state
take_cookie(struct query *q, const struct client *client)
{
	enum cookie_state state = cookie_check(q->opt.cookie,
	    q->opt.cookie_len, &client->addr, (uint32_t)time(NULL),
	    q->opt.cookie);

	q->opt.puts_cookie = true;
	if (state == COOKIE_GOOD)
		counter_inc(COUNTER_COOKIES_GOOD);
	return state;
}

/* RFC 7873 5.2.3 and 5.2.4: what the client sent gets it a cookie, no more. */
static enum query_verdict
refuse_cookie(struct query *q)
{
	query_set_error(q, DNS_RCODE_BADCOOKIE);
	counter_inc(COUNTER_COOKIES_REFUSED);
	return QUERY_FINISH;
}

static bool
is_within_rate(const struct client *client, const struct conf *conf)
{
	struct timespec now;

	if (conf->clients.rate_limit == 0 &&
	    conf->clients.network_rate_limit == 0)
		return true;
	if (prefix_table_find(&conf->clients.no_rate_limit, &client->addr,
		false))
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return ratelimit_take(&client->addr,
	    (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000,
	    conf->clients.rate_limit, conf->clients.network_rate_limit);
}

/*
 * Beyond the rate. Most is dropped; some gets an answer that is no longer than
 * the question, by which a client that is real comes back: with its cookie, or
 * by TCP.
 */
static enum query_verdict
limit(struct query *q, enum cookie_state cookie, const struct conf *conf)
{
	static unsigned n;

	if (conf->clients.slip == 0 || !q->has_question ||
	    ++n % conf->clients.slip != 0) {
		counter_inc(COUNTER_RATE_DROPPED);
		return QUERY_DROP;
	}
	counter_inc(COUNTER_RATE_SLIPPED);
	query_set_error(q, cookie == COOKIE_NONE ? DNS_RCODE_NOERROR :
						   DNS_RCODE_BADCOOKIE);
	q->truncated = cookie == COOKIE_NONE;
	return QUERY_FINISH;
}

static enum cookie_state
judge_cookie(struct query *q, const struct client *client,
    const struct conf *conf)
{
	if (conf->clients.cookies == CONF_COOKIES_NO || q->opt.cookie_len == 0)
		return COOKIE_NONE;
	return take_cookie(q, client);
}

static void
choose_options(struct query *q, const struct client *client,
    const struct conf *conf)
{
	if (q->opt.wants_padding && client->transport->is_encrypted)
		q->opt.pad_to = PAD_TO;
	if (q->opt.wants_keepalive) /* RFC 7828 3.3.2, in 100 ms */
		q->opt.keepalive = (uint16_t)(conf->clients.tcp_idle_s * 10);
}

enum query_verdict
admission_of_query(struct query *q, enum query_verdict verdict,
    const struct client *client, const struct conf *conf)
{
	bool only_cookie = verdict == QUERY_FINISH && !q->has_question &&
	    q->rcode == DNS_RCODE_NOERROR;
	enum cookie_state cookie;

	if (verdict == QUERY_DROP)
		return verdict;
	choose_options(q, client, conf);
	cookie = judge_cookie(q, client, conf);
	if (client->transport->is_datagram && cookie != COOKIE_GOOD &&
	    !is_within_rate(client, conf))
		return limit(q, cookie, conf);
	/* RFC 7873 5.4 */
	if (only_cookie && conf->clients.cookies == CONF_COOKIES_NO)
		query_set_error(q, DNS_RCODE_FORMERR);
	if (only_cookie && cookie == COOKIE_BAD)
		return refuse_cookie(q);
	if (verdict == QUERY_ANSWER && client->transport->is_datagram &&
	    conf->clients.cookies == CONF_COOKIES_REQUIRED &&
	    (cookie == COOKIE_NEW || cookie == COOKIE_BAD))
		return refuse_cookie(q);
	return verdict;
}
