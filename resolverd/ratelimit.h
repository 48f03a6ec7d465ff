/*
 * How much each client, and each network of clients, may ask: a bucket for each
 * in a table of a fixed size that all workers share.
 */
#ifndef RESOLVERD_RATELIMIT_H
#define RESOLVERD_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

/* Prefix lengths: an IPv6 client has a /64 to choose addresses from. */
#define RATELIMIT_CLIENT_IP4 32
#define RATELIMIT_CLIENT_IP6 64
#define RATELIMIT_NETWORK_IP4 24
#define RATELIMIT_NETWORK_IP6 56

#define RATELIMIT_MAX 100000 /* a second */

/*
 * The supervisor, before it forks: makes the table, once. Returns 0 or -errno.
 */
int ratelimit_init(void) __attribute__((warn_unused_result));

/*
 * A client asks at now_us (any clock that does not go back, microseconds).
 * Returns whether it is within per_client and its network within per_network
 * questions a second (0: any number); each may ask for a second's worth at
 * once. What is refused does not count.
 */
bool ratelimit_take(const struct addr *client, uint64_t now_us,
    unsigned per_client, unsigned per_network);

#endif
