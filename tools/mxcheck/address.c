/*
 * A short table, looked through from the top; IPv4 inside of IPv6 (mapped) is
 * looked up as IPv4.
 */
#include "tools/mxcheck/address.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *prefix;
	enum address_scope scope;
} specials[] = {
    {"0.0.0.0/8", ADDRESS_SELF},
    {"127.0.0.0/8", ADDRESS_SELF},
    {"::/128", ADDRESS_SELF},
    {"::1/128", ADDRESS_SELF},
    {"224.0.0.0/4", ADDRESS_NOWHERE},
    {"240.0.0.0/4", ADDRESS_NOWHERE},
    {"ff00::/8", ADDRESS_NOWHERE},
    {"100::/64", ADDRESS_NOWHERE},
    {"10.0.0.0/8", ADDRESS_PRIVATE},
    {"100.64.0.0/10", ADDRESS_PRIVATE},
    {"169.254.0.0/16", ADDRESS_PRIVATE},
    {"172.16.0.0/12", ADDRESS_PRIVATE},
    {"192.168.0.0/16", ADDRESS_PRIVATE},
    {"fc00::/7", ADDRESS_PRIVATE},
    {"fe80::/10", ADDRESS_PRIVATE},
    {"192.0.0.0/24", ADDRESS_EXAMPLE},
    {"192.0.2.0/24", ADDRESS_EXAMPLE},
    {"198.18.0.0/15", ADDRESS_EXAMPLE},
    {"198.51.100.0/24", ADDRESS_EXAMPLE},
    {"203.0.113.0/24", ADDRESS_EXAMPLE},
    {"2001:db8::/32", ADDRESS_EXAMPLE},
    {"3fff::/20", ADDRESS_EXAMPLE},
};

#define N_SPECIALS (sizeof(specials) / sizeof(specials[0]))

static struct addr
unmapped(const struct addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct addr v4 = {.family = AF_INET};

	if (addr->family != AF_INET6 ||
	    memcmp(addr->bytes, mapped, sizeof(mapped)) != 0)
		return *addr;
	memcpy(v4.bytes, addr->bytes + sizeof(mapped), 4);
	return v4;
}

enum address_scope
address_scope(const struct addr *addr)
{
	static struct prefix prefixes[N_SPECIALS]; /* read once */
	struct addr a = unmapped(addr);

	for (size_t i = 0; i < N_SPECIALS; i++) {
		if (prefixes[i].addr.family == 0 &&
		    prefix_parse(&prefixes[i], specials[i].prefix) != 0)
			abort();
		if (prefix_contains(&prefixes[i], &a))
			return specials[i].scope;
	}
	return ADDRESS_GLOBAL;
}

const char *
address_scope_txt(enum address_scope scope)
{
	static const char *const txt[] = {
	    [ADDRESS_GLOBAL] = "global",
	    [ADDRESS_SELF] = "loopback",
	    [ADDRESS_NOWHERE] = "multicast or reserved",
	    [ADDRESS_PRIVATE] = "private",
	    [ADDRESS_EXAMPLE] = "documentation",
	};

	return txt[scope];
}

void
address_prefix(struct prefix *out, const struct addr *addr, unsigned len)
{
	out->addr = *addr;
	out->len = (uint8_t)len;
	for (unsigned bit = len; bit < 128; bit++)
		out->addr.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
}
