/*
 * Between state.c and state_tables.c only.
 */
#ifndef TOOLS_MXCHECK_STATE_IMPL_H
#define TOOLS_MXCHECK_STATE_IMPL_H

#include <limits.h>

#include "lib/store.h"
#include "tools/mxcheck/state.h"

#define STATE_VERSION 1 /* the first byte of each value */
#define STATE_VALUE_MAX 96

enum table { META, FIND, ENDPOINT, STS };

struct key {
	uint8_t bytes[STORE_KEY_MAX];
	size_t len;
};

struct change {
	struct change *next;
	enum table table;
	struct key key;
	size_t len; /* 0: it goes */
	uint8_t value[STATE_VALUE_MAX];
};

struct state {
	char path[PATH_MAX];
	int lock;
	int64_t now;
	struct store *store;
	struct store_txn *view;
	struct change *changes, **last;
};

#endif
