/*
 * The small grammar that all dataset files share, as rbldnsd reads it. Text is
 * NUL-terminated, space is blank or tab. A parser returns where it stopped, or
 * NULL if what it looks for does not begin at s.
 */
#ifndef ZONES_TEXT_H
#define ZONES_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/dname.h"
#include "zones/ip6.h"

static inline bool
text_is_space(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool
text_is_comment(char c)
{
	return c == '#' || c == ';';
}

static inline bool
text_is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static inline const char *
text_skip_space(const char *s)
{
	while (text_is_space(*s))
		s++;
	return s;
}

/* May something else begin behind an address: value, comment, end? */
static inline bool
text_ends_key(char c)
{
	return c == '\0' || c == ':' || text_is_space(c) || text_is_comment(c);
}

/* Decimal digits, then space (which is skipped) or the end. */
const char *text_u32(const char *s, uint32_t *out);

/* The same with a unit: s, m, h, d or w; seconds without. */
const char *text_seconds(const char *s, uint32_t *out);

/* yyyy:mm:dd[:hh[:mi[:ss]]] with `:`, `-` or nothing between; `0` and `-` are
 * 0. Seconds since the epoch, UTC. */
const char *text_timestamp(const char *s, int64_t *out);

/*
 * The same up to the end of s, and as other programs write it: with a `T` or a
 * space before the time, with fractions of a second, `Z` or ` UTC` behind it;
 * or seconds since the epoch.
 */
const char *text_time(const char *s, int64_t *out);

/* The word, in any case, and space behind it (which is skipped). */
const char *text_word(const char *s, const char *lower_case_word);

/*
 * One to four octets; *bits is 8, 16, 24 or 32, the missing octets are 0.
 * Leading zeros do not make an octet octal.
 */
const char *text_ip4(const char *s, uint32_t *ip, unsigned *bits);

/* As inet_aton() has it: 127.2 is 127.0.0.2. */
const char *text_ip4_aton(const char *s, uint32_t *ip, unsigned *bits);

/* The bits of an address beyond a prefix of this length. */
static inline uint32_t
text_ip4_host(unsigned bits)
{
	return bits < 32 ? UINT32_MAX >> bits : 0;
}

/*
 * One to four octets, or fewer and /length. Bits that are set beyond the length
 * are cleared if host_bits, else refused. *why is what is wrong and what to
 * write where this gives NULL.
 */
const char *text_ip4_prefix(const char *s, uint32_t *ip, unsigned *bits,
    bool host_bits, const char **why);

/*
 * One to eight words of an IPv6 address, missing ones at the end are 0; `::`
 * may stand for some. *bits is 16 a word, 128 with `::`.
 */
const char *text_ip6_words(const char *s, struct ip6 *ip, unsigned *bits);

/* The same with a /length behind it; a single word needs one. *why as above. */
const char *text_ip6_prefix(const char *s, struct ip6 *ip, unsigned *bits,
    bool host_bits, const char **why);

/* A number from 0 to max. */
const char *text_length(const char *s, unsigned max, unsigned *out);

/*
 * A name up to the next space (which is skipped) or the end, absolute, with
 * `\c` and `\D`, `\DD`, `\DDD`. As in rbldnsd, empty labels are passed over.
 * Case is kept. out holds DNAME_MAX bytes; *len counts the root byte.
 */
const char *text_name(const char *s, uint8_t *out, unsigned *len);

#endif
