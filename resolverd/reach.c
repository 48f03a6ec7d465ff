/*
 * That a zone is dead is kept in the cache as the failure of a question of type
 * 0, which nobody can ask, for the zone's own name. What only this process has
 * to know stands in a table of a fixed size: the names of zones are made up by
 * others. A zone that is pushed out of it is taken for one that never answered,
 * and whoever asks for it next probes it, no more.
 */
#include "resolverd/reach.h"

#include <sys/random.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/dname.h"
#include "lib/log.h"
#include "lib/siphash.h"
#include "resolverd/counters.h"

#define SETS 64
#define WAYS 4

/* So many lines a minute: whoever makes up names makes up zones, too. */
#define LOG_MAX 20
#define LOG_MS 60000

#define TELL_MS 20 /* between two writes for dead zones alone */

struct state {
	struct cache_key key;    /* qname_len 0: free */
	uint64_t used_ms;        /* when it was last looked for */
	uint64_t answered_ms;    /* when the last answer came; 0: none yet */
	uint64_t wanted_ms;      /* when the question came */
	bool dead;               /* since we said so: ours to probe */
	bool probing;
	struct cache_key question; /* the newest */
	uint8_t zone[DNAME_MAX], qname[DNAME_MAX]; /* of the keys */
};

struct reach_table {
	struct cache *cache;
	uint8_t secret[SIPHASH_KEY_LEN]; /* so that nobody aims at a set */
	uint64_t told_ms; /* when the cache was written last */
	uint64_t log_ms;  /* when the first of its lines came */
	unsigned logged, unlogged;
	struct state states[SETS][WAYS];
};

uint64_t
reach_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct reach_table *
reach_new(struct cache *cache)
{
	struct reach_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->cache = cache;
	if (getrandom(t->secret, sizeof(t->secret), 0) != sizeof(t->secret)) {
		free(t);
		return NULL;
	}
	return t;
}

void
reach_free(struct reach_table *t)
{
	free(t);
}

/* ---- the table */

static void
state_init(struct state *s, const uint8_t *zone, size_t len, uint64_t hash)
{
	memset(s, 0, sizeof(*s));
	s->key = (struct cache_key){.qname = memcpy(s->zone, zone, len),
	    .qname_len = len,
	    .hash = hash};
}

/* Is a to be given up before b? What is dead is kept as long as can be. */
static bool
is_missed_less(const struct state *a, const struct state *b)
{
	return a->dead != b->dead ? b->dead : a->used_ms < b->used_ms;
}

/* NULL where it is not for us to judge. */
static struct state *
state_of(struct reach_table *t, const uint8_t *zone)
{
	size_t len = zone != NULL ? dname_len(zone) : 0;
	struct state *set, *s;
	uint64_t hash;

	if (t->cache == NULL || zone == NULL)
		return NULL;
	hash = dname_hash(zone);
	set = s = t->states[siphash24(t->secret, zone, len) % SETS];
	for (unsigned i = 0; i < WAYS; i++) {
		const struct cache_key *key = &set[i].key;

		if (key->hash == hash && key->qname_len == len &&
		    memcmp(key->qname, zone, len) == 0) {
			s = &set[i];
			break;
		}
		if (is_missed_less(&set[i], s))
			s = &set[i];
	}
	if (s->key.hash != hash || s->key.qname_len != len ||
	    memcmp(s->zone, zone, len) != 0)
		state_init(s, zone, len, hash);
	s->used_ms = reach_now_ms();
	return s;
}

static void
keep_question(struct state *s, const struct cache_key *question)
{
	s->wanted_ms = s->used_ms;
	s->question = *question;
	s->question.qname =
	    memcpy(s->qname, question->qname, question->qname_len);
}

static bool
may_log(struct reach_table *t)
{
	uint64_t now = reach_now_ms();

	if (now - t->log_ms >= LOG_MS) {
		if (t->unlogged > 0)
			log_info(
			    "%u more lines about zones that do not answer, "
			    "or do again",
			    t->unlogged);
		t->log_ms = now;
		t->logged = t->unlogged = 0;
	}
	if (t->logged == LOG_MAX) {
		t->unlogged++;
		return false;
	}
	t->logged++;
	return true;
}

/*
 * The other workers are to know at once: a client that got no answer may ask
 * them next. But not each of many made-up zones is worth a transaction.
 */
static void
tell(struct reach_table *t)
{
	uint64_t now = reach_now_ms();

	if (now - t->told_ms < TELL_MS)
		return;
	t->told_ms = now;
	cache_flush(t->cache, cache_now(t->cache));
}

/* ---- what is asked, and what comes of it */

enum reach
reach_of(struct reach_table *t, const uint8_t *zone,
    const struct cache_key *question)
{
	struct state *s = state_of(t, zone);
	struct answer a;

	if (s == NULL)
		return REACH_ASK;
	switch (
	    cache_get_failure(t->cache, &s->key, cache_now(t->cache), &a)) {
	case 0:
		keep_question(s, question);
		return REACH_DEAD;
	case -ESTALE:
		keep_question(s, question);
		return s->probing ? REACH_DEAD : REACH_PROBE;
	default: /* another process may have found out */
		s->dead = s->probing = false;
		return REACH_ASK;
	}
}

void
reach_probes(struct reach_table *t, const uint8_t *zone, bool is_sent)
{
	struct state *s = state_of(t, zone);

	if (s != NULL)
		s->probing = is_sent;
}

void
reach_answered(struct reach_table *t, const uint8_t *zone)
{
	struct state *s = state_of(t, zone);
	char txt[DNAME_TXT_MAX];

	if (s == NULL)
		return;
	s->answered_ms = s->used_ms;
	s->probing = s->dead = false;
	if (cache_forget_failure(t->cache, &s->key, cache_now(t->cache)) &&
	    may_log(t))
		log_info("%s: answers again", dname_to_txt(txt, zone));
}

void
reach_silent(struct reach_table *t, const uint8_t *zone,
    const struct cache_key *question, uint64_t asked_ms, unsigned deadline_s)
{
	struct state *s = state_of(t, zone);
	char txt[DNAME_TXT_MAX];
	bool was_dead;

	if (s == NULL)
		return;
	s->probing = false; /* whatever it was that ends here */
	if (s->answered_ms >= asked_ms)
		return;
	was_dead = s->dead;
	if (!cache_put_failure(t->cache, &s->key, cache_now(t->cache),
		EDE_NO_REACHABLE_AUTHORITY, 0, REACH_BACK_OFF_MAX_S))
		return;
	tell(t);
	s->dead = true;
	counter_inc(COUNTER_ROUTES_SILENT);
	if (was_dead) /* a probe's end is no news */
		return;
	keep_question(s, question);
	if (!may_log(t))
		return;
	log_warn("%s: no answer within %u s: not waited for until one comes",
	    dname_to_txt(txt, zone), deadline_s);
}

/* ---- probes that no client's question makes */

static bool
is_due(struct reach_table *t, struct state *s)
{
	struct answer a;

	if (!s->dead || s->probing)
		return false;
	switch (
	    cache_get_failure(t->cache, &s->key, cache_now(t->cache), &a)) {
	case 0:
		return false;
	case -ESTALE:
		s->dead = reach_now_ms() - s->wanted_ms <
		    (uint64_t)REACH_PROBE_S * 1000;
		return s->dead;
	default:
		s->dead = false;
		return false;
	}
}

const struct cache_key *
reach_due(struct reach_table *t)
{
	for (unsigned i = 0; i < SETS * WAYS; i++) {
		struct state *s = &t->states[i / WAYS][i % WAYS];

		if (is_due(t, s))
			return &s->question;
	}
	return NULL;
}

bool
reach_has_dead(const struct reach_table *t)
{
	for (unsigned i = 0; i < SETS * WAYS; i++) {
		if (t->states[i / WAYS][i % WAYS].dead)
			return true;
	}
	return false;
}
