/*
 * Looks at all entries, which are few: the rules of local_lookup() say which of
 * those that cover a key is the nearest.
 */
#include "zones/local_why.h"

#include <string.h>

#include "lib/bytes.h"

enum { IP4, IP6, NAME, GROUPS }; /* one of each may count */

struct search {
	const struct zone_key *key;
	size_t apex_len;
	struct local_key ip4, ip6, name; /* len 0: it is none */
	bool is_above; /* name: only what can be in a list, from the root on */
	unsigned best[GROUPS];
	local_why_fn *fn;
	void *arg;
};

static void
search_init(struct search *s)
{
	const struct zone_key *k = s->key;
	uint8_t ip4[4];

	put_be32(ip4, k->ip4);
	if (k->ip4_bits == 32)
		local_key_set_prefix(&s->ip4, LOCAL_KEY_IP4, ip4, 32);
	if (k->ip6_bits == 128)
		local_key_set_prefix(&s->ip6, LOCAL_KEY_IP6, k->ip6, 128);
	if (k->n_labels == 0 || k->ip4_bits == 32 || k->ip6_bits == 128)
		return; /* a whole address is no name */
	local_key_start_name(&s->name);
	for (unsigned i = k->n_labels; i-- > 0 && !s->is_above;)
		s->is_above = !local_key_push_label(&s->name,
		    k->dname + k->off[i]);
}

/* How near a name's entry is to the key; 0: it does not cover it. */
static unsigned
rank_name(const struct search *s, struct local_key *k)
{
	enum local_cover cover = local_key_cover(k);
	size_t len = k->len - 1; /* of the labels */
	bool is_it = len == s->name.len && !s->is_above;

	if (len > s->name.len || memcmp(k->bytes, s->name.bytes, len) != 0 ||
	    cover == (is_it ? LOCAL_COVER_BELOW : LOCAL_COVER_EXACT))
		return 0;
	return (unsigned)len * 2 + (cover != LOCAL_COVER_BOTH);
}

static unsigned
rank(const struct search *s, const struct local_entry *e, unsigned *group)
{
	char why[LOCAL_KEY_WHY_MAX];
	const struct local_key *addr;
	struct local_key k;

	if (local_key_parse(&k, e->key_txt, s->apex_len, why) != 0)
		return 0;
	*group = NAME;
	if (local_key_is_name(&k))
		return s->name.len > 0 ? rank_name(s, &k) : 0;
	*group = k.bytes[0] == LOCAL_KEY_IP4 ? IP4 : IP6;
	addr = *group == IP4 ? &s->ip4 : &s->ip6;
	return addr->len > 0 && local_key_contains(&k, addr)
	    ? 1 + local_key_prefix_len(&k) : 0;
}

static void
find_best(void *arg, const struct local_entry *e)
{
	struct search *s = arg;
	unsigned group, r = rank(s, e, &group);

	if (r > 0 && r > s->best[group])
		s->best[group] = r;
}

static void
tell(void *arg, const struct local_entry *e)
{
	struct search *s = arg;
	unsigned group, r = rank(s, e, &group);

	if (r > 0)
		s->fn(s->arg, e, r == s->best[group]);
}

int
local_why(struct local *l, const struct zone_key *key, local_why_fn *fn,
    void *arg, char *why)
{
	struct search s = {.key = key, .fn = fn, .arg = arg,
	    .apex_len = dname_len(key->dname) - key->rel_len};
	int rc;

	search_init(&s);
	rc = local_list(l, find_best, &s, why);
	return rc == 0 ? local_list(l, tell, &s, why) : rc;
}
