/*
 * resolverctl lookup: a question of our own on the way that a client's takes,
 * with the files of the workers, but in this process. What was counted on the
 * way tells where the answer came from. Only what libunbound itself has cached
 * is not here: an answer from upstream is one of the servers'.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "lib/log.h"
#include "lib/ede_txt.h"
#include "lib/rr_txt.h"
#include "resolverd/control_commands.h"
#include "resolverd/counters.h"
#include "resolverd/stores.h"

/* The one that came. Bounded by the handler's own deadline, and by this. */
#define WAIT_S 30

struct lookup {
	struct event_base *base;
	struct handler handler;
	uint8_t reply[DNS_MESSAGE_MAX];
	size_t len; /* 0: none yet */
};

static void *
keep(const struct client *client)
{
	return client->endpoint;
}

static void
on_answer(void *kept, const uint8_t *msg, size_t len)
{
	struct lookup *l = kept;

	if (len == 0)
		return;
	memcpy(l->reply, msg, len);
	l->len = len;
	event_base_loopbreak(l->base);
}

static const struct transport transport = {
	.keep = keep,
	.answer = on_answer,
};

static size_t
make_question(uint8_t *out, size_t cap, const struct control_request *r)
{
	const struct wire_header h = { .flags = DNS_FLAG_RD | DNS_FLAG_AD,
		.qdcount = 1, .arcount = 1 };
	struct wire_writer w;

	wire_writer_init(&w, out, cap);
	wire_write_header(&w, &h);
	wire_write_name(&w, r->name, false);
	wire_write_u16(&w, r->type);
	wire_write_u16(&w, DNS_CLASS_IN);
	/* an OPT, so that a reason comes back (RFC 8914) */
	wire_write_u8(&w, 0);
	wire_write_u16(&w, DNS_TYPE_OPT);
	wire_write_u16(&w, QUERY_UDP_MAX);
	wire_write_u32(&w, 0);
	wire_write_u16(&w, 0);
	return w.len;
}

/* Fills l->reply; returns the microseconds that it took, or -1. */
static int64_t
ask(struct lookup *l, const struct control_request *r, struct handling *g)
{
	static const struct timeval limit = { .tv_sec = WAIT_S };
	struct client client = { .transport = &transport, .endpoint = l,
		.acl = CONF_ACL_ALLOW };
	uint8_t packet[DNS_HEADER_LEN + QUERY_QUESTION_MAX + EDNS_OPT_LEN];
	size_t len = make_question(packet, sizeof(packet), r);
	struct timespec from, to;

	client.addr.family = AF_INET;
	client.addr.bytes[0] = 127;
	client.addr.bytes[3] = 1;
	clock_gettime(CLOCK_MONOTONIC, &from);
	handle_begin(&l->handler, g, &client, packet, len, l->reply,
	    sizeof(l->reply));
	len = handle_end(&l->handler, g, &client);
	if (len > 0)
		l->len = len;
	if (l->len == 0) {
		event_base_loopexit(l->base, &limit);
		event_base_dispatch(l->base);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	return l->len == 0 ? -1 :
			     (int64_t)(to.tv_sec - from.tv_sec) * 1000000 +
		(to.tv_nsec - from.tv_nsec) / 1000;
}

/* ---- where it came from */

/* The first that was counted tells. */
static const struct {
	enum counter counter;
	const char *source;
} sources[] = {
	{ COUNTER_LIST_ANSWERS, "list zone" },
	{ COUNTER_STALE_ANSWERS, "cache, expired" },
	{ COUNTER_CACHED_FAILURES, "cache, a failure" },
	{ COUNTER_LOCAL_ANSWERS, "hosts file, localhost or private zone" },
	{ COUNTER_UNREACHABLE, "its servers are not asked now" },
	{ COUNTER_CUTS, "cache, a name above that does not exist" },
	{ COUNTER_CACHE_HITS, "cache" },
	{ COUNTER_CACHE_NEGATIVE_HITS, "cache" },
	{ COUNTER_CACHE_MISSES, "upstream" },
};

static const char *
source(void)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (counters_mine->value[sources[i].counter] > 0)
			return sources[i].source;
	}
	return "resolverd itself";
}

static void
put_source(struct output *o, const struct lookup *l, struct handling *g)
{
	char where[LISTZONE_WHERE_MAX];
	struct answer a;

	output_text(o, "source", "%s", source());
	if (g->is_list) {
		output_text(o, "zone", "%s",
		    listzone_where(&g->list, where));
	} else if (strcmp(source(), "cache") == 0) {
		struct cache_key key = { .qname = g->q.qname,
			.qname_len = g->q.qname_len, .hash = g->q.hash[0],
			.qtype = g->q.qtype };

		if (cache_get(l->handler.cache, &key,
			cache_now(l->handler.cache), &a) == 0) {
			output_number(o, "age", a.age);
			output_flag(o, "secure", a.secure);
		}
	}
}

/* The smallest TTL: how long a client may keep the answer. */
static void
put_ttl(struct output *o, struct wire_reader r, unsigned n_rrs)
{
	uint32_t least = UINT32_MAX;
	struct wire_rr rr;

	for (; n_rrs > 0 && wire_read_rr(&r, &rr); n_rrs--) {
		if (rr.type != DNS_TYPE_OPT && rr.ttl < least)
			least = rr.ttl;
	}
	if (least != UINT32_MAX)
		output_number(o, "ttl", least);
}

/* The extended error among the options of an OPT, where there is one. */
static void
put_ede(struct output *o, struct wire_reader r, const struct wire_rr *opt)
{
	size_t end = opt->rdata_pos + opt->rdata_len;

	r.pos = opt->rdata_pos;
	while (!r.failed && r.pos + EDNS_OPTION_HEADER_LEN + 2 <= end) {
		uint16_t option = wire_read_u16(&r);
		uint16_t len = wire_read_u16(&r);
		uint16_t code;
		const uint8_t *txt;

		if (option != EDNS_OPTION_EDE) {
			(void)wire_read_bytes(&r, len);
			continue;
		}
		code = wire_read_u16(&r);
		txt = wire_read_bytes(&r, len - 2u);
		if (txt != NULL)
			output_text(o, "reason", "%s%s%.*s (%u)",
			    ede_txt(code), len > 2 ? ": " : "", len - 2,
			    (const char *)txt, code);
		return;
	}
}

static void
put_reason(struct output *o, struct wire_reader r, unsigned n_rrs)
{
	struct wire_rr rr;

	for (; n_rrs > 0 && wire_read_rr(&r, &rr); n_rrs--) {
		if (rr.type == DNS_TYPE_OPT)
			put_ede(o, r, &rr);
	}
}

/* As text, nothing is written of what is empty. */
static void
put_section(
    struct output *o, const char *key, struct wire_reader *r, unsigned n_rrs)
{
	if (n_rrs == 0 && !o->json)
		return;
	output_list(o, key);
	control_put_rrs(o, r, n_rrs);
	output_list_end(o);
}

static void
put_sections(struct output *o, const struct lookup *l)
{
	struct wire_header h;
	struct wire_reader r;
	uint8_t name[DNAME_MAX];

	wire_reader_init(&r, l->reply, l->len);
	wire_read_header(&r, &h);
	output_text(o, "rcode", "%s",
	    control_rcode_txt(h.flags & DNS_FLAG_RCODE));
	output_flag(o, "authenticated", h.flags & DNS_FLAG_AD);
	if (h.qdcount > 0) {
		(void)wire_read_name(&r, name);
		(void)wire_read_bytes(&r, 4);
	}
	put_reason(o, r, h.ancount + h.nscount + h.arcount);
	put_ttl(o, r, h.ancount + h.nscount);
	put_section(o, "answer", &r, h.ancount);
	put_section(o, "authority", &r, h.nscount);
}

int
control_lookup(const struct control_call *call)
{
	const struct control_request *r = call->request;
	char why[STORES_WHY_MAX], name[DNAME_TXT_MAX], type[RR_TYPE_TXT_MAX];
	static struct lookup l;
	struct handling g;
	struct output o;
	int64_t us;
	int rc;

	l.base = event_base_new();
	if (l.base == NULL)
		return control_explain(call, -ENOMEM, "out of memory");
	log_warnings_only(); /* of what is opened */
	rc = stores_open(&l.handler, call->view->crew->conf, l.base, why);
	if (rc != 0)
		return control_explain(call, rc, "%s", why);
	us = ask(&l, r, &g);
	if (us < 0)
		return control_explain(call, -ETIMEDOUT, "no answer is sent");
	output_begin(&o, call->out, r->format == CONTROL_JSON);
	output_text(&o, "name", "%s", dname_to_txt(name, r->name));
	output_text(&o, "type", "%s", rr_type_to_txt(type, r->type));
	put_source(&o, &l, &g);
	output_number(&o, "microseconds", (uint64_t)us);
	put_sections(&o, &l);
	output_end(&o);
	handle_batch_done(&l.handler);
	stores_close(&l.handler); /* what came from upstream is kept */
	event_base_free(l.base);
	return 0;
}
