/*
 * List zones: routing by suffix, the answer from a generation (zones/) or a
 * local store, and taking up a new generation when one was published.
 *
 * Rule that never bends: when we do not know, the answer is SERVFAIL or "not
 * listed", never "listed".
 */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/apex.h"
#include "resolverd/listzone.h"
#include "zones/acl.h"
#include "zones/age.h"
#include "zones/generation.h"
#include "zones/local.h"
#include "zones/publish.h"
#include "zones/value.h"

struct listzone {
	struct listzone *next;	/* in the same slot of the table */
	const char *name;	/* borrowed from the configuration */
	const uint8_t *apex;	/* likewise */
	size_t apex_len;
	unsigned apex_labels;
	uint64_t hash;
	const struct listzone *acl; /* the zone of the acl for all; or NULL */

	/* one of the two */
	struct generation *gen; /* NULL: none that could be opened yet */
	struct local *local;

	const struct conf_age *limits; /* of a generation; borrowed */
	enum age age;
	struct apex_rrs rrs; /* of either */

	size_t number; /* of the section in the configuration */
	bool is_local;
	bool adds_ns; /* to positive answers */
	bool unreadable; /* said so already */
	bool again;	 /* what was seen could not be opened, but may be yet */
	char path[PATH_MAX]; /* of `current` */
	struct stat seen;    /* of the file that gen is, or that failed */
};

struct listzones {
	struct conf const *conf;
	struct listzone *zones;
	size_t n_zones;
	struct listzone *acl; /* the zone "."; or NULL */
	unsigned labels_min, labels_max; /* of the apexes */
	size_t mask;
	struct listzone **slots;
};

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

/* ---- answering */

/* Counts RRs that were put; returns false if they did not fit. */
static bool
count(uint16_t *counter, int n)
{
	*counter += n > 0 ? (uint16_t)n : 0;
	return n >= 0;
}

static bool
wanted(const struct query *q, uint16_t type)
{
	return q->qtype == type || q->qtype == DNS_TYPE_ANY;
}

static bool
has_type(const struct zone_hits *hits, uint16_t type)
{
	for (unsigned i = 0; i < hits->n; i++) {
		const uint8_t *p = hits->hit[i].rrs, *end = p + hits->hit[i].len;
		struct value_rr rr;

		while (value_next(&p, end, &rr))
			if (rr.type == type)
				return true;
	}
	return false;
}

/* The RRs of an RRset have one TTL, RFC 2181 5.2: the smallest. */
static uint32_t
rrset_ttl(const struct zone_hits *hits, uint16_t type)
{
	uint32_t ttl = UINT32_MAX;

	for (unsigned i = 0; i < hits->n; i++) {
		const uint8_t *p = hits->hit[i].rrs, *end = p + hits->hit[i].len;
		struct value_rr rr;

		while (value_next(&p, end, &rr)) {
			if (rr.type == type && rr.ttl < ttl)
				ttl = rr.ttl;
		}
	}
	return ttl;
}

/*
 * Is an equal RR in the answer already (RFC 2181 5)? Two datasets can list one
 * key, and two templates can come to the same text.
 */
static bool
is_in_answer(const struct query *q, size_t start, uint16_t type,
    const uint8_t *rdata, size_t len)
{
	const uint8_t *p = q->reply + start, *end = q->reply + q->reply_len;

	while (end - p >= 12) {
		size_t n = get_be16(p + 10);

		if (get_be16(p + 2) == type && n == len &&
		    memcmp(p + 12, rdata, len) == 0)
			return true;
		p += 12 + n;
	}
	return false;
}

/*
 * A CNAME is the answer for all types, and there is one of it (RFC 1034 3.6.2);
 * what it points to is not looked up. Returns false when the answer is full.
 */
static bool
put_hits(struct query *q, const struct zone_key *key,
    const struct zone_hits *hits)
{
	bool is_alias = has_type(hits, DNS_TYPE_CNAME);
	size_t start = q->reply_len;
	char txt[DNAME_TXT_MAX];
	uint8_t expanded[256];

	for (unsigned i = 0; i < hits->n; i++) {
		const struct zone_hit *hit = &hits->hit[i];
		const uint8_t *p = hit->rrs, *end = p + hit->len;
		struct value_rr rr;

		while (value_next(&p, end, &rr)) {
			const uint8_t *rdata = rr.data;
			size_t len = rr.len;
			uint8_t *to;

			if (is_alias ? rr.type != DNS_TYPE_CNAME
				     : !wanted(q, rr.type))
				continue;
			if (rr.is_template) {
				zone_hit_txt(txt, key, hit);
				len = value_expand(expanded, &rr, txt);
				rdata = expanded;
			}
			if (is_in_answer(q, start, rr.type, rdata, len))
				continue;
			to = query_put_rr(q, DNS_QNAME_POINTER, rr.type, DNS_CLASS_IN,
			    rrset_ttl(hits, rr.type), len);
			if (to == NULL)
				return false;
			memcpy(to, rdata, len);
			q->ancount++;
			if (is_alias)
				return true;
		}
	}
	return true;
}

static void
put_answer(const struct listzone *z, struct query *q,
    const struct zone_key *key, const struct zone_hits *hits)
{
	const struct apex_rrs *rrs = &z->rrs;
	bool at_apex = key->n_labels == 0, fits = true;

	q->aa = true;
	if (at_apex && wanted(q, DNS_TYPE_SOA))
		fits = count(&q->ancount, apex_put_soa(rrs, q, rrs->soa_ttl));
	if (fits && at_apex && wanted(q, DNS_TYPE_NS))
		fits = count(&q->ancount, apex_put_ns(rrs, q));
	if (fits && hits->n > 0)
		fits = put_hits(q, key, hits);
	if (fits && q->ancount == 0) {
		/* RFC 2308 3: the SOA of a negative answer */
		if (!hits->exists && !at_apex)
			q->rcode = DNS_RCODE_NXDOMAIN;
		fits = count(&q->nscount,
		    apex_put_soa(rrs, q, rrs->negative_ttl));
	} else if (fits && z->adds_ns) {
		(void)count(&q->nscount, apex_put_ns(rrs, q));
	}
	if (!fits)
		query_set_truncated(q);
}

static bool
is_expired_as(const struct listzone *z, enum conf_expired how)
{
	return z->age == AGE_EXPIRED && z->limits->when_expired == how;
}

static bool
has_acl(const struct listzone *z)
{
	return z != NULL && z->gen != NULL && generation_has_acl(z->gen);
}

/* Without an acl for all, or before its first build: as usual. */
void
listzones_acl(const struct listzones *zs, struct acl_verdict *v)
{
	if (has_acl(zs->acl))
		generation_acl(zs->acl->gen, v);
}

/* The acl for all, then the zone's own (rbldnsd's order). */
static void
ask_acls(const struct listzone *z, const struct addr *client,
    struct acl_verdict *v)
{
	v->client = client;
	if (has_acl(z->acl))
		generation_acl(z->acl->gen, v);
	if (has_acl(z))
		generation_acl(z->gen, v);
}

/* Returns true if nothing is to be looked up. */
static bool
obey_acl(const struct acl_verdict *v, struct query *q)
{
	if (v->action < ACL_REFUSE)
		return false;
	query_set_error(q, DNS_RCODE_REFUSED);
	query_set_ede(q, EDE_PROHIBITED, "the list's acl");
	return true;
}

bool
listzone_answer(const struct list_lookup *l, struct query *q,
    const struct addr *client)
{
	struct acl_verdict acl = {0};
	struct listzone *z = l->zone;
	struct zone_hits hits;

	if (has_acl(z) || has_acl(z->acl))
		ask_acls(z, client, &acl);
	if (obey_acl(&acl, q))
		return acl.action != ACL_IGNORE;
	hits.n = 0;
	hits.exists = false;
	if (z->gen != NULL) {
		if (is_expired_as(z, CONF_EXPIRED_SERVFAIL)) {
			query_set_error(q, DNS_RCODE_SERVFAIL);
			query_set_ede(q, EDE_NOT_READY, "the list has expired");
			return true;
		}
		if (!is_expired_as(z, CONF_EXPIRED_EMPTY))
			generation_lookup_for(z->gen, &l->key, &acl, &hits);
	} else if (z->local != NULL) {
		int rv = local_lookup(z->local, &l->key, &hits);

		if (rv != 0 && !z->unreadable)
			log_warn("%s: local store: %s; answered as not listed",
			    z->name, strerror(-rv));
		z->unreadable = rv != 0;
		apex_rrs_update(&z->rrs, local_apex(z->local));
	} else {
		query_set_error(q, DNS_RCODE_SERVFAIL);
		query_set_ede(q, EDE_NOT_READY, "the list is not there yet");
		return true;
	}
	put_answer(z, q, &l->key, &hits);
	return true;
}

/* ---- opening */

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	    a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
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
