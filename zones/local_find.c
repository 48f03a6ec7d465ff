/*
 * Searches in the entries of a local list. They lean on the order of the keys
 * (zones/local_key.h): what is below a name or inside a prefix stands right
 * behind it.
 */
#include "zones/local_find.h"

#include <errno.h>
#include <string.h>

static bool
starts_with(const struct store_bytes *b, const uint8_t *start, size_t len)
{
	return b->len >= len && memcmp(b->data, start, len) == 0;
}

int
local_find(struct store_txn *t, const struct local_key *key,
    struct store_bytes *data)
{
	return store_get(t, LOCAL_TABLE_ENTRY, key->bytes, key->len, data);
}

int
local_find_first(struct store_txn *t, const struct local_key *key, size_t len,
    struct local_found *out)
{
	int rv = store_seek(t, LOCAL_TABLE_ENTRY, key->bytes, len, &out->key,
	    &out->data);

	if (rv == 0 && !starts_with(&out->key, key->bytes, len))
		return -ENOENT;
	return rv;
}

int
local_find_around(struct store_txn *t, const struct local_lengths *lens,
    enum local_key_tag tag, const uint8_t *addr, unsigned max_len,
    struct local_key *key, struct store_bytes *data)
{
	int rv = -ENOENT;

	for (unsigned i = 0; i < lens->n && rv == -ENOENT; i++) {
		if (lens->len[i] > max_len)
			continue;
		local_key_set_prefix(key, tag, addr, lens->len[i]);
		rv = local_find(t, key, data);
	}
	return rv;
}

int
local_find_inside(struct store_txn *t, const struct local_key *key,
    struct local_key *inner)
{
	struct local_key from = *key;
	struct local_found f;
	int rv;

	from.bytes[from.len - 1]++;
	rv = store_seek(t, LOCAL_TABLE_ENTRY, from.bytes, from.len, &f.key,
	    &f.data);
	if (rv != 0)
		return rv;
	rv = local_key_load(inner, f.key.data, f.key.len);
	if (rv != 0)
		return rv;
	return local_key_contains(key, inner) ? 0 : -ENOENT;
}

int
local_find_cover(struct store_txn *t, const struct local_key *key, size_t len,
    struct local_found *out, unsigned *depth)
{
	unsigned labels = 0;
	struct local_found f;
	int rv;

	*depth = 0;
	for (size_t i = 1; i < len; i++) {
		if (key->bytes[i] != 0)
			continue;
		labels++;
		rv = local_find_first(t, key, i + 1, &f);
		if (rv != 0)
			return rv;
		if (f.key.len == i + 2 &&
		    ((const uint8_t *)f.key.data)[i + 1] != LOCAL_COVER_EXACT) {
			*out = f;
			*depth = labels;
		}
	}
	return 0;
}

int
local_find_name(struct store_txn *t, struct local_key *key,
    struct store_bytes *data, bool *exists)
{
	struct local_found f;
	int rv = local_find_first(t, key, key->len, &f);

	if (rv != 0)
		return rv;
	*exists = true;
	local_key_set_cover(key, LOCAL_COVER_EXACT);
	rv = local_find(t, key, data);
	if (rv != -ENOENT)
		return rv;
	local_key_set_cover(key, LOCAL_COVER_BOTH);
	return local_find(t, key, data);
}
