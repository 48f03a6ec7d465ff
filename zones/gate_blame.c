/*
 * Walks the generation for the first key that is listed within the one in
 * question, and asks why it is. Slow, and done for a refusal only.
 */
#include "zones/gate_blame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/bytes.h"
#include "zones/walk.h"
#include "zones/why.h"

#define FILE_SHOWN 120 /* bytes of a path, its end */

struct blame {
	const struct generation *gen;
	const struct conf_zone *zone;
	const struct conf_key *key;
	const struct generation_view *view;
	struct walk *walk;
	uint8_t labels[DNAME_MAX]; /* of what was found, no root byte */
	unsigned len;
	char key_txt[DNAME_TXT_MAX];
	/* the entry that lists it */
	bool is_known;
	char entry[WHY_KEY_MAX];
	char place[FILE_SHOWN + 32];
};

/* ---- a key that is listed */

static bool
take_address(struct blame *b, const struct addr *a)
{
	b->len = (unsigned)addr_to_rev(b->labels, a);
	addr_to_txt(b->key_txt, a);
	return true;
}

static bool
find_ip4(struct blame *b)
{
	const struct prefix *p = &b->key->prefix;
	uint32_t first = get_be32(p->addr.bytes);
	uint32_t last = first | (p->len < 32 ? UINT32_MAX >> p->len : 0);
	struct addr a = {.family = AF_INET};
	struct walk_ip4 step;

	while (walk_ip4(b->walk, &step) && step.first <= last) {
		if (step.last < first)
			continue;
		put_be32(a.bytes, step.first > first ? step.first : first);
		return take_address(b, &a);
	}
	return false;
}

static bool
find_ip6(struct blame *b)
{
	struct ip6 first = ip6_read(b->key->prefix.addr.bytes), ip;
	struct ip6 last = ip6_last(first, b->key->prefix.len);
	struct addr a = {.family = AF_INET6};
	struct walk_ip6 step;

	while (walk_ip6(b->walk, &step) &&
	    ip6_compare(&step.first, &last) <= 0) {
		if (ip6_compare(&step.last, &first) < 0)
			continue;
		ip = ip6_compare(&step.first, &first) > 0 ? step.first : first;
		put_be32(a.bytes, ip.high >> 32);
		put_be32(a.bytes + 4, ip.high);
		put_be32(a.bytes + 8, ip.low >> 32);
		put_be32(a.bytes + 12, ip.low);
		return take_address(b, &a);
	}
	return false;
}

static bool
lists_anything(const struct walk_name *n)
{
	for (unsigned i = 0; i < ZONE_DATASETS_MAX; i++)
		if (n->in[i].exact != 0 || n->in[i].wild != 0)
			return true;
	return false;
}

/* A name itself, one below it, or a wildcard above it, as it comes. */
static bool
find_name(struct blame *b)
{
	unsigned len = (unsigned)dname_len(b->key->name) - 1;
	struct walk_name n;

	while (walk_name(b->walk, &n)) {
		bool is_below = n.len >= len && memcmp(n.labels + n.len - len,
		    b->key->name, len) == 0;

		if (!is_below || !lists_anything(&n))
			continue;
		memcpy(b->labels, n.labels, n.len);
		b->len = n.len;
		return true;
	}
	memcpy(b->labels, b->key->name, len); /* listed from above */
	b->len = len;
	return true;
}

static bool
find_key(struct blame *b)
{
	uint8_t dname[DNAME_MAX];

	if (!b->key->is_name)
		return b->key->prefix.addr.family == AF_INET ? find_ip4(b)
							     : find_ip6(b);
	if (!find_name(b) || b->len >= DNAME_MAX)
		return false;
	memcpy(dname, b->labels, b->len);
	dname[b->len] = 0;
	dname_to_txt(b->key_txt, dname);
	return true;
}

/* ---- its entry */

static void
on_entry(void *arg, const struct why_entry *e)
{
	struct blame *b = arg;
	size_t skip = e->file.len > FILE_SHOWN ? e->file.len - FILE_SHOWN : 0;

	if (e->role != WHY_LISTS || b->is_known)
		return;
	b->is_known = true;
	snprintf(b->entry, sizeof(b->entry), "%s", e->key);
	if (e->file.len > 0)
		snprintf(b->place, sizeof(b->place), " in %s%.*s:%u",
		    skip > 0 ? "..." : "", (int)(e->file.len - skip),
		    e->file.text + skip, e->line);
}

/* Asks below the view for what was found there, or for a name below it, if only
 * these are listed. */
static int
ask_why(struct blame *b, const char *below)
{
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	size_t more = strlen(below), apex_len = dname_len(b->zone->apex);
	struct zone_key key;

	if (more + b->len + b->view->len + apex_len > DNAME_MAX)
		return 0;
	memcpy(dname, below, more);
	memcpy(dname + more, b->labels, b->len);
	if (b->view->len > 0)
		memcpy(dname + more + b->len, b->view->labels, b->view->len);
	memcpy(dname + more + b->len + b->view->len, b->zone->apex, apex_len);
	zone_key_init(&key, dname, dname_labels(b->zone->apex), off, hash);
	return why_generation(b->gen, &key, on_entry, b);
}

static void
look_at_view(struct blame *b)
{
	if (walk_open(&b->walk, b->gen, b->view) != 0)
		return;
	if (find_key(b) && ask_why(b, "") == 0 && !b->is_known &&
	    b->key->is_name)
		(void)!ask_why(b, "\1x");
	walk_close(b->walk);
}

void
gate_blame(const struct generation *gen, const struct conf_zone *zone,
    const struct conf_key *key, char *out, size_t size)
{
	struct blame b = {.gen = gen, .zone = zone, .key = key};
	struct generation_view *views;
	size_t n;

	out[0] = '\0';
	if (generation_views(gen, &views, &n) != 0)
		return;
	for (size_t i = 0; i < n && !b.is_known; i++) {
		b.view = &views[i];
		look_at_view(&b);
	}
	free(views);
	if (b.is_known)
		snprintf(out, size, ": %.60s, by %.60s%s", b.key_txt, b.entry,
		    b.place);
}
