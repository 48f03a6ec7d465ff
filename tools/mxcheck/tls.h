/*
 * TLS over memory: bytes go in and out by the caller's hands, so nothing blocks
 * and each clear-text byte before the handshake is seen. The only file that
 * includes OpenSSL's headers.
 */
#ifndef TOOLS_MXCHECK_TLS_H
#define TOOLS_MXCHECK_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/mxcheck/facts.h"

#define TLS_WHY_MAX 256

struct tls_ctx;
struct tls;

/* ca_file NULL: the system's roots. NULL with why, of TLS_WHY_MAX bytes. */
struct tls_ctx *tls_ctx_new(const char *ca_file, char *why);
void tls_ctx_free(struct tls_ctx *ctx); /* NULL is fine */

enum tls_offer {
	TLS_OFFER_ALL,
	TLS_OFFER_OLD,	 /* TLS 1.0 and 1.1 are fine, too */
	TLS_OFFER_RSA,	 /* certificates with such a key only */
	TLS_OFFER_ECDSA,
};

/* name: for SNI. */
struct tls *tls_new(struct tls_ctx *ctx, const char *name,
    enum tls_offer offer);
void tls_free(struct tls *tls); /* NULL is fine */

/*
 * Bytes from the network, and those that are to be sent: borrowed until the
 * next call, gone from here when they have been given.
 */
void tls_put(struct tls *tls, const void *bytes, size_t len);
size_t tls_take(struct tls *tls, void *out, size_t cap);

/* 0 when it is done, -EAGAIN, or -EPROTO: tls_why(). */
int tls_handshake(struct tls *tls);
const char *tls_why(const struct tls *tls);
bool tls_is_old_peer(const struct tls *tls); /* it failed by its version */

/* Clear text out of what was put: > 0 bytes, -EAGAIN, 0 at the end of the
 * stream, -EPROTO. */
int tls_read(struct tls *tls, void *out, size_t cap);
int tls_write(struct tls *tls, const void *bytes, size_t len); /* 0, -EPROTO */

/* What was shown in the handshake; out->why and injected are the caller's. */
void tls_to_facts(struct tls *tls, struct facts *facts, struct facts_tls *out);

/* SHA-256 of bytes, hex. */
const char *tls_digest_txt(struct facts *facts, const void *bytes, size_t len);

/* Of a public key as DKIM publishes it: a SubjectPublicKeyInfo, or the bare
 * RSAPublicKey. 0: it is neither. */
unsigned tls_rsa_bits(const void *der, size_t len);

/* Whether the certificate that was shown is good for another name, too. */
enum facts_yes tls_matches(struct tls *tls, const char *name);

/* Or for a service of a domain: it has an SRV-ID (RFC 4985), as of
 * "_imaps.example.com" for "imaps" and "example.com". */
bool tls_matches_srv(struct tls *tls, const char *service, const char *domain);

/*
 * Which of the host's TLSA records match what was shown, as senders take them
 * (RFC 7672 3.1): usage 3 without name and dates, usage 2 with the name; the
 * dates are for the checks. Bit i is for host->tlsas[i].
 */
uint32_t tls_dane(struct tls *tls, const struct facts_host *host);

#endif
