/*
 * Writing pages. Most of the address space is /16s that are all alike.
 */
#include "zones/ip4_pages.h"

#include "lib/bytes.h"

static void
put_dir(struct ip4_pages *p, uint32_t c16, size_t page)
{
	put_le16(p->dir.data + (size_t)c16 * 2, page);
}

static void
note_listed(struct ip4_pages *p, uint32_t c16)
{
	p->any8[c16 / 2048] |= 1 << c16 / 256 % 8;
}

int
ip4_pages_begin(struct ip4_pages *p)
{
	int rc = buf_room(&p->dir, IP4_DIR_LEN);

	if (rc == 0)
		p->dir.len = IP4_DIR_LEN;
	return rc;
}

int
ip4_pages_put(struct ip4_pages *p, uint32_t c16, const struct ip4_page *page)
{
	uint8_t bytes[IP4_PAGE] = {0};
	unsigned rank = 0;

	for (unsigned i = 0; i < 4; i++) {
		put_le64(bytes + i * 8, page->used.word[i]);
		bytes[IP4_PAGE_RANK + i] = rank;
		rank += bits_in_word(page->used.word[i]);
	}
	put_le32(bytes + IP4_PAGE_FIRST, page->first_cell);
	put_le32(bytes + IP4_PAGE_REST, page->rest);
	put_dir(p, c16, p->pages.len / IP4_PAGE);
	note_listed(p, c16);
	return buf_put(&p->pages, bytes, sizeof(bytes));
}

/* The number of the page of a value. */
static int
even_page(struct ip4_pages *p, uint32_t value, uint32_t *page)
{
	uint8_t bytes[IP4_PAGE] = {0};
	uint32_t id, next = p->pages.len / IP4_PAGE;
	int rc = intern_add(&p->even, &value, sizeof(value), &id);

	if (rc == 0 && id * sizeof(next) > p->even_page.len) {
		put_le32(bytes + IP4_PAGE_REST, value);
		rc = buf_put(&p->even_page, &next, sizeof(next));
		if (rc == 0)
			rc = buf_put(&p->pages, bytes, sizeof(bytes));
	}
	if (rc == 0)
		memcpy(page, p->even_page.data + (id - 1) * sizeof(*page),
		    sizeof(*page));
	return rc;
}

int
ip4_pages_put_even(struct ip4_pages *p, uint32_t c16, unsigned n,
    uint32_t value)
{
	uint32_t page;
	int rc = even_page(p, value, &page);

	if (rc != 0)
		return rc;
	if (value != 0)
		note_listed(p, c16);
	for (; n > 0; n--)
		put_dir(p, c16++, page);
	return 0;
}

void
ip4_pages_free(struct ip4_pages *p)
{
	buf_free(&p->dir);
	buf_free(&p->pages);
	intern_free(&p->even);
	buf_free(&p->even_page);
}
