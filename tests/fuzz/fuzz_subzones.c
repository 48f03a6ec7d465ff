/*
 * The table of subzones in a generation: u8 n and n bytes of a question as
 * text, below the apex of zones.h; the rest is the table, which may be damaged.
 */
#include "tests/fuzz/zones.h"
#include "zones/subzones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
read_key(struct zone_key *key, const char *text, size_t len)
{
	static uint8_t dname[2 * DNAME_MAX], off[DNAME_LABELS_MAX];
	static uint64_t hash[DNAME_LABELS_MAX];
	int n = dname_from_txt(dname, text, len);

	if (n < 0 || n - 1 + sizeof(zones_apex) > DNAME_MAX)
		return false;
	memcpy(dname + n - 1, zones_apex, sizeof(zones_apex));
	dname_lower(dname, (size_t)n - 1 + sizeof(zones_apex));
	zone_key_init(key, dname, 2, off, hash);
	return true;
}

static void
check(const struct subzone *s, const struct zone_key *key)
{
	uint64_t hash[DNAME_LABELS_MAX + 1];
	struct zone_key inner;

	assert(s->n_labels <= s->len && s->len < DNAME_MAX);
	if (!subzone_holds(s, key)) {
		(void)subzone_is_below(s, key);
		return;
	}
	assert(!subzone_is_below(s, key));
	subzone_narrow(s, key, true, &inner, hash);
	assert(inner.n_labels + s->n_labels == key->n_labels);
	assert(inner.rel_len + s->len == key->rel_len);
	assert(inner.hash[inner.n_labels] == DNAME_HASH_ROOT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct subzone *list;
	struct zone_key key;
	uint8_t *table;
	size_t n, len;

	if (size == 0 || size < 1u + data[0] ||
	    !read_key(&key, (const char *)data + 1, data[0]))
		return 0;
	len = size - 1 - data[0];
	table = malloc(len + 1); /* so that ASan sees a read beyond the end */
	memcpy(table, data + 1 + data[0], len);
	if (subzones_read(&list, &n, table, len) == 0) {
		for (size_t i = 0; i < n; i++)
			check(&list[i], &key);
		free(list);
	}
	free(table);
	return 0;
}
