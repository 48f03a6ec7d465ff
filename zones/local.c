/*
 * The local list zone: entries that blctl changes one at a time and that the
 * daemon sees at the next query.
 *
 * One LMDB file with two tables. "entry" holds a record for each key of
 * zones/local_key.h: the fields for people, then the RRs as they are answered.
 * "meta" holds one record of counters: how many entries there are of each
 * prefix length, so that a lookup probes no length in vain, and the time of the
 * last change. Here: opening and lookup; changes are in zones/local_edit.c.
 *
 * The daemon reads as another user, who may write the lock file but not the
 * data. The file comes from blctl; damage reads as "not listed".
 */
#include "zones/local.h"

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/store.h"
#include "zones/local_find.h"
#include "zones/local_impl.h"
#include "zones/local_key.h"
#include "zones/local_record.h"

static const char *const tables[] = LOCAL_TABLES;

#define SIZE_MAX_BYTES ((size_t)256 << 20) /* some 500000 entries */
#define FOLDER_MODE 0750
#define DATA_MODE 0640
#define LOCK_MODE 0660 /* a reader notes itself there */

/* ---- reasons */

int
local_fail_store(char *why, int rv, const struct local *l)
{
	if (rv == -ENOSPC || rv == -EFBIG) /* -ENOSPC: or SIZE_MAX_BYTES */
		return local_fail(why, rv, "%s: %s; nothing was changed",
		    l->path, strerror(-rv));
	if (rv == -EBADMSG)
		return local_fail(why, rv, "%s: the file is damaged or of "
		    "another version", l->path);
	return local_fail(why, rv, "%s: %s", l->path, strerror(-rv));
}

/* ---- the view */

int
local_view(struct local *l)
{
	uint32_t serial = l->meta.serial;
	int rv;

	if (l->is_viewing)
		return 0;
	rv = store_read_resume(l->view);
	if (rv != 0)
		return rv;
	rv = local_meta_read(l->view, &l->meta);
	if (rv != 0) {
		store_read_pause(l->view);
		l->meta.serial = 0;
		return rv;
	}
	l->is_viewing = true;
	if (l->meta.serial == serial)
		return 0;
	local_meta_lengths(&l->ip4, &l->meta, LOCAL_KEY_IP4);
	local_meta_lengths(&l->ip6, &l->meta, LOCAL_KEY_IP6);
	put_be32(l->soa + l->apex.soa_len - 20, l->meta.serial);
	return 0;
}

void
local_pause(struct local *l)
{
	if (!l->is_viewing)
		return;
	store_read_pause(l->view);
	l->is_viewing = false;
}

/* ---- lookup */

static int
add_hit(struct zone_hits *hits, const struct store_bytes *data,
    enum zone_hit_kind kind, unsigned first_label)
{
	struct local_record r;

	if (local_record_read(&r, data) != 0)
		return -EBADMSG;
	hits->exists = true;
	if (hits->n == ZONE_DATASETS_MAX)
		return 0;
	hits->hit[hits->n++] = (struct zone_hit){
		.rrs = r.rrs,
		.len = r.rrs_len,
		.kind = kind,
		.first_label = first_label,
	};
	return 0;
}

/*
 * bits of an address: all of them, or those of a name above listed addresses,
 * which exists if anything around or below it is listed.
 */
static int
lookup_addr(struct local *l, enum local_key_tag tag, const uint8_t *addr,
    unsigned bits, struct zone_hits *hits)
{
	const struct local_lengths *lens =
	    tag == LOCAL_KEY_IP4 ? &l->ip4 : &l->ip6;
	struct local_key key, inner;
	struct store_bytes data;
	int rv;

	if (bits == 0 || lens->n == 0)
		return 0;
	rv = local_find_around(l->view, lens, tag, addr, bits, &key, &data);
	if (bits == local_key_bits(tag)) {
		if (rv == 0)
			rv = add_hit(hits, &data, tag == LOCAL_KEY_IP4 ?
			    ZONE_HIT_IP4 : ZONE_HIT_IP6, 0);
		return rv == -ENOENT ? 0 : rv;
	}
	if (rv == -ENOENT) {
		local_key_set_prefix(&key, tag, addr, bits);
		rv = local_find_inside(l->view, &key, &inner);
	}
	hits->exists |= rv == 0;
	return rv == -ENOENT ? 0 : rv;
}

static int
lookup_name(struct local *l, const struct zone_key *k, struct zone_hits *hits)
{
	size_t above = 1; /* bytes of the names above it */
	unsigned left = k->n_labels, depth;
	struct store_bytes data;
	struct local_key key;
	struct local_found f;
	int rv;

	if (left == 0 || l->meta.names == 0)
		return 0;
	local_key_start_name(&key);
	do
		above = key.len;
	while (local_key_push_label(&key, k->dname + k->off[left - 1]) &&
	    --left > 0);

	rv = local_find_cover(l->view, &key, above, &f, &depth);
	if (rv == 0 && left == 0) {
		rv = local_find_name(l->view, &key, &data, &hits->exists);
		if (rv == 0)
			return add_hit(hits, &data, ZONE_HIT_NAME, 0);
	}
	if (rv != 0 && rv != -ENOENT)
		return rv;
	if (depth == 0)
		return 0;
	return add_hit(hits, &f.data, ZONE_HIT_NAME, k->n_labels - depth);
}

int
local_lookup(struct local *l, const struct zone_key *key,
    struct zone_hits *hits)
{
	uint8_t ip4[4];
	int rv = local_view(l);

	if (rv != 0)
		return rv;
	put_be32(ip4, key->ip4);
	rv = lookup_addr(l, LOCAL_KEY_IP4, ip4, key->ip4_bits, hits);
	if (rv == 0)
		rv = lookup_addr(l, LOCAL_KEY_IP6, key->ip6, key->ip6_bits,
		    hits);
	/* A whole address is no name, even where `*.a` could cover it. */
	if (rv == 0 && key->ip4_bits != 32 && key->ip6_bits != 128)
		rv = lookup_name(l, key, hits);
	return rv;
}

/* ---- the apex */

const struct zone_apex *
local_apex(struct local *l)
{
	(void)local_view(l); /* else the last serial that was seen will do */
	return &l->apex;
}

/* SOA and NS as for a zone that is served locally only, RFC 6303 3. */
static void
apex_init(struct local *l)
{
	static const uint8_t rname[] = "\6nobody\7invalid"; /* with the 0 */
	static const uint32_t times[] = {0, 3600, 1200, 604800, LOCAL_TTL};
	uint8_t *p = l->soa;

	memcpy(p, l->apex_name, l->apex_len);
	p += l->apex_len;
	memcpy(p, rname, sizeof(rname));
	p += sizeof(rname);
	for (unsigned i = 0; i < 5; i++, p += 4)
		put_be32(p, times[i]);
	l->apex = (struct zone_apex){
		.soa = l->soa,
		.soa_len = (uint16_t)(p - l->soa),
		.soa_ttl = LOCAL_TTL,
		.negative_ttl = LOCAL_TTL,
		.ns = l->apex_name,
		.ns_len = l->apex_len,
		.ns_ttl = LOCAL_TTL,
	};
}

/* ---- opening */

/* Lets the group use what we made; nothing to do where it already can. */
static int
give_to_group(const char *path, gid_t gid, mode_t mode, char *why)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return local_fail(why, -errno, "%s: %s", path, strerror(errno));
	if (st.st_gid != gid && lchown(path, (uid_t)-1, gid) == -1)
		return local_fail(why, -errno, "%s: cannot be given to group "
		    "%u, as which the daemon reads it: %s", path,
		    (unsigned)gid, strerror(errno));
	if ((st.st_mode & 07777) != mode && chmod(path, mode) == -1)
		return local_fail(why, -errno, "%s: cannot be given mode %o: "
		    "%s", path, (unsigned)mode, strerror(errno));
	return 0;
}

static int
give_all_to_group(const struct local *l, gid_t gid, char *why)
{
	char other[PATH_MAX + sizeof("-lock")];
	int rv;

	if (gid == (gid_t)-1)
		return 0;
	rv = give_to_group(l->path, gid, DATA_MODE, why);
	if (rv != 0)
		return rv;
	snprintf(other, sizeof(other), "%s-lock", l->path);
	rv = give_to_group(other, gid, LOCK_MODE, why);
	if (rv != 0)
		return rv;
	snprintf(other, sizeof(other), "%s", l->path);
	*strrchr(other, '/') = '\0';
	return give_to_group(other, gid, FOLDER_MODE, why);
}

static int
make_folder(const char *path, mode_t mode, char *why)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	return local_fail(why, -errno, "%s: cannot be made: %s", path,
	    strerror(errno));
}

static int
identify_files(struct local_files *out, const struct local *l)
{
	static const char *const suffixes[] = {"", "-lock"};
	char path[PATH_MAX + sizeof("-lock")];
	struct stat st;

	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s%s", l->path, suffixes[i]);
		if (stat(path, &st) == -1)
			return -errno;
		out->dev[i] = st.st_dev;
		out->ino[i] = st.st_ino;
	}
	return 0;
}

bool
local_is_replaced(const struct local *l)
{
	struct local_files now;

	if (identify_files(&now, l) != 0)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		if (now.dev[i] != l->files.dev[i] ||
		    now.ino[i] != l->files.ino[i])
			return true;
	}
	return false;
}

static int
open_store(struct local *l, enum store_mode mode, char *why)
{
	const struct store_opts opts = {
		.mode = mode,
		.size_max = SIZE_MAX_BYTES,
		.tables = tables,
		.file_mode = DATA_MODE,
	};
	char store_why[STORE_WHY_MAX] = "";
	int rv = store_open(&l->store, l->path, &opts, store_why);

	if (rv != 0) {
		l->store = NULL;
		return local_fail(why, rv, "%s", store_why);
	}
	(void)identify_files(&l->files, l); /* else taken for replaced */
	return 0;
}

static int
open_view(struct local *l, char *why)
{
	int rv = store_read_begin(l->store, &l->view);

	if (rv != 0)
		return local_fail_store(why, rv, l);
	store_read_pause(l->view);
	return 0;
}

static void
shut_store(struct local *l)
{
	local_pause(l);
	store_read_end(l->view);
	store_close(l->store);
	l->view = NULL;
	l->store = NULL;
}

/* A new file gets its counters, so that a reader can tell it from a cut one. */
static int
make_meta(struct local *l, char *why)
{
	struct local_meta m;
	struct store_txn *t;
	int rv;

	rv = store_write_begin(l->store, &t);
	if (rv != 0)
		return local_fail_store(why, rv, l);
	rv = local_meta_read(t, &m);
	if (rv == -ENOENT) {
		memset(&m, 0, sizeof(m));
		return local_commit(l, t, &m, why);
	}
	store_write_abort(t);
	return rv == 0 ? 0 : local_fail_store(why, rv, l);
}

/* Opens for changes; makes whatever is missing. */
static int
open_for_write(struct local *l, const char *state_dir, gid_t gid, char *why)
{
	char folder[PATH_MAX];
	int rv;

	snprintf(folder, sizeof(folder), "%s/local", state_dir);
	rv = make_folder(state_dir, 0755, why);
	if (rv == 0)
		rv = make_folder(folder, FOLDER_MODE, why);
	if (rv == 0)
		rv = open_store(l, STORE_LIVE_WRITE, why);
	if (rv == 0)
		rv = give_all_to_group(l, gid, why);
	if (rv == 0)
		rv = make_meta(l, why);
	if (rv == 0)
		rv = open_view(l, why);
	return rv;
}

/* Returns -ENOENT if the file is not there or not made to the end. */
static int
open_for_read(struct local *l, char *why)
{
	int rv;

	rv = open_store(l, STORE_LIVE_READ, why);
	if (rv == 0)
		rv = open_view(l, why);
	if (rv != 0)
		return rv;
	rv = local_view(l);
	local_pause(l);
	return rv == 0 ? 0 : local_fail_store(why, rv, l);
}

static int
open_either(struct local *l, const char *state_dir, bool write, gid_t gid,
    char *why)
{
	int rv;

	if (write)
		return open_for_write(l, state_dir, gid, why);
	rv = open_for_read(l, why);
	if (rv != -ENOENT)
		return rv;
	shut_store(l);
	rv = open_for_write(l, state_dir, gid, why);
	if (rv != 0)
		return rv;
	shut_store(l);
	return open_for_read(l, why);
}

static int
set_names(struct local *l, const char *state_dir, const char *zone, char *why)
{
	int rv = dname_from_txt(l->apex_name, zone, strlen(zone));

	if (rv < 0 || strchr(zone, '/') != NULL)
		return local_fail(why, -EINVAL, "%s: a local zone cannot have "
		    "this name", zone);
	l->apex_len = (size_t)rv;
	dname_lower(l->apex_name, l->apex_len);
	if (snprintf(l->path, sizeof(l->path), "%s/local/%s.mdb", state_dir,
	    zone) >= (int)sizeof(l->path))
		return local_fail(why, -ENAMETOOLONG, "%s: the path of the "
		    "local store is too long", zone);
	return 0;
}

int
local_open(struct local **out, const char *state_dir, const char *zone,
    bool write, gid_t gid, char *why)
{
	struct local *l = calloc(1, sizeof(*l));
	int rv;

	*out = NULL;
	if (l == NULL)
		return local_fail(why, -ENOMEM, "%s: no memory", zone);
	rv = set_names(l, state_dir, zone, why);
	if (rv == 0) {
		apex_init(l);
		rv = open_either(l, state_dir, write, gid, why);
	}
	if (rv == 0)
		*out = l;
	else
		local_close(l);
	return rv;
}

void
local_close(struct local *l)
{
	if (l == NULL)
		return;
	shut_store(l);
	free(l);
}
