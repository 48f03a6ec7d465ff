/*
 * A generation of which what stands in its file has changed: header, counts,
 * subzones, values, indexes, provenance. LMDB's pages are whole (fuzz_store.c).
 * Anything may be answered, listed, judged and exported, but in bounds.
 *
 *	changes: u8 which of the values (the arrays' bits as in fuzz_index.c),
 *	u16 place, u8 new value
 */
#include <stdlib.h>

#include "lib/store.h"
#include "tests/fuzz/zones.h"
#include "zones/acl.h"
#include "zones/build.h"
#include "zones/diff.h"
#include "zones/export.h"
#include "zones/gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char combined[] =
    "$NS 1 a. b.\n$DATASET ip4set:x a @\n1.2.3.4 $\n1.2.0.0/16 b\n"
    "$EXPIRES 2037:01:01\n1.2.3.5 c\n$EXPIRES 2036:01:01\n1.2.3.5 d\n"
    "$DATASET ip6trie a b.c\n2001:db8::/32\n!2001:db8:1::/48\n"
    "$DATASET dnset @ d\n.x.y $\n!z.x.y\n*.w e\n$DATASET generic @\n"
    "@ A 9.9.9.9\nm 5 MX 1 a\n";
static const char acl[] = ":refuse\n10/8\n::/0 :5:$\n";

#define NIBBLES                                                                \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
#define VALUES_MAX 64

struct value {
	uint8_t key[32], *data;
	size_t key_len, len;
};

static struct value base[VALUES_MAX];
static size_t n_base;
static char path[64];
static struct conf_zone zone;

static void
on_line(void *arg, const char *file, unsigned line, const char *text)
{
	(void)arg, (void)file, (void)line, (void)text;
}

static const char *
text_file(const char *text, size_t len)
{
	int fd = memfd_create("text", MFD_CLOEXEC);
	char *name = malloc(64);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		err(1, "memfd");
	snprintf(name, 64, "/proc/self/fd/%d", fd);
	return name;
}

static void
read_base(void)
{
	static const struct store_opts opts = {.mode = STORE_IMMUTABLE};
	struct store_bytes key, data;
	struct store_walk *walk;
	struct store_txn *txn;
	struct store *s;
	char why[STORE_WHY_MAX];

	if (store_open(&s, path, &opts, why) != 0 ||
	    store_read_begin(s, &txn) != 0 ||
	    store_walk_begin(txn, 0, NULL, 0, &walk) != 0)
		errx(1, "%s", why);
	while (store_walk_next(walk, &key, &data) == 0) {
		struct value *v = &base[n_base++];

		assert(n_base < VALUES_MAX && key.len <= sizeof(v->key));
		memcpy(v->key, key.data, v->key_len = key.len);
		v->data = malloc((v->len = data.len) + 1);
		memcpy(v->data, data.data, data.len);
	}
	store_walk_end(walk);
	store_read_end(txn);
	store_close(s);
	unlink(path);
}

static void
make_base(void)
{
	static struct conf_dataset sets[2];
	static char *files[2], name[] = "bl.test", first[] = "combined",
	    second[] = "acl";
	char *const type[] = {first, second};
	struct build_result result;
	char why[GENERATION_WHY_MAX];
	const char *dir = getenv("TMPDIR");

	snprintf(path, sizeof(path), "%.40s/fuzz-gen-%ld",
	    dir != NULL ? dir : "/tmp", (long)getpid());
	files[0] = (char *)(uintptr_t)text_file(combined, strlen(combined));
	files[1] = (char *)(uintptr_t)text_file(acl, strlen(acl));
	for (int i = 0; i < 2; i++)
		sets[i] = (struct conf_dataset){.type = type[i],
		    .files = &files[i], .n_files = 1};
	zone = (struct conf_zone){.name = name, .datasets = sets,
	    .n_datasets = 2, .provenance = true};
	memcpy(zone.apex, zones_apex, sizeof(zones_apex));
	if (build_file(&zone, path, on_line, NULL, &result, why) != 0)
		errx(1, "%s", why);
	read_base();
}

/* Puts all values into a new file, one of them changed. */
static void
write_changed(const uint8_t *data, size_t size)
{
	static const struct store_opts opts = {.mode = STORE_NEW,
	    .size_max = 16 << 20, .file_mode = 0600};
	struct value now[VALUES_MAX];
	struct store_txn *txn;
	struct store *s;
	char why[STORE_WHY_MAX];
	int rc = 0;

	for (size_t i = 0; i < n_base; i++) {
		now[i] = base[i];
		now[i].data = malloc(base[i].len + 1);
		memcpy(now[i].data, base[i].data, base[i].len);
	}
	for (; size >= 4; data += 4, size -= 4) {
		struct value *v = &now[(data[0] & 0x3f) % n_base];
		size_t place = v->len > 0 ? (data[1] << 8 | data[2]) % v->len
					  : 0;

		if (v->len > 0 && (data[0] & 0x80) != 0)
			place = v->len - 1 - place;
		if ((data[0] & 0x40) != 0)
			v->len = place;
		else if (v->len > 0)
			v->data[place] = data[3];
	}
	if (store_open(&s, path, &opts, why) != 0 ||
	    store_write_begin(s, &txn) != 0)
		errx(1, "%s", why);
	for (size_t i = 0; i < n_base; i++) {
		rc |= store_put(txn, 0, now[i].key, now[i].key_len,
		    now[i].data, now[i].len);
		free(now[i].data);
	}
	if (rc != 0 || store_write_commit(txn) != 0)
		errx(1, "write");
	store_close(s);
}

static void
no_diff(void *arg, const struct diff_change *c)
{
	(void)arg;
	assert(strlen(c->key) < DIFF_KEY_MAX);
}

static void
ask(const struct generation *gen, const char *text)
{
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct zone_hits hits = {.n = 0};
	struct zone_key key;
	struct value_rr rr;
	int len = dname_from_txt(dname, text, strlen(text));

	assert(len > 0);
	zone_key_init(&key, dname, 2, off, hash);
	generation_lookup(gen, &key, &hits);
	for (unsigned i = 0; i < hits.n; i++) {
		const uint8_t *p = hits.hit[i].rrs;

		while (value_next(&p, hits.hit[i].rrs + hits.hit[i].len, &rr))
			;
	}
	if (why_generation(gen, &key, zones_on_entry, &(unsigned){0}) != 0)
		errx(1, "out of memory");
}

/* A walk over all addresses takes a while: one, now and then. */
static void
walk(const struct generation *gen, unsigned how)
{
	static const char *const formats[] = {"rbldnsd", "bind", "unbound"};
	FILE *null = fopen("/dev/null", "we");
	uint64_t left_out;

	if (how < sizeof(formats) / sizeof(*formats))
		(void)!export_write(gen, zones_apex, formats[how],
		    (const uint8_t *)"\1a", null, &left_out);
	else if (how == 3)
		(void)!diff_generations(gen, gen, no_diff, NULL);
	fclose(null);
}

static void
use(const struct generation *gen)
{
	static const char *const names[] = {"bl.test", "4.3.2.1.bl.test",
	    "5.3.2.1.a.bl.test", "m.bl.test", "q.x.y.d.bl.test", "c.bl.test",
	    NIBBLES ".b.c.bl.test"};
	struct gate_counts counts = {.entries = 1};
	struct gate_case c = {.zone = &zone, .counts = &counts, .next = gen,
	    .current = gen};
	struct addr client = {.family = AF_INET, .bytes = {10}};
	struct acl_verdict v = {.client = &client};
	struct gate_verdict verdict;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		ask(gen, names[i]);
	generation_acl(gen, &v);
	assert(v.action <= ACL_IGNORE);
	gate_judge(&verdict, &c, NULL);
	assert(verdict.passed == (verdict.refused[0] == '\0'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct generation *gen;
	char why[GENERATION_WHY_MAX];
	int rc;

	if (size > 64)
		return 0;
	if (n_base == 0)
		make_base();
	write_changed(data, size);
	rc = generation_open(&gen, path, zones_apex, why);
	unlink(path);
	if (rc != 0) {
		assert(why[0] != '\0');
		return 0;
	}
	rc = generation_check(gen, why);
	assert(rc != 0 || size < 4 || why[0] == '\0');
	use(gen);
	walk(gen, size > 0 ? data[size - 1] : 0);
	generation_close(gen);
	return 0;
}
