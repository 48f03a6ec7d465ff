/*
 * A hash table of names, open addressing. Addresses find their name by their
 * reverse name, which is in the same table.
 */
#include "resolverd/hosts.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hosts {
	struct host **slots; /* a power of two, half of them free at least */
	size_t mask, n;
};

#define FIRST_SLOTS 64

struct hosts *
hosts_new(void)
{
	struct hosts *hs = calloc(1, sizeof(*hs));

	if (hs == NULL)
		return NULL;
	hs->slots = calloc(FIRST_SLOTS, sizeof(struct host *));
	if (hs->slots == NULL) {
		free(hs);
		return NULL;
	}
	hs->mask = FIRST_SLOTS - 1;
	return hs;
}

void
hosts_free(struct hosts *hs)
{
	if (hs == NULL)
		return;
	for (size_t i = 0; i <= hs->mask; i++) {
		struct host *h = hs->slots[i];

		if (h == NULL)
			continue;
		free(h->name);
		free(h->addrs);
		free(h);
	}
	free(hs->slots);
	free(hs);
}

static struct host **
slot_of(const struct hosts *hs, const uint8_t *name, size_t len, uint64_t hash)
{
	size_t i = hash & hs->mask;

	for (; hs->slots[i] != NULL; i = (i + 1) & hs->mask) {
		const struct host *h = hs->slots[i];

		if (h->hash == hash && h->name_len == len &&
		    memcmp(h->name, name, len) == 0)
			break;
	}
	return &hs->slots[i];
}

const struct host *
hosts_find(const struct hosts *hs, const uint8_t *name, size_t name_len,
    uint64_t hash)
{
	return *slot_of(hs, name, name_len, hash);
}

static int
grow(struct hosts *hs)
{
	struct hosts new = {.mask = hs->mask * 2 + 1, .n = hs->n};

	new.slots = calloc(new.mask + 1, sizeof(struct host *));
	if (new.slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i <= hs->mask; i++) {
		struct host *h = hs->slots[i];

		if (h != NULL)
			*slot_of(&new, h->name, h->name_len, h->hash) = h;
	}
	free(hs->slots);
	*hs = new;
	return 0;
}

/* The entry of the name, made if it is not there; NULL: out of memory. */
static struct host *
host_of(struct hosts *hs, const uint8_t *name)
{
	size_t len = dname_len(name);
	uint64_t hash = dname_hash(name);
	struct host **slot, *h;

	if (hs->n * 2 > hs->mask && grow(hs) != 0)
		return NULL;
	slot = slot_of(hs, name, len, hash);
	if (*slot != NULL)
		return *slot;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return NULL;
	h->name = malloc(len);
	if (h->name == NULL) {
		free(h);
		return NULL;
	}
	memcpy(h->name, name, len);
	h->name_len = len;
	h->hash = hash;
	*slot = h;
	hs->n++;
	return h;
}

static int
add_address(struct host *h, const struct addr *addr)
{
	struct addr *more;

	for (size_t i = 0; i < h->n_addrs; i++) {
		if (memcmp(&h->addrs[i], addr, sizeof(*addr)) == 0)
			return 0;
	}
	more = reallocarray(h->addrs, h->n_addrs + 1, sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	h->addrs = more;
	h->addrs[h->n_addrs++] = *addr;
	return 0;
}

/* 2.0.0.127.in-addr.arpa for 127.0.0.2; out has DNAME_MAX bytes. */
static void
reverse_name(uint8_t *out, const struct addr *addr)
{
	static const uint8_t arpa4[] = "\7in-addr\4arpa";
	static const uint8_t arpa6[] = "\3ip6\4arpa";
	size_t len = addr_to_rev(out, addr);

	if (addr->family == AF_INET)
		memcpy(out + len, arpa4, sizeof(arpa4));
	else
		memcpy(out + len, arpa6, sizeof(arpa6));
}

/* ---- lines */

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line; its length, 0 at the end. */
static size_t
next_word(const char **line, const char *end)
{
	const char *p = *line;

	while (p < end && is_space(*p))
		p++;
	*line = p;
	while (p < end && !is_space(*p))
		p++;
	return (size_t)(p - *line);
}

/* A host's name (RFC 1123 2.1), and _ as some have it. */
static bool
read_name(uint8_t *out, const char *word, size_t len)
{
	int n;

	for (size_t i = 0; i < len; i++) {
		if (!((word[i] >= 'a' && word[i] <= 'z') ||
			(word[i] >= 'A' && word[i] <= 'Z') ||
			(word[i] >= '0' && word[i] <= '9') || word[i] == '-' ||
			word[i] == '.' || word[i] == '_'))
			return false;
	}
	n = dname_from_txt(out, word, len);
	if (n <= 1)
		return false;
	dname_lower(out, (size_t)n);
	return true;
}

static bool
read_address(struct addr *out, const char *word, size_t len)
{
	char txt[ADDR_TXT_MAX];

	if (len >= sizeof(txt) || memchr(word, '\0', len) != NULL)
		return false;
	memcpy(txt, word, len);
	txt[len] = '\0';
	return addr_parse(out, txt) == 0;
}

/* *first: what the address's reverse name leads to, if nothing does yet. */
static int
add(struct hosts *hs, const struct addr *addr, const uint8_t *name, bool first)
{
	uint8_t reverse[DNAME_MAX];
	struct host *h = host_of(hs, name), *r;

	if (h == NULL || add_address(h, addr) != 0)
		return -ENOMEM;
	if (!first)
		return 0;
	reverse_name(reverse, addr);
	r = host_of(hs, reverse);
	if (r == NULL)
		return -ENOMEM;
	if (r->target == NULL)
		r->target = h;
	return 0;
}

/* Returns 0, -ENOMEM, or -EINVAL with why. */
static int
parse_line(struct hosts *hs, const char *line, const char *end, char *why)
{
	size_t len = next_word(&line, end);
	uint8_t name[DNAME_MAX];
	struct addr addr;
	bool first = true;

	if (len == 0)
		return 0;
	if (!read_address(&addr, line, len)) {
		snprintf(why, HOSTS_WHY_MAX, "\"%.*s\" is no address",
		    len > 60 ? 60 : (int)len, line);
		return -EINVAL;
	}
	for (;; first = false) {
		line += len;
		len = next_word(&line, end);
		if (len == 0)
			break;
		if (!read_name(name, line, len)) {
			snprintf(why, HOSTS_WHY_MAX, "\"%.*s\" is no name",
			    len > 60 ? 60 : (int)len, line);
			return -EINVAL;
		}
		if (add(hs, &addr, name, first) != 0)
			return -ENOMEM;
	}
	if (!first)
		return 0;
	snprintf(why, HOSTS_WHY_MAX, "an address without a name");
	return -EINVAL;
}

int
hosts_parse(struct hosts *hs, const char *text, size_t len,
    hosts_report_fn *report, void *arg)
{
	const char *end = text + len, *eol, *hash;
	char why[HOSTS_WHY_MAX];
	int rc;

	for (unsigned line = 1; text < end; line++) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (eol == NULL)
			eol = end;
		hash = memchr(text, '#', (size_t)(eol - text));
		rc = parse_line(hs, text, hash != NULL ? hash : eol, why);
		if (rc == -ENOMEM)
			return rc;
		if (rc != 0)
			report(arg, line, why);
		text = eol + 1;
	}
	return 0;
}
