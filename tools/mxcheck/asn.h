/*
 * The AS that announces an address (RFC 1930): from a file of prefixes, or from
 * TXT records. Both come from others, and are checked.
 */
#ifndef TOOLS_MXCHECK_ASN_H
#define TOOLS_MXCHECK_ASN_H

#include "lib/dname.h"
#include "tools/mxcheck/facts.h"

#define ASN_WHY_MAX 256

/*
 * "15169", "AS15169", and of several ("23028 16509", "{1,2}") the first, up to
 * the end, a blank, a comma or '|'. Returns 0, or -EINVAL for what is none.
 */
int asn_read(uint32_t *asn, const char *txt, size_t len);

/*
 * A record as origin.asn.cymru.com has it: "23028 | 216.90.108.0/24 | US ...".
 * *bits: of the prefix; 0: none stands there. Returns 0 or -EINVAL.
 */
int asn_read_txt(uint32_t *asn, unsigned *bits, const char *txt, size_t len);

/*
 * A line as pyasn and bgpdump's kin write it: PREFIX, blanks, AS. Returns 0;
 * -ENOENT for an empty one and a comment (';', '#'); -EINVAL.
 */
int asn_read_line(struct prefix *prefix, uint32_t *asn, const char *line);

/*
 * Sets the AS of every address of the facts that the file has a prefix for, by
 * the longest; what it has none for stays as it is. Returns 0, -errno, or
 * -EINVAL with "FILE:LINE: what" after the lines before that one were used.
 */
int asn_read_file(struct facts *facts, const char *path,
    char why[ASN_WHY_MAX]);

/* The reversed address below zone; false: that is too long for a name. */
bool asn_name(char out[DNAME_TXT_MAX], const struct addr *addr,
    const char *zone);

#endif
