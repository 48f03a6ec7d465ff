/*
 * For lib/store*.c: what LMDB 0.9 writes on a 64-bit machine, in host order.
 */
#ifndef LIB_STORE_FORMAT_H
#define LIB_STORE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* A tree; also what the node of a named table holds. */
struct store_tree {
	uint32_t page_size; /* in the first tree of a meta page only */
	uint16_t flags, depth;
	uint64_t branches, leaves, overflows; /* pages */
	uint64_t entries;
	uint64_t root; /* STORE_NO_PAGE: empty */
};
#define STORE_NO_PAGE UINT64_MAX
#define STORE_TREE_INTEGER_KEYS 0x08
#define STORE_TREE_KINDS 0x7f /* the rest are flags of the environment */

enum { STORE_TREE_FREE, STORE_TREE_MAIN };

/* A meta page; both stand at the head of the file. */
struct store_meta {
	uint64_t pgno;
	uint16_t unused, flags, lower, upper;
	uint32_t magic, version;
	uint64_t address;
	uint64_t map_size;
	struct store_tree trees[2];
	uint64_t last_pgno, txnid;
};
#define STORE_META_MAGIC 0xbeefc0de
#define STORE_META_VERSION 1

/* Any other page: this, then offsets of nodes up to lower, nodes from upper. */
struct store_page {
	uint64_t pgno;
	uint16_t unused, flags;
	union {
		struct {
			uint16_t lower, upper;
		};
		uint32_t n_pages; /* of an overflow page */
	};
};
enum { STORE_BRANCH = 1, STORE_LEAF = 2, STORE_OVERFLOW = 4 };

/* The key stands behind it, then the data. */
struct store_node {
	uint16_t lo, hi; /* length of the data; or, with flags, a page number */
	uint16_t flags;
	uint16_t key_len;
};
enum { STORE_NODE_BIG = 1, STORE_NODE_TABLE = 2 };

#endif
