/*
 * The only place where a connection to a mail server begins.
 */
#include "tools/mxcheck/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static socklen_t
sockaddr_of(struct sockaddr_storage *out, const struct addr *addr,
    uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = addr->family;
	if (addr->family == AF_INET) {
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, addr->bytes, 4);
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, addr->bytes, 16);
	return sizeof(*v6);
}

int
dial_tcp(int *fd, const struct settings *s, const struct addr *to,
    uint16_t port)
{
	bool v4 = to->family == AF_INET;
	struct sockaddr_storage sa;
	socklen_t len;

	*fd = socket(to->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (*fd == -1)
		return errno;
	if (v4 ? s->has_source4 : s->has_source6) {
		len = sockaddr_of(&sa, v4 ? &s->source4 : &s->source6, 0);
		if (bind(*fd, (struct sockaddr *)&sa, len) != 0)
			return errno;
	}
	len = sockaddr_of(&sa, to, port);
	return connect(*fd, (struct sockaddr *)&sa, len) == 0 ? 0 : errno;
}
