/*
 * The record is read here, the key in it by tls.c.
 */
#include "tools/mxcheck/dkim.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "lib/why.h"
#include "tools/mxcheck/tls.h"

#define ED25519_LEN 32 /* bytes, as they are: RFC 8463 4 */

#define wrong(why, ...) why_fail(why, TEXT_WHY_MAX, -EINVAL, __VA_ARGS__)

/* ---- base64, RFC 4648 4, with blanks between as RFC 6376 2.10 has it */

static int
digit_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* The bytes decoded, -1 if it is none. */
static int
decode(uint8_t out[DKIM_KEY_MAX], struct text t)
{
	uint32_t bits = 0;
	unsigned n_digits = 0, n_pads = 0;
	size_t n = 0, blank;
	int digit;

	for (; t.len > 0; t.s++, t.len--) {
		blank = text_blank(&t);
		if (blank > 0) {
			t.s += blank - 1;
			t.len -= blank - 1;
			continue;
		}
		if (*t.s == '=') {
			n_pads++;
			continue;
		}
		digit = digit_of(*t.s);
		if (digit < 0 || n_pads > 0 || n == DKIM_KEY_MAX)
			return -1;
		bits = bits << 6 | (uint32_t)digit;
		if (n_digits++ % 4 > 0)
			out[n++] = (uint8_t)(bits >>
			    (2 * (3 - (n_digits - 1) % 4)));
	}
	return (n_digits + n_pads) % 4 == 0 && n_pads <= 2 ? (int)n : -1;
}

/* ---- the record */

static int
read_key(struct dkim_key *out, const struct text *p, char *why)
{
	uint8_t key[DKIM_KEY_MAX];
	int len = decode(key, *p);

	out->is_revoked = p->len == 0;
	if (out->is_revoked)
		return 0;
	if (len < 0)
		return wrong(why, "p is no base64");
	if (out->type == DKIM_ED25519)
		return len == ED25519_LEN ? 0 : wrong(why, "p has %d bytes, an "
		    "ed25519 key has %d", len, ED25519_LEN);
	out->bits = tls_rsa_bits(key, (size_t)len);
	return out->bits > 0 ? 0 : wrong(why, "p is no RSA key");
}

static bool
has_word(const struct text *value, const char *word)
{
	struct text list = *value, item;
	bool more;

	do {
		more = text_cut(&list, ':', &item);
		if (text_is_nocase(&item, word))
			return true;
	} while (more);
	return false;
}

int
dkim_read(struct dkim_key *out, const char *txt, size_t len,
    char why[TEXT_WHY_MAX])
{
	struct text t = {txt, len}, tag, value, p = {NULL, 0};
	char buf[TEXT_SHOWN_LEN];
	bool is_first = true;
	int rc;

	*out = (struct dkim_key){0};
	while ((rc = text_next_tag(&t, &tag, &value, why)) == 1) {
		if (text_is(&tag, "v")) {
			if (!is_first || !text_is(&value, "DKIM1"))
				return -ENOENT;
		} else if (text_is(&tag, "p")) {
			p = value;
		} else if (text_is(&tag, "k")) {
			if (text_is(&value, "ed25519"))
				out->type = DKIM_ED25519;
			else if (!text_is(&value, "rsa"))
				return wrong(why, "k=%s is no type that "
				    "receivers know", text_shown(&value, buf));
		} else if (text_is(&tag, "h")) {
			out->no_sha256 = !has_word(&value, "sha256");
		} else if (text_is(&tag, "s")) {
			out->not_for_mail = !has_word(&value, "*") &&
			    !has_word(&value, "email");
		} else if (text_is(&tag, "t")) {
			out->is_testing = has_word(&value, "y");
		}
		is_first = false;
	}
	if (rc != 0)
		return rc;
	if (p.s == NULL)
		return wrong(why, "there is no p");
	return read_key(out, &p, why);
}
