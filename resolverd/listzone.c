/*
 * List zones: routing by suffix, and taking up a new generation when one was
 * published.
 */
#include "resolverd/listzone_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "zones/generation.h"
#include "zones/local.h"
#include "zones/publish.h"

/* ---- routing */

static struct listzone *
find_zone(struct listzones *zs, struct query *q)
{
	unsigned labels = q->n_labels;

	if (labels > zs->labels_max)
		labels = zs->labels_max;
	if (labels < zs->labels_min)
		return NULL;
	query_hash_from(q, q->n_labels - labels);
	for (;; labels--) {
		unsigned i = q->n_labels - labels;
		size_t off = labels > 0 ? q->off[i] : q->qname_len - 1u;
		struct listzone *z = zs->slots[q->hash[i] & zs->mask];

		for (; z != NULL; z = z->next) {
			if (z->hash == q->hash[i] &&
			    z->apex_len == q->qname_len - off &&
			    memcmp(z->apex, q->qname + off, z->apex_len) == 0)
				return z;
		}
		if (labels == zs->labels_min)
			return NULL;
	}
}

bool
listzones_route(struct listzones *zs, struct query *q, struct list_lookup *out)
{
	struct listzone *z = find_zone(zs, q);

	if (z == NULL)
		return false;
	if (z->gen != NULL && generation_has_names(z->gen))
		query_hash_from(q, 0);
	out->zone = z;
	out->key.dname = q->qname;
	out->key.off = q->off;
	out->key.hash = q->hash;
	out->key.n_labels = q->n_labels - z->apex_labels;
	out->key.rel_len = (unsigned)(q->qname_len - z->apex_len);
	zone_key_addresses(&out->key);
	return true;
}

void
listzone_fetch(const struct list_lookup *l, unsigned step)
{
	_Static_assert(LISTZONE_FETCH_STEPS == GENERATION_FETCH_STEPS,
	    "a step of the zone is one of its generation");
	if (l->zone->gen != NULL)
		generation_fetch(l->zone->gen, &l->key, step);
}

char *
listzone_where(const struct list_lookup *l, char *out)
{
	const struct listzone *z = l->zone;
	char name[256];
	ssize_t len;

	if (z->is_local) {
		snprintf(out, LISTZONE_WHERE_MAX, "%s, local list", z->name);
		return out;
	}
	len = z->gen != NULL ? readlink(z->path, name, sizeof(name) - 1) : -1;
	name[len > 0 ? len : 0] = '\0';
	snprintf(out, LISTZONE_WHERE_MAX, "%s, generation %s", z->name,
	    len > 0 ? name : "none");
	return out;
}

/* ---- opening */

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* What it means that there is no generation. */
static const char *
without_one(const struct listzone *z)
{
	return z->gen != NULL ? "the last generation serves on" :
	    z->apex[0] == 0 ? "no client is refused" : "answering SERVFAIL";
}

/*
 * At the start, a file may have lain on the disk for long, and one that is not
 * large is read as a whole in some milliseconds. When it is replaced, nobody is
 * kept waiting: what comes was written a moment ago.
 */
#define CHECKED_MAX (64u << 20)

/* The newest one, and its RRs at the apex. */
static int
open_generation(struct listzone *z, struct generation **gen, char *why)
{
	int rv = generation_open(gen, z->path, z->apex, why);

	if (rv != 0)
		return rv;
	if (z->gen == NULL &&
	    generation_info(*gen)->file_bytes <= CHECKED_MAX)
		rv = generation_check(*gen, why);
	if (rv == 0) {
		rv = apex_rrs_make(&z->rrs, z->apex, generation_apex(*gen));
		if (rv != 0)
			snprintf(why, GENERATION_WHY_MAX, "%s", strerror(-rv));
	}
	if (rv != 0)
		generation_close(*gen);
	return rv;
}

static void
refresh_generation(struct listzone *z)
{
	char why[GENERATION_WHY_MAX];
	struct generation *gen;
	struct stat st;
	bool is_new;
	int rv;

	if (stat(z->path, &st) == -1) {
		if (!z->unreadable)
			log_warn("%s: no generation is current, %s: %s; run "
				 "zonectl build", z->name, without_one(z),
			    strerror(errno));
		z->unreadable = true;
		return;
	}
	is_new = !is_same_file(&st, &z->seen);
	if (!is_new && !z->again)
		return;
	z->seen = st;
	z->unreadable = false;
	rv = open_generation(z, &gen, why);
	/* out of descriptors, say; what is damaged stays so */
	z->again = rv != 0 && rv != -EBADMSG;
	if (rv != 0) {
		if (is_new)
			log_warn("%s: %s; %s", z->name, why, without_one(z));
		return;
	}
	generation_close(z->gen);
	z->gen = gen;
	log_info("%s: generation %llu, %llu entries", z->name,
	    (unsigned long long)generation_info(gen)->number,
	    (unsigned long long)generation_info(gen)->entries);
}

/* Says once what the age of the data has come to. */
static void
refresh_age(struct listzone *z)
{
	static const char *const answers[] = {
	    [CONF_EXPIRED_SERVE] = "it serves on",
	    [CONF_EXPIRED_EMPTY] = "answered as not listed",
	    [CONF_EXPIRED_SERVFAIL] = "answering SERVFAIL",
	};
	enum age was = z->age;
	uint64_t now = (uint64_t)time(NULL);

	if (z->gen == NULL)
		return;
	z->age = age_of(z->limits, generation_info(z->gen), now);
	if (z->age == was)
		return;
	if (z->age == AGE_FRESH)
		log_info("%s: the data is fresh again", z->name);
	else
		log_warn("%s: the data of generation %llu %s; %s", z->name,
		    (unsigned long long)generation_info(z->gen)->number,
		    z->age == AGE_STALE ? "is stale" : "has expired",
		    z->age == AGE_STALE ? "it serves on" :
		    answers[z->limits->when_expired]);
}

static int
open_local(struct listzone *z, const char *state_dir, char *why)
{
	int rc = local_open(&z->local, state_dir, z->name, false, (gid_t)-1,
	    why);

	if (rc == 0) {
		rc = apex_rrs_make(&z->rrs, z->apex, local_apex(z->local));
		local_pause(z->local);
		if (rc == 0)
			return 0;
		snprintf(why, LOCAL_WHY_MAX, "%s", strerror(-rc));
		local_close(z->local);
		z->local = NULL;
	}
	return rc;
}

static void
refresh_local(struct listzone *z, const char *state_dir)
{
	char why[LOCAL_WHY_MAX];

	if (z->local != NULL && !local_is_replaced(z->local))
		return;
	if (z->local != NULL)
		log_info("%s: the local store is another file now", z->name);
	local_close(z->local); /* first: LMDB's locks may be on the same file */
	z->local = NULL;
	if (open_local(z, state_dir, why) == 0) {
		z->unreadable = false;
		return;
	}
	if (!z->unreadable)
		log_warn("%s: %s; answering SERVFAIL", z->name, why);
	z->unreadable = true;
}

void
listzones_refresh(struct listzones *zs)
{
	for (size_t i = 0; i < zs->n_zones; i++) {
		if (zs->zones[i].is_local) {
			refresh_local(&zs->zones[i], zs->conf->state_dir);
		} else {
			refresh_generation(&zs->zones[i]);
			refresh_age(&zs->zones[i]);
		}
	}
}

size_t
listzone_number(const struct listzone *z)
{
	return z->number;
}

void
listzones_add_ns(struct listzones *zs)
{
	for (size_t i = 0; i < zs->n_zones; i++)
		zs->zones[i].adds_ns = true;
}

void
listzones_pause(struct listzones *zs)
{
	for (size_t i = 0; i < zs->n_zones; i++) {
		if (zs->zones[i].local != NULL)
			local_pause(zs->zones[i].local);
	}
}

static struct listzone *
add_zone(struct listzones *zs, const char *name, const uint8_t *apex)
{
	struct listzone *z = &zs->zones[zs->n_zones++];
	size_t slot;

	z->name = name;
	z->apex = apex;
	z->number = (size_t)(z - zs->zones);
	if (apex[0] == 0) { /* no names are below it, but clients of all */
		zs->acl = z;
		return z;
	}
	z->apex_len = dname_len(apex);
	z->apex_labels = dname_labels(apex);
	z->hash = dname_hash(apex);
	slot = z->hash & zs->mask;
	z->next = zs->slots[slot];
	zs->slots[slot] = z;
	if (z->apex_labels < zs->labels_min)
		zs->labels_min = z->apex_labels;
	if (z->apex_labels > zs->labels_max)
		zs->labels_max = z->apex_labels;
	return z;
}

struct listzones *
listzones_open(const struct conf *conf)
{
	struct listzones *zs = xcalloc(1, sizeof(*zs));
	size_t n = conf->n_zones + conf->n_locals, slots = 8;

	while (slots < 2 * n)
		slots *= 2;
	zs->conf = conf;
	zs->zones = xcalloc(n > 0 ? n : 1, sizeof(*zs->zones));
	zs->slots = xcalloc(slots, sizeof(*zs->slots));
	zs->mask = slots - 1;
	zs->labels_min = DNAME_LABELS_MAX + 1;

	for (size_t i = 0; i < conf->n_zones; i++) {
		struct listzone *z = add_zone(zs, conf->zones[i].name,
		    conf->zones[i].apex);

		z->limits = &conf->zones[i].age;
		if (publish_current(z->path, conf->state_dir, z->name) != 0)
			fatal("%s: the path of the zone is too long", z->name);
	}
	for (size_t i = 0; i < conf->n_locals; i++)
		add_zone(zs, conf->locals[i].name, conf->locals[i].apex)
		    ->is_local = true;
	for (size_t i = 0; i < zs->n_zones; i++)
		zs->zones[i].acl = zs->acl;
	listzones_refresh(zs);
	return zs;
}

void
listzones_close(struct listzones *zs)
{
	if (zs == NULL)
		return;
	for (size_t i = 0; i < zs->n_zones; i++) {
		generation_close(zs->zones[i].gen);
		local_close(zs->zones[i].local);
		apex_rrs_clear(&zs->zones[i].rrs);
	}
	free(zs->zones);
	free(zs->slots);
	free(zs);
}
