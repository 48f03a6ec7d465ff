/*
 * The listening sockets: opened once, by the supervisor, before privileges are
 * dropped; each worker has its own (SO_REUSEPORT), and they outlive a worker
 * that dies, so that what is queued waits for the next one.
 */
#ifndef RESOLVERD_SOCKETS_H
#define RESOLVERD_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/conf.h"

struct socket_pair {
	int udp, tcp;
	bool wildcard; /* bound to no address of its own */
};

/* One worker's sockets, a pair per address. */
struct sockets {
	struct socket_pair *pairs;
	size_t n;
};

/*
 * Opens the sockets of all workers: an array of conf->workers, owned by the
 * caller. Ends the process with a sentence where an address cannot be used,
 * but for ::1 on a machine without IPv6, which is only logged.
 */
struct sockets *sockets_open(const struct conf *conf);
void sockets_close(struct sockets *s); /* one worker's */

#endif
