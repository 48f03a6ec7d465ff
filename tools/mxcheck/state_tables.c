/*
 * What is in the tables: keys are names with a NUL between them, values
 * little-endian structs with a version. What is put waits in memory, in the
 * order in which it came, until state_save() writes it.
 */
#include <string.h>

#include "lib/bytes.h"
#include "lib/xalloc.h"
#include "tools/mxcheck/state_impl.h"

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
	return (*value)[0] == STATE_VERSION;
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
	uint8_t p[ENDPOINT_LEN] = {STATE_VERSION};
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
	uint8_t p[STS_LEN] = {STATE_VERSION};
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
	uint8_t p[MUTE_LEN] = {STATE_VERSION};
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
