/*
 * Internet addresses and prefixes of both families, and their reversed DNS
 * forms (4.3.2.1 and nibbles).
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDR_TXT_MAX 64 /* any address, prefix or address@port, and the NUL */

struct addr {
	uint8_t family;	   /* AF_INET or AF_INET6 */
	uint8_t bytes[16]; /* network order; IPv4 in the first four, rest 0 */
};

struct prefix {
	struct addr addr; /* bits beyond len are 0 */
	uint8_t len;	  /* 0-32 or 0-128 */
};

/*
 * Each parser takes the whole of txt and returns 0, or -EINVAL if txt is not
 * of the form. Octets with leading zeros are refused.
 */
int addr_parse(struct addr *out, const char *txt);

/*
 * "192.0.2.0/24", "2001:db8::/32" or an address (length 32 or 128).
 * Returns -ERANGE if bits beyond the length are set.
 */
int prefix_parse(struct prefix *out, const char *txt);

/* "192.0.2.1@53", "2001:db8::1@53"; without "@port", default_port. */
int addr_parse_at_port(struct sockaddr_storage *out, socklen_t *len,
    const char *txt, uint16_t default_port);

/* Each formatter writes at most ADDR_TXT_MAX bytes and returns out. */
char *addr_to_txt(char *out, const struct addr *addr);
char *prefix_to_txt(char *out, const struct prefix *prefix);
char *sockaddr_to_txt(char *out, const struct sockaddr *sa); /* addr@port */

/*
 * The address of a socket address; an IPv4-mapped IPv6 address gives IPv4.
 * Returns -EAFNOSUPPORT for other families.
 */
int addr_from_sockaddr(struct addr *out, const struct sockaddr *sa);

bool prefix_contains(const struct prefix *prefix, const struct addr *addr);

/*
 * Reads the reversed form from n labels in wire form, the address's last part
 * first: decimal octets for IPv4 (at most 4 labels, no leading zeros), one
 * nibble a label for IPv6 (at most 32, either case). labels need no root byte.
 * Fewer labels give the prefix of the leading part: "2.1" is 1.2.0.0/16.
 * Returns 0, or -EINVAL if the labels are not of the form.
 */
int prefix_from_rev4(struct prefix *out, const uint8_t *labels, unsigned n);
int prefix_from_rev6(struct prefix *out, const uint8_t *labels, unsigned n);

/*
 * The zone of a question to a list on the network, by its form (RFC 5782 2.1,
 * 2.4): what stands behind a reversed address in name (wire form), which is not
 * the reverse mapping of the address itself (in-addr.arpa, ip6.arpa). Returns
 * where in name it begins, or NULL if name has not that form.
 */
const uint8_t *addr_rev_zone(const uint8_t *name);

/*
 * Writes the reversed labels of an address (no root byte), at most 64 bytes.
 * Returns the number of bytes.
 */
size_t addr_to_rev(uint8_t *out, const struct addr *addr);

/* Host order, IPv4 only. */
static inline uint32_t
addr_ip4(const struct addr *a)
{
	return (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 |
	    (uint32_t)a->bytes[2] << 8 | a->bytes[3];
}

#endif
