/*
 * A hash table of places: opened in a generation file that may be damaged, and
 * filled by the builder. Five in eight slots are used.
 */
#include "zones/slots.h"

int
slots_open(struct slots *s, const void *data, size_t len)
{
	const uint8_t *p = data;

	if (len < SLOTS_HEAD + 4 || (len - SLOTS_HEAD) / 4 > UINT32_MAX)
		return -EBADMSG;
	s->slots = p + SLOTS_HEAD;
	s->n = (len - SLOTS_HEAD) / 4;
	s->tag_bits = get_le32(p);
	s->reach = get_le32(p + 4);
	return s->tag_bits < 32 && s->reach < s->n ? 0 : -EBADMSG;
}

int
slots_make(struct buf *out, size_t n, size_t max)
{
	size_t slots = n + n * 3 / 5 + 1, len = SLOTS_HEAD + slots * 4;
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
	out->len = len;
	return 0;
}

void
slots_insert(struct buf *out, uint64_t hash, uint32_t place)
{
	uint32_t n = (out->len - SLOTS_HEAD) / 4, at = slots_home(hash, n), way;
	uint8_t *slots = out->data + SLOTS_HEAD;

	for (way = 0; get_le32(slots + (size_t)at * 4) != 0; way++)
		at = at + 1 == n ? 0 : at + 1;
	put_le32(slots + (size_t)at * 4,
	    slots_tag(hash, get_le32(out->data)) | place);
	if (way > get_le32(out->data + 4))
		put_le32(out->data + 4, way);
}
