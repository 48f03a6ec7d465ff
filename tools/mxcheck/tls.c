/*
 * The handshake takes any certificate; it is judged apart, so that one session
 * serves all checks: the chain without its dates, each date, the name.
 *
 * Weak keys and signatures are taken, too (security level 0): a check names
 * them. TLS before 1.2 is not, unless asked for.
 */
#include "tools/mxcheck/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "tools/mxcheck/dnsmsg.h"
#include "tools/mxcheck/policy.h"

struct tls_ctx {
	SSL_CTX *ssl;
};

struct tls {
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
	X509_STORE *roots; /* borrowed from the context */
	char name[256];	   /* that was asked for by SNI */
	char why[TLS_WHY_MAX];
	bool old_peer;
};

static void
say_error(char *why, const char *otherwise)
{
	unsigned long error = ERR_peek_last_error();
	const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;

	snprintf(why, TLS_WHY_MAX, "%s", reason != NULL ? reason : otherwise);
	ERR_clear_error();
}

struct tls_ctx *
tls_ctx_new(const char *ca_file, char *why)
{
	struct tls_ctx *ctx = xcalloc(1, sizeof(*ctx));

	ctx->ssl = SSL_CTX_new(TLS_client_method());
	if (ctx->ssl == NULL)
		fatal("SSL_CTX_new failed");
	if (SSL_CTX_dane_enable(ctx->ssl) != 1)
		fatal("OpenSSL has no DANE");
	SSL_CTX_set_verify(ctx->ssl, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_options(ctx->ssl, SSL_OP_NO_TICKET);
	SSL_CTX_set_security_level(ctx->ssl, 0);
	if (SSL_CTX_set_cipher_list(ctx->ssl, "DEFAULT:@SECLEVEL=0") != 1 ||
	    (ca_file != NULL ?
		SSL_CTX_load_verify_file(ctx->ssl, ca_file) :
		SSL_CTX_set_default_verify_paths(ctx->ssl)) != 1) {
		say_error(why, "certificates of the roots cannot be read");
		tls_ctx_free(ctx);
		return NULL;
	}
	return ctx;
}

void
tls_ctx_free(struct tls_ctx *ctx)
{
	if (ctx == NULL)
		return;
	SSL_CTX_free(ctx->ssl);
	free(ctx);
}

/*
 * A server that has both kinds of key picks by the algorithms, up to TLS 1.2
 * also by the ciphers. Not const: OpenSSL's macro would cast it away.
 */
static struct {
	char algorithms[120];
	const char *ciphers;
} kinds[] = {
    {"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512", "aECDSA:!eNULL:@SECLEVEL=0"},
    {"RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
     "RSA+SHA256:RSA+SHA384:RSA+SHA512",
	"aRSA:!eNULL:@SECLEVEL=0"},
};

static void
offer_kind(SSL *ssl, bool rsa)
{
	if (SSL_set1_sigalgs_list(ssl, kinds[rsa].algorithms) != 1 ||
	    SSL_set_cipher_list(ssl, kinds[rsa].ciphers) != 1)
		fatal("OpenSSL takes no list of algorithms");
}

struct tls *
tls_new(struct tls_ctx *ctx, const char *name, enum tls_offer offer)
{
	struct tls *tls = xcalloc(1, sizeof(*tls));

	tls->ssl = SSL_new(ctx->ssl);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL)
		fatal("out of memory");
	BIO_set_mem_eof_return(tls->in, -1);
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	SSL_set_connect_state(tls->ssl);
	SSL_set_min_proto_version(tls->ssl,
	    offer == TLS_OFFER_OLD ? TLS1_VERSION : TLS1_2_VERSION);
	if (offer == TLS_OFFER_RSA || offer == TLS_OFFER_ECDSA)
		offer_kind(tls->ssl, offer == TLS_OFFER_RSA);
	snprintf(tls->name, sizeof(tls->name), "%s", name);
	SSL_set_tlsext_host_name(tls->ssl, tls->name);
	tls->roots = SSL_CTX_get_cert_store(ctx->ssl);
	return tls;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	free(tls);
}

void
tls_put(struct tls *tls, const void *bytes, size_t len)
{
	if (len > 0 && BIO_write(tls->in, bytes, (int)len) != (int)len)
		fatal("out of memory");
}

size_t
tls_take(struct tls *tls, void *out, size_t cap)
{
	int n = BIO_read(tls->out, out, (int)cap);

	return n > 0 ? (size_t)n : 0;
}

int
tls_handshake(struct tls *tls)
{
	unsigned long error;
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(tls->ssl);
	if (rc == 1)
		return 0;
	if (SSL_get_error(tls->ssl, rc) == SSL_ERROR_WANT_READ)
		return -EAGAIN;
	error = ERR_peek_last_error();
	tls->old_peer =
	    ERR_GET_REASON(error) == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
	    ERR_GET_REASON(error) == SSL_R_UNSUPPORTED_PROTOCOL;
	say_error(tls->why, "closed in the handshake");
	return -EPROTO;
}

const char *
tls_why(const struct tls *tls)
{
	return tls->why;
}

bool
tls_is_old_peer(const struct tls *tls)
{
	return tls->old_peer;
}

int
tls_read(struct tls *tls, void *out, size_t cap)
{
	int n;

	ERR_clear_error();
	n = SSL_read(tls->ssl, out, (int)cap);
	if (n > 0)
		return n;
	switch (SSL_get_error(tls->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		say_error(tls->why, "TLS error");
		return -EPROTO;
	}
}

int
tls_write(struct tls *tls, const void *bytes, size_t len)
{
	ERR_clear_error();
	if (SSL_write(tls->ssl, bytes, (int)len) == (int)len)
		return 0;
	say_error(tls->why, "TLS error");
	return -EPROTO;
}

/* ---- what was shown */

static const char *
name_txt(struct facts *facts, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	const char *out;

	if (bio == NULL ||
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0) {
		BIO_free(bio);
		return "";
	}
	len = BIO_get_mem_data(bio, &text);
	out = facts_text(facts, text, len > 0 ? (size_t)len : 0);
	BIO_free(bio);
	return out;
}

static const char *
hex_txt(struct facts *facts, const uint8_t *bytes, size_t len)
{
	char *out = facts_alloc(facts, 2 * len + 1, 1);

	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return out;
}

const char *
tls_digest_txt(struct facts *facts, const void *bytes, size_t len)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;

	if (EVP_Digest(bytes, len, digest, &digest_len, EVP_sha256(), NULL) !=
	    1)
		fatal("SHA-256 cannot be had");
	return hex_txt(facts, digest, digest_len);
}

unsigned
tls_rsa_bits(const void *der, size_t len)
{
	const uint8_t *at = der;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)len);
	unsigned bits = 0;

	if (key == NULL) {
		at = der;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)len);
	}
	if (key != NULL && EVP_PKEY_is_a(key, "RSA"))
		bits = (unsigned)EVP_PKEY_get_bits(key);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return bits;
}

static const char *
serial_txt(struct facts *facts, const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);

	return hex_txt(facts, ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial));
}

static int64_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static bool
is_weak_signature(X509 *cert)
{
	int digest = NID_undef;

	if (X509_check_issued(cert, cert) == X509_V_OK ||
	    X509_get_signature_info(cert, &digest, NULL, NULL, NULL) != 1)
		return false;
	return digest == NID_sha1 || digest == NID_md5 || digest == NID_md4;
}

static void
cert_to_facts(X509 *cert, struct facts *facts, struct facts_cert *out)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint8_t *spki = NULL;
	unsigned len = 0;
	int spki_len;

	out->subject = name_txt(facts, X509_get_subject_name(cert));
	out->issuer = name_txt(facts, X509_get_issuer_name(cert));
	out->serial = serial_txt(facts, cert);
	out->not_before = seconds(X509_get0_notBefore(cert));
	out->not_after = seconds(X509_get0_notAfter(cert));
	out->key = key != NULL && EVP_PKEY_get0_type_name(key) != NULL ?
	    facts_str(facts, EVP_PKEY_get0_type_name(key)) : "unknown";
	out->key_bits = key != NULL ? (unsigned)EVP_PKEY_get_bits(key) : 0;
	out->signature = OBJ_nid2ln(X509_get_signature_nid(cert));
	out->weak_signature = is_weak_signature(cert);
	X509_digest(cert, EVP_sha256(), digest, &len);
	out->der = hex_txt(facts, digest, len);
	spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki);
	if (spki_len > 0 && EVP_Digest(spki, (size_t)spki_len, digest, &len,
	    EVP_sha256(), NULL) == 1)
		out->spki = hex_txt(facts, digest, len);
	else
		out->spki = "";
	OPENSSL_free(spki);
}

/* The chain alone; dates are checked certificate by certificate. */
static void
verify(struct tls *tls, X509 *leaf, STACK_OF(X509) *chain,
    struct facts_tls *out)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, tls->roots, leaf, chain) != 1)
		fatal("out of memory");
	X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_NO_CHECK_TIME);
	X509_verify_cert(ctx);
	out->verify = X509_STORE_CTX_get_error(ctx);
	out->verify_txt = X509_verify_cert_error_string(out->verify);
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
}

enum facts_yes
tls_matches(struct tls *tls, const char *name)
{
	X509 *leaf = SSL_get0_peer_certificate(tls->ssl);

	if (leaf == NULL)
		return FACTS_UNKNOWN;
	return X509_check_host(leaf, name, 0,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1 ?
	    FACTS_YES : FACTS_NO;
}

/* An otherName of type id-on-dnsSRV that has this text. */
static bool
is_srv_name(const GENERAL_NAME *name, const char *wanted)
{
	const ASN1_IA5STRING *value;

	if (name->type != GEN_OTHERNAME ||
	    OBJ_obj2nid(name->d.otherName->type_id) != NID_SRVName ||
	    name->d.otherName->value->type != V_ASN1_IA5STRING)
		return false;
	value = name->d.otherName->value->value.ia5string;
	return (size_t)ASN1_STRING_length(value) == strlen(wanted) &&
	    strncasecmp((const char *)ASN1_STRING_get0_data(value), wanted,
		strlen(wanted)) == 0;
}

bool
tls_matches_srv(struct tls *tls, const char *service, const char *domain)
{
	X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
	GENERAL_NAMES *names = leaf != NULL ? X509_get_ext_d2i(leaf,
	    NID_subject_alt_name, NULL, NULL) : NULL;
	char wanted[288];
	bool found = false;

	snprintf(wanted, sizeof(wanted), "_%s.%s", service, domain);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		found |= is_srv_name(sk_GENERAL_NAME_value(names, i), wanted);
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return found;
}

/* ---- DANE */

static size_t
from_hex(uint8_t out[DNSMSG_DATA_MAX], const char *hex)
{
	size_t n = 0;
	unsigned byte;

	while (n < DNSMSG_DATA_MAX && sscanf(hex + 2 * n, "%2x", &byte) == 1)
		out[n++] = (uint8_t)byte;
	return n;
}

/* The SSL is not one of a session: it only carries the record. */
static bool
matches(struct tls *tls, SSL *carrier, const char *name)
{
	X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls->ssl);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	bool fine;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, tls->roots, leaf, chain) != 1)
		fatal("out of memory");
	X509_STORE_CTX_set0_dane(ctx, SSL_get0_dane(carrier));
	X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_NO_CHECK_TIME);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	fine = X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
	    X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return fine;
}

static bool
one_matches(struct tls *tls, const char *name, const struct facts_tlsa *tlsa)
{
	SSL *carrier = SSL_new(SSL_get_SSL_CTX(tls->ssl));
	uint8_t data[DNSMSG_DATA_MAX];
	size_t len = from_hex(data, tlsa->data);
	bool fine;

	if (carrier == NULL)
		fatal("out of memory");
	fine = SSL_dane_enable(carrier, name) == 1;
	SSL_dane_set_flags(carrier, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	fine = fine && SSL_dane_tlsa_add(carrier, tlsa->usage, tlsa->selector,
	    tlsa->matching, data, len) == 1 && matches(tls, carrier, name);
	SSL_free(carrier);
	ERR_clear_error();
	return fine;
}

uint32_t
tls_dane(struct tls *tls, const struct facts_host *host)
{
	uint32_t bits = 0;

	if (SSL_get0_peer_certificate(tls->ssl) == NULL)
		return 0;
	for (size_t i = 0; i < host->n_tlsas; i++)
		if (policy_tlsa_is_usable(&host->tlsas[i]) &&
		    one_matches(tls, host->name, &host->tlsas[i]))
			bits |= UINT32_C(1) << i;
	return bits;
}

/* ---- */

void
tls_to_facts(struct tls *tls, struct facts *facts, struct facts_tls *out)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls->ssl);
	X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
	int n = chain != NULL ? sk_X509_num(chain) : 0;

	out->proto = facts_str(facts, SSL_get_version(tls->ssl));
	out->cipher = facts_str(facts, SSL_get_cipher_name(tls->ssl));
	if (leaf == NULL)
		return;
	if (n > FACTS_CERTS_MAX)
		n = FACTS_CERTS_MAX;
	out->certs = facts_alloc(facts, (size_t)n, sizeof(*out->certs));
	out->n_certs = (size_t)n;
	for (int i = 0; i < n; i++)
		cert_to_facts(sk_X509_value(chain, i), facts, &out->certs[i]);
	verify(tls, leaf, chain, out);
	out->name = tls_matches(tls, tls->name);
	out->cn_matches = X509_check_host(leaf, tls->name, 0,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT, NULL) == 1;
}
