/*
 * Between parsing and answering: cookies. A server's half that is good proves
 * that the address is not forged.
 */
#include "resolverd/admission.h"

#include <time.h>

#include "resolverd/cookie.h"
#include "resolverd/counters.h"

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

enum query_verdict
admission_of_query(struct query *q, enum query_verdict verdict,
    const struct client *client, const struct conf *conf)
{
	enum cookie_state cookie = COOKIE_NONE;
	bool only_cookie = verdict == QUERY_FINISH && !q->has_question &&
	    q->rcode == DNS_RCODE_NOERROR;

	if (verdict == QUERY_DROP)
		return verdict;
	if (q->opt.wants_padding && client->transport->is_encrypted)
		q->opt.pad_to = PAD_TO;
	if (q->opt.wants_keepalive) /* RFC 7828 3.3.2, in 100 ms */
		q->opt.keepalive = (uint16_t)(conf->clients.tcp_idle_s * 10);
	if (conf->clients.cookies == CONF_COOKIES_NO) {
		if (only_cookie)
			query_set_error(q, DNS_RCODE_FORMERR);
		return verdict;
	}
	if (q->opt.cookie_len > 0)
		cookie = take_cookie(q, client);
	if (only_cookie && cookie == COOKIE_BAD)
		return refuse_cookie(q); /* RFC 7873 5.4 */
	if (verdict == QUERY_ANSWER && client->transport->is_datagram &&
	    conf->clients.cookies == CONF_COOKIES_REQUIRED &&
	    (cookie == COOKIE_NEW || cookie == COOKIE_BAD))
		return refuse_cookie(q);
	return verdict;
}
