/*
 * DNS over TLS (RFC 7858): what tcp.c does, on an encrypted stream.
 */
#ifndef RESOLVERD_TLS_H
#define RESOLVERD_TLS_H

#include "resolverd/tcp.h"

#define TLS_WHY_MAX 512

/*
 * The supervisor, with its privileges and before it forks: reads a certificate,
 * with its chain behind it, and its key (PEM). Those who are forked from now on
 * use them. Returns 0, or -EINVAL with why filled: then all is as it was.
 */
int tls_load(const char *certificate, const char *key, char *why)
    __attribute__((warn_unused_result));

extern const struct tcp_stream tls_stream; /* after tls_load() */

#endif
