/*
 * One libunbound context on the worker's event base: its options, its trust
 * anchor, its forwarders, and what its event API needs to be told. The only
 * file that includes unbound-event.h is upstream_context.c.
 *
 * Several may be open at once; options that are global to the library are equal
 * in all of them.
 */
#ifndef RESOLVERD_UPSTREAM_CONTEXT_H
#define RESOLVERD_UPSTREAM_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/conf.h"

#define UPSTREAM_WHY_MAX 512

/* Sockets that one context may have open; beyond them questions queue up. */
#define UPSTREAM_UDP_MAX 1024
#define UPSTREAM_TCP_MAX 64

struct event_base;
struct upstream_context;

enum upstream_security {
	UPSTREAM_INSECURE,
	UPSTREAM_BOGUS, /* the message is there all the same */
	UPSTREAM_SECURE
};

/* What libunbound found out; all borrowed for the call. */
struct upstream_result {
	const uint8_t *message; /* NULL: none. Untrusted. Its id is 0, DNSSEC
				 * RRs are in it, and an OPT */
	size_t len;
	enum upstream_security security;
	const char *why_bogus; /* or NULL */
	uint8_t ede;           /* of a bogus one, RFC 8914's INFO-CODE; or 0 */
};

struct upstream_ask;
typedef void upstream_ask_done_fn(
    struct upstream_ask *ask, const struct upstream_result *result);

/* A question under way; a member of what the caller keeps of it. */
struct upstream_ask {
	upstream_ask_done_fn *done;
	struct upstream_context *context; /* upstream_context_ask() sets it */
};

/*
 * A context of that kind (upstream_rules.h). conf is not needed any more when
 * this returns. Returns 0; -EINVAL, -ENOENT, -ENOTSUP, -ENOMEM or -errno of
 * what it writes into the state's folder for a moment; why says what to do.
 */
int upstream_context_open(struct upstream_context **out,
    struct event_base *base, const struct conf *conf, unsigned kind, char *why)
    __attribute__((warn_unused_result));

/*
 * Ends; calls done() for all that is under way, or most of it, without a
 * message. Not from inside done(). NULL is fine.
 */
void upstream_context_close(struct upstream_context *c);

/*
 * Asks for qname (wire form) in class IN. Returns 0: ask->done() will be, or
 * already was, called, once; till then *ask stays where it is. -EINVAL or
 * -EBUSY: never.
 */
int upstream_context_ask(struct upstream_context *c, const uint8_t *qname,
    uint16_t qtype, struct upstream_ask *ask)
    __attribute__((warn_unused_result));

/*
 * Once nothing is under way, idle(arg) is called from the loop, where the
 * context may be closed. Nothing may be asked any more.
 */
typedef void upstream_context_idle_fn(void *arg);
void upstream_context_retire(
    struct upstream_context *c, upstream_context_idle_fn *idle, void *arg);

#endif
