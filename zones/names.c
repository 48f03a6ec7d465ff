/*
 * Lookups in the name index. The arrays are borrowed from the generation file
 * and may be damaged.
 */
#include "zones/names.h"

#include "lib/bytes.h"

enum { SLOTS, HEAP, META };

static int
name_open(union index *u, const struct store_bytes *arrays)
{
	struct name_index *ix = &u->name;
	const uint8_t *meta = arrays[META].data;

	if (arrays[META].len != NAME_META_LEN)
		return -EBADMSG;
	for (unsigned i = 0; i < 2; i++) {
		ix->depths[i] = get_le64(meta + i * 8);
		ix->wild_depths[i] = get_le64(meta + 16 + i * 8);
	}
	ix->heap = arrays[HEAP].data;
	ix->heap_len = arrays[HEAP].len;
	return slots_open(&ix->slots, arrays[SLOTS].data, arrays[SLOTS].len);
}

static inline bool
has_depth(const uint64_t depths[2], unsigned n)
{
	return n < 128 && (depths[n / 64] >> n % 64 & 1) != 0;
}

/* The record at a place in the heap; false if it does not fit in there. */
static bool
read_record(const struct name_index *ix, uint64_t place, struct name_entry *out)
{
	const uint8_t *p = ix->heap + place * NAME_HEAP_UNIT;
	unsigned head = 2;

	if (place * NAME_HEAP_UNIT + 2 + 8 > ix->heap_len)
		return false;
	out->flags = p[0];
	out->len = p[1];
	out->exact = out->wild = 0;
	if ((out->flags & NAME_EXACT) != 0) {
		out->exact = get_le32(p + head);
		head += 4;
	}
	if ((out->flags & NAME_WILD) != 0) {
		out->wild = get_le32(p + head);
		head += 4;
	}
	out->labels = p + head;
	return ix->heap_len - place * NAME_HEAP_UNIT >= head + out->len;
}

bool
name_next(const struct name_index *ix, uint64_t *place, struct name_entry *out)
{
	do {
		/* behind the last record stand NAME_HEAP_UNIT + 8 zeros */
		if (*place * NAME_HEAP_UNIT + NAME_HEAP_UNIT + 8 >=
		    ix->heap_len || !read_record(ix, *place, out))
			return false;
		*place = (uint64_t)(out->labels + out->len - ix->heap +
		    NAME_HEAP_UNIT - 1) / NAME_HEAP_UNIT;
	} while ((out->flags & NAME_MOVED) != 0);
	return true;
}

static inline bool
find(const struct name_index *ix, const struct zone_key *key, unsigned first,
    struct name_entry *out, uint32_t *at)
{
	uint64_t hash = key->dname[0] != 0 ? key->hash[first] : DNAME_HASH_ROOT;
	unsigned begin = first < key->n_labels ? key->off[first] : key->rel_len;
	struct slots_search search;
	uint32_t place;

	if (!slots_may_have(&ix->slots, hash))
		return false;
	search = slots_first(&ix->slots, hash);
	while ((place = slots_next(&ix->slots, &search)) != 0)
		if (read_record(ix, place, out) &&
		    out->len == key->rel_len - begin &&
		    memcmp(out->labels, key->dname + begin, out->len) == 0) {
			*at = place;
			return true;
		}
	return false;
}

bool
name_find(const struct name_index *ix, const struct zone_key *key,
    unsigned first, struct name_entry *out, uint32_t *place)
{
	return find(ix, key, first, out, place);
}

/* Will the key be looked for without its first labels? */
static inline bool
is_candidate(const struct name_index *ix, const struct zone_key *key,
    unsigned first)
{
	return has_depth(first == 0 ? ix->depths : ix->wild_depths,
	    key->n_labels - first);
}

/* The nearest wildcard above the key, without that many of its labels. */
static void
find_above(const struct name_index *ix, const struct zone_key *key,
    unsigned first, struct index_hit *hit)
{
	struct name_entry r;
	uint32_t unused;

	for (; first < key->n_labels; first++) {
		if (is_candidate(ix, key, first) &&
		    find(ix, key, first, &r, &unused) &&
		    (r.flags & NAME_WILD) != 0) {
			hit->value = r.wild;
			hit->first_label = first;
			return;
		}
	}
	hit->value = 0;
}

static void
name_around(const union index *u, const struct zone_key *key,
    struct index_hit *hit)
{
	find_above(&u->name, key, hit->first_label + 1, hit);
}

static void
name_lookup(const union index *u, const struct zone_key *key,
    struct index_hit *hit)
{
	const struct name_index *ix = &u->name;
	unsigned n = key->n_labels;
	struct name_entry r;
	uint32_t unused;

	hit->kind = ZONE_HIT_NAME;
	hit->exists = n == 0;
	if (is_candidate(ix, key, 0) && find(ix, key, 0, &r, &unused)) {
		hit->exists |= (r.flags & NAME_EXISTS) != 0;
		if ((r.flags & NAME_EXACT) != 0) {
			hit->value = r.exact;
			return;
		}
	}
	find_above(ix, key, 1, hit);
}

/* Step 0: the filter's words for all names that will be looked for; 1: the
 * slots of those that pass; 2: the records. */
static void
name_fetch(const union index *u, const struct zone_key *key, unsigned step)
{
	const struct name_index *ix = &u->name;
	struct slots_search search;
	uint64_t place;

	for (unsigned i = 0; i < key->n_labels; i++) {
		if (!is_candidate(ix, key, i))
			continue;
		if (step == 0) {
			__builtin_prefetch(slots_word(&ix->slots,
			    key->hash[i]));
			continue;
		}
		if (!slots_may_have(&ix->slots, key->hash[i]))
			continue;
		search = slots_first(&ix->slots, key->hash[i]);
		if (step == 1) {
			__builtin_prefetch(slots_at(&ix->slots, search.at));
			continue;
		}
		place = slots_next(&ix->slots, &search) * NAME_HEAP_UNIT;
		if (place != 0 && place < ix->heap_len)
			__builtin_prefetch(ix->heap + place);
	}
}

const struct index_kind name_index_kind = {
    .name = "name",
    .arrays = {"slots", "heap", "meta"},
    .open = name_open,
    .lookup = name_lookup,
    .around = name_around,
    .fetch = name_fetch,
};
