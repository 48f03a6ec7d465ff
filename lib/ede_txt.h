/*
 * Extended DNS errors (RFC 8914) as text.
 */
#ifndef LIB_EDE_TXT_H
#define LIB_EDE_TXT_H

#include <stdint.h>

/* The name that IANA gives to an INFO-CODE; "unknown" for one without. */
const char *ede_txt(uint16_t code);

#endif
