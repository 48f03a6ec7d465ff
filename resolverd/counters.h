/*
 * What the daemon counts. Each process has a slot of its own in memory that it
 * shares with the supervisor, so that counting is a plain increment and anyone
 * can sum. To add a counter, add its row.
 *
 *	counter_inc(COUNTER_QUERIES);
 */
#ifndef RESOLVERD_COUNTERS_H
#define RESOLVERD_COUNTERS_H

#include <sys/types.h>

#include <stdint.h>

/*
 * name, kind, text and meaning, as resolverctl(8) prints them. A COUNT only
 * grows, and outlives its process; a GAUGE is how it stands now, and is gone
 * with the process.
 */
#define COUNTERS(X)                                                            \
	/* --- questions, and what became of them */                           \
	X(QUERIES, COUNT, "queries", "packets taken for a question")           \
	X(QUERIES_TCP, COUNT, "queries-tcp", "of these by TCP")                \
	X(LIST_ANSWERS, COUNT, "list-answers", "answered from a list zone")    \
	X(LOCAL_ANSWERS, COUNT, "local-answers",                               \
	    "answered from the hosts file or for localhost, private zones")    \
	X(CACHE_HITS, COUNT, "cache-hits", "positive answers from the cache")  \
	X(CACHE_NEGATIVE_HITS, COUNT, "cache-negative-hits",                   \
	    "NXDOMAIN and NODATA from the cache")                              \
	X(CACHE_MISSES, COUNT, "cache-misses", "questions the cache had not")  \
	X(STALE_ANSWERS, COUNT, "stale-answers",                               \
	    "expired answers, for want of newer ones")                         \
	X(CACHED_FAILURES, COUNT, "cached-failures",                           \
	    "SERVFAIL: it failed a moment ago")                                \
	X(CUTS, COUNT, "nxdomain-cuts", "NXDOMAIN: secure for a name above")   \
	X(REFUSED, COUNT, "refused",                                           \
	    "answered with an error: not allowed, "                            \
	    "malformed, not implemented")                                      \
	X(DROPPED, COUNT, "dropped",                                           \
	    "not answered: no question, or not to be")                         \
	X(COOKIES_GOOD, COUNT, "cookies-good",                                 \
	    "queries with a cookie of ours")                                   \
	X(COOKIES_REFUSED, COUNT, "cookies-refused", "answered BADCOOKIE")     \
	X(OVERLOAD, COUNT, "overload", "SERVFAIL: too many under way")         \
	/* --- upstream */                                                     \
	X(UPSTREAM_FAILURES, COUNT, "upstream-failures",                       \
	    "clients that got SERVFAIL for want of an answer")                 \
	X(PREFETCHES, COUNT, "prefetches",                                     \
	    "popular answers asked for before they expired")                   \
	X(DEADLINES, COUNT, "deadlines", "questions not answered in time")     \
	X(ROUTES_SILENT, COUNT, "routes-silent",                               \
	    "times that a route was held for dead")                            \
	X(UNREACHABLE, COUNT, "unreachable",                                   \
	    "clients that did not wait, for a dead route")                     \
	X(UPSTREAM_FLIGHTS, GAUGE, "upstream-flights",                         \
	    "questions under way, waited for or not")                          \
	X(UPSTREAM_WAITING, GAUGE, "upstream-waiting",                         \
	    "clients that wait for an answer from outside")                    \
	/* --- transports */                                                   \
	X(RATE_DROPPED, COUNT, "rate-dropped",                                 \
	    "beyond the rate limit: dropped")                                  \
	X(RATE_SLIPPED, COUNT, "rate-slipped",                                 \
	    "beyond the rate limit: told to use TCP or a cookie")              \
	X(TCP_REFUSED, COUNT, "tcp-refused",                                   \
	    "connections that were too many, of a client or in all")           \
	X(TCP_ENDED, COUNT, "tcp-ended",                                       \
	    "connections closed for another, or not reading their answers")    \
	X(TCP_CONNECTIONS, GAUGE, "tcp-connections", "TCP connections open")

enum counter {
#define COUNTERS_ENUM(name, kind, text, meaning) COUNTER_##name,
	COUNTERS(COUNTERS_ENUM)
#undef COUNTERS_ENUM
	COUNTERS_N
};

enum counter_kind { COUNTER_COUNT, COUNTER_GAUGE };

struct counter_row {
	const char *text, *meaning;
	enum counter_kind kind;
};
extern const struct counter_row counter_rows[COUNTERS_N];

struct counters {
	_Alignas(64) uint64_t value[COUNTERS_N];
	pid_t pid; /* whose slot it is; 0: nobody's */
};

/* This process's slot; before counters_take(), one that nobody sees. */
extern struct counters *counters_mine;

static inline void
counter_add(enum counter which, uint64_t n)
{
	uint64_t *v = &counters_mine->value[which];

	/* one writer: no lock; atomic for those who read meanwhile */
	__atomic_store_n(v, *v + n, __ATOMIC_RELAXED);
}

static inline void
counter_inc(enum counter which)
{
	counter_add(which, 1);
}

static inline void
counter_set(enum counter which, uint64_t to) /* a gauge */
{
	__atomic_store_n(&counters_mine->value[which], to, __ATOMIC_RELAXED);
}

/* More processes than this at a time share slots, and miscount a little. */
#define COUNTERS_SLOTS 256

/*
 * The supervisor: makes the shared memory, before it forks. Returns 0 or
 * -errno.
 */
int counters_init(void) __attribute__((warn_unused_result));

/*
 * A slot for a process to be forked; the process takes it, the supervisor
 * notes whose it is now, and that it is dead. What it counted stays.
 * counters_release() returns the slot that was its, or -ENOENT.
 */
unsigned counters_find_free(void);
void counters_take(unsigned slot);
void counters_assign(unsigned slot, pid_t pid);
int counters_release(pid_t pid);

/* Over all slots. */
uint64_t counters_sum(enum counter which);

#endif
