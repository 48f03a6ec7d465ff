/*
 * A look at every page of an LMDB file. LMDB trusts the inside of its pages:
 * an offset that a disk changed makes it read anywhere, or abort. What passes
 * here is read and written by it without harm; the data in the entries is the
 * caller's to check.
 *
 * Each page must be where one other page says, once, and not be free as well.
 * Nodes must fill their page exactly, keys must ascend, and the counts of each
 * tree must be right. All of the file is untrusted.
 */
#include "lib/store_check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32 /* of LMDB's cursors */
#define FIRST_PAGE 2 /* behind the meta pages */
#define KEY_MAX 511

struct check {
	const uint8_t *map;
	size_t page_size;
	uint64_t n_pages, txnid;
	uint8_t *seen; /* a bit for each page */
};

struct node {
	struct store_node head;
	const uint8_t *key, *data; /* data within the page */
	size_t data_len;           /* there; of a page number for a big node */
};

struct page {
	struct store_page head;
	const uint8_t *bytes;
	unsigned n_nodes;
};

/* Keys that a page may hold: not less than from, less than to. */
struct range {
	const struct node *from, *to; /* NULL: no bound */
};

/* One tree on its way: what it should be, and what was found. */
struct walk {
	struct check *c;
	struct store_tree want, found;
	bool is_free, has_tables;
};

static bool
claim(struct check *c, uint64_t pgno, uint64_t n)
{
	if (pgno < FIRST_PAGE || pgno >= c->n_pages || n > c->n_pages - pgno)
		return false;
	for (; n > 0; n--, pgno++) {
		uint8_t bit = (uint8_t)(1u << pgno % 8);

		if ((c->seen[pgno / 8] & bit) != 0)
			return false;
		c->seen[pgno / 8] |= bit;
	}
	return true;
}

static void
page_read(const struct check *c, uint64_t pgno, struct page *out)
{
	out->bytes = c->map + pgno * c->page_size;
	memcpy(&out->head, out->bytes, sizeof(out->head));
	out->n_nodes = 0;
}

/* Node i of a page; returns its size there, or 0. */
static size_t
node_read(
    const struct check *c, const struct page *p, unsigned i, struct node *out)
{
	struct store_node *n = &out->head;
	uint16_t pos;
	size_t size;

	memcpy(&pos, p->bytes + sizeof(p->head) + 2 * i, sizeof(pos));
	if (pos < p->head.upper || pos % 2 != 0 ||
	    pos + sizeof(*n) > c->page_size)
		return 0;
	memcpy(n, p->bytes + pos, sizeof(*n));
	if (p->head.flags == STORE_BRANCH)
		out->data_len = 0;
	else if (n->flags == STORE_NODE_BIG)
		out->data_len = sizeof(uint64_t);
	else
		out->data_len = (size_t)n->hi << 16 | n->lo;
	size = sizeof(*n) + n->key_len + out->data_len;
	size += size % 2;
	if (n->key_len > KEY_MAX || size > c->page_size - pos)
		return 0;
	out->key = p->bytes + pos + sizeof(*n);
	out->data = out->key + n->key_len;
	return size;
}

static uint64_t
child_of(const struct node *n)
{
	return (uint64_t)n->head.flags << 32 | (uint64_t)n->head.hi << 16 |
	    n->head.lo;
}

static bool
has_integer_keys(const struct walk *w)
{
	return w->is_free || (w->want.flags & STORE_TREE_INTEGER_KEYS) != 0;
}

static bool
key_is_sane(const struct walk *w, const struct node *n)
{
	return has_integer_keys(w) ? n->head.key_len == sizeof(uint64_t)
				   : n->head.key_len > 0;
}

static bool
is_less(const struct walk *w, const struct node *a, const struct node *b)
{
	size_t a_len = a->head.key_len, b_len = b->head.key_len;
	uint64_t x, y;
	int order;

	if (has_integer_keys(w)) {
		memcpy(&x, a->key, sizeof(x));
		memcpy(&y, b->key, sizeof(y));
		return x < y;
	}
	order = memcmp(a->key, b->key, a_len < b_len ? a_len : b_len);
	return order < 0 || (order == 0 && a_len < b_len);
}

/* A list of free pages: their number, then each, descending. */
static bool
check_free_list(
    struct walk *w, const struct node *n, const uint8_t *list, size_t len)
{
	uint64_t txnid, count, pgno, last = UINT64_MAX;

	memcpy(&txnid, n->key, sizeof(txnid));
	if (len < sizeof(count) || txnid > w->c->txnid)
		return false;
	memcpy(&count, list, sizeof(count));
	if (count > len / sizeof(pgno) - 1)
		return false;
	for (; count > 0; count--, last = pgno) {
		list += sizeof(pgno);
		memcpy(&pgno, list, sizeof(pgno));
		if (pgno >= last || !claim(w->c, pgno, 1))
			return false;
	}
	return true;
}

static bool check_tree(struct walk *w);

static bool
check_table(struct walk *w, const struct node *n)
{
	struct walk table = {.c = w->c};

	if (!w->has_tables || n->data_len != sizeof(table.want))
		return false;
	memcpy(&table.want, n->data, sizeof(table.want));
	return check_tree(&table);
}

/* Its data stands on pages of its own. */
static bool
check_big(struct walk *w, const struct node *n)
{
	size_t len = (size_t)n->head.hi << 16 | n->head.lo;
	uint64_t pgno;
	struct page p;

	memcpy(&pgno, n->data, sizeof(pgno));
	if (pgno >= w->c->n_pages)
		return false;
	page_read(w->c, pgno, &p);
	if (p.head.pgno != pgno || p.head.flags != STORE_OVERFLOW ||
	    p.head.n_pages * w->c->page_size < sizeof(p.head) + len ||
	    !claim(w->c, pgno, p.head.n_pages))
		return false;
	w->found.overflows += p.head.n_pages;
	return !w->is_free ||
	    check_free_list(w, n, p.bytes + sizeof(p.head), len);
}

static bool
check_entry(struct walk *w, const struct node *n)
{
	w->found.entries++;
	switch (n->head.flags) {
	case 0:
		return !w->is_free ||
		    check_free_list(w, n, n->data, n->data_len);
	case STORE_NODE_BIG:
		return check_big(w, n);
	case STORE_NODE_TABLE:
		return check_table(w, n);
	default: /* sorted duplicates: never ours */
		return false;
	}
}

/* The nodes lie as they should, with keys that ascend within the range. */
static bool
check_nodes(const struct walk *w, const struct page *p, struct range in)
{
	unsigned first = p->head.flags == STORE_LEAF ? 0 : 1;
	struct node n[2]; /* this one and the one before, in turns */
	size_t size, all = 0;

	for (unsigned i = 0; i < p->n_nodes; i++) {
		const struct node *before = i > first ? &n[(i - 1) % 2] : NULL;
		struct node *node = &n[i % 2];

		size = node_read(w->c, p, i, node);
		all += size;
		if (size == 0)
			return false;
		if (i < first) /* the first key of a branch means nothing */
			continue;
		if (!key_is_sane(w, node) ||
		    (before != NULL && !is_less(w, before, node)) ||
		    (in.from != NULL && is_less(w, node, in.from)) ||
		    (in.to != NULL && !is_less(w, node, in.to)))
			return false;
	}
	return all == w->c->page_size - p->head.upper;
}

static bool check_page(
    struct walk *w, uint64_t pgno, unsigned depth, struct range in);

/* What hangs on the nodes, which were checked themselves. */
static bool
check_below(
    struct walk *w, const struct page *p, unsigned depth, struct range in)
{
	struct node n, next;
	bool sound = true;

	for (unsigned i = 0; i < p->n_nodes && sound; i++) {
		struct range part = in;

		node_read(w->c, p, i, &n);
		if (p->head.flags == STORE_LEAF) {
			sound = check_entry(w, &n);
			continue;
		}
		if (i > 0)
			part.from = &n;
		if (i + 1 < p->n_nodes) {
			node_read(w->c, p, i + 1, &next);
			part.to = &next;
		}
		sound = check_page(w, child_of(&n), depth + 1, part);
	}
	return sound;
}

static bool
check_page(struct walk *w, uint64_t pgno, unsigned depth, struct range in)
{
	bool is_leaf = depth == w->want.depth;
	unsigned least = is_leaf || w->is_free ? 1 : 2;
	struct page p;

	if (!claim(w->c, pgno, 1))
		return false;
	page_read(w->c, pgno, &p);
	if (p.head.pgno != pgno ||
	    p.head.flags != (is_leaf ? STORE_LEAF : STORE_BRANCH) ||
	    p.head.lower < sizeof(p.head) || p.head.lower % 2 != 0 ||
	    p.head.lower > p.head.upper || p.head.upper > w->c->page_size)
		return false;
	p.n_nodes = (p.head.lower - sizeof(p.head)) / 2;
	if (p.n_nodes < least)
		return false;
	if (is_leaf)
		w->found.leaves++;
	else
		w->found.branches++;
	return check_nodes(w, &p, in) && check_below(w, &p, depth, in);
}

static bool
check_tree(struct walk *w)
{
	const struct store_tree *want = &w->want, *found = &w->found;
	const struct range everything = {NULL, NULL};

	if ((want->flags & STORE_TREE_KINDS & ~STORE_TREE_INTEGER_KEYS) != 0)
		return false;
	if (want->root == STORE_NO_PAGE) {
		if (want->depth != 0)
			return false;
	} else if (want->depth == 0 || want->depth > DEPTH_MAX ||
	    !check_page(w, want->root, 1, everything)) {
		return false;
	}
	return found->branches == want->branches &&
	    found->leaves == want->leaves &&
	    found->overflows == want->overflows &&
	    found->entries == want->entries;
}

int
store_check_pages(const uint8_t *map, const struct store_meta *meta)
{
	struct check c = {.map = map,
	    .n_pages = meta->last_pgno + 1,
	    .page_size = meta->trees[0].page_size,
	    .txnid = meta->txnid};
	struct walk main = {
	    .c = &c, .want = meta->trees[STORE_TREE_MAIN], .has_tables = true};
	struct walk unused = {
	    .c = &c, .want = meta->trees[STORE_TREE_FREE], .is_free = true};
	bool sound;

	c.seen = calloc(c.n_pages / 8 + 1, 1);
	if (c.seen == NULL)
		return -ENOMEM;
	sound = check_tree(&main) && check_tree(&unused);
	free(c.seen);
	return sound ? 0 : -EBADMSG;
}
