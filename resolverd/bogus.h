/*
 * Why an answer did not validate, as an extended error (RFC 8914).
 */
#ifndef RESOLVERD_BOGUS_H
#define RESOLVERD_BOGUS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The INFO-CODE for what libunbound says of a bogus answer; EDE_DNSSEC_BOGUS
 * where it says nothing, or nothing that we know.
 */
uint8_t bogus_ede(const char *why);

/* Is it one of those? Then no old answer may stand in (RFC 8767 5). */
bool bogus_is_ede(uint8_t ede);

#endif
