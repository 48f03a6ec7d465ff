/*
 * A hash table of places: opened in a generation file that may be damaged, and
 * filled by the builder. Five in eight slots are used.
 */
#include "zones/slots.h"

int
slots_open(struct slots *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t filter_len;

	if (len < SLOTS_HEAD)
		return -EBADMSG;
	s->tag_bits = get_le32(p);
	s->reach = get_le32(p + 4);
	s->n_words = get_le32(p + 8);
	filter_len = (size_t)s->n_words * 8;
	if (s->n_words == 0 || len - SLOTS_HEAD < filter_len + 4 ||
	    (len - SLOTS_HEAD - filter_len) / 4 > UINT32_MAX)
		return -EBADMSG;
	s->filter = p + SLOTS_HEAD;
	s->slots = s->filter + filter_len;
	s->n = (len - SLOTS_HEAD - filter_len) / 4;
	return s->tag_bits < 32 && s->reach < s->n ? 0 : -EBADMSG;
}

int
slots_make(struct buf *out, size_t n, size_t max)
{
	size_t slots = n + n * 3 / 5 + 1, words = n * 12 / 64 + 1;
	size_t len = SLOTS_HEAD + words * 8 + slots * 4;
	unsigned tag_bits = 0;
	int rc;

	if (max > UINT32_MAX || slots > UINT32_MAX)
		return -EFBIG;
	while (tag_bits < 31 && max <= UINT32_MAX >> (tag_bits + 1))
		tag_bits++;
	rc = buf_room(out, len);
	if (rc != 0)
		return rc;
	memset(out->data, 0, len);
	put_le32(out->data, tag_bits);
	put_le32(out->data + 8, words);
	out->len = len;
	return 0;
}

void
slots_expect(const struct buf *out, uint64_t hash)
{
	uint32_t words = get_le32(out->data + 8), n;
	const uint8_t *filter = out->data + SLOTS_HEAD;
	const uint8_t *slots = filter + (size_t)words * 8;

	n = (out->data + out->len - slots) / 4;
	__builtin_prefetch(filter + (size_t)slots_home(hash, words) * 8, 1);
	__builtin_prefetch(slots + (size_t)slots_home(hash, n) * 4, 1);
}

int
slots_insert(struct buf *out, uint64_t hash, uint32_t place)
{
	uint32_t words = get_le32(out->data + 8), n, at, way;
	uint8_t *filter = out->data + SLOTS_HEAD;
	uint8_t *slots = filter + (size_t)words * 8;
	uint8_t *word = filter + (size_t)slots_home(hash, words) * 8;

	put_le64(word, get_le64(word) | slots_bits(hash));
	n = (out->data + out->len - slots) / 4;
	at = slots_home(hash, n);
	for (way = 0; get_le32(slots + (size_t)at * 4) != 0; way++) {
		if (way == SLOTS_REACH_MAX)
			return -ELOOP;
		at = at + 1 == n ? 0 : at + 1;
	}
	put_le32(slots + (size_t)at * 4,
	    slots_tag(hash, get_le32(out->data)) | place);
	if (way > get_le32(out->data + 4))
		put_le32(out->data + 4, way);
	return 0;
}
