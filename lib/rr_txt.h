/*
 * Types and RRs as text, in the form of a zone file (RFC 1035 5.1, RFC 3597 5).
 */
#ifndef LIB_RR_TXT_H
#define LIB_RR_TXT_H

#include <stdint.h>
#include <stdio.h>

#include "lib/wire.h"

#define RR_TYPE_TXT_MAX 16

/* "MX", "mx" or "TYPE15". Returns the type, or -EINVAL. */
int rr_type_from_txt(const char *txt);

/* "MX", or "TYPE65280" for one without a name. Returns out. */
char *rr_type_to_txt(char out[RR_TYPE_TXT_MAX], uint16_t type);

/*
 * "owner ttl TYPE rdata", without a line end. rr was read from the message of
 * r. What is of no known form, or malformed, is written as RFC 3597 5 has it.
 */
void rr_print(FILE *out, const struct wire_reader *r, const struct wire_rr *rr);

/* "TYPE rdata", likewise; names in it uncompressed. */
void rr_print_rdata(FILE *out, uint16_t type, const uint8_t *rdata, size_t len);

#endif
