/*
 * The header of a generation file: the value under the key "header". All
 * integers are little-endian.
 *
 *	 0	8 bytes	magic
 *	 8	u32	format version
 *	12	u32	indexes
 *	16	u64	number of the generation
 *	24	u64	when it was built, seconds since the epoch
 *	32	u64	newest time of the source files
 *	40	u64	entries
 *	48	u32	TTL of the SOA, of the SOA in negative answers, of the
 *NS 60	u32	length of the apex, of the SOA's RDATA, of the NS names 72
 *these three; then, for each index, 8 bytes: its kind, filled with zeros, and
 *in the last its enum index_role
 *
 * Beside it stand "counts" (u64 lines that were bad, u64 when the data expires,
 * or 0), "subzones" (zones/subzones.h), "value.ends" (u32 each: where in
 * "value.rrs" the RRs of value 1, 2, ... end), and the arrays of index n as
 * "n.NAME" (zones/index.h). "sum" is a u64: the sum of format_sum() of all
 * others.
 */
#ifndef ZONES_FORMAT_H
#define ZONES_FORMAT_H

#include "lib/checksum.h"

#define FORMAT_MAGIC "rvzones\n"
#define FORMAT_VERSION 2
#define FORMAT_FIXED 72
#define FORMAT_KIND 8
#define FORMAT_ROLE 7 /* of these bytes */

#define FORMAT_HEADER "header"
#define FORMAT_COUNTS "counts"
#define FORMAT_COUNTS_LEN 16
#define FORMAT_VALUE_ENDS "value.ends"
#define FORMAT_VALUE_RRS "value.rrs"
#define FORMAT_SUM "sum"

/* Of one value of the file, to be added to that of the others. */
static inline uint64_t
format_sum(const void *key, size_t key_len, const void *data, size_t len)
{
	return checksum(checksum(0, key, key_len), data, len);
}

#endif
