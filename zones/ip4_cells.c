/*
 * Cells of the IPv4 index, each in the shortest of its forms.
 */
#include "zones/ip4_cells.h"

#include "lib/bytes.h"

static int
put_cell(struct ip4_cells *k, uint32_t word)
{
	uint8_t le[4];

	put_le32(le, word);
	return buf_put(&k->words, le, sizeof(le));
}

/* A cell that goes on in the heap, where len bytes may be written at *to. */
static int
put_heap_cell(struct ip4_cells *k, size_t len, uint8_t **to)
{
	int rc;

	if (k->heap.len + len >= IP4_CELL_INLINE)
		return -EFBIG;
	rc = buf_room(&k->heap, len);
	if (rc == 0)
		rc = put_cell(k, k->heap.len);
	if (rc != 0)
		return rc;
	*to = k->heap.data + k->heap.len;
	k->heap.len += len;
	return 0;
}

static int
put_inline_cell(struct ip4_cells *k, const struct bits256 *set)
{
	uint32_t word = 0, octet = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++)
		for (uint64_t b = set->word[i]; b != 0; b &= b - 1, n++) {
			octet = i * 64 + __builtin_ctzll(b);
			word |= octet << 8 * n;
		}
	for (; n < IP4_INLINE_MAX; n++)
		word |= octet << 8 * n;
	return put_cell(k, IP4_CELL_INLINE | word);
}

static uint8_t *
put_form(uint8_t *to, enum ip4_form form, bool is_common, uint32_t value)
{
	*to++ = is_common ? form + 1 : form;
	if (is_common)
		return to;
	put_le32(to, value);
	return to + 4;
}

static int
put_list_cell(struct ip4_cells *k, const struct ip4_cell *c, bool is_common)
{
	uint8_t *to;
	int rc;

	rc = put_heap_cell(k, (is_common ? 2 : 6) + c->n, &to);
	if (rc != 0)
		return rc;
	to = put_form(to, IP4_LIST, is_common, c->only);
	*to++ = c->n;
	for (unsigned i = 0; i < 4; i++)
		for (uint64_t b = c->set.word[i]; b != 0; b &= b - 1)
			*to++ = i * 64 + __builtin_ctzll(b);
	return 0;
}

static int
put_bits_cell(struct ip4_cells *k, const struct ip4_cell *c, bool is_common)
{
	uint8_t *to;
	int rc;

	rc = put_heap_cell(k, (is_common ? 1 : 5) + 32, &to);
	if (rc != 0)
		return rc;
	to = put_form(to, IP4_BITS, is_common, c->only);
	for (unsigned i = 0; i < 4; i++)
		put_le64(to + i * 8, c->set.word[i]);
	return 0;
}

static inline uint32_t
value_of(const struct ip4_cell *c, unsigned i)
{
	return c->only != 0 ? c->only : c->value[i];
}

/* The last octet of the run that begins at i. */
static unsigned
run_last(const struct ip4_cell *c, unsigned i)
{
	while (i < 255 && bits_has(&c->set, i + 1) &&
	    value_of(c, i + 1) == value_of(c, i))
		i++;
	return i;
}

static unsigned
count_runs(const struct ip4_cell *c)
{
	unsigned runs = 0;

	for (unsigned i = bits_next(&c->set, 0); i < 256; runs++)
		i = bits_next(&c->set, run_last(c, i) + 1);
	return runs;
}

static int
put_runs_cell(struct ip4_cells *k, const struct ip4_cell *c, unsigned runs)
{
	unsigned i, last;
	uint8_t *to;
	int rc;

	rc = put_heap_cell(k, 3 + runs * IP4_RUN, &to);
	if (rc != 0)
		return rc;
	to[0] = IP4_RUNS;
	put_le16(to + 1, runs);
	to += 3;
	for (i = bits_next(&c->set, 0); i < 256;
	    i = bits_next(&c->set, last + 1), to += IP4_RUN) {
		last = run_last(c, i);
		to[0] = i;
		to[1] = last;
		put_le32(to + 2, value_of(c, i));
	}
	return 0;
}

int
ip4_cells_put(struct ip4_cells *k, const struct ip4_cell *c)
{
	bool is_common = c->only == k->common;
	size_t head, list, bits, best;
	unsigned runs;

	if (c->only == 0)
		return put_runs_cell(k, c, count_runs(c));
	if (is_common && c->n <= IP4_INLINE_MAX)
		return put_inline_cell(k, &c->set);
	head = is_common ? 1 : 5;
	list = head + 1 + c->n;
	bits = head + 32;
	best = list < bits ? list : bits;
	if (3 + IP4_RUN <= best) { /* one run, at least */
		runs = bits_runs(&c->set);
		if (3 + runs * IP4_RUN <= best)
			return put_runs_cell(k, c, runs);
	}
	return list < bits ? put_list_cell(k, c, is_common)
			   : put_bits_cell(k, c, is_common);
}

int
ip4_cells_put_even(struct ip4_cells *k, uint32_t value)
{
	struct ip4_cell c = {.n = value != 0 ? 256 : 0, .only = value};

	for (unsigned i = 0; i < 4; i++)
		c.set.word[i] = value != 0 ? ~0ull : 0;
	return ip4_cells_put(k, &c);
}
