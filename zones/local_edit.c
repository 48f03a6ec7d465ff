/*
 * Changes to a local list, and the list of its entries. A change writes the
 * entry and the counters in one transaction, which is on disk when it returns.
 */
#include "zones/local.h"

#include <errno.h>
#include <string.h>

#include "lib/store.h"
#include "zones/local_find.h"
#include "zones/local_impl.h"
#include "zones/local_key.h"
#include "zones/local_record.h"

static int
check_entry(const struct local *l, const struct local_entry *e,
    struct local_key *key, char *why)
{
	size_t author_len = strnlen(e->author, sizeof(e->author));
	size_t reason_len = strnlen(e->reason, sizeof(e->reason));

	if (local_key_parse(key, e->key_txt, l->apex_len, why) != 0)
		return -EINVAL;
	if (e->code >> 24 != 127 || e->code < 0x7f000002)
		return local_fail(why, -EINVAL, "the code must be in "
		    "127.0.0.2-127.255.255.255");
	if (reason_len > LOCAL_REASON_MAX)
		return local_fail(why, -EINVAL, "the reason has more than %d "
		    "bytes", LOCAL_REASON_MAX);
	if (!local_txt_is_clean(e->reason, reason_len))
		return local_fail(why, -EINVAL, "the reason has a line break "
		    "or another control character in it");
	if (author_len > LOCAL_AUTHOR_MAX ||
	    !local_txt_is_clean(e->author, author_len))
		return local_fail(why, -EINVAL, "the author is no login name");
	return 0;
}

static int
begin_change(struct local *l, struct store_txn **t, struct local_meta *m,
    char *why)
{
	int rv = store_write_begin(l->store, t);

	if (rv != 0)
		return local_fail_store(why, rv, l);
	rv = local_meta_read(*t, m);
	if (rv == 0)
		return 0;
	store_write_abort(*t);
	return local_fail_store(why, rv, l);
}

int
local_commit(struct local *l, struct store_txn *t, struct local_meta *m,
    char *why)
{
	int rv = local_meta_write(t, m);

	if (rv == 0)
		rv = store_write_commit(t);
	else
		store_write_abort(t);
	return rv == 0 ? 0 : local_fail_store(why, rv, l);
}

static bool
says_the_same(const struct local_entry *a, const struct local_entry *b)
{
	return a->code == b->code && strcmp(a->reason, b->reason) == 0;
}

int
local_add(struct local *l, struct local_entry *entry, struct local_entry *was,
    enum local_change *change, char *why)
{
	uint8_t record[LOCAL_RECORD_MAX];
	struct store_bytes old;
	struct local_meta m;
	struct local_key key;
	struct store_txn *t;
	int rv;

	rv = check_entry(l, entry, &key, why);
	if (rv != 0)
		return rv;
	local_key_to_txt(entry->key_txt, &key);
	rv = begin_change(l, &t, &m, why);
	if (rv != 0)
		return rv;

	*change = LOCAL_CHANGED;
	rv = local_find(t, &key, &old);
	if (rv == -ENOENT) {
		*change = LOCAL_ADDED;
		++*local_meta_count(&m, &key);
		rv = 0;
	} else if (rv == 0) {
		rv = local_entry_read(was, &key, &old);
		if (rv == 0 && says_the_same(was, entry)) {
			*change = LOCAL_SAME;
			store_write_abort(t);
			return 0;
		}
	}
	if (rv == 0)
		rv = store_put(t, LOCAL_TABLE_ENTRY, key.bytes, key.len, record,
		    local_record_write(record, entry));
	if (rv == 0)
		return local_commit(l, t, &m, why);
	store_write_abort(t);
	return local_fail_store(why, rv, l);
}

static int
near_prefix(struct store_txn *t, const struct local_meta *m,
    const struct local_key *key, struct local_key *near, bool *covers)
{
	enum local_key_tag tag = key->bytes[0];
	struct local_lengths lens;
	struct store_bytes data;
	int rv;

	local_meta_lengths(&lens, m, tag);
	rv = local_find_around(t, &lens, tag, local_key_addr(key),
	    local_key_prefix_len(key), near, &data);
	*covers = rv == 0;
	return rv != -ENOENT ? rv : local_find_inside(t, key, near);
}

static int
near_name(struct store_txn *t, const struct local_key *key,
    struct local_key *near, bool *covers)
{
	size_t labels_end = key->len - 1, above = labels_end - 1;
	struct local_found f;
	unsigned depth;
	int rv;

	*near = *key;
	local_key_set_cover(near, LOCAL_COVER_BOTH);
	rv = local_find(t, near, &f.data);
	*covers = rv == 0;
	if (rv != -ENOENT)
		return rv;
	while (above > 1 && key->bytes[above - 1] != 0)
		above--;
	rv = local_find_cover(t, key, above, &f, &depth);
	*covers = depth > 0;
	if (depth == 0)
		rv = local_find_first(t, key, labels_end, &f);
	if (rv != 0 && depth == 0)
		return rv;
	return local_key_load(near, f.key.data, f.key.len);
}

/* The reason says which entry may have been meant. */
static int
fail_no_entry(struct store_txn *t, const struct local_meta *m,
    const struct local_key *key, char *why)
{
	char key_txt[LOCAL_KEY_TXT_MAX], near_txt[LOCAL_KEY_TXT_MAX];
	struct local_key near;
	bool covers;
	int rv;

	rv = local_key_is_name(key) ? near_name(t, key, &near, &covers) :
				      near_prefix(t, m, key, &near, &covers);
	local_key_to_txt(key_txt, key);
	if (rv != 0)
		return local_fail(why, -ENOENT, "%s is not an entry", key_txt);
	local_key_to_txt(near_txt, &near);
	return local_fail(why, -ENOENT, "%s is not an entry; %s is%s", key_txt,
	    near_txt, covers ? ", and covers it" : "");
}

int
local_del(struct local *l, struct local_entry *entry, char *why)
{
	struct store_bytes old;
	struct local_meta m;
	struct local_key key;
	struct store_txn *t;
	int rv;

	rv = local_key_parse(&key, entry->key_txt, l->apex_len, why);
	if (rv != 0)
		return rv;
	local_key_to_txt(entry->key_txt, &key);
	rv = begin_change(l, &t, &m, why);
	if (rv != 0)
		return rv;

	rv = local_find(t, &key, &old);
	if (rv == -ENOENT) {
		rv = fail_no_entry(t, &m, &key, why);
		store_write_abort(t);
		return rv;
	}
	if (rv == 0) {
		/* A damaged record can still be deleted. */
		if (local_entry_read(entry, &key, &old) != 0)
			entry->code = 0;
		rv = store_del(t, LOCAL_TABLE_ENTRY, key.bytes, key.len);
	}
	if (rv == 0) {
		if (*local_meta_count(&m, &key) > 0)
			--*local_meta_count(&m, &key);
		return local_commit(l, t, &m, why);
	}
	store_write_abort(t);
	return local_fail_store(why, rv, l);
}

int
local_list(struct local *l,
    void (*fn)(void *arg, const struct local_entry *entry), void *arg,
    char *why)
{
	struct store_bytes key_bytes, data;
	struct store_walk *w = NULL;
	struct local_entry entry;
	struct local_key key;
	int rv;

	rv = local_view(l);
	if (rv == 0)
		rv = store_walk_begin(l->view, LOCAL_TABLE_ENTRY, NULL, 0, &w);
	while (rv == 0) {
		rv = store_walk_next(w, &key_bytes, &data);
		if (rv == 0)
			rv = local_key_load(&key, key_bytes.data,
			    key_bytes.len);
		if (rv == 0)
			rv = local_entry_read(&entry, &key, &data);
		if (rv == 0)
			fn(arg, &entry);
	}
	if (w != NULL)
		store_walk_end(w);
	return rv == -ENOENT ? 0 : local_fail_store(why, rv, l);
}
