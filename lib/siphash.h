/*
 * SipHash-2-4: a keyed hash of short inputs that cannot be foretold without
 * the key (Aumasson and Bernstein, 2012; RFC 9018 4.4 uses it).
 */
#ifndef LIB_SIPHASH_H
#define LIB_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_LEN 16

/*
 * The 64-bit hash of len bytes. The reference writes it as bytes in little
 * endian order: put_le64().
 */
uint64_t siphash24(const uint8_t key[SIPHASH_KEY_LEN], const void *data,
    size_t len);

#endif
