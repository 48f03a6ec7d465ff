/*
 * libcurl's multi interface on our loop: it names the sockets to watch and the
 * time to wait, we tell what has come. A few transfers at once, the rest in
 * line. What comes is untrusted: it is capped before it is kept, and never
 * decompressed.
 */
#include "tools/mxcheck/fetch.h"

#include <curl/curl.h>
#include <event2/event.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "tools/mxcheck/policy.h"
#include "tools/mxcheck/tls.h"

#define FETCHES_MAX 32	     /* at once */
#define HEADERS_MAX 65536    /* bytes */
#define CONNECT_PART 3	     /* of the whole time, to connect */

struct fetch {
	struct fetcher *fetcher;
	struct facts_domain *domain;
	CURL *curl;
	struct curl_slist *resolve;
	struct fetch *next;
	size_t headers_len, body_len;
	bool too_long;
	char error[CURL_ERROR_SIZE];
	char body[STS_BODY_MAX];
};

struct fetcher {
	struct fetch_how how;
	CURLM *multi;
	struct event *timer;
	struct fetch *open;
	size_t n_open, next; /* next: the first domain not begun */
};

/* ---- what comes */

static size_t
on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;

	(void)bytes;
	f->headers_len += size * n;
	f->too_long |= f->headers_len > HEADERS_MAX;
	return f->too_long ? 0 : size * n;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;

	f->too_long |= size * n > sizeof(f->body) - f->body_len;
	if (f->too_long)
		return 0; /* ends the transfer */
	memcpy(f->body + f->body_len, bytes, size * n);
	f->body_len += size * n;
	return size * n;
}

/* ---- what came of it */

static bool
is_text_plain(const char *type)
{
	size_t len = strlen("text/plain");

	return type != NULL && strncasecmp(type, "text/plain", len) == 0 &&
	    strchr("; \t", type[len]) != NULL;
}

static const char *__attribute__((format(printf, 2, 3)))
say(struct fetch *f, const char *fmt, ...)
{
	char text[FACTS_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return facts_text(f->fetcher->how.facts, text, strlen(text));
}

/* Why it is no policy; NULL: it came whole. */
static const char *
why_failed(struct fetch *f, CURLcode code, long status, const char *type)
{
	if (status >= 300 && status < 400)
		return say(f, "HTTP status %ld: a redirect, which no sender "
		    "follows", status);
	if (status != 0 && status != 200)
		return say(f, "HTTP status %ld", status);
	if (f->too_long)
		return say(f, "more than 64 KiB");
	if (code == CURLE_OPERATION_TIMEDOUT)
		return say(f, "not had in time");
	if (code != CURLE_OK)
		return say(f, "%s", f->error[0] != '\0' ? f->error :
		    curl_easy_strerror(code));
	if (!is_text_plain(type))
		return say(f, "its content type is %s, not text/plain",
		    type != NULL ? type : "not given");
	return NULL;
}

static void
read_policy(struct fetch *f, struct facts_fetch *out)
{
	struct facts *facts = f->fetcher->how.facts;
	struct sts_policy policy;
	char why[STS_WHY_MAX];

	out->size = (uint32_t)f->body_len;
	out->digest = tls_digest_txt(facts, f->body, f->body_len);
	if (sts_policy_read(&policy, f->body, f->body_len, why) != 0) {
		out->wrong = facts_text(facts, why, strlen(why));
		return;
	}
	out->mode = policy.mode;
	out->max_age = policy.max_age;
	for (size_t i = 0; i < policy.n_mxs; i++)
		facts_name_add(facts, &out->patterns, policy.mx[i]);
}

static void
conclude(struct fetch *f, CURLcode code)
{
	struct facts_fetch *out = &f->domain->fetch;
	const char *type = NULL;
	curl_off_t us = 0;
	long status = 0;

	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(f->curl, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(f->curl, CURLINFO_TOTAL_TIME_T, &us);
	out->ms = (uint32_t)(us / 1000);
	out->why = why_failed(f, code, status, type);
	out->is_had = out->why == NULL;
	if (out->is_had)
		read_policy(f, out);
}

static void
free_fetch(struct fetch *f)
{
	struct fetch **p;

	for (p = &f->fetcher->open; *p != f; p = &(*p)->next)
		;
	*p = f->next;
	f->fetcher->n_open--;
	curl_multi_remove_handle(f->fetcher->multi, f->curl);
	curl_easy_cleanup(f->curl);
	curl_slist_free_all(f->resolve);
	free(f);
}

/* ---- the beginning of one */

/* "HOST:PORT:ADDR,ADDR" of the addresses that may be dialled; false: none. */
static bool
set_addresses(struct fetch *f, const char *host)
{
	const struct fetch_how *how = &f->fetcher->how;
	struct facts_fetch *out = &f->domain->fetch;
	struct addr addr;
	const char *why = "it has no address";
	char *row, *old;
	size_t n = 0;

	row = xasprintf("%s:%u:", host, how->settings->sts_port);
	for (size_t i = 0; i < out->addrs.n; i++) {
		const char *txt = out->addrs.name[i], *refused;

		if (addr_parse(&addr, txt) != 0)
			continue;
		refused = how->refuse(how->arg, &addr);
		if (refused != NULL) {
			why = refused;
			continue;
		}
		old = row;
		row = xasprintf(addr.family == AF_INET ? "%s%s%s" : "%s%s[%s]",
		    old, n++ > 0 ? "," : "", txt);
		free(old);
	}
	if (n > 0)
		f->resolve = curl_slist_append(NULL, row);
	else
		out->why = say(f, "not fetched: %s", why);
	free(row);
	return n > 0;
}

static void
set_options(struct fetch *f, const char *url)
{
	const struct settings *s = f->fetcher->how.settings;
	CURL *c = f->curl;

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_RESOLVE, f->resolve);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(c, CURLOPT_PROXY, ""); /* none of the environment */
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "mxcheck/" PACKAGE_VERSION);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)s->sts_limit_ms);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)s->sts_limit_ms / CONNECT_PART);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->error);
	curl_easy_setopt(c, CURLOPT_PRIVATE, f);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
	if (s->ca_file != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, s->ca_file);
}

static void
begin(struct fetcher *fetcher, struct facts_domain *domain)
{
	struct fetch *f = xcalloc(1, sizeof(*f));
	char *host = xasprintf("mta-sts.%s", domain->name);
	char *url = xasprintf("https://%s:%u/.well-known/mta-sts.txt", host,
	    fetcher->how.settings->sts_port);

	f->fetcher = fetcher;
	f->domain = domain;
	if (set_addresses(f, host)) {
		f->curl = curl_easy_init();
		if (f->curl == NULL)
			fatal("out of memory");
		set_options(f, url);
		f->next = fetcher->open;
		fetcher->open = f;
		fetcher->n_open++;
		curl_multi_add_handle(fetcher->multi, f->curl);
	} else {
		free(f);
	}
	free(host);
	free(url);
}

static bool
is_wanted(const struct facts_domain *domain)
{
	char id[STS_ID_LEN], why[STS_WHY_MAX];

	return policy_sts_id(domain, id, why) == 0;
}

static void
begin_more(struct fetcher *fetcher)
{
	struct facts *facts = fetcher->how.facts;

	while (fetcher->next < facts->n_domains &&
	    fetcher->n_open < FETCHES_MAX) {
		struct facts_domain *d = facts->domains[fetcher->next++];

		if (is_wanted(d))
			begin(fetcher, d);
	}
}

/* ---- between libcurl and libevent */

static void
go_on(struct fetcher *fetcher, curl_socket_t fd, int what)
{
	struct fetch *f;
	CURLMsg *msg;
	int left;

	curl_multi_socket_action(fetcher->multi, fd, what, &left);
	while ((msg = curl_multi_info_read(fetcher->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &f);
		conclude(f, msg->data.result);
		free_fetch(f);
	}
	begin_more(fetcher);
	if (!fetcher_is_busy(fetcher))
		fetcher->how.done(fetcher->how.arg);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	go_on(arg, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) |
	    (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	go_on(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
watch_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *watched)
{
	struct fetcher *fetcher = arg;
	struct event *event = watched;

	(void)curl;
	if (event != NULL)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		event = event_new(fetcher->how.base, fd, (short)(EV_PERSIST |
		    (what & CURL_POLL_IN ? EV_READ : 0) |
		    (what & CURL_POLL_OUT ? EV_WRITE : 0)), on_ready, fetcher);
		if (event == NULL || event_add(event, NULL) != 0)
			fatal("out of memory");
	}
	curl_multi_assign(fetcher->multi, fd, event);
	return 0;
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	struct fetcher *fetcher = arg;
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	(void)multi;
	if (ms < 0)
		event_del(fetcher->timer);
	else
		event_add(fetcher->timer, &tv);
	return 0;
}

/* ---- */

struct fetcher *
fetcher_new(const struct fetch_how *how)
{
	struct fetcher *fetcher = xcalloc(1, sizeof(*fetcher));

	fetcher->how = *how;
	fetcher->timer = event_new(how->base, -1, 0, on_timer, fetcher);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    (fetcher->multi = curl_multi_init()) == NULL ||
	    fetcher->timer == NULL)
		fatal("libcurl does not start");
	curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION,
	    watch_socket);
	curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher);
	curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher);
	begin_more(fetcher);
	return fetcher;
}

bool
fetcher_is_busy(const struct fetcher *fetcher)
{
	return fetcher != NULL && (fetcher->n_open > 0 ||
	    fetcher->next < fetcher->how.facts->n_domains);
}

void
fetcher_free(struct fetcher *fetcher)
{
	if (fetcher == NULL)
		return;
	while (fetcher->open != NULL)
		free_fetch(fetcher->open);
	curl_multi_cleanup(fetcher->multi);
	event_free(fetcher->timer);
	curl_global_cleanup();
	free(fetcher);
}
