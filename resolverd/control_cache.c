/*
 * resolverctl flush and dump: the answer cache.
 *
 * libunbound has a cache of its own in each worker, and no call to flush it.
 * So a flush starts new workers, as a reload does. The old ones keep nothing
 * from then on; what they kept before is deleted after that.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/rr_txt.h"
#include "resolverd/cache_admin.h"
#include "resolverd/control_commands.h"

static int
open_cache(struct cache_admin **a, const struct control_call *call)
{
	const struct conf *conf = call->view->crew->conf;
	char why[CACHE_WHY_MAX];
	int rc;

	rc = cache_admin_open(a, conf->state_dir, conf->cache.size, why);
	return rc == 0 ? 0 : control_explain(call, rc, "cache: %s", why);
}

/* Is the entry one that the request is about? */
static bool
is_meant(const struct control_request *r, const struct cache_entry *e)
{
	if (r->has_type && e->qtype != r->type)
		return false;
	if (!r->has_name)
		return true;
	return r->below ? dname_is_below(e->qname, r->name) :
			  dname_equal(e->qname, r->name);
}

/* ---- flush */

/* A name that does not exist stands for all below it (RFC 8020). */
static bool
is_to_go(void *arg, const struct cache_entry *e)
{
	const struct control_request *r = arg;

	return is_meant(r, e) ||
	    (e->kind == CACHE_CUT && dname_is_below(r->name, e->qname));
}

int
control_flush(const struct control_call *call)
{
	struct control_request request = *call->request;
	struct cache_admin *a;
	struct output o;
	int64_t n;
	int rc;

	rc = control_wish(call->supervisor, CONTROL_WISH_NEW_WORKERS,
	    call->why);
	if (rc == 0)
		rc = open_cache(&a, call);
	if (rc != 0)
		return rc;
	n = cache_admin_remove(a, is_to_go, &request);
	cache_admin_close(a);
	if (n < 0)
		return control_explain(call, (int)n, "cache: %s",
		    strerror((int)-n));
	output_begin(&o, call->out, request.format == CONTROL_JSON);
	output_number(&o, "flushed", (uint64_t)n);
	output_end(&o);
	return 0;
}

/* ---- dump: a batch is made text while its view is held, sent after that */

struct dump {
	const struct control_request *request;
	struct output o;
	uint64_t now;
};

/* The sections stand behind a question at offset 12, as answer.h has it. */
static void
put_records(struct output *o, const struct cache_entry *e)
{
	static uint8_t msg[DNS_HEADER_LEN + QUERY_QUESTION_MAX +
	    DNS_MESSAGE_MAX];
	const struct answer *a = &e->answer;
	size_t len = DNS_HEADER_LEN;
	struct wire_reader r;

	memset(msg, 0, DNS_HEADER_LEN);
	memcpy(msg + len, e->qname, e->qname_len);
	len += e->qname_len + 4;
	memcpy(msg + len, a->body, a->body_len);
	wire_reader_init(&r, msg, len + a->body_len);
	r.pos = len;
	output_list(o, "records");
	control_put_rrs(o, &r, a->ancount + a->nscount + a->arcount);
	output_list_end(o);
}

static bool
dump_entry(void *arg, const struct cache_entry *e)
{
	char name[DNAME_TXT_MAX], type[RR_TYPE_TXT_MAX];
	struct dump *d = arg;
	uint64_t age = d->now > e->stored ? d->now - e->stored : 0;
	static const char *const kinds[] = {
		[CACHE_ANSWER] = "answer",
		[CACHE_FAILURE] = "failure",
		[CACHE_CUT] = "nothing below",
	};
	bool zone = e->kind == CACHE_FAILURE && e->qtype == 0; /* reach.h */

	if (!is_meant(d->request, e))
		return false;
	output_item(&d->o);
	output_text(&d->o, "name", "%s", dname_to_txt(name, e->qname));
	output_text(&d->o, "type", "%s", rr_type_to_txt(type, e->qtype));
	output_text(&d->o, "kind", "%s", zone ? "silent zone" :
		e->kind < sizeof(kinds) / sizeof(kinds[0]) ?
		kinds[e->kind] : "?");
	output_text(&d->o, "rcode", "%s", control_rcode_txt(e->answer.rcode));
	output_number(&d->o, "age", age);
	output_number(&d->o, "left", e->lifetime > age ? e->lifetime - age : 0);
	output_flag(&d->o, "secure", e->answer.secure);
	output_flag(&d->o, "dnssec-ok", e->dnssec_ok);
	output_flag(&d->o, "checking-disabled", e->checking_disabled);
	put_records(&d->o, e);
	output_item_end(&d->o);
	return true;
}

int
control_dump(const struct control_call *call)
{
	struct dump d = { .request = call->request };
	struct cache_admin *a;
	uint64_t hand = 0;
	size_t len = 0;
	char *text = NULL;
	FILE *batch;
	int rc;

	rc = open_cache(&a, call);
	if (rc != 0)
		return rc;
	d.now = cache_admin_now(a);
	batch = open_memstream(&text, &len);
	if (batch == NULL) {
		rc = -errno;
		goto out;
	}
	output_begin(&d.o, batch, call->request->format == CONTROL_JSON);
	output_list(&d.o, "entries");
	do {
		rc = cache_admin_visit(a, &hand, dump_entry, &d);
		fflush(batch);
		if (fwrite(text, 1, len, call->out) != len)
			rc = -EPIPE; /* nobody reads */
		rewind(batch);
	} while (rc >= 0 && hand != 0);
	output_list_end(&d.o);
	output_end(&d.o);
	fflush(batch);
	fwrite(text, 1, len, call->out);
out:
	if (batch != NULL)
		fclose(batch);
	free(text);
	cache_admin_close(a);
	return rc >= 0 ? 0 :
			 control_explain(call, rc, "cache: %s", strerror(-rc));
}
