/*
 * What the readers of foreign lists share: a key as text into the right index,
 * a text of theirs as a value, and the options behind the name of the type.
 */
#ifndef ZONES_LIST_H
#define ZONES_LIST_H

#include "zones/dataset.h"

/* begin, finish and end of a type that may list addresses and names. */
void list_begin(struct dataset *ds);
int list_finish(struct dataset *ds, struct intern *values,
    struct arrays *arrays);
void list_end(struct dataset *ds);

/* The options `text`, `below`, `exact`; -EINVAL for another word. */
int list_option(struct dataset *ds, const char *word);

/*
 * The value of an entry beside which this text stands: the default one, or with
 * the option `text`, and unless it is empty, the text. `$` means nothing in it.
 */
int list_value(struct dataset *ds, const char *text, uint32_t *value)
    __attribute__((warn_unused_result));

/*
 * Lists (value 0: excludes) an address, a prefix, or a range, of either family.
 * Four octets, nothing set beyond the length, no prefix of length 0. What is
 * smaller than an IPv6 network of length 64 lists that network, unless `exact`
 * is set: who has one of its addresses can have all of them. Returns 0,
 * also for a bad line, which it has told about; or -errno.
 */
int list_addresses(struct dataset *ds, char *s, uint32_t value)
    __attribute__((warn_unused_result));

/*
 * Lists a host or domain name: `x`, `*.x` (names below it), `.x` (both); `x`
 * is both with the option `below`. Letters, digits, `-` and `_` only.
 */
int list_name(struct dataset *ds, const char *s, uint32_t value)
    __attribute__((warn_unused_result));

/* Either. */
int list_key(struct dataset *ds, char *s, uint32_t value)
    __attribute__((warn_unused_result));

/* At the end of a file: tells how many became a network. */
void list_tell_widened(struct dataset *ds);

/* Cuts a comment (# or ;) off, and the space before it. Returns its text. */
const char *list_cut_comment(char *s);

/* Cuts space off both ends. Returns the new start. */
char *list_trim(char *s);

#endif
