/*
 * Addresses and prefixes of both families: to and from text, socket addresses
 * and the reversed DNS forms.
 *
 * The text of an address itself is left to inet_pton(), which is as strict as
 * we are: four decimal octets without leading zeros, no scope.
 */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/dname.h"

static unsigned
family_bits(uint8_t family)
{
	return family == AF_INET ? 32 : 128;
}

int
addr_parse(struct addr *out, const char *txt)
{
	struct addr a = {.family = strchr(txt, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(a.family, txt, a.bytes) != 1)
		return -EINVAL;
	*out = a;
	return 0;
}

/* Decimal without sign, blanks or leading zeros. */
static int
parse_number(unsigned *out, const char *txt, unsigned max)
{
	unsigned v = 0;
	const char *p;

	if (*txt == '\0' || (txt[0] == '0' && txt[1] != '\0'))
		return -EINVAL;
	for (p = txt; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		v = v * 10 + (unsigned)(*p - '0');
		if (v > max)
			return -EINVAL;
	}
	*out = v;
	return 0;
}

/* Parses the address that stands in front of end. */
static int
parse_addr_until(struct addr *out, const char *txt, const char *end)
{
	char buf[INET6_ADDRSTRLEN];
	size_t len = (size_t)(end - txt);

	if (len >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, txt, len);
	buf[len] = '\0';
	return addr_parse(out, buf);
}

static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned n)
{
	unsigned whole = n / 8, rest = n % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool
bits_are_zero_from(const uint8_t *p, unsigned from, unsigned to)
{
	for (; from < to; from++)
		if ((p[from / 8] & 0x80 >> from % 8) != 0)
			return false;
	return true;
}

int
prefix_parse(struct prefix *out, const char *txt)
{
	const char *slash = strchrnul(txt, '/');
	struct prefix p = {0};
	unsigned bits, len;

	if (parse_addr_until(&p.addr, txt, slash) != 0)
		return -EINVAL;
	bits = len = family_bits(p.addr.family);
	if (*slash == '/' && parse_number(&len, slash + 1, bits) != 0)
		return -EINVAL;
	if (!bits_are_zero_from(p.addr.bytes, len, bits))
		return -ERANGE;
	p.len = (uint8_t)len;
	*out = p;
	return 0;
}

int
addr_parse_at_port(struct sockaddr_storage *out, socklen_t *len,
    const char *txt, uint16_t default_port)
{
	const char *at = strchrnul(txt, '@');
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};
	unsigned port = default_port;
	struct addr a;

	if (parse_addr_until(&a, txt, at) != 0)
		return -EINVAL;
	if (*at == '@' && (parse_number(&port, at + 1, 65535) != 0 ||
	    port == 0))
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	if (a.family == AF_INET) {
		sin.sin_port = htons((uint16_t)port);
		memcpy(&sin.sin_addr, a.bytes, sizeof(sin.sin_addr));
		memcpy(out, &sin, *len = sizeof(sin));
	} else {
		sin6.sin6_port = htons((uint16_t)port);
		memcpy(&sin6.sin6_addr, a.bytes, sizeof(sin6.sin6_addr));
		memcpy(out, &sin6, *len = sizeof(sin6));
	}
	return 0;
}

char *
addr_to_txt(char *out, const struct addr *addr)
{
	if (inet_ntop(addr->family, addr->bytes, out, ADDR_TXT_MAX) == NULL)
		strcpy(out, "?");
	return out;
}

char *
prefix_to_txt(char *out, const struct prefix *prefix)
{
	size_t n;

	addr_to_txt(out, &prefix->addr);
	n = strlen(out);
	snprintf(out + n, ADDR_TXT_MAX - n, "/%u", prefix->len);
	return out;
}

/*
 * Address and port as they stand in the socket address: a mapped address stays
 * IPv6. Copied out, since a struct sockaddr promises no alignment.
 */
static int
sockaddr_split(struct addr *out, uint16_t *port, const struct sockaddr *sa)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	memset(out, 0, sizeof(*out));
	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&sin, sa, sizeof(sin));
		out->family = AF_INET;
		memcpy(out->bytes, &sin.sin_addr, sizeof(sin.sin_addr));
		*port = ntohs(sin.sin_port);
		return 0;
	case AF_INET6:
		memcpy(&sin6, sa, sizeof(sin6));
		out->family = AF_INET6;
		memcpy(out->bytes, &sin6.sin6_addr, sizeof(sin6.sin6_addr));
		*port = ntohs(sin6.sin6_port);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

char *
sockaddr_to_txt(char *out, const struct sockaddr *sa)
{
	struct addr a;
	uint16_t port;
	size_t n;

	if (sockaddr_split(&a, &port, sa) != 0)
		return strcpy(out, "?");
	addr_to_txt(out, &a);
	n = strlen(out);
	snprintf(out + n, ADDR_TXT_MAX - n, "@%u", port);
	return out;
}

int
addr_from_sockaddr(struct addr *out, const struct sockaddr *sa)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint16_t port;
	int rc;

	rc = sockaddr_split(out, &port, sa);
	if (rc != 0)
		return rc;
	if (out->family == AF_INET6 &&
	    memcmp(out->bytes, mapped, sizeof(mapped)) == 0) {
		out->family = AF_INET;
		memcpy(out->bytes, out->bytes + 12, 4);
		memset(out->bytes + 4, 0, 12);
	}
	return 0;
}

bool
prefix_contains(const struct prefix *prefix, const struct addr *addr)
{
	return prefix->addr.family == addr->family &&
	    bits_equal(prefix->addr.bytes, addr->bytes, prefix->len);
}

/* A label of one to three digits, 0-255, no leading zero; -1 if it is not. */
static int
label_octet(const uint8_t *label)
{
	unsigned i, len = *label;
	int v = 0;

	if (len < 1 || len > 3 || (label[1] == '0' && len > 1))
		return -1;
	for (i = 1; i <= len; i++) {
		if (label[i] < '0' || label[i] > '9')
			return -1;
		v = v * 10 + (label[i] - '0');
	}
	return v <= 255 ? v : -1;
}

/* A label of one hexadecimal digit; -1 if it is not. */
static int
label_nibble(const uint8_t *label)
{
	uint8_t c;

	if (*label != 1)
		return -1;
	c = label[1];
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
prefix_from_rev4(struct prefix *out, const uint8_t *labels, unsigned n)
{
	struct prefix p = {.addr.family = AF_INET, .len = (uint8_t)(n * 8)};
	int v;

	if (n > 4)
		return -EINVAL;
	while (n-- > 0) {
		v = label_octet(labels);
		if (v < 0)
			return -EINVAL;
		p.addr.bytes[n] = (uint8_t)v;
		labels += 1 + *labels;
	}
	*out = p;
	return 0;
}

int
prefix_from_rev6(struct prefix *out, const uint8_t *labels, unsigned n)
{
	struct prefix p = {.addr.family = AF_INET6, .len = (uint8_t)(n * 4)};
	int v;

	if (n > 32)
		return -EINVAL;
	while (n-- > 0) {
		v = label_nibble(labels);
		if (v < 0)
			return -EINVAL;
		p.addr.bytes[n / 2] |= (uint8_t)(n % 2 == 0 ? v << 4 : v);
		labels += 1 + *labels;
	}
	*out = p;
	return 0;
}

const uint8_t *
addr_rev_zone(const uint8_t *name)
{
	static const uint8_t arpa[] = "\4arpa";
	struct prefix p;
	unsigned n;

	/* a nibble may be taken for an octet, too */
	if (prefix_from_rev6(&p, name, 32) == 0)
		n = 32;
	else if (prefix_from_rev4(&p, name, 4) == 0)
		n = 4;
	else
		return NULL;
	while (n-- > 0)
		name += 1 + *name;
	return *name == 0 || dname_is_below(name, arpa) ? NULL : name;
}

static uint8_t *
write_octet_label(uint8_t *p, uint8_t v)
{
	uint8_t *len = p++;

	if (v >= 100)
		*p++ = '0' + v / 100;
	if (v >= 10)
		*p++ = '0' + v / 10 % 10;
	*p++ = '0' + v % 10;
	*len = (uint8_t)(p - len - 1);
	return p;
}

static uint8_t *
write_nibble_label(uint8_t *p, unsigned v)
{
	*p++ = 1;
	*p++ = (uint8_t)"0123456789abcdef"[v];
	return p;
}

size_t
addr_to_rev(uint8_t *out, const struct addr *addr)
{
	uint8_t *p = out;
	int i;

	if (addr->family == AF_INET) {
		for (i = 3; i >= 0; i--)
			p = write_octet_label(p, addr->bytes[i]);
	} else {
		assert(addr->family == AF_INET6);
		for (i = 15; i >= 0; i--) {
			p = write_nibble_label(p, addr->bytes[i] & 0xf);
			p = write_nibble_label(p, addr->bytes[i] >> 4);
		}
	}
	return (size_t)(p - out);
}
