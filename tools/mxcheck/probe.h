/*
 * One session with one server: connect, greeting, EHLO, STARTTLS, EHLO, then a
 * transaction up to RCPT for each recipient, QUIT. There is no command that
 * sends a message: the most that a server can do is to accept a recipient.
 *
 * One command at a time, none before the last line of the reply to the one
 * before; every stage has a deadline of its own that no trickle of bytes moves.
 */
#ifndef TOOLS_MXCHECK_PROBE_H
#define TOOLS_MXCHECK_PROBE_H

#include "tools/mxcheck/settings.h"
#include "tools/mxcheck/tls.h"

struct event_base;
struct probe;

/* The last two ask for the other certificate of a server that may have two:
 * such a session ends behind the handshake. */
enum probe_tls {
	PROBE_TLS,
	PROBE_TLS_OLD,
	PROBE_CLEAR,
	PROBE_TLS_RSA,
	PROBE_TLS_ECDSA,
};

struct probe_how { /* borrowed until done() */
	struct event_base *base;
	const struct settings *settings;
	struct tls_ctx *tls;
	struct facts *facts;
	enum probe_tls use_tls;
	bool patient;
	/* whose recipients are tried */
	const struct facts_domain *const *domains;
	size_t n_domains;
	/* called once, from the loop, when the session is over */
	void (*done)(void *arg, struct probe *probe);
	/* each command and each reply, printable; NULL for none */
	void (*trace)(void *arg, const char *name, const char *addr, char way,
	    const char *text);
	void *arg;
};

/* Begins. What it finds goes into ep->probe, which must be zero. */
struct probe *probe_new(const struct probe_how *how,
    struct facts_endpoint *ep);

/* The same with a service for users: greeting, capabilities, TLS, the end;
 * nobody logs in. */
struct probe *probe_new_access(const struct probe_how *how,
    struct facts_access *access);

/* The run is over: what is under way is marked as stopped. No done(). */
void probe_stop(struct probe *probe);
void probe_free(struct probe *probe);

bool probe_is_connecting(const struct probe *probe);

/* After the handshake: is the certificate good for another name? */
enum facts_yes probe_matches(const struct probe *probe, const char *name);
uint32_t probe_dane(const struct probe *probe, const struct facts_host *host);

/* After a failed handshake. */
bool probe_is_old_peer(const struct probe *probe);

#endif
