/*
 * The keys of a local list: text to bytes and back.
 *
 * What is typed is taken strictly: a key that is almost right is refused with
 * the right spelling, since a wrong one would list something else, or nothing,
 * without anybody noticing. A key of digits and dots is meant as an address and
 * never becomes a name: 4.3.2.1 and 4.3.2 below the apex ask for addresses.
 */
#include "zones/local_key.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"

#define DIGITS "0123456789"
#define IP6_BYTES DIGITS "abcdefABCDEF:./"
#define TXT_SHOWN 80 /* bytes of a bad key that are repeated in the reason */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 */

/* The reason, behind the key as far as it can be shown on a terminal. */
__attribute__((format(printf, 3, 4))) static int
refuse(char *why, const char *txt, const char *fmt, ...)
{
	size_t n, len = strnlen(txt, TXT_SHOWN + 1);
	va_list ap;

	for (n = 0; n < len && n < TXT_SHOWN; n++)
		why[n] = txt[n] > 0x20 && txt[n] < 0x7f ? txt[n] : '?';
	n += (size_t)snprintf(why + n, LOCAL_KEY_WHY_MAX - n, "%s: ",
	    len > TXT_SHOWN ? "..." : "");
	va_start(ap, fmt);
	vsnprintf(why + n, LOCAL_KEY_WHY_MAX - n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* ---- addresses */

static void
mask_bits(uint8_t *addr, unsigned from, unsigned to)
{
	for (; from < to; from++)
		addr[from / 8] &= (uint8_t)~(0x80 >> from % 8);
}

void
local_key_set_prefix(struct local_key *key, enum local_key_tag tag,
    const uint8_t *addr, unsigned len)
{
	unsigned bits = local_key_bits(tag);

	assert(tag != LOCAL_KEY_NAME && len <= bits);
	key->bytes[0] = tag;
	memcpy(key->bytes + 1, addr, bits / 8);
	mask_bits(key->bytes + 1, len, bits);
	key->bytes[1 + bits / 8] = (uint8_t)len;
	key->len = 2 + bits / 8;
}

bool
local_key_contains(const struct local_key *outer,
    const struct local_key *inner)
{
	struct local_key cut;
	unsigned len = local_key_prefix_len(outer);

	if (outer->bytes[0] != inner->bytes[0] ||
	    len > local_key_prefix_len(inner))
		return false;
	local_key_set_prefix(&cut, outer->bytes[0], local_key_addr(inner), len);
	return memcmp(cut.bytes, outer->bytes, outer->len) == 0;
}

static int
refuse_host_bits(char *why, const char *txt)
{
	const char *slash = strchr(txt, '/');
	char buf[ADDR_TXT_MAX];
	struct prefix p;
	unsigned len;

	assert(slash != NULL && (size_t)(slash - txt) < sizeof(buf));
	memcpy(buf, txt, (size_t)(slash - txt));
	buf[slash - txt] = '\0';
	if (addr_parse(&p.addr, buf) != 0 || sscanf(slash, "/%3u", &len) != 1)
		return refuse(why, txt, "this is no prefix");
	mask_bits(p.addr.bytes, len, p.addr.family == AF_INET ? 32 : 128);
	p.len = (uint8_t)len;
	return refuse(why, txt, "bits are set beyond the prefix length; did "
	    "you mean %s?", prefix_to_txt(buf, &p));
}

/* "192.0.2" and "10." are prefixes to rbldnsd and to people, not to us. */
static int
refuse_ip4(char *why, const char *txt)
{
	char whole[ADDR_TXT_MAX], tail;
	unsigned o[4] = {0}, n;
	struct addr a;

	if (strpbrk(txt, "-/") != NULL)
		return refuse(why, txt, "this is no IPv4 address or prefix; "
		    "they are written 192.0.2.1 and 192.0.2.0/24");
	n = (unsigned)sscanf(txt, "%3u.%3u.%3u.%3u%c", &o[0], &o[1], &o[2],
	    &o[3], &tail);
	snprintf(whole, sizeof(whole), "%u.%u.%u.%u", o[0], o[1], o[2], o[3]);
	if (n < 1 || n > 4 || addr_parse(&a, whole) != 0)
		return refuse(why, txt, "this is no IPv4 address");
	if (n == 4)
		return refuse(why, txt, "this is no IPv4 address; did you mean "
		    "%s?", whole);
	return refuse(why, txt, "this is no IPv4 address; did you mean %s/%u?",
	    whole, n * 8);
}

static int
parse_prefix(struct local_key *out, const char *txt, char *why)
{
	bool is_ip6 = strchr(txt, ':') != NULL;
	enum local_key_tag tag = LOCAL_KEY_IP4;
	struct prefix p = {.len = 0};
	const uint8_t *addr = p.addr.bytes;
	int rv = prefix_parse(&p, txt);

	if (rv == -ERANGE)
		return refuse_host_bits(why, txt);
	if (rv != 0 && !is_ip6)
		return refuse_ip4(why, txt);
	if (rv != 0)
		return refuse(why, txt, "this is no IPv6 address or prefix");
	if (is_ip6 && p.len >= 96 && memcmp(addr, mapped, 12) == 0) {
		addr += 12;
		p.len -= 96;
	} else if (is_ip6) {
		tag = LOCAL_KEY_IP6;
	}
	if (p.len == 0)
		return refuse(why, txt, "this would list every address");
	local_key_set_prefix(out, tag, addr, p.len);
	return 0;
}

static char *
prefix_key_to_txt(char *out, const struct local_key *key)
{
	unsigned bits = local_key_bits(key->bytes[0]);
	struct prefix p = {
		.addr.family = bits == 32 ? AF_INET : AF_INET6,
		.len = (uint8_t)local_key_prefix_len(key),
	};

	memcpy(p.addr.bytes, local_key_addr(key), bits / 8);
	return p.len == bits ? addr_to_txt(out, &p.addr) :
			       prefix_to_txt(out, &p);
}

/* ---- names */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    is_digit(c) || c == '-' || c == '_';
}

void
local_key_start_name(struct local_key *key)
{
	key->bytes[0] = LOCAL_KEY_NAME;
	key->len = 1;
}

bool
local_key_push_label(struct local_key *key, const uint8_t *label)
{
	unsigned n = *label;

	assert(key->len + n + 1 < sizeof(key->bytes));
	if (memchr(label + 1, 0, n) != NULL)
		return false;
	memcpy(key->bytes + key->len, label + 1, n);
	key->bytes[key->len + n] = 0;
	key->len += n + 1;
	return true;
}

void
local_key_set_cover(struct local_key *key, enum local_cover cover)
{
	uint8_t last = key->bytes[key->len - 1];

	if (last >= LOCAL_COVER_BELOW && last <= LOCAL_COVER_EXACT)
		key->len--;
	assert(key->len < sizeof(key->bytes));
	key->bytes[key->len++] = cover;
}

enum local_cover
local_key_cover(const struct local_key *key)
{
	return key->bytes[key->len - 1];
}

static const char *
last_label(const char *txt, size_t len)
{
	const char *p = txt + len;

	while (p > txt && p[-1] != '.')
		p--;
	return p;
}

/* Refuses what is no host or mail domain name; len without the final dot. */
static int
check_name(const char *txt, const char *name, size_t len, char *why)
{
	const char *last = last_label(name, len);
	size_t i;

	for (i = 0; i < len; i++) {
		if ((uint8_t)name[i] >= 0x80)
			return refuse(why, txt, "write international names in "
			    "their ASCII form, xn--...");
		if (name[i] != '.' && !is_name_byte(name[i]))
			return refuse(why, txt, "this is no address and no "
			    "name; a name has letters, digits, - and _");
	}
	for (i = 0; last + i < name + len && is_digit(last[i]); i++)
		continue;
	if (i > 0 && last + i == name + len)
		return refuse(why, txt, "no name ends in a number");
	return 0;
}

static int
parse_name(struct local_key *out, const char *txt, size_t apex_len, char *why)
{
	enum local_cover cover = LOCAL_COVER_EXACT;
	const uint8_t *label[DNAME_LABELS_MAX];
	uint8_t dname[DNAME_MAX];
	const char *name = txt;
	size_t len, n = 0;
	int rv;

	if (strncmp(txt, "*.", 2) == 0) {
		cover = LOCAL_COVER_BELOW;
		name += 2;
	} else if (*txt == '.') {
		cover = LOCAL_COVER_BOTH;
		name += 1;
	}
	len = strlen(name);
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0)
		return refuse(why, txt, "this would list every name");
	if (check_name(txt, name, len, why) != 0)
		return -EINVAL;
	rv = dname_from_txt(dname, name, strlen(name));
	if (rv < 0)
		return refuse(why, txt, "a label is empty or has more than 63 "
		    "bytes, or the name more than 255");
	/* `*.` lists nothing if not even a one-letter label fits below */
	if ((size_t)rv - 1 + apex_len + (cover == LOCAL_COVER_BELOW ? 2 : 0) >
	    DNAME_MAX)
		return refuse(why, txt, "together with the zone's name this is "
		    "longer than the 255 bytes of a name");
	dname_lower(dname, (size_t)rv);
	for (const uint8_t *p = dname; *p != 0; p += 1 + *p)
		label[n++] = p;
	local_key_start_name(out);
	while (n > 0)
		if (!local_key_push_label(out, label[--n]))
			return refuse(why, txt, "a name has no zero bytes");
	local_key_set_cover(out, cover);
	return 0;
}

static char *
name_key_to_txt(char *out, const struct local_key *key)
{
	const uint8_t *start = key->bytes + 1, *end = key->bytes + key->len - 1;
	const uint8_t *p;
	char *to = out;

	if (local_key_cover(key) == LOCAL_COVER_BELOW)
		*to++ = '*';
	if (local_key_cover(key) != LOCAL_COVER_EXACT)
		*to++ = '.';
	while (end > start) { /* end stands behind the 0 of a label */
		for (p = end - 1; p > start && p[-1] != 0; p--)
			continue;
		memcpy(to, p, (size_t)(end - p));
		to += end - p;
		to[-1] = '.';
		end = p;
	}
	to[-1] = '\0';
	return out;
}

/* ---- either */

static bool
is_all_of(const char *txt, const char *bytes)
{
	return txt[strspn(txt, bytes)] == '\0';
}

int
local_key_parse(struct local_key *out, const char *txt, size_t apex_len,
    char *why)
{
	if (*txt == '\0') {
		snprintf(why, LOCAL_KEY_WHY_MAX, "the key is empty: it is an "
		    "address, a prefix or a name");
		return -EINVAL;
	}
	if ((strpbrk(txt, DIGITS) != NULL && is_all_of(txt, DIGITS ".-/")) ||
	    (strchr(txt, ':') != NULL && is_all_of(txt, IP6_BYTES)))
		return parse_prefix(out, txt, why);
	return parse_name(out, txt, apex_len, why);
}

static bool
is_prefix_key(const struct local_key *key)
{
	enum local_key_tag tag = key->bytes[0];
	unsigned bits = local_key_bits(tag), len;
	struct local_key again;

	if (key->len != 2 + bits / 8)
		return false;
	len = local_key_prefix_len(key);
	if (len < 1 || len > bits)
		return false;
	local_key_set_prefix(&again, tag, local_key_addr(key), len);
	return memcmp(again.bytes, key->bytes, key->len) == 0;
}

static bool
is_name_key(const struct local_key *key)
{
	size_t i, label = 1;

	for (i = 1; i + 1 < key->len; i++) {
		if (key->bytes[i] == 0 && i - label >= 1 &&
		    i - label <= DNAME_LABEL_MAX)
			label = i + 1;
		else if (!is_name_byte((char)key->bytes[i]))
			return false;
	}
	return label > 1 && label == i && key->len <= DNAME_MAX + 1 &&
	    key->bytes[i] >= LOCAL_COVER_BELOW &&
	    key->bytes[i] <= LOCAL_COVER_EXACT;
}

int
local_key_load(struct local_key *out, const void *bytes, size_t len)
{
	bool good = false;

	if (len < 1 || len > sizeof(out->bytes))
		return -EBADMSG;
	memcpy(out->bytes, bytes, len);
	out->len = len;
	switch (out->bytes[0]) {
	case LOCAL_KEY_IP4:
	case LOCAL_KEY_IP6:
		good = is_prefix_key(out);
		break;
	case LOCAL_KEY_NAME:
		good = is_name_key(out);
		break;
	}
	return good ? 0 : -EBADMSG;
}

char *
local_key_to_txt(char *out, const struct local_key *key)
{
	return local_key_is_name(key) ? name_key_to_txt(out, key) :
					prefix_key_to_txt(out, key);
}
