/*
 * The only file that includes OpenSSL. The context is made before the fork, so
 * the workers need not be able to read the key, and take each other's session
 * tickets.
 */
#include "resolverd/tls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "resolverd/tls_files.h"

static SSL_CTX *context;

/* Of the first error in OpenSSL's queue, which is emptied. */
static int
explain(char *why, const char *what, const char *path)
{
	unsigned long first = ERR_get_error();
	const char *reason = ERR_reason_error_string(first);

	/* of a failed system call it knows only the number */
	if (ERR_SYSTEM_ERROR(first))
		snprintf(why, TLS_WHY_MAX, "%s %s: %s", what, path,
		    strerror(ERR_GET_REASON(first)));
	else
		snprintf(why, TLS_WHY_MAX, "%s %s: %s", what, path,
		    reason != NULL ? reason : "cannot be used");
	ERR_clear_error();
	return -EINVAL;
}

/*
 * RFC 7301: "dot", if the client offers it; one that offers others is served.
 */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char ours[] = "\3dot";
	union {
		const unsigned char **in;
		unsigned char **out;
	} unconst = {.in = out}; /* an old interface */

	(void)ssl;
	(void)arg;
	return SSL_select_next_proto(unconst.out, out_len, ours,
		   sizeof(ours) - 1, in, in_len) == OPENSSL_NPN_NEGOTIATED ?
	    SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static int
read_files(
    SSL_CTX *ctx, const char *certificate, const char *key, char *why)
{
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
		return explain(why, "tls-certificate", certificate);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return explain(why, "tls-key", key);
	if (SSL_CTX_check_private_key(ctx) != 1)
		return explain(why, "tls-key", key);
	return 0;
}

int
tls_load(const char *certificate, const char *key, char *why)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int rc;

	if (ctx == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
		SSL_CTX_free(ctx);
		return explain(why, "TLS", "context");
	}
	SSL_CTX_set_options(
	    ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	tls_files_note(certificate, key);
	rc = read_files(ctx, certificate, key, why);
	if (rc != 0) {
		SSL_CTX_free(ctx);
		return rc;
	}
	SSL_CTX_free(context);
	context = ctx;
	return 0;
}

static struct bufferevent *
open_stream(struct event_base *base, int fd)
{
	SSL *ssl = SSL_new(context);
	struct bufferevent *bev;

	if (ssl == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(base, fd, ssl,
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

/* RFC 8446 6.1: who has nothing more to say says so. */
static void
say_end(struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	if (SSL_is_init_finished(ssl))
		(void)SSL_shutdown(ssl);
	ERR_clear_error();
}

const struct tcp_stream tls_stream = {
	.is_encrypted = true,
	.open = open_stream,
	.say_end = say_end,
};
