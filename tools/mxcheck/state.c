/*
 * The file: opening it under its lock, and one transaction at the end. What is
 * in its tables: state_tables.c.
 */
#include "tools/mxcheck/state.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/why.h"
#include "lib/xalloc.h"
#include "tools/mxcheck/state_impl.h"

#define SIZE_MAX_BYTES ((size_t)64 << 20)
#define RUN_KEY "run" /* in META */
#define RUN_LEN 9

static const char *const tables[] = {"meta", "find", "endpoint", "sts", NULL};

#define fail(why, rc, ...) why_fail(why, STATE_WHY_MAX, rc, __VA_ARGS__)

/* ---- opening */

static int
take_lock(struct state *st, const char *dir, struct state_opening *opening,
    char *why)
{
	char path[PATH_MAX], when[32];
	struct stat sb;

	snprintf(path, sizeof(path), "%s/run.lock", dir);
	st->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (st->lock < 0)
		return fail(why, -errno, "%s: %s", path, strerror(errno));
	if (flock(st->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return fail(why, -errno, "%s: %s", path,
			    strerror(errno));
		if (fstat(st->lock, &sb) == 0)
			opening->held_since = sb.st_mtim.tv_sec;
		return fail(why, -EAGAIN, "%s: another run holds it", path);
	}
	/* for the other run to see since when */
	snprintf(when, sizeof(when), "%lld\n", (long long)st->now);
	if (ftruncate(st->lock, 0) != 0 ||
	    pwrite(st->lock, when, strlen(when), 0) < 0)
		return fail(why, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* Whole, and all its pages: LMDB trusts what it reads. */
static int
look_at(const char *path, char *why)
{
	const struct store_opts opts = {
		.mode = STORE_LIVE_READ, .size_max = SIZE_MAX_BYTES,
	};
	struct store_txn *t;
	struct store *store;
	int rc = store_open(&store, path, &opts, why);

	if (rc == 0) {
		rc = store_read_begin(store, &t);
		if (rc == 0) {
			rc = store_check(t);
			store_read_end(t);
		}
		store_close(store);
	}
	return rc;
}

static int
open_store(struct state *st, char *why)
{
	const struct store_opts opts = {
		.mode = STORE_LIVE_WRITE, .size_max = SIZE_MAX_BYTES,
		.tables = tables, .file_mode = 0600,
	};
	char store_why[STORE_WHY_MAX] = "";
	int rc = store_open(&st->store, st->path, &opts, store_why);

	if (rc == 0)
		rc = store_read_begin(st->store, &st->view);
	if (rc != 0)
		return fail(why, rc, "%s: %s", st->path,
		    store_why[0] != '\0' ? store_why : strerror(-rc));
	return 0;
}

static void
close_store(struct state *st)
{
	store_read_end(st->view);
	store_close(st->store);
	st->view = NULL;
	st->store = NULL;
}

static int
put_aside(struct state *st, char *why)
{
	char bad[PATH_MAX + 8], lock[PATH_MAX + 8];

	snprintf(bad, sizeof(bad), "%s.bad", st->path);
	snprintf(lock, sizeof(lock), "%s-lock", st->path);
	(void)unlink(lock);
	if (rename(st->path, bad) != 0)
		return fail(why, -errno, "%s: %s", bad, strerror(errno));
	return 0;
}

/* The record that each run ends with. Returns 0, -ENOENT, or -EBADMSG if it is
 * of another version. */
static int
last_run(struct state *st, int64_t *at)
{
	struct store_bytes found;
	const uint8_t *p;
	int rc = store_get(st->view, META, RUN_KEY, sizeof(RUN_KEY) - 1,
	    &found);

	if (rc != 0)
		return rc;
	p = found.data;
	if (found.len != RUN_LEN || p[0] != STATE_VERSION)
		return -EBADMSG;
	*at = (int64_t)get_le64(p + 1);
	return 0;
}

static int
begin_anew(struct state *st, struct state_opening *opening, char *why)
{
	int rc;

	close_store(st);
	opening->was_lost = true;
	rc = put_aside(st, why);
	return rc == 0 ? open_store(st, why) : rc;
}

/* -EBUSY is for a file that another process makes larger, and we hold the
 * lock: its header is wrong. */
static bool
is_damage(int rc)
{
	return rc == -EBADMSG || rc == -EBUSY;
}

static int
open_file(struct state *st, struct state_opening *opening, char *why)
{
	char store_why[STORE_WHY_MAX] = "";
	int rc = look_at(st->path, store_why);

	if (is_damage(rc))
		return begin_anew(st, opening, why);
	if (rc != 0 && rc != -ENOENT)
		return fail(why, rc, "%s: %s", st->path,
		    store_why[0] != '\0' ? store_why : strerror(-rc));
	rc = open_store(st, why);
	if (is_damage(rc))
		return begin_anew(st, opening, why);
	if (rc != 0)
		return rc;
	rc = last_run(st, &opening->last_run);
	if (rc == -EBADMSG)
		return begin_anew(st, opening, why);
	/* a first run that did not come to its end has left nothing */
	opening->is_new = rc == -ENOENT;
	return opening->is_new ? 0 : rc;
}

int
state_open(struct state **out, const char *dir, int64_t now,
    struct state_opening *opening, char why[STATE_WHY_MAX])
{
	struct state *st = xcalloc(1, sizeof(*st));
	int rc = 0;

	*out = NULL;
	*opening = (struct state_opening){0};
	st->lock = -1;
	st->now = now;
	st->last = &st->changes;
	if (snprintf(st->path, sizeof(st->path), "%s/state.mdb", dir) >=
	    (int)sizeof(st->path) - 16)
		rc = fail(why, -ENAMETOOLONG, "%s: too long", dir);
	else if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		rc = fail(why, -errno, "%s: %s", dir, strerror(errno));
	if (rc == 0)
		rc = take_lock(st, dir, opening, why);
	if (rc == 0)
		rc = open_file(st, opening, why);
	if (rc != 0) {
		state_close(st);
		return rc;
	}
	*out = st;
	return 0;
}

void
state_close(struct state *st)
{
	struct change *next;

	if (st == NULL)
		return;
	for (struct change *c = st->changes; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	close_store(st);
	if (st->lock >= 0)
		close(st->lock);
	free(st);
}

/* ---- saving */

/* When a run last had it; 0 for what does not age. */
static int64_t
seen(enum table table, const struct store_bytes *value)
{
	const uint8_t *p = value->data;
	struct alert alert;

	if (table == FIND)
		return alert_read(&alert, p, value->len) ? alert.seen : 1;
	if (table == ENDPOINT)
		return value->len > 17 ? (int64_t)get_le64(p + 1) : 1;
	if (table == STS)
		return value->len > 9 ? (int64_t)get_le64(p + 1) : 1;
	return 0;
}

static int
drop_old(struct state *st, struct store_txn *t, enum table table)
{
	struct store_bytes key, value;
	struct store_walk *walk;
	int64_t when;
	int rc = store_walk_begin(t, table, NULL, 0, &walk);

	if (rc != 0)
		return rc;
	while ((rc = store_walk_next(walk, &key, &value)) == 0) {
		when = seen(table, &value);
		if (when != 0 && when < st->now - STATE_FORGET_S)
			rc = store_walk_del(walk);
		if (rc != 0)
			break;
	}
	store_walk_end(walk);
	return rc == -ENOENT ? 0 : rc;
}

typedef int write_fn(struct state *st, struct store_txn *t);

static int
write_changes(struct state *st, struct store_txn *t)
{
	int rc = 0;

	for (const struct change *c = st->changes; c != NULL && rc == 0;
	    c = c->next) {
		rc = c->len > 0 ? store_put(t, c->table, c->key.bytes,
		    c->key.len, c->value, c->len) :
		    store_del(t, c->table, c->key.bytes, c->key.len);
		if (rc == -ENOENT)
			rc = 0;
	}
	return rc;
}

static int
write_run(struct state *st, struct store_txn *t)
{
	uint8_t run[RUN_LEN] = {STATE_VERSION};
	int rc = write_changes(st, t);

	for (enum table i = FIND; i <= STS && rc == 0; i++)
		rc = drop_old(st, t, i);
	put_le64(run + 1, (uint64_t)st->now);
	return rc == 0 ? store_put(t, META, RUN_KEY, sizeof(RUN_KEY) - 1,
	    run, sizeof(run)) : rc;
}

static int
save(struct state *st, write_fn *write_all, char *why)
{
	struct store_txn *t;
	int rc = store_write_begin(st->store, &t);

	if (rc == 0) {
		rc = write_all(st, t);
		if (rc == 0)
			rc = store_write_commit(t);
		else
			store_write_abort(t);
	}
	if (rc != 0)
		return fail(why, rc, "%s: %s; nothing was changed", st->path,
		    strerror(-rc));
	return 0;
}

int
state_save(struct state *st, char why[STATE_WHY_MAX])
{
	return save(st, write_run, why);
}

int
state_amend(struct state *st, char why[STATE_WHY_MAX])
{
	return save(st, write_changes, why);
}
