/*
 * The listening sockets: opened by the supervisor, with its privileges; each
 * worker has its own (SO_REUSEPORT), and they outlive a worker that dies, so
 * that what is queued waits for the next one.
 */
#ifndef RESOLVERD_SOCKETS_H
#define RESOLVERD_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/conf.h"

#define SOCKETS_WHY_MAX 256

struct socket_pair {
	int udp, tcp; /* udp: -1 for TLS */
	bool tls;
	bool wildcard; /* bound to no address of its own */
	char txt[ADDR_TXT_MAX]; /* address@port */
};

/* One worker's sockets, a pair per address. */
struct sockets {
	struct socket_pair *pairs;
	size_t n;
};

/* Those of all workers; there may be more than there are workers now. */
struct all_sockets {
	struct sockets *of;
	unsigned n;
	bool steered; /* once true, sockets_steer() has the say */
};

/*
 * Opens the sockets of conf->workers workers. What is open already, in old
 * (NULL: nothing), is shared with it, so that nothing that is queued there gets
 * lost; what more workers had stays open for a time when there are more again.
 * An address ::1 on a machine without IPv6 is only logged. Returns 0, or -errno
 * with a sentence in why.
 */
int sockets_open(struct all_sockets *out, const struct conf *conf,
    const struct all_sockets *old, char *why)
    __attribute__((warn_unused_result));
void sockets_close(struct sockets *s); /* one worker's */
void sockets_close_all(struct all_sockets *all);

/*
 * From now on the kernel gives packets and connections only to the first n
 * workers' sockets of each address. Returns 0 or -errno.
 */
int sockets_steer(struct all_sockets *all, unsigned n)
    __attribute__((warn_unused_result));

#endif
