/*
 * Byte strings, each kept once: a heap of bytes, an array of ends, and an
 * open-addressing table of numbers that is at most half full.
 */
#include "zones/intern.h"

#include "lib/bytes.h"

static uint64_t
hash_bytes(const uint8_t *p, size_t len)
{
	uint64_t h = len * 0x9e3779b97f4a7c15ull, w;

	for (; len >= 8; len -= 8, p += 8) {
		h = (h ^ get_le64(p)) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	for (w = 0; len > 0; len--)
		w = w << 8 | *p++;
	h = (h ^ w) * 0xff51afd7ed558ccdull;
	return h ^ h >> 32;
}

const uint8_t *
intern_get(const struct intern *in, uint32_t id, size_t *len)
{
	const size_t *ends = (const size_t *)(const void *)in->ends.data;
	size_t begin = id > 1 ? ends[id - 2] : 0;

	*len = ends[id - 1] - begin;
	return in->bytes.data + begin;
}

static int
grow_slots(struct intern *in)
{
	uint32_t n = in->n_slots ? in->n_slots * 2 : 64, id, i;
	uint32_t *slots;
	const uint8_t *p;
	size_t len;

	if (n == 0) /* 2^32 strings */
		return -ENOMEM;
	slots = calloc(n, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	for (id = 1; id <= in->count; id++) {
		p = intern_get(in, id, &len);
		for (i = hash_bytes(p, len) & (n - 1); slots[i] != 0;)
			i = (i + 1) & (n - 1);
		slots[i] = id;
	}
	free(in->slots);
	in->slots = slots;
	in->n_slots = n;
	return 0;
}

int
intern_add(struct intern *in, const void *p, size_t len, uint32_t *id)
{
	const uint8_t *known;
	size_t known_len;
	uint32_t i;

	if (in->count >= in->n_slots / 2 && grow_slots(in) != 0)
		return -ENOMEM;
	i = hash_bytes(p, len) & (in->n_slots - 1);
	for (; in->slots[i] != 0; i = (i + 1) & (in->n_slots - 1)) {
		known = intern_get(in, in->slots[i], &known_len);
		if (known_len == len && memcmp(known, p, len) == 0) {
			*id = in->slots[i];
			return 0;
		}
	}
	if (buf_room(&in->bytes, len + 1) != 0 ||
	    buf_room(&in->ends, sizeof(size_t)) != 0 ||
	    buf_put(&in->bytes, p, len) != 0 ||
	    buf_put(&in->ends, &in->bytes.len, sizeof(size_t)) != 0)
		return -ENOMEM;
	*id = in->slots[i] = ++in->count;
	return 0;
}

void
intern_free(struct intern *in)
{
	buf_free(&in->bytes);
	buf_free(&in->ends);
	free(in->slots);
	*in = (struct intern){0};
}
