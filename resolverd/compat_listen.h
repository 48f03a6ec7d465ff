/*
 * rbldnsd's -b host/port as addresses to listen on.
 */
#ifndef RESOLVERD_COMPAT_LISTEN_H
#define RESOLVERD_COMPAT_LISTEN_H

#include "lib/conf.h"

/*
 * Adds all addresses of `host[/port]` to conf->listen, each once. family:
 * AF_UNSPEC, AF_INET or AF_INET6. Fatal if there are none.
 */
void compat_listen_add(struct conf *conf, const char *where, int family);

#endif
