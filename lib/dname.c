/*
 * Domain names in wire form: to and from text, length, case, comparison, hash.
 *
 * Only dname_from_txt() reads bytes that nobody checked. Names from messages
 * are checked by lib/wire.c, so the functions here walk labels without bounds.
 *
 * A length byte is at most 63 and so never a letter: a whole name can be
 * lower-cased or compared as one run of bytes.
 */
#include "lib/dname.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define EACH_BYTE(c) ((c) * 0x0101010101010101ull)

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Eight bytes at once; no sum below carries into the next byte. */
static uint64_t
lower8(uint64_t w)
{
	uint64_t low7 = w & EACH_BYTE(0x7f);
	uint64_t from_a = low7 + EACH_BYTE(0x80 - 'A');
	uint64_t beyond_z = low7 + EACH_BYTE(0x7f - 'Z');
	uint64_t is_upper = (from_a ^ beyond_z) & ~w & EACH_BYTE(0x80);

	return w | is_upper >> 2; /* 0x80 becomes 0x20, the case bit */
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads one character of a label; returns what follows, NULL if malformed. */
static const char *
read_char(const char *p, const char *end, uint8_t *out)
{
	int v;

	if (*p != '\\') {
		*out = (uint8_t)*p;
		return p + 1;
	}
	if (end - p < 2)
		return NULL;
	if (!is_digit(p[1])) {
		*out = (uint8_t)p[1];
		return p + 2;
	}
	if (end - p < 4 || !is_digit(p[2]) || !is_digit(p[3]))
		return NULL;
	v = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
	if (v > 255)
		return NULL;
	*out = (uint8_t)v;
	return p + 4;
}

int
dname_from_txt(uint8_t *out, const char *txt, size_t len)
{
	const char *p = txt, *end = txt + len;
	size_t label = 0, pos = 1; /* of the length byte, of the next byte */
	uint8_t c;

	if (len == 1 && *txt == '.') {
		out[0] = 0;
		return 1;
	}
	while (p < end) {
		if (*p == '.') {
			if (pos == label + 1)
				return -EINVAL;
			out[label] = (uint8_t)(pos - label - 1);
			label = pos++;
			p++;
			continue;
		}
		p = read_char(p, end, &c);
		if (p == NULL || pos - label > DNAME_LABEL_MAX ||
		    pos >= DNAME_MAX - 1)
			return -EINVAL;
		out[pos++] = c;
	}
	if (pos > label + 1) { /* no final dot */
		out[label] = (uint8_t)(pos - label - 1);
		label = pos;
	}
	if (label == 0)
		return -EINVAL;
	out[label] = 0;
	return (int)label + 1;
}

static char *
write_char(char *out, uint8_t c)
{
	if (c < 0x21 || c > 0x7e) {
		*out++ = '\\';
		*out++ = (char)('0' + c / 100);
		*out++ = (char)('0' + c / 10 % 10);
		*out++ = (char)('0' + c % 10);
		return out;
	}
	if (strchr(".\\\";()@$", c) != NULL)
		*out++ = '\\';
	*out++ = (char)c;
	return out;
}

char *
dname_to_txt(char *out, const uint8_t *dname)
{
	char *p = out;
	unsigned i;

	if (*dname == 0)
		*p++ = '.';
	for (; *dname != 0; dname += 1 + *dname) {
		if (p != out)
			*p++ = '.';
		for (i = 1; i <= *dname; i++)
			p = write_char(p, dname[i]);
	}
	*p = '\0';
	return out;
}

size_t
dname_len(const uint8_t *dname)
{
	const uint8_t *p = dname;

	while (*p != 0)
		p += 1 + *p;
	return (size_t)(p - dname) + 1;
}

unsigned
dname_labels(const uint8_t *dname)
{
	unsigned n = 0;

	for (; *dname != 0; dname += 1 + *dname)
		n++;
	return n;
}

void
dname_lower(uint8_t *dname, size_t len)
{
	uint64_t w;

	for (; len >= sizeof(w); len -= sizeof(w), dname += sizeof(w)) {
		memcpy(&w, dname, sizeof(w));
		w = lower8(w);
		memcpy(dname, &w, sizeof(w));
	}
	for (; len > 0; len--, dname++)
		*dname = lower(*dname);
}

static bool
bytes_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool
dname_equal(const uint8_t *a, const uint8_t *b)
{
	size_t len = dname_len(a);

	return len == dname_len(b) && bytes_equal(a, b, len);
}

bool
dname_label_equal(const uint8_t *a, const uint8_t *b)
{
	return *a == *b && bytes_equal(a + 1, b + 1, *a);
}

bool
dname_is_below(const uint8_t *name, const uint8_t *apex)
{
	unsigned have = dname_labels(name), want = dname_labels(apex);

	for (; have > want; have--)
		name += 1 + *name;
	return dname_equal(name, apex);
}

uint64_t
dname_hash(const uint8_t *dname)
{
	const uint8_t *labels[DNAME_LABELS_MAX];
	uint64_t h = DNAME_HASH_ROOT;
	unsigned n = 0;

	for (; *dname != 0; dname += 1 + *dname) {
		assert(n < DNAME_LABELS_MAX);
		labels[n++] = dname;
	}
	while (n > 0)
		h = dname_hash_label(h, labels[--n]);
	return h;
}
