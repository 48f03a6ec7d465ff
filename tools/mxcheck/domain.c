/*
 * The only file that includes libidn2's header.
 */
#include "tools/mxcheck/domain.h"

#include <idn2.h>
#include <string.h>

#include "tools/mxcheck/facts.h"
#include "tools/mxcheck/resolve.h"

const char *
domain_read(char out[DOMAIN_MAX], const char *text)
{
	const char *why = NULL;
	struct addr addr;
	char *ascii;
	size_t len;

	if (strchr(text, '@') != NULL)
		return "an address, not a domain: leave out the part up to @";
	if (addr_parse(&addr, text) == 0)
		return "an IP address, not a domain";
	if (idn2_to_ascii_8z(text, &ascii,
	    IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
		return "not a domain name";
	len = strlen(ascii);
	if (len > 0 && ascii[len - 1] == '.')
		ascii[--len] = '\0';
	if (len >= DOMAIN_MAX || !resolve_is_host_name(ascii, true))
		why = "not a domain name";
	else
		for (size_t i = 0; i <= len; i++)
			out[i] = ascii[i] >= 'A' && ascii[i] <= 'Z' ?
			    (char)(ascii[i] + 'a' - 'A') : ascii[i];
	idn2_free(ascii);
	return why;
}
