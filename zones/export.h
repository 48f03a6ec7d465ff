/*
 * A generation as text, in the formats of others. A format is a row of a table.
 */
#ifndef ZONES_EXPORT_H
#define ZONES_EXPORT_H

#include <stdio.h>

#include "zones/generation.h"

/* "rbldnsd|bind|...", for a usage message. */
#define EXPORT_FORMATS "rbldnsd|bind|rpz|unbound|postfix-cidr|nftables|plain"

/*
 * Writes what the generation lists; the same data gives the same bytes. apex is
 * the zone's. Of the subzone with this dname, relative to the zone (the root:
 * the zone itself), or NULL for all. *left_out counts what the format has no
 * way to say. Returns 0, -EINVAL if there is no such format, -ENOENT no such
 * subzone, -ENOTUNIQ if there are subzones, which the format has no way to
 * part, -ENOMEM, or -EIO if out had an error.
 */
int export_write(const struct generation *gen, const uint8_t *apex,
    const char *format, const uint8_t *subzone, FILE *out, uint64_t *left_out)
    __attribute__((warn_unused_result));

#endif
