/*
 * Opening of the listening sockets, at start only: every failure is fatal and
 * said in a sentence.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/sockets.h"

/* Holds a burst while the worker is busy or is being restarted. */
#define RECEIVE_BUFFER (4 << 20)
#define BACKLOG 511

static bool
is_wildcard(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)ss;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;

	return ss->ss_family == AF_INET ?
	    in4->sin_addr.s_addr == htonl(INADDR_ANY) :
	    IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

/* Is it ::1 that this machine does not have? */
static bool
is_missing_ip6(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;

	return (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) &&
	    ss->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static void
set_option(int fd, int level, int name, int value, const char *what,
    const char *where)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) == -1)
		fatal("listen %s: %s: %s", where, what, strerror(errno));
}

/* Returns -1 where there is no IPv6 to listen on. */
static int
open_one(const struct conf_endpoint *e, int type)
{
	int family = e->sa.ss_family, fd, size = RECEIVE_BUFFER;
	const char *name = type == SOCK_DGRAM ? "UDP" : "TCP";

	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		if (is_missing_ip6(&e->sa))
			return -1;
		fatal("listen %s (%s): %s", e->txt, name, strerror(errno));
	}
	set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT", e->txt);
	if (family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY",
		    e->txt);
	if (type == SOCK_STREAM)
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR",
		    e->txt);
	else if (is_wildcard(&e->sa) && family == AF_INET)
		set_option(fd, IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO", e->txt);
	else if (is_wildcard(&e->sa))
		set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1,
		    "IPV6_RECVPKTINFO", e->txt);
	if (type == SOCK_DGRAM &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
		-1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	if (bind(fd, (const struct sockaddr *)&e->sa, e->len) == -1) {
		if (is_missing_ip6(&e->sa)) {
			close(fd);
			return -1;
		}
		fatal("listen %s (%s): %s%s", e->txt, name, strerror(errno),
		    errno == EADDRINUSE ?
			"; another program serves there: stop it or change "
			"`listen`" :
			errno == EACCES ? "; start as root to use a port "
					  "below 1024" :
					  "");
	}
	if (type == SOCK_STREAM && listen(fd, BACKLOG) == -1)
		fatal("listen %s (%s): %s%s", e->txt, name, strerror(errno),
		    errno == EADDRINUSE ?
			"; another program serves there: stop it or change "
			"`listen`" :
			"");
	return fd;
}

/*
 * SO_REUSEPORT would let us share an address with another daemon of the same
 * user in silence; a first socket without it finds that out.
 */
static void
probe(const struct conf_endpoint *e)
{
	int fd = socket(e->sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return; /* open_one() says why */
	if (bind(fd, (const struct sockaddr *)&e->sa, e->len) == -1 &&
	    errno == EADDRINUSE)
		fatal("listen %s (UDP): %s; another program serves there: stop "
		      "it or change `listen`",
		    e->txt, strerror(errno));
	close(fd);
}

struct sockets *
sockets_open(const struct conf *conf)
{
	struct sockets *all = xcalloc(conf->workers, sizeof(*all));

	for (size_t i = 0; i < conf->n_listen; i++)
		probe(&conf->listen[i]);
	for (unsigned w = 0; w < conf->workers; w++) {
		all[w].pairs = xcalloc(conf->n_listen, sizeof(*all[w].pairs));
		for (size_t i = 0; i < conf->n_listen; i++) {
			const struct conf_endpoint *e = &conf->listen[i];
			struct socket_pair *p = &all[w].pairs[all[w].n];

			p->udp = open_one(e, SOCK_DGRAM);
			if (p->udp == -1) {
				if (w == 0)
					log_warn("listen %s: this machine has "
						 "no IPv6, left out",
					    e->txt);
				continue;
			}
			p->tcp = open_one(e, SOCK_STREAM);
			p->wildcard = is_wildcard(&e->sa);
			all[w].n++;
		}
		if (all[w].n == 0)
			fatal("listen: no address left to listen on");
	}
	return all;
}

void
sockets_close(struct sockets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		close(s->pairs[i].udp);
		close(s->pairs[i].tcp);
	}
	free(s->pairs);
	s->pairs = NULL;
	s->n = 0;
}
