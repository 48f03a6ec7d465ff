/*
 * N: names of addresses, and what servers call themselves.
 */
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/resolve.h"

#define NAME_MAX_LEN 256

/* It sends the domain's mail, so receivers look at its names. */
static bool
is_outbound(const struct check_on *on)
{
	const struct settings_list *list =
	    &settings_domain(on->settings, on->domain->name)->outbound;

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->word[i], on->ep->addr->txt) == 0)
			return true;
	return false;
}

static enum severity
has_ptr(const struct check_on *on)
{
	const struct facts_lookup *ptr = &on->ep->addr->ptr;

	switch (ptr->dns) {
	case FACTS_NODATA:
	case FACTS_NXDOMAIN:
		return check_say(on, is_outbound(on) ? SEV_CRIT : SEV_WARN,
		    "no PTR (%s)", facts_dns_txt(ptr->dns));
	case FACTS_FAILED:
		return check_say(on, SEV_UNKNOWN, "the PTR lookup fails: %s",
		    ptr->why);
	default:
		return SEV_OK;
	}
}

static enum severity
fcrdns(const struct check_on *on)
{
	const struct facts_addr *addr = on->ep->addr;

	if (addr->ptr.dns != FACTS_EXISTS)
		return SEV_SKIPPED;
	if (addr->confirmed)
		return SEV_OK;
	if (addr->unchecked)
		return check_say(on, SEV_UNKNOWN, "the addresses of %s cannot "
		    "be had", addr->ptrs.name[0]);
	return check_say(on, SEV_WARN, "its PTR %s does not lead back to it",
	    addr->ptrs.name[0]);
}

/* Digits of the address stand in the name: 192-0-2-1.dsl.example. */
static bool
is_generic(const char *name, const struct addr *addr)
{
	unsigned found = 0;
	char octet[4];

	if (addr->family != AF_INET)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		unsigned v = addr->bytes[i], n = 0;

		if (v >= 100)
			octet[n++] = (char)('0' + v / 100);
		if (v >= 10)
			octet[n++] = (char)('0' + v / 10 % 10);
		octet[n++] = (char)('0' + v % 10);
		octet[n] = '\0';
		found += strstr(name, octet) != NULL;
	}
	return found == 4;
}

static enum severity
generic_ptr(const struct check_on *on)
{
	const struct facts_names *names = &on->ep->addr->ptrs;

	if (!is_outbound(on) || names->n == 0)
		return SEV_OK;
	return !is_generic(names->name[0], &on->ep->addr->addr) ? SEV_OK :
	    check_say(on, SEV_WARN, "its PTR %s looks like a dial-up address",
		names->name[0]);
}

/* ---- what it calls itself */

/* The first word of the greeting; false if there was none. */
static bool
greeting_name(const struct check_on *on, char out[NAME_MAX_LEN])
{
	const struct facts_reply *reply =
	    &on->ep->probe.step[FACTS_GREETING].reply;
	size_t len;

	if (reply->code != 220)
		return false;
	len = strcspn(reply->text, " ");
	if (len >= NAME_MAX_LEN)
		len = NAME_MAX_LEN - 1;
	memcpy(out, reply->text, len);
	out[len] = '\0';
	return true;
}

static enum severity
greeting(const struct check_on *on)
{
	char word[NAME_MAX_LEN];

	if (!greeting_name(on, word))
		return SEV_SKIPPED;
	if (strchr(word, '.') == NULL || !resolve_is_host_name(word, false))
		return check_say(on, SEV_INFO, "the greeting names no host: "
		    "\"%s\"", word);
	if (on->ep->greeting_name.dns == FACTS_NXDOMAIN)
		return check_say(on, SEV_WARN, "it greets as %s, which does "
		    "not exist", word);
	return SEV_OK;
}

static enum severity
greeting_is_ptr(const struct check_on *on)
{
	const struct facts_names *ptrs = &on->ep->addr->ptrs;
	char word[NAME_MAX_LEN];

	if (!greeting_name(on, word) || ptrs->n == 0)
		return SEV_SKIPPED;
	for (size_t i = 0; i < ptrs->n; i++)
		if (strcasecmp(ptrs->name[i], word) == 0)
			return SEV_OK;
	return check_say(on, is_outbound(on) ? SEV_WARN : SEV_INFO,
	    "it greets as %s, its PTR is %s", word, ptrs->name[0]);
}

static enum severity
ehlo_is_greeting(const struct check_on *on)
{
	const char *ehlo = on->ep->probe.ehlo.name;
	char word[NAME_MAX_LEN];

	if (!greeting_name(on, word) || ehlo == NULL)
		return SEV_SKIPPED;
	return strcasecmp(ehlo, word) == 0 ? SEV_OK : check_say(on, SEV_INFO,
	    "it greets as %s, and says %s to EHLO", word, ehlo);
}

static enum severity
ehlo_is_mx(const struct check_on *on)
{
	const char *ehlo = on->ep->probe.ehlo.name;

	if (ehlo == NULL)
		return SEV_SKIPPED;
	return strcasecmp(ehlo, on->mx->target) == 0 ? SEV_OK :
	    check_say(on, SEV_INFO, "it calls itself %s (normal behind a "
	    "pool)", ehlo);
}

static enum severity
probe_identity(const struct check_on *on)
{
	return on->facts->helo_is_us != FACTS_NO ? SEV_OK :
	    check_say(on, SEV_WARN, "our EHLO name %s does not have the "
	    "address that we dial from: give --helo", on->facts->helo);
}

const struct check check_n[] = {
    {"N01", "PTR", CHECK_ENDPOINT, has_ptr,
	"Every address of a mail server has a PTR (RFC 1912 2.1); mail from "
	"one without is refused by many."},
    {"N02", "FCrDNS", CHECK_ENDPOINT, fcrdns,
	"One of the names of an address leads back to it."},
    {"N03", "generic PTR", CHECK_ENDPOINT, generic_ptr,
	"Receivers take a name made of the address for a dial-up line. Only "
	"for addresses that send (outbound)."},
    {"N04", "greeting name", CHECK_ENDPOINT, greeting,
	"The greeting begins with the server's host name (RFC 5321 4.2, "
	"4.3.1)."},
    {"N05", "greeting and PTR", CHECK_ENDPOINT, greeting_is_ptr,
	"Some receivers compare the two, if the server sends as well."},
    {"N06", "EHLO and greeting", CHECK_ENDPOINT, ehlo_is_greeting,
	"A server that calls itself two names is two servers, or a proxy."},
    {"N07", "EHLO and MX", CHECK_ENDPOINT, ehlo_is_mx,
	"The name in the reply to EHLO is not the MX host's."},
    {"N08", "probe identity", CHECK_RUN, probe_identity,
	"The name we say in EHLO has the address that we dial from (RFC 5321 "
	"4.1.4); else some servers refuse us."},
    {0},
};
