/*
 * A table of all routes has more than a million lines, a run a few hundred
 * addresses: so the file is read once, and the addresses are what is searched.
 */
#include "tools/mxcheck/asn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define BLANKS " \t\r\n"
#define LINE_MAX_BYTES 512

int
asn_read(uint32_t *asn, const char *txt, size_t len)
{
	uint64_t n = 0;
	size_t i = 0, first;

	if (len >= 2 && (txt[0] | 0x20) == 'a' && (txt[1] | 0x20) == 's')
		i = 2;
	else if (len >= 1 && txt[0] == '{')
		i = 1;
	first = i;
	while (i < len && txt[i] >= '0' && txt[i] <= '9' && n <= UINT32_MAX)
		n = 10 * n + (uint64_t)(txt[i++] - '0');
	if (i == first || n > UINT32_MAX ||
	    (i < len && memchr(" \t\r\n|,}", txt[i], 8) == NULL))
		return -EINVAL;
	*asn = (uint32_t)n;
	return 0;
}

int
asn_read_txt(uint32_t *asn, unsigned *bits, const char *txt, size_t len)
{
	const char *bar = memchr(txt, '|', len), *end;
	char word[ADDR_TXT_MAX];
	struct prefix prefix;
	size_t n;

	*bits = 0;
	if (asn_read(asn, txt, len) != 0)
		return -EINVAL;
	if (bar == NULL)
		return 0;
	end = txt + len;
	while (++bar < end && *bar == ' ')
		;
	for (n = 0; bar + n < end && bar[n] != ' ' && bar[n] != '|'; n++)
		;
	if (n >= sizeof(word))
		return 0;
	memcpy(word, bar, n);
	word[n] = '\0';
	if (prefix_parse(&prefix, word) == 0)
		*bits = prefix.len;
	return 0;
}

int
asn_read_line(struct prefix *prefix, uint32_t *asn, const char *line)
{
	const char *from = line + strspn(line, BLANKS);
	size_t n = strcspn(from, BLANKS);
	char word[ADDR_TXT_MAX];

	if (*from == '\0' || *from == '#' || *from == ';')
		return -ENOENT;
	if (n >= sizeof(word))
		return -EINVAL;
	memcpy(word, from, n);
	word[n] = '\0';
	from += n;
	from += strspn(from, BLANKS);
	if (prefix_parse(prefix, word) != 0)
		return -EINVAL;
	return asn_read(asn, from, strlen(from));
}

/* ---- a file */

struct sought {
	struct facts_addr *addr;
	int bits; /* of the best prefix so far; -1: none */
};

static int
order(const struct addr *x, const struct addr *y)
{
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

static int
by_addr(const void *a, const void *b)
{
	const struct sought *x = a, *y = b;

	return order(&x->addr->addr, &y->addr->addr);
}

static struct sought *
seek_all(const struct facts *facts)
{
	struct sought *all = xcalloc(facts->n_addrs, sizeof(*all));

	for (size_t i = 0; i < facts->n_addrs; i++)
		all[i] = (struct sought){facts->addrs[i], -1};
	qsort(all, facts->n_addrs, sizeof(*all), by_addr);
	return all;
}

/* The first that is not before the prefix. */
static size_t
lower_bound(const struct sought *all, size_t n, const struct addr *addr)
{
	size_t low = 0, mid;

	while (low < n) {
		mid = low + (n - low) / 2;
		if (order(&all[mid].addr->addr, addr) < 0)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

static void
use_prefix(struct sought *all, size_t n, const struct prefix *prefix,
    uint32_t asn)
{
	for (size_t i = lower_bound(all, n, &prefix->addr); i < n &&
	    prefix_contains(prefix, &all[i].addr->addr); i++) {
		if (prefix->len <= all[i].bits)
			continue;
		all[i].bits = prefix->len;
		all[i].addr->asn = asn;
	}
}

int
asn_read_file(struct facts *facts, const char *path, char why[ASN_WHY_MAX])
{
	char line[LINE_MAX_BYTES];
	struct prefix prefix;
	struct sought *all;
	uint32_t asn;
	unsigned n = 0;
	int rc = 0;
	FILE *f = fopen(path, "re");

	if (f == NULL) {
		rc = -errno;
		snprintf(why, ASN_WHY_MAX, "%s: %s", path, strerror(-rc));
		return rc;
	}
	all = seek_all(facts);
	while (rc != -EINVAL && fgets(line, sizeof(line), f) != NULL) {
		n++;
		rc = strchr(line, '\n') == NULL && !feof(f) ? -EINVAL :
		    asn_read_line(&prefix, &asn, line);
		if (rc == 0)
			use_prefix(all, facts->n_addrs, &prefix, asn);
	}
	free(all);
	fclose(f);
	if (rc != -EINVAL)
		return 0;
	snprintf(why, ASN_WHY_MAX, "%s:%u: give a prefix and its AS, such as "
	    "192.0.2.0/24 64500", path, n);
	return rc;
}

/* ---- a zone */

bool
asn_name(char out[DNAME_TXT_MAX], const struct addr *addr, const char *zone)
{
	uint8_t name[DNAME_MAX], below[DNAME_MAX];
	size_t n = addr_to_rev(name, addr);
	int len = dname_from_txt(below, zone, strlen(zone));

	if (len < 0 || n + (size_t)len > sizeof(name))
		return false;
	memcpy(name + n, below, (size_t)len);
	dname_to_txt(out, name);
	return true;
}
