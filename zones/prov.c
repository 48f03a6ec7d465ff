/*
 * Looking up where entries come from. What the arrays say is checked as it is
 * read: damage ends a search or reads as "not known".
 */
#include "zones/prov.h"

#include "lib/bytes.h"

const char *const prov_arrays[PROV_ARRAYS] = {"from", "heads", "files"};

enum { FROM, HEADS, FILES };

int
prov_open(struct prov *p, const struct store_bytes *arrays)
{
	*p = (struct prov){
	    .from = arrays[FROM].data,
	    .from_len = arrays[FROM].len,
	    .heads = arrays[HEADS].data,
	    .n_heads = arrays[HEADS].len / PROV_HEAD,
	    .files = arrays[FILES].data,
	    .files_len = arrays[FILES].len,
	};
	return arrays[HEADS].len % PROV_HEAD == 0 ? 0 : -EBADMSG;
}

/* ---- entries */

static const uint8_t *
head_at(const struct prov *p, size_t i)
{
	return p->heads + i * PROV_HEAD;
}

/* Moves behind the number; false at the end of the array. */
static bool
read_number(struct prov_search *s, uint64_t *out)
{
	const uint8_t *end = s->prov->from + s->prov->from_len;
	unsigned shift = 0;
	uint8_t byte;

	*out = 0;
	do {
		if (s->at == end || shift > 56)
			return false;
		byte = *s->at++;
		*out |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) != 0);
	return true;
}

/* Goes to the next block that may have something; false if there is none. */
static bool
next_block(struct prov_search *s)
{
	const uint8_t *head;
	uint32_t begin;

	for (; s->head < s->prov->n_heads; s->head++) {
		head = head_at(s->prov, s->head);
		if (get_le32(head) > s->key) /* all further ones, too */
			return false;
		begin = get_le32(head + 12);
		if (get_le32(head + 8) < s->key || begin > s->prov->from_len)
			continue;
		s->head++;
		s->last_key = get_le32(head);
		s->last_place = get_le32(head + 4);
		s->at = s->prov->from + begin;
		s->left = PROV_BLOCK;
		return true;
	}
	return false;
}

static bool
read_entry(struct prov_search *s, struct prov_entry *out)
{
	uint64_t key, place, more = 0;

	s->left--;
	if (!read_number(s, &key))
		return false;
	out->excludes = key & 1;
	out->form = key >> 1 & 3;
	if ((out->form == PROV_RANGE && !read_number(s, &more)) ||
	    !read_number(s, &place))
		return false;
	out->key = s->last_key += key >> 3;
	out->last = out->key + (uint32_t)more;
	out->place = s->last_place += (place >> 1) ^ -(place & 1);
	return true;
}

void
prov_search(struct prov_search *s, const struct prov *p, uint32_t key)
{
	*s = (struct prov_search){.prov = p, .key = key};
}

bool
prov_next(struct prov_search *s, struct prov_entry *out)
{
	while (s->left > 0 || next_block(s)) {
		if (!read_entry(s, out))
			s->left = 0;
		else if (out->key <= s->key && out->last >= s->key)
			return true;
	}
	return false;
}

/* ---- files */

/* What stands behind the type; NULL if it is damaged. */
static const uint8_t *
first_file(const struct prov *p)
{
	return p->files_len < 2 || p->files_len < 2u + p->files[1]
	    ? NULL : p->files + 2 + p->files[1];
}

bool
prov_type(const struct prov *p, unsigned *rule, struct prov_text *type)
{
	if (first_file(p) == NULL)
		return false;
	*rule = p->files[0];
	*type = (struct prov_text){(const char *)p->files + 2, p->files[1]};
	return true;
}

bool
prov_line(const struct prov *p, uint32_t place, struct prov_text *file,
    uint32_t *line)
{
	const uint8_t *at = first_file(p), *end = p->files + p->files_len;
	bool found = false;
	size_t len;

	for (; at != NULL && end - at >= 6; at += 6 + len) {
		len = get_le16(at + 4);
		if ((size_t)(end - at) < 6 + len || get_le32(at) >= place)
			break;
		*file = (struct prov_text){(const char *)at + 6, len};
		*line = place - get_le32(at);
		found = true;
	}
	return found;
}
