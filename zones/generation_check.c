/*
 * Damage within a generation file: first that of LMDB's pages, which LMDB
 * itself would trust, then that of what they hold. For tools, and for a daemon
 * at its start; a reload reads what was written a moment ago.
 */
#include "zones/generation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/bytes.h"
#include "zones/format.h"
#include "zones/generation_impl.h"

static bool
is_sum(const struct store_bytes *key)
{
	return key->len == strlen(FORMAT_SUM) &&
	    memcmp(key->data, FORMAT_SUM, key->len) == 0;
}

/* The sum over the file, and the one that stands in it. */
static int
sum_up(const struct generation *gen, uint64_t *sum, uint64_t *written)
{
	struct store_bytes key, data;
	struct store_walk *walk;
	int rc;

	*sum = 0;
	rc = store_walk_begin(gen->txn, 0, NULL, 0, &walk);
	if (rc != 0)
		return rc;
	while ((rc = store_walk_next(walk, &key, &data)) == 0) {
		if (!is_sum(&key))
			*sum += format_sum(key.data, key.len, data.data,
			    data.len);
		else if (data.len == 8)
			*written = get_le64(data.data);
	}
	store_walk_end(walk);
	return rc == -ENOENT ? 0 : rc;
}

int
generation_check(const struct generation *gen, char *why)
{
	uint64_t sum = 0, written = 0;
	int rc;

	rc = store_check(gen->txn);
	if (rc == 0)
		rc = sum_up(gen, &sum, &written);
	if (rc == 0 && sum != written)
		rc = -EBADMSG;
	if (rc == -EBADMSG)
		snprintf(why, GENERATION_WHY_MAX, "generation %llu is damaged: "
		    "its checksum is not right; build the zone again, or roll "
		    "back, and look at the disk",
		    (unsigned long long)gen->info.number);
	else if (rc != 0)
		snprintf(why, GENERATION_WHY_MAX, "%s", strerror(-rc));
	return rc;
}
