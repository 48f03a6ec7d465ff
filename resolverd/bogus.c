/*
 * libunbound tells in words only why an answer is bogus. These are the words of
 * its validator, from 1.17 on; what is not among them is just bogus.
 */
#include "resolverd/bogus.h"

#include <stddef.h>
#include <string.h>

#include "lib/dns.h"

/* The first that is in the text holds. */
static const struct {
	const char *words;
	enum ede_code ede;
} reasons[] = {
    {"signature expired", EDE_SIGNATURE_EXPIRED},
    {"signature before inception date", EDE_SIGNATURE_NOT_YET_VALID},
    {"signature inception after expiration",
	EDE_SIGNATURE_EXPIRED_BEFORE_VALID},
    {"no signatures", EDE_RRSIGS_MISSING},
    {"signature missing", EDE_RRSIGS_MISSING},
    {"unsigned CNAME", EDE_RRSIGS_MISSING},
    {"no DNSKEY", EDE_DNSKEY_MISSING},
    {"No DNSKEY", EDE_DNSKEY_MISSING},
    {"DS hash mismatches key", EDE_DNSKEY_MISSING},
    {"no keys have a DS", EDE_DNSKEY_MISSING},
    {"signatures from unknown keys", EDE_DNSKEY_MISSING},
    {"no NSEC", EDE_NSEC_MISSING},
    {"no DNSSEC records", EDE_NSEC_MISSING}, /* neither NSEC nor RRSIG */
    {"NSEC3 proof", EDE_NSEC_MISSING},
    {"nodata proof failed", EDE_NSEC_MISSING},
    {"nameerror proof failed", EDE_NSEC_MISSING},
};

#define N_REASONS (sizeof(reasons) / sizeof(reasons[0]))

uint8_t
bogus_ede(const char *why)
{
	if (why == NULL)
		return EDE_DNSSEC_BOGUS;
	for (size_t i = 0; i < N_REASONS; i++) {
		if (strstr(why, reasons[i].words) != NULL)
			return reasons[i].ede;
	}
	return EDE_DNSSEC_BOGUS;
}

bool
bogus_is_ede(uint8_t ede)
{
	for (size_t i = 0; i < N_REASONS; i++) {
		if (reasons[i].ede == ede)
			return true;
	}
	return ede == EDE_DNSSEC_BOGUS;
}
