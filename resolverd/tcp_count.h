/*
 * How many TCP connections there are, and how many each client has: over all
 * workers, also those that retire. They share a table of a fixed size, in which
 * each process writes what is its own; what a dead one has is given back.
 */
#ifndef RESOLVERD_TCP_COUNT_H
#define RESOLVERD_TCP_COUNT_H

#include <stdbool.h>

#include "lib/addr.h"

/*
 * Before the processes that share it are forked: makes the table, once. Returns
 * 0 or -errno.
 */
int tcp_count_init(void) __attribute__((warn_unused_result));

/* Which process this is: its slot of counters.h. Without a call it is 0. */
void tcp_count_take(unsigned slot);

/* The process with that slot is dead: it has no connections. */
void tcp_count_release(unsigned slot);

struct tcp_counts {
	unsigned all, of_client;
};

/*
 * One more. Returns how many there are with it; of two processes that enter at
 * the same time, one at least sees both. An IPv6 client is its /64, as in
 * ratelimit.h. Every connection that entered leaves, refused or not.
 */
struct tcp_counts tcp_count_enter(const struct addr *client);
void tcp_count_leave(const struct addr *client);

/*
 * A connection was refused that another process might have room for: whoever is
 * first to ask for it closes one that is idle.
 */
void tcp_count_want(void);
bool tcp_count_is_wanted(void); /* takes the wish over */

#endif
