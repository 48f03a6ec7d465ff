/*
 * The small grammar that all dataset files share. What is taken and what not
 * was tried with rbldnsd 1.0~20210120; oddities that harm nobody are kept, so
 * that a file means the same to both.
 */
#include "zones/text.h"

#include <stddef.h>
#include <string.h>

static const char *
digits(const char *s, uint32_t *out)
{
	uint64_t v = 0;

	if (!text_is_digit(*s))
		return NULL;
	for (; text_is_digit(*s); s++) {
		v = v * 10 + (unsigned)(*s - '0');
		if (v > UINT32_MAX)
			return NULL;
	}
	*out = v;
	return s;
}

static const char *
end_of_word(const char *s)
{
	if (*s == '\0')
		return s;
	return text_is_space(*s) ? text_skip_space(s) : NULL;
}

const char *
text_u32(const char *s, uint32_t *out)
{
	s = digits(s, out);
	return s != NULL ? end_of_word(s) : NULL;
}

static uint32_t
unit_seconds(char c)
{
	switch (c) {
	case 's': case 'S':
		return 1;
	case 'm': case 'M':
		return 60;
	case 'h': case 'H':
		return 3600;
	case 'd': case 'D':
		return 86400;
	case 'w': case 'W':
		return 604800;
	default:
		return 0;
	}
}

const char *
text_seconds(const char *s, uint32_t *out)
{
	uint32_t unit;

	s = digits(s, out);
	if (s == NULL)
		return NULL;
	unit = unit_seconds(*s);
	if (unit != 0) {
		if (*out > UINT32_MAX / unit)
			return NULL;
		*out *= unit;
		s++;
	}
	return end_of_word(s);
}

/* At most width digits within min..max, and one delimiter if there is one. */
static const char *
stamp_part(const char *s, int width, int min, int max, int *out)
{
	int v = 0;

	if (!text_is_digit(*s))
		return NULL;
	for (; width > 0 && text_is_digit(*s); width--)
		v = v * 10 + (*s++ - '0');
	if (v < min || v > max)
		return NULL;
	*out = v;
	return *s == ':' || *s == '-' ? s + 1 : s;
}

static bool
is_leap_year(int y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static int64_t
days_since_epoch(int year, int month, int day)
{
	static const int before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243,
	    273, 304, 334};
	int y = year - 1; /* leap days come from the years that are over */

	return 365 * (year - 1970) + (y / 4 - y / 100 + y / 400) - 477 +
	    before[month - 1] + (month > 2 && is_leap_year(year)) + day - 1;
}

static int
days_of_month(int year, int month)
{
	static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
	    31};

	return days[month - 1] + (month == 2 && is_leap_year(year));
}

const char *
text_timestamp(const char *s, int64_t *out)
{
	int year, month, day, time[3] = {0};
	static const int max[3] = {23, 59, 59};

	if ((*s == '0' || *s == '-' || *s == ':') &&
	    (s[1] == '\0' || text_is_space(s[1]))) {
		*out = 0;
		return text_skip_space(s + 1);
	}
	s = stamp_part(s, 4, 1970, 2038, &year);
	if (s != NULL)
		s = stamp_part(s, 2, 1, 12, &month);
	if (s != NULL)
		s = stamp_part(s, 2, 1, days_of_month(year, month), &day);
	for (int i = 0; i < 3 && s != NULL && *s != '\0' && !text_is_space(*s);
	    i++)
		s = stamp_part(s, 2, 0, max[i], &time[i]);
	if (s == NULL)
		return NULL;
	*out = ((days_since_epoch(year, month, day) * 24 + time[0]) * 60 +
	    time[1]) * 60 + time[2];
	return end_of_word(s);
}

/* Seconds since the epoch have 9 or 10 digits from 1973 to 2286; a date has 8,
 * 12 or 14. */
static bool
is_seconds(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return s[n] == '\0' && (n == 9 || n == 10);
}

const char *
text_time(const char *s, int64_t *out)
{
	char plain[24];
	size_t n = strcspn(s, ".Z");
	const char *end;
	uint32_t v;

	if (is_seconds(s)) {
		end = text_u32(s, &v);
		*out = v;
		return end;
	}
	if (n > 4 && strcmp(s + n - 4, " UTC") == 0)
		n -= 4;
	end = s + n;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (strcmp(end, "") != 0 && strcmp(end, "Z") != 0 &&
	    strcmp(end, " UTC") != 0)
		return NULL;
	if (n >= sizeof(plain))
		return NULL;
	memcpy(plain, s, n);
	plain[n] = '\0';
	if (n > 10 && (plain[10] == ' ' || plain[10] == 'T'))
		plain[10] = ':';
	s = text_timestamp(plain, out);
	return s != NULL && *s == '\0' ? end : NULL;
}

const char *
text_word(const char *s, const char *lower_case_word)
{
	for (; *lower_case_word != '\0'; s++, lower_case_word++)
		if ((*s >= 'A' && *s <= 'Z' ? *s + 32 : *s) != *lower_case_word)
			return NULL;
	return text_is_space(*s) ? text_skip_space(s) : NULL;
}

static int
hex_digit(char c)
{
	if (text_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to four hexadecimal digits; NULL if there are none, or more. */
static const char *
read_word(const char *s, uint16_t *word)
{
	unsigned v = 0;
	const char *begin_at = s;

	for (; hex_digit(*s) >= 0; s++) {
		v = v << 4 | hex_digit(*s);
		if (v > 0xffff)
			return NULL;
	}
	*word = v;
	return s > begin_at ? s : NULL;
}

static struct ip6
from_words(const uint16_t words[8])
{
	struct ip6 ip = {0, 0};

	for (int i = 0; i < 4; i++) {
		ip.high = ip.high << 16 | words[i];
		ip.low = ip.low << 16 | words[i + 4];
	}
	return ip;
}

const char *
text_ip6_words(const char *s, struct ip6 *ip, unsigned *bits)
{
	uint16_t words[8] = {0};
	int n = 0, gap = -1;
	const char *after;

	if (s[0] == ':' && s[1] == ':') {
		gap = 0;
		s += 2;
	}
	for (;;) {
		after = read_word(s, &words[n]);
		if (after == NULL)
			break;
		s = after;
		if (++n == 8 || *s != ':')
			break;
		s++;
		if (gap < 0 && *s == ':') {
			gap = n;
			s++;
		}
	}
	if (gap < 0 ? after == NULL : n == 8)
		return NULL;
	*bits = n * 16;
	if (gap >= 0) {
		for (int i = 1; i <= n - gap; i++) { /* to the right end */
			words[8 - i] = words[n - i];
			words[n - i] = 0;
		}
		*bits = 128;
	}
	*ip = from_words(words);
	return s;
}

const char *
text_ip6_prefix(const char *s, struct ip6 *ip, unsigned *bits, bool host_bits,
    const char **why)
{
	struct ip6 masked;

	*why = "not an IPv6 prefix; write 2001:db8::1 or 2001:db8::/32";
	s = text_ip6_words(s, ip, bits);
	if (s == NULL)
		return NULL;
	if (*s == '/') {
		s = text_length(s + 1, 128, bits);
		if (s == NULL)
			return NULL;
	} else if (*bits == 16) {
		*why = "a bare number; write 2001::/16";
		return NULL;
	}
	masked = ip6_mask(*ip, *bits);
	if (host_bits)
		*ip = masked;
	if (masked.high != ip->high || masked.low != ip->low) {
		*why = "address bits are set beyond the length of the prefix";
		return NULL;
	}
	return s;
}

const char *
text_length(const char *s, unsigned max, unsigned *out)
{
	unsigned v = 0;

	if (!text_is_digit(*s))
		return NULL;
	for (; text_is_digit(*s); s++) {
		v = v * 10 + (unsigned)(*s - '0');
		if (v > max)
			return NULL;
	}
	*out = v;
	return s;
}

const char *
text_ip4(const char *s, uint32_t *ip, unsigned *bits)
{
	unsigned octet;

	*ip = 0;
	for (*bits = 8;; *bits += 8, s++) {
		s = text_length(s, 255, &octet);
		if (s == NULL)
			return NULL;
		*ip |= octet << (32 - *bits);
		if (*s != '.' || *bits == 32)
			return s;
	}
}

const char *
text_ip4_prefix(const char *s, uint32_t *ip, unsigned *bits, bool host_bits,
    const char **why)
{
	*why = "not an IPv4 address or prefix; write 192.0.2.1 or 192.0.2.0/24";
	s = text_ip4(s, ip, bits);
	if (s == NULL)
		return NULL;
	if (*s == '/') {
		s = text_length(s + 1, 32, bits);
	} else if (*bits == 8) {
		*why = "a bare number; write 10/8 for 10.0.0.0/8";
		return NULL;
	}
	if (host_bits)
		*ip &= ~text_ip4_host(*bits);
	if (s != NULL && (*ip & text_ip4_host(*bits)) != 0) {
		*why = "address bits are set beyond the length of the prefix";
		return NULL;
	}
	return s;
}

const char *
text_ip4_aton(const char *s, uint32_t *ip, unsigned *bits)
{
	uint32_t last;

	s = text_ip4(s, ip, bits);
	if (s == NULL || *bits == 32)
		return s;
	last = *ip >> (32 - *bits) & 255;
	*ip &= ~((uint32_t)255 << (32 - *bits));
	*ip |= last;
	return s;
}

/* The byte that stands behind a backslash at s. */
static const char *
escaped(const char *s, uint8_t *out)
{
	unsigned v = 0;
	int n;

	if (!text_is_digit(*s)) {
		*out = (uint8_t)*s;
		return s + 1;
	}
	for (n = 0; n < 3 && text_is_digit(*s); n++)
		v = v * 10 + (unsigned)(*s++ - '0');
	*out = v;
	return v <= 255 ? s : NULL;
}

const char *
text_name(const char *s, uint8_t *out, unsigned *len)
{
	unsigned label = 0, at = 1; /* of the length byte, of the next byte */
	uint8_t c;

	if (*s == '\0' || text_is_space(*s))
		return NULL;
	while (*s != '\0' && !text_is_space(*s)) {
		c = (uint8_t)*s++;
		if (c == '.') {
			if (at - label - 1 > DNAME_LABEL_MAX)
				return NULL;
			if (at > label + 1) {
				out[label] = at - label - 1;
				label = at++;
			}
			continue;
		}
		if (c == '\\') {
			if (*s == '\0' || text_is_space(*s))
				break;
			s = escaped(s, &c);
			if (s == NULL)
				return NULL;
		}
		if (at >= DNAME_MAX - 1) /* keep room for the root byte */
			return NULL;
		out[at++] = c;
	}
	if (at - label - 1 > DNAME_LABEL_MAX)
		return NULL;
	out[label] = at - label - 1;
	if (out[label] != 0)
		out[at++] = 0;
	*len = at;
	return text_skip_space(s);
}
