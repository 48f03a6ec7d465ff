/*
 * Host and service names are looked up, as rbldnsd does. It lets `::` take IPv4
 * as well; our sockets are of one family each, so that becomes two.
 */
#include "resolverd/compat_listen.h"

#include <netinet/in.h>

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/xalloc.h"

static void
add(struct conf *conf, const struct sockaddr *sa, socklen_t len)
{
	struct conf_endpoint *e;

	for (size_t i = 0; i < conf->n_listen; i++) {
		e = &conf->listen[i];
		if (e->len == len && memcmp(&e->sa, sa, len) == 0)
			return;
	}
	conf->listen = xreallocarray(conf->listen, conf->n_listen + 1,
	    sizeof(*conf->listen));
	e = &conf->listen[conf->n_listen++];
	memset(e, 0, sizeof(*e));
	memcpy(&e->sa, sa, len);
	e->len = len;
	sockaddr_to_txt(e->txt, sa);
	*strchr(e->txt, '@') = '/'; /* as it is written behind -b */
}

static void
add_ip4_any(struct conf *conf, in_port_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = port};

	add(conf, (const struct sockaddr *)&sin, sizeof(sin));
}

void
compat_listen_add(struct conf *conf, const char *where, int family)
{
	const struct addrinfo hints = {.ai_family = family,
	    .ai_socktype = SOCK_DGRAM, .ai_flags = AI_PASSIVE};
	char *host = xstrdup(where), *port = strchr(host, '/');
	struct addrinfo *list;
	int rc;

	if (port != NULL)
		*port++ = '\0';
	if (*host == '\0')
		fatal("-b %s: no address; write address/port", where);
	rc = getaddrinfo(host, port != NULL && *port != '\0' ? port : "domain",
	    &hints, &list);
	if (rc != 0)
		fatal("-b %s: %s", where, gai_strerror(rc));
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		const struct sockaddr_in6 *in6 =
		    (const struct sockaddr_in6 *)ai->ai_addr;

		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
			continue;
		add(conf, ai->ai_addr, ai->ai_addrlen);
		if (ai->ai_family == AF_INET6 &&
		    IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
			add_ip4_any(conf, in6->sin6_port);
	}
	freeaddrinfo(list);
	free(host);
	if (conf->n_listen == 0)
		fatal("-b %s: no address that can be used", where);
}
