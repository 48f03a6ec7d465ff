/*
 * Opening and closing of what a handler answers from, in a worker and for
 * lookups of resolverctl(8).
 */
#include "resolverd/stores.h"

#include "lib/log.h"
#include "resolverd/listzone.h"
#include "resolverd/localdata.h"
#include "resolverd/recurse.h"

int
stores_open(struct handler *h, const struct conf *conf, struct event_base *base,
    char *why)
{
	int rc;

	h->conf = conf;
	h->server.version = conf->version;
	h->server.identity = conf->identity;
	h->outside = &recurse;
	rc = localdata_open(&h->localdata, conf, NULL, NULL, why);
	if (rc != 0)
		return rc;
	h->zones = listzones_open(conf);
	if (cache_open(&h->cache, conf->state_dir, conf->cache.size,
		conf->cache.max_stale_s, why) != 0) {
		/* lists are answered all the same */
		log_warn("cache: %s; answers are not kept", why);
		h->cache = NULL;
	}
	rc = upstream_open(&h->upstream, base, conf, h->cache, why);
	if (rc != 0)
		stores_close(h);
	return rc;
}

void
stores_stop_keeping(struct handler *h)
{
	if (h->cache != NULL)
		cache_stop(h->cache, cache_now(h->cache));
}

void
stores_end_waiting(struct handler *h)
{
	upstream_close(h->upstream);
	h->upstream = NULL;
}

void
stores_close(struct handler *h)
{
	upstream_close(h->upstream);
	cache_close(h->cache);
	listzones_close(h->zones);
	localdata_close(h->localdata);
}
