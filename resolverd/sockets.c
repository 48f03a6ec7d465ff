/*
 * Opening of the listening sockets, and which of them the kernel fills.
 *
 * The sockets of an address are a group (SO_REUSEPORT): by default the kernel
 * picks one by a hash over all of them, from the moment that it is bound. That
 * must not be one that nobody reads yet, or no more: once the number of
 * workers has changed, a filter (SO_ATTACH_REUSEPORT_CBPF) picks instead, among
 * the first of the group, in the order in which they were bound. So a worker's
 * socket is never closed for being one too many: the order would change.
 */
#include <sys/socket.h>

#include <linux/filter.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
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

static int explain(char *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Returns -errno as it was. */
static int
explain(char *why, const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, SOCKETS_WHY_MAX, fmt, ap);
	va_end(ap);
	return -error;
}

/* ---- opening one */

static bool
set_option(int fd, int level, int name)
{
	int one = 1;

	return setsockopt(fd, level, name, &one, sizeof(one)) == 0;
}

static bool
set_options(int fd, const struct sockaddr_storage *sa, int type)
{
	int size = RECEIVE_BUFFER;

	if (!set_option(fd, SOL_SOCKET, SO_REUSEPORT) ||
	    (sa->ss_family == AF_INET6 &&
		!set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY)))
		return false;
	if (type == SOCK_STREAM)
		return set_option(fd, SOL_SOCKET, SO_REUSEADDR);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
	    -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	if (!is_wildcard(sa))
		return true;
	return sa->ss_family == AF_INET ?
	    set_option(fd, IPPROTO_IP, IP_PKTINFO) :
	    set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
}

static const char *
advice(void)
{
	if (errno == EADDRINUSE)
		return "; another program serves there: stop it or change "
		       "`listen`";
	if (errno == EACCES)
		return "; start as root to use a port below 1024";
	return "";
}

/* *fd is -1, and 0 returned, where there is no IPv6 to listen on. */
static int
open_one(int *fd, const struct conf_endpoint *e, int type, char *why)
{
	const char *name = type == SOCK_DGRAM ? "UDP" : "TCP";
	int rc;

	*fd = socket(e->sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd != -1 && set_options(*fd, &e->sa, type) &&
	    bind(*fd, (const struct sockaddr *)&e->sa, e->len) == 0 &&
	    (type == SOCK_DGRAM || listen(*fd, BACKLOG) == 0))
		return 0;
	rc = is_missing_ip6(&e->sa) ?
	    0 :
	    explain(why, "listen %s (%s): %s%s", e->txt, name, strerror(errno),
		advice());
	if (*fd != -1)
		close(*fd);
	*fd = -1;
	return rc;
}

/*
 * SO_REUSEPORT would let us share an address with another daemon of the same
 * user in silence; a first socket without it finds that out.
 */
static int
probe(const struct conf_endpoint *e, char *why)
{
	int fd = socket(e->sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd == -1)
		return 0; /* open_one() says why */
	if (bind(fd, (const struct sockaddr *)&e->sa, e->len) == -1 &&
	    errno == EADDRINUSE)
		rc = explain(why, "listen %s (UDP): %s%s", e->txt,
		    strerror(errno), advice());
	close(fd);
	return rc;
}

/* ---- all of them */

static const struct socket_pair *
find_pair(const struct sockets *s, const struct conf_endpoint *e)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->pairs[i].txt, e->txt) == 0 &&
		    s->pairs[i].tls == e->tls)
			return &s->pairs[i];
	}
	return NULL;
}

static int
share_pair(struct socket_pair *p, const struct socket_pair *old, char *why)
{
	*p = *old;
	p->udp = -1;
	p->tcp = fcntl(old->tcp, F_DUPFD_CLOEXEC, 0);
	if (p->tcp != -1 && !p->tls)
		p->udp = fcntl(old->udp, F_DUPFD_CLOEXEC, 0);
	if (p->tcp != -1 && (p->tls || p->udp != -1))
		return 0;
	return explain(why, "listen %s: %s", old->txt, strerror(errno));
}

static int
open_pair(struct socket_pair *p, const struct conf_endpoint *e, char *why)
{
	int rc;

	p->wildcard = is_wildcard(&e->sa);
	p->tls = e->tls;
	strcpy(p->txt, e->txt);
	rc = open_one(&p->tcp, e, SOCK_STREAM, why);
	if (rc == 0 && p->tcp != -1 && !e->tls)
		rc = open_one(&p->udp, e, SOCK_DGRAM, why);
	return rc;
}

/* What old has open (NULL: nothing), and if it is to serve, the rest, too. */
static int
open_worker(struct sockets *s, const struct conf *conf,
    const struct sockets *old, bool serves, char *why)
{
	const struct socket_pair *shared;
	int rc = 0;

	s->pairs = xcalloc(conf->n_listen, sizeof(*s->pairs));
	for (size_t i = 0; rc == 0 && i < conf->n_listen; i++) {
		const struct conf_endpoint *e = &conf->listen[i];
		struct socket_pair *p = &s->pairs[s->n];

		p->udp = p->tcp = -1;
		shared = old != NULL ? find_pair(old, e) : NULL;
		if (shared != NULL)
			rc = share_pair(p, shared, why);
		else if (serves)
			rc = open_pair(p, e, why);
		s->n += p->tcp != -1;
	}
	if (rc != 0 || s->n > 0 || !serves)
		return rc;
	errno = EADDRNOTAVAIL;
	return explain(why, "listen: no address left to listen on");
}

static int
probe_new(const struct conf *conf, const struct sockets *old, char *why)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < conf->n_listen; i++) {
		if (old == NULL || find_pair(old, &conf->listen[i]) == NULL)
			rc = probe(&conf->listen[i], why);
	}
	return rc;
}

static void
log_left_out(const struct sockets *s, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_listen; i++) {
		if (find_pair(s, &conf->listen[i]) == NULL)
			log_warn("listen %s: this machine has no IPv6, left "
				 "out",
			    conf->listen[i].txt);
	}
}

int
sockets_open(struct all_sockets *out, const struct conf *conf,
    const struct all_sockets *old, char *why)
{
	const unsigned n_old = old != NULL ? old->n : 0;
	int rc;

	*out = (struct all_sockets){ .n = conf->workers };
	if (n_old > out->n)
		out->n = n_old;
	out->steered = old != NULL && old->steered;
	rc = probe_new(conf, n_old > 0 ? &old->of[0] : NULL, why);
	out->of = xcalloc(out->n, sizeof(*out->of));
	for (unsigned w = 0; rc == 0 && w < out->n; w++)
		rc = open_worker(&out->of[w], conf,
		    w < n_old ? &old->of[w] : NULL, w < conf->workers, why);
	if (rc != 0)
		sockets_close_all(out);
	else
		log_left_out(&out->of[0], conf);
	return rc;
}

void
sockets_close(struct sockets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		close(s->pairs[i].tcp);
		if (s->pairs[i].udp != -1)
			close(s->pairs[i].udp);
	}
	free(s->pairs);
	s->pairs = NULL;
	s->n = 0;
}

void
sockets_close_all(struct all_sockets *all)
{
	for (unsigned w = 0; w < all->n; w++)
		sockets_close(&all->of[w]);
	free(all->of);
	all->of = NULL;
	all->n = 0;
}

/* ---- steering */

int
sockets_steer(struct all_sockets *all, unsigned n)
{
	struct sock_filter pick[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct sock_fprog program = {
		.len = sizeof(pick) / sizeof(pick[0]), .filter = pick
	};

	/* a program belongs to the group: through any socket of it */
	for (size_t i = 0; i < all->of[0].n; i++) {
		const struct socket_pair *p = &all->of[0].pairs[i];

		if ((!p->tls &&
			setsockopt(p->udp, SOL_SOCKET,
			    SO_ATTACH_REUSEPORT_CBPF, &program,
			    sizeof(program)) == -1) ||
		    setsockopt(p->tcp, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
			&program, sizeof(program)) == -1)
			return -errno;
	}
	all->steered = true;
	return 0;
}
