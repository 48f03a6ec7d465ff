/*
 * Keys are names with a NUL between them, values little-endian structs with a
 * version. What is put waits in memory, in the order in which it came, until
 * state_save() writes it.
 */
#include "tools/mxcheck/state.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/store.h"
#include "lib/why.h"
#include "lib/xalloc.h"

#define SIZE_MAX_BYTES ((size_t)64 << 20)
#define VERSION 1
#define VALUE_MAX 96
#define RUN_KEY "run" /* in META */
#define RUN_LEN 9

enum table { META, FIND, ENDPOINT, STS };
static const char *const tables[] = {"meta", "find", "endpoint", "sts", NULL};

struct key {
	uint8_t bytes[STORE_KEY_MAX];
	size_t len;
};

struct change {
	struct change *next;
	enum table table;
	struct key key;
	size_t len; /* 0: it goes */
	uint8_t value[VALUE_MAX];
};

struct state {
	char path[PATH_MAX];
	int lock;
	int64_t now;
	struct store *store;
	struct store_txn *view;
	struct change *changes, **last;
};

#define fail(why, rc, ...) why_fail(why, STATE_WHY_MAX, rc, __VA_ARGS__)

/* ---- keys and changes */

/*
 * Names with a NUL behind each but the last. One that is too long keeps its
 * beginning, so that two of them may share a key: DNS has no such names.
 */
static void
make_key(struct key *key, const char *const *words, size_t n)
{
	key->len = 0;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(words[i]) + (i + 1 < n ? 1 : 0);

		if (len > sizeof(key->bytes) - key->len)
			len = sizeof(key->bytes) - key->len;
		memcpy(key->bytes + key->len, words[i], len);
		key->len += len;
	}
}

static void
finding_key(struct key *key, const struct state_finding *f)
{
	make_key(key, (const char *[]){f->domain, f->id, f->subject}, 3);
}

static void
put(struct state *st, enum table table, const struct key *key,
    const uint8_t *value, size_t len)
{
	struct change *c = xcalloc(1, sizeof(*c));

	c->table = table;
	c->key = *key;
	c->len = len;
	if (len > 0)
		memcpy(c->value, value, len);
	*st->last = c;
	st->last = &c->next;
}

static bool
get(struct state *st, enum table table, const struct key *key, size_t len,
    const uint8_t **value)
{
	struct store_bytes found;

	if (key->len == 0 || store_get(st->view, table, key->bytes, key->len,
	    &found) != 0 || found.len != len)
		return false;
	*value = found.data;
	return (*value)[0] == VERSION;
}

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
	if (found.len != RUN_LEN || p[0] != VERSION)
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
	uint8_t run[RUN_LEN] = {VERSION};
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

/* ---- the tables */

bool
state_get_alert(struct state *st, const struct state_finding *f,
    struct alert *out)
{
	struct store_bytes found;
	struct key key;

	finding_key(&key, f);
	return store_get(st->view, FIND, key.bytes, key.len, &found) == 0 &&
	    alert_read(out, found.data, found.len);
}

void
state_put_alert(struct state *st, const struct state_finding *f,
    const struct alert *alert)
{
	uint8_t value[ALERT_LEN];
	struct key key;

	finding_key(&key, f);
	alert_write(value, alert);
	put(st, FIND, &key, value, sizeof(value));
}

/* The words of a key, each with a NUL behind it. Returns false if it is not
 * one of ours. */
static bool
read_key(const struct store_bytes *key, char buf[STORE_KEY_MAX + 1],
    struct state_finding *f)
{
	const char **words[] = {&f->domain, &f->id, &f->subject};
	const char *p = buf, *end = buf + key->len + 1;

	if (key->len > STORE_KEY_MAX)
		return false;
	memcpy(buf, key->data, key->len);
	buf[key->len] = '\0';
	for (size_t i = 0; i < 3; i++) {
		if (p >= end)
			return false;
		*words[i] = p;
		p += strlen(p) + 1;
	}
	return p == end;
}

void
state_each_alert(struct state *st, const char *domain,
    void (*fn)(void *arg, const struct state_finding *f,
    const struct alert *alert), void *arg)
{
	struct store_bytes key, value;
	struct store_walk *walk;
	struct state_finding f;
	struct alert alert;
	struct key from;
	char buf[STORE_KEY_MAX + 1];

	/* from the first key with this word, up to another word */
	make_key(&from, (const char *[]){domain, ""}, domain != NULL ? 2 : 0);
	if (store_walk_begin(st->view, FIND, from.len > 0 ? from.bytes : NULL,
	    from.len, &walk) != 0)
		return;
	while (store_walk_next(walk, &key, &value) == 0) {
		if (!read_key(&key, buf, &f) ||
		    !alert_read(&alert, value.data, value.len))
			continue;
		if (domain != NULL && strcmp(f.domain, domain) != 0)
			break;
		fn(arg, &f, &alert);
	}
	store_walk_end(walk);
}

#define ENDPOINT_LEN 78

bool
state_get_endpoint(struct state *st, const char *host, const char *addr,
    struct state_endpoint *out)
{
	struct key key;
	const uint8_t *p;

	make_key(&key, (const char *[]){host, addr}, 2);
	if (!get(st, ENDPOINT, &key, ENDPOINT_LEN, &p))
		return false;
	out->seen = (int64_t)get_le64(p + 1);
	out->first_usable = (int64_t)get_le64(p + 9);
	out->last_usable = (int64_t)get_le64(p + 17);
	out->next_probe = (int64_t)get_le64(p + 25);
	out->not_after = (int64_t)get_le64(p + 33);
	out->n_tls = get_le32(p + 41);
	out->has_key = p[45] == 1;
	memcpy(out->spki, p + 46, STATE_DIGEST_LEN);
	return true;
}

void
state_put_endpoint(struct state *st, const char *host, const char *addr,
    const struct state_endpoint *ep)
{
	uint8_t p[ENDPOINT_LEN] = {VERSION};
	struct key key;

	make_key(&key, (const char *[]){host, addr}, 2);
	put_le64(p + 1, (uint64_t)ep->seen);
	put_le64(p + 9, (uint64_t)ep->first_usable);
	put_le64(p + 17, (uint64_t)ep->last_usable);
	put_le64(p + 25, (uint64_t)ep->next_probe);
	put_le64(p + 33, (uint64_t)ep->not_after);
	put_le32(p + 41, ep->n_tls);
	p[45] = ep->has_key;
	memcpy(p + 46, ep->spki, STATE_DIGEST_LEN);
	put(st, ENDPOINT, &key, p, sizeof(p));
}

#define STS_LEN (1 + 8 + 1 + 4 + STATE_DIGEST_LEN + STATE_WORD_LEN)

bool
state_get_sts(struct state *st, const char *domain, struct state_sts *out)
{
	struct key key;
	const uint8_t *p;

	make_key(&key, (const char *[]){domain}, 1);
	if (!get(st, STS, &key, STS_LEN, &p) || p[STS_LEN - 1] != '\0')
		return false;
	out->fetched = (int64_t)get_le64(p + 1);
	out->mode = p[9];
	out->max_age = get_le32(p + 10);
	memcpy(out->body, p + 14, STATE_DIGEST_LEN);
	memcpy(out->id, p + 14 + STATE_DIGEST_LEN, STATE_WORD_LEN);
	return true;
}

void
state_put_sts(struct state *st, const char *domain, const struct state_sts *sts)
{
	uint8_t p[STS_LEN] = {VERSION};
	struct key key;

	make_key(&key, (const char *[]){domain}, 1);
	put_le64(p + 1, (uint64_t)sts->fetched);
	p[9] = sts->mode;
	put_le32(p + 10, sts->max_age);
	memcpy(p + 14, sts->body, STATE_DIGEST_LEN);
	memcpy(p + 14 + STATE_DIGEST_LEN, sts->id,
	    strnlen(sts->id, STATE_WORD_LEN - 1));
	put(st, STS, &key, p, sizeof(p));
}

#define MUTE_LEN 9

int64_t
state_get_mute(struct state *st, const char *name)
{
	const uint8_t *p;
	struct key key;

	make_key(&key, (const char *[]){"mute", name}, 2);
	return get(st, META, &key, MUTE_LEN, &p) ? (int64_t)get_le64(p + 1) :
	    0;
}

void
state_put_mute(struct state *st, const char *name, int64_t until)
{
	uint8_t p[MUTE_LEN] = {VERSION};
	struct key key;

	make_key(&key, (const char *[]){"mute", name}, 2);
	put_le64(p + 1, (uint64_t)until);
	put(st, META, &key, p, until != 0 ? sizeof(p) : 0);
}

/* Does the key begin with this word, or have it as its last? A subject may be
 * "HOST ADDRESS". */
static bool
names(const struct store_bytes *key, const char *name)
{
	const char *p = key->data, *end = p + key->len, *word;
	size_t len = strlen(name);

	for (word = p; word < end; word += strnlen(word,
	    (size_t)(end - word)) + 1) {
		size_t left = (size_t)(end - word);

		if (left >= len && memcmp(word, name, len) == 0 &&
		    (left == len || word[len] == '\0' || word[len] == ' '))
			return true;
	}
	return false;
}

unsigned
state_forget(struct state *st, const char *name)
{
	struct store_bytes key, value;
	struct store_walk *walk;
	struct key k;
	unsigned n = 0;

	for (enum table i = FIND; i <= STS; i++) {
		if (store_walk_begin(st->view, i, NULL, 0, &walk) != 0)
			continue;
		while (store_walk_next(walk, &key, &value) == 0) {
			if (key.len > sizeof(k.bytes) || !names(&key, name))
				continue;
			memcpy(k.bytes, key.data, key.len);
			k.len = key.len;
			put(st, i, &k, NULL, 0);
			n++;
		}
		store_walk_end(walk);
	}
	return n;
}
