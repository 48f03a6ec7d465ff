/*
 * The keys of a local list: from what the admin types to bytes that sort so
 * that one seek finds a name or what is below it, and back to text.
 *
 *	IPv4	4, 4 masked bytes, prefix length
 *	IPv6	6, 16 masked bytes, prefix length
 *	name	'n', labels from the root to the left, each with a 0 behind it,
 *		then what is listed of it (enum local_cover)
 *
 * Addresses sort by address, then the wider prefix first; names in the
 * canonical order of RFC 4034 6.1. Part of the format of the file.
 */
#ifndef ZONES_LOCAL_KEY_H
#define ZONES_LOCAL_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dname.h"

#define LOCAL_KEY_MAX (DNAME_MAX + 2)
#define LOCAL_KEY_TXT_MAX (DNAME_TXT_MAX + 2)
#define LOCAL_KEY_WHY_MAX 256

enum local_key_tag {
	LOCAL_KEY_IP4 = 4,
	LOCAL_KEY_IP6 = 6,
	LOCAL_KEY_NAME = 'n',
};

/*
 * What of a name is listed. In the order in which a query below the name takes
 * them: the first key found at an ancestor decides. All are less than any byte
 * of a label, so a name's own keys sort before those of its children.
 */
enum local_cover {
	LOCAL_COVER_BELOW = 1, /* *.example.com */
	LOCAL_COVER_BOTH = 2,  /* .example.com */
	LOCAL_COVER_EXACT = 3, /* example.com */
};

struct local_key {
	size_t len;
	uint8_t bytes[LOCAL_KEY_MAX];
};

/*
 * Reads what stands for an address, a prefix or a name (see zones/local.h) in
 * a zone whose apex has apex_len bytes. An IPv4-mapped IPv6 address is taken as
 * the IPv4 address. Returns 0, or -EINVAL with the reason, and the right
 * spelling where it is near, in why (LOCAL_KEY_WHY_MAX bytes).
 */
int local_key_parse(struct local_key *out, const char *txt, size_t apex_len,
    char *why) __attribute__((warn_unused_result));

/* Takes bytes from the file. Returns 0, or -EBADMSG if they are no key. */
int local_key_load(struct local_key *out, const void *bytes, size_t len)
    __attribute__((warn_unused_result));

/* The canonical text; out holds LOCAL_KEY_TXT_MAX bytes. Returns out. */
char *local_key_to_txt(char *out, const struct local_key *key);

static inline bool
local_key_is_name(const struct local_key *key)
{
	return key->bytes[0] == LOCAL_KEY_NAME;
}

/* Bits of an address of this tag. */
static inline unsigned
local_key_bits(enum local_key_tag tag)
{
	return tag == LOCAL_KEY_IP4 ? 32 : 128;
}

/* The prefix of len bits; addr is in network order. */
void local_key_set_prefix(struct local_key *key, enum local_key_tag tag,
    const uint8_t *addr, unsigned len);

/* What an address key is made of; addr is borrowed from key. */
static inline const uint8_t *
local_key_addr(const struct local_key *key)
{
	return key->bytes + 1;
}

static inline unsigned
local_key_prefix_len(const struct local_key *key)
{
	return key->bytes[key->len - 1];
}

/* Is the address key inner a part of outer (or equal)? */
bool local_key_contains(const struct local_key *outer,
    const struct local_key *inner);

/*
 * A name is built from the root to the left: local_key_start_name(), then one
 * local_key_push_label() for each label, then local_key_set_cover(). What has
 * been built so far is the common beginning of all keys at and below the name.
 * A label with a byte that no key has (0) is refused: false.
 */
void local_key_start_name(struct local_key *key);
bool local_key_push_label(struct local_key *key, const uint8_t *label)
    __attribute__((warn_unused_result));
/* Puts cover behind the labels, in place of the last one if there is any. */
void local_key_set_cover(struct local_key *key, enum local_cover cover);
enum local_cover local_key_cover(const struct local_key *key);

#endif
