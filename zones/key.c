/*
 * What is asked of a list zone: the labels below its apex, as an address and
 * as a name. zone_key_addresses() is on the path of every list query: one pass
 * over the labels for each family, no tables, no text.
 */
#include "zones/key.h"

#include <stdio.h>
#include <string.h>

#include "lib/bytes.h"

void
zone_key_init(struct zone_key *key, const uint8_t *dname, unsigned apex_labels,
    uint8_t *off, uint64_t *hash)
{
	unsigned n = 0, pos, i;
	uint64_t h = DNAME_HASH_ROOT;

	for (pos = 0; dname[pos] != 0; pos += dname[pos] + 1u)
		off[n++] = pos;
	for (i = n; i-- > 0;)
		hash[i] = h = dname_hash_label(h, dname + off[i]);
	key->dname = dname;
	key->off = off;
	key->hash = hash;
	key->n_labels = n - apex_labels;
	key->rel_len = key->n_labels < n ? off[key->n_labels] : pos;
	zone_key_addresses(key);
}

/* A decimal octet without leading zeros, or -1. */
static inline int
octet_of_label(const uint8_t *label)
{
	unsigned len = label[0], v, d;

	if (len - 1 > 2)
		return -1;
	v = label[1] - (unsigned)'0';
	if (v > 9 || (v == 0 && len > 1))
		return -1;
	for (unsigned i = 2; i <= len; i++) {
		d = label[i] - (unsigned)'0';
		if (d > 9)
			return -1;
		v = v * 10 + d;
	}
	return v > 255 ? -1 : (int)v;
}

static void
key_ip4(struct zone_key *key)
{
	const uint8_t *label = key->dname;
	uint32_t ip = 0;
	int octet;

	for (unsigned i = 0; i < key->n_labels; i++) {
		octet = octet_of_label(label);
		if (octet < 0)
			return;
		ip = ip >> 8 | (uint32_t)octet << 24;
		label += *label + 1;
	}
	key->ip4 = ip;
	key->ip4_bits = key->n_labels * 8;
}

/*
 * Without branches, which digits at random would mislead: whether all of it was
 * right is looked at once, at the end. n labels are 2 n bytes or more, so this
 * stays within the name. The last nibble stands first and moves to the right as
 * the others come in from the left.
 */
static void
key_ip6(struct zone_key *key)
{
	const uint8_t *label = key->dname, *end = label + 2 * key->n_labels;
	uint64_t high = 0, low = 0, nibble;
	unsigned bad = 0, c;

	for (; label < end; label += 2) {
		c = label[1];
		nibble = (c & 15) + (c >> 6) * 9;
		bad |= label[0] ^ 1u;
		bad |= (c - '0' > 9u) & (c - 'a' > 5u);
		low = low >> 4 | high << 60;
		high = high >> 4 | nibble << 60;
	}
	if (bad != 0)
		return;
	put_be32(key->ip6, high >> 32);
	put_be32(key->ip6 + 4, high);
	put_be32(key->ip6 + 8, low >> 32);
	put_be32(key->ip6 + 12, low);
	key->ip6_bits = key->n_labels * 4;
}

/*
 * A whole IPv6 address that carries an IPv4 one stands for that, too, as in
 * rbldnsd: IPv4-mapped (RFC 4291 2.5.5.2) and 6to4 (RFC 3056 2).
 */
static void
key_embedded_ip4(struct zone_key *key)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(key->ip6, mapped, sizeof(mapped)) == 0)
		key->ip4 = get_be32(key->ip6 + 12);
	else if (key->ip6[0] == 0x20 && key->ip6[1] == 0x02)
		key->ip4 = get_be32(key->ip6 + 2);
	else
		return;
	key->ip4_bits = 32;
}

void
zone_key_addresses(struct zone_key *key)
{
	key->ip4_bits = 0;
	key->ip6_bits = 0;
	key->ip4 = 0;
	memset(key->ip6, 0, sizeof(key->ip6));
	if (key->n_labels == 0 || key->n_labels > 32)
		return;
	if (key->n_labels <= 4)
		key_ip4(key);
	if (key->dname[0] == 1)
		key_ip6(key);
	if (key->ip6_bits == 128)
		key_embedded_ip4(key);
}

/* RFC 5952 4, but always in hexadecimal words, as rbldnsd prints it. */
static void
ip6_txt(char *out, const uint8_t *ip6)
{
	unsigned best = 8, best_len = 1, i, n;
	char *p = out;

	for (i = 0; i < 8; i += n + 1) { /* the first longest run of zeros */
		for (n = 0; i + n < 8 && get_be16(ip6 + 2 * (i + n)) == 0; n++)
			;
		if (n > best_len) {
			best = i;
			best_len = n;
		}
	}
	for (i = 0; i < 8;) {
		if (i == best) {
			p += sprintf(p, "::");
			i += best_len;
			continue;
		}
		p += sprintf(p, p > out && p[-1] != ':' ? ":%x" : "%x",
		    get_be16(ip6 + 2 * i));
		i++;
	}
}

static char *
byte_txt(char *p, uint8_t c)
{
	if (c <= 0x20 || c >= 0x7f)
		return p + sprintf(p, "\\%03u", c);
	if (strchr("\".;\\@$", c) != NULL)
		*p++ = '\\';
	*p++ = c;
	return p;
}

/* Labels first.. of the key, escaped as in a zone file. */
static void
name_txt(char *out, const struct zone_key *key, unsigned first)
{
	const uint8_t *label;
	char *p = out;

	for (unsigned i = first; i < key->n_labels; i++) {
		label = key->dname + key->off[i];
		if (i > first)
			*p++ = '.';
		for (unsigned j = 1; j <= label[0]; j++)
			p = byte_txt(p, label[j]);
	}
	*p = '\0';
}

char *
zone_hit_txt(char *out, const struct zone_key *key, const struct zone_hit *hit)
{
	struct zone_key in_subzone;
	uint32_t ip;

	if (hit->subzone_labels > 0) {
		in_subzone = *key;
		in_subzone.n_labels -= hit->subzone_labels;
		zone_key_addresses(&in_subzone);
		key = &in_subzone;
	}
	ip = key->ip4;
	switch (hit->kind) {
	case ZONE_HIT_IP4:
		sprintf(out, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255,
		    ip >> 8 & 255, ip & 255);
		break;
	case ZONE_HIT_IP6:
		ip6_txt(out, key->ip6);
		break;
	case ZONE_HIT_NAME:
		name_txt(out, key, hit->first_label);
		break;
	case ZONE_HIT_CLIENT:
		if (hit->client->family == AF_INET6)
			ip6_txt(out, hit->client->bytes);
		else
			addr_to_txt(out, hit->client);
		break;
	}
	return out;
}
