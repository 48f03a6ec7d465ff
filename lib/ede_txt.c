/* The registry "Extended DNS Error Codes", as far as lib/dns.h has it. */
#include "lib/ede_txt.h"

#include <stddef.h>

#include "lib/dns.h"

static const char *const names[] = {
    [EDE_OTHER] = "Other Error",
    [EDE_UNSUPPORTED_DNSKEY_ALGORITHM] = "Unsupported DNSKEY Algorithm",
    [EDE_UNSUPPORTED_DS_DIGEST] = "Unsupported DS Digest Type",
    [EDE_STALE_ANSWER] = "Stale Answer",
    [EDE_FORGED_ANSWER] = "Forged Answer",
    [EDE_DNSSEC_INDETERMINATE] = "DNSSEC Indeterminate",
    [EDE_DNSSEC_BOGUS] = "DNSSEC Bogus",
    [EDE_SIGNATURE_EXPIRED] = "Signature Expired",
    [EDE_SIGNATURE_NOT_YET_VALID] = "Signature Not Yet Valid",
    [EDE_DNSKEY_MISSING] = "DNSKEY Missing",
    [EDE_RRSIGS_MISSING] = "RRSIGs Missing",
    [EDE_NO_ZONE_KEY_BIT] = "No Zone Key Bit Set",
    [EDE_NSEC_MISSING] = "NSEC Missing",
    [EDE_CACHED_ERROR] = "Cached Error",
    [EDE_NOT_READY] = "Not Ready",
    [EDE_BLOCKED] = "Blocked",
    [EDE_CENSORED] = "Censored",
    [EDE_FILTERED] = "Filtered",
    [EDE_PROHIBITED] = "Prohibited",
    [EDE_STALE_NXDOMAIN] = "Stale NXDomain Answer",
    [EDE_NOT_AUTHORITATIVE] = "Not Authoritative",
    [EDE_NOT_SUPPORTED] = "Not Supported",
    [EDE_NO_REACHABLE_AUTHORITY] = "No Reachable Authority",
    [EDE_NETWORK_ERROR] = "Network Error",
    [EDE_INVALID_DATA] = "Invalid Data",
    [EDE_SIGNATURE_EXPIRED_BEFORE_VALID] = "Signature Expired before Valid",
    [EDE_TOO_EARLY] = "Too Early",
    [EDE_UNSUPPORTED_NSEC3_ITERATIONS] = "Unsupported NSEC3 Iterations Value",
};

const char *
ede_txt(uint16_t code)
{
	return code < sizeof(names) / sizeof(names[0]) ? names[code] :
							 "unknown";
}
