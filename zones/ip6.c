/*
 * Lookups in the IPv6 index: one probe for each length that occurs, the longest
 * first. The arrays are borrowed from the generation file and may be damaged.
 */
#include "zones/ip6.h"

#include "lib/bytes.h"
#include "lib/dname.h"

uint64_t
ip6_hash(const struct ip6 *ip, unsigned bits)
{
	uint64_t h = dname_hash_mix(ip->high ^ 0x9e3779b97f4a7c15ull,
	    (bits + 1) * 0xa0761d6478bd642full);

	return dname_hash_mix(h ^ ip->low, 0xe7037ed1a0b428dbull);
}

struct ip6
ip6_mask(struct ip6 ip, unsigned bits)
{
	if (bits == 0)
		return (struct ip6){0, 0};
	if (bits <= 64)
		return (struct ip6){ip.high & UINT64_MAX << (64 - bits), 0};
	if (bits < 128)
		ip.low &= UINT64_MAX << (128 - bits);
	return ip;
}

struct ip6
ip6_last(struct ip6 ip, unsigned bits)
{
	struct ip6 host = ip6_mask((struct ip6){UINT64_MAX, UINT64_MAX}, bits);

	return (struct ip6){ip.high | ~host.high, ip.low | ~host.low};
}

struct ip6
ip6_read(const uint8_t *p)
{
	return (struct ip6){(uint64_t)get_be32(p) << 32 | get_be32(p + 4),
	    (uint64_t)get_be32(p + 8) << 32 | get_be32(p + 12)};
}

enum { SLOTS, ENTRIES, LENGTHS };

static int
ip6_open(union index *u, const struct store_bytes *arrays)
{
	struct ip6_index *ix = &u->ip6;

	if (arrays[ENTRIES].len / IP6_ENTRY > UINT32_MAX ||
	    arrays[LENGTHS].len > 129)
		return -EBADMSG;
	ix->entries = arrays[ENTRIES].data;
	ix->n_entries = arrays[ENTRIES].len / IP6_ENTRY;
	ix->lengths = arrays[LENGTHS].data;
	ix->n_lengths = arrays[LENGTHS].len;
	return slots_open(&ix->slots, arrays[SLOTS].data, arrays[SLOTS].len);
}

static inline const uint8_t *
entry_at(const struct ip6_index *ix, uint32_t i)
{
	return ix->entries + (size_t)i * IP6_ENTRY;
}

/* The entry of a prefix; NULL if there is none. */
static const uint8_t *
find_prefix(const struct ip6_index *ix, const struct ip6 *ip, unsigned bits)
{
	struct slots_search search;
	uint64_t hash = ip6_hash(ip, bits);
	const uint8_t *entry;
	struct ip6 at;
	uint32_t place;

	if (!slots_may_have(&ix->slots, hash))
		return NULL;
	search = slots_first(&ix->slots, hash);
	while ((place = slots_next(&ix->slots, &search)) != 0) {
		if (place > ix->n_entries)
			continue;
		entry = entry_at(ix, place - 1);
		at = ip6_read(entry);
		if (at.high == ip->high && at.low == ip->low &&
		    entry[IP6_ENTRY_BITS] == bits)
			return entry;
	}
	return NULL;
}

bool
ip6_find(const struct ip6_index *ix, const struct ip6 *ip, unsigned bits,
    uint32_t *number, uint32_t *value)
{
	const uint8_t *entry = find_prefix(ix, ip, bits);

	if (entry == NULL)
		return false;
	*number = (entry - ix->entries) / IP6_ENTRY;
	*value = get_le32(entry + IP6_ENTRY_VALUE);
	return true;
}

/* The entry of the longest prefix, of at most max bits, around an address. */
static const uint8_t *
find_entry(const struct ip6_index *ix, const struct ip6 *ip, unsigned max)
{
	const uint8_t *entry;
	struct ip6 masked;
	unsigned bits;

	for (unsigned i = 0; i < ix->n_lengths; i++) {
		bits = ix->lengths[i];
		if (bits > max || bits > 128)
			continue;
		masked = ip6_mask(*ip, bits);
		entry = find_prefix(ix, &masked, bits);
		if (entry != NULL)
			return entry;
	}
	return NULL;
}

static uint32_t
entry_value(const uint8_t *entry)
{
	return entry != NULL ? get_le32(entry + IP6_ENTRY_VALUE) : 0;
}

static uint32_t
find(const struct ip6_index *ix, const struct ip6 *ip, unsigned max)
{
	return entry_value(find_entry(ix, ip, max));
}

/* The number of the first entry that does not begin before an address. */
static uint32_t
first_from(const struct ip6_index *ix, const struct ip6 *ip)
{
	uint32_t low = 0, high = ix->n_entries, mid;
	struct ip6 at;

	while (low < high) {
		mid = low + (high - low) / 2;
		at = ip6_read(entry_at(ix, mid));
		if (ip6_compare(&at, ip) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Is a prefix within this one listed? */
static bool
any_inside(const struct ip6_index *ix, const struct ip6 *ip, unsigned bits)
{
	const uint8_t *entry;
	struct ip6 at;

	for (uint32_t i = first_from(ix, ip); i < ix->n_entries; i++) {
		entry = entry_at(ix, i);
		at = ip6_mask(ip6_read(entry), bits);
		if (at.high != ip->high || at.low != ip->low)
			return false;
		if (entry[IP6_ENTRY_BITS] >= bits &&
		    get_le32(entry + IP6_ENTRY_VALUE) != 0)
			return true;
	}
	return false;
}

uint32_t
ip6_run(const struct ip6_index *ix, struct ip6 ip, struct ip6 *last)
{
	const uint8_t *entry = find_entry(ix, &ip, 128);
	struct ip6 next = ip6_next(ip), at;
	uint32_t i;

	*last = ip6_last(ip, entry != NULL ? entry[IP6_ENTRY_BITS] : 0);
	if (ip6_compare(&next, &ip) < 0) /* that was the last of all */
		return entry_value(entry);
	i = first_from(ix, &next);
	if (i < ix->n_entries) {
		at = ip6_before(ip6_read(entry_at(ix, i)));
		if (ip6_compare(&at, last) < 0 && ip6_compare(&at, &ip) >= 0)
			*last = at;
	}
	return entry_value(entry);
}

static void
ip6_lookup(const union index *u, const struct zone_key *key,
    struct index_hit *hit)
{
	const struct ip6_index *ix = &u->ip6;
	struct ip6 ip;

	hit->kind = ZONE_HIT_IP6;
	hit->exists = key->n_labels == 0;
	if (key->ip6_bits == 0)
		return;
	ip = ip6_read(key->ip6);
	if (key->ip6_bits == 128)
		hit->value = find(ix, &ip, 128);
	else
		hit->exists = find(ix, &ip, key->ip6_bits) != 0 ||
		    any_inside(ix, &ip, key->ip6_bits);
}

/* Step 0: the filter's words for all lengths; 1: the slots of those that pass;
 * 2: the entries. */
static void
ip6_fetch(const union index *u, const struct zone_key *key, unsigned step)
{
	const struct ip6_index *ix = &u->ip6;
	struct slots_search search;
	struct ip6 ip, masked;
	uint32_t place;
	uint64_t hash;

	if (key->ip6_bits != 128)
		return;
	ip = ip6_read(key->ip6);
	for (unsigned i = 0; i < ix->n_lengths; i++) {
		masked = ip6_mask(ip, ix->lengths[i]);
		hash = ip6_hash(&masked, ix->lengths[i]);
		if (step == 0) {
			__builtin_prefetch(slots_word(&ix->slots, hash));
			continue;
		}
		if (!slots_may_have(&ix->slots, hash))
			continue;
		search = slots_first(&ix->slots, hash);
		if (step == 1) {
			__builtin_prefetch(slots_at(&ix->slots, search.at));
			continue;
		}
		place = slots_next(&ix->slots, &search);
		if (place != 0 && place <= ix->n_entries)
			__builtin_prefetch(entry_at(ix, place - 1));
	}
}

const struct index_kind ip6_index_kind = {
    .name = "ip6",
    .arrays = {"slots", "entries", "lengths"},
    .open = ip6_open,
    .lookup = ip6_lookup,
    .fetch = ip6_fetch,
};
