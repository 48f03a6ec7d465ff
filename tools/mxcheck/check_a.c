/*
 * A: access. Here: what the reply to EHLO on the MX tells of logins.
 */
#include <string.h>

#include "tools/mxcheck/check.h"

static const char *
auth_of(const struct facts_ehlo *ehlo)
{
	return facts_ehlo_keyword(ehlo, "AUTH");
}

static enum severity
auth_in_clear(const struct check_on *on)
{
	const struct facts_ehlo *ehlo = &on->ep->probe.ehlo;
	const char *auth = auth_of(ehlo);

	if (ehlo->name == NULL)
		return SEV_SKIPPED;
	if (auth == NULL || (strcasestr(auth, "PLAIN") == NULL &&
	    strcasestr(auth, "LOGIN") == NULL))
		return SEV_OK;
	return check_say(on, SEV_WARN, "it asks for passwords before TLS: %s",
	    auth);
}

static enum severity
auth_on_mx(const struct check_on *on)
{
	const struct facts_probe *p = &on->ep->probe;

	if (p->ehlo.name == NULL)
		return SEV_SKIPPED;
	return auth_of(&p->ehlo) == NULL && auth_of(&p->ehlo_tls) == NULL ?
	    SEV_OK : check_say(on, SEV_INFO, "an MX that takes logins: "
	    "submission belongs on its own port (RFC 6409, RFC 8314)");
}

const struct check check_a[] = {
    {"A01", "AUTH before TLS", CHECK_ENDPOINT, auth_in_clear,
	"AUTH PLAIN and LOGIN are not to be offered in clear text (RFC 4954 "
	"4, RFC 8314 3)."},
    {"A02", "AUTH on an MX", CHECK_ENDPOINT, auth_on_mx,
	"Logins on port 25 invite guessing; submission has its own port."},
    {0},
};
