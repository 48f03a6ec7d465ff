/*
 * For tests of the local store: changes as blctl makes them, questions as the
 * daemon asks them, and the answers as text.
 */
#ifndef TESTS_UNIT_LOCALS_H
#define TESTS_UNIT_LOCALS_H

#include <string.h>

#include "lib/dns.h"
#include "tests/unit/unit.h"
#include "zones/local.h"
#include "zones/value.h"

#define ZONE "blacklist.internal"
#define ZONE_LABELS 2
#define NO_GROUP ((gid_t)-1)
#define ANSWER_MAX 1024

__attribute__((unused)) static struct local *
open_local(const char *state, bool write)
{
	char why[LOCAL_WHY_MAX] = "";
	struct local *l;
	int rc = local_open(&l, unit_path(state), ZONE, write, NO_GROUP, why);

	ck_assert_msg(rc == 0, "%s", why);
	return l;
}

__attribute__((unused)) static int
try_add(struct local *l, const char *key, const char *reason)
{
	struct local_entry e = {.code = 0x7f000002, .added = 1700000000}, was;
	enum local_change change;
	char why[LOCAL_WHY_MAX];

	snprintf(e.key_txt, sizeof(e.key_txt), "%s", key);
	snprintf(e.reason, sizeof(e.reason), "%s", reason);
	snprintf(e.author, sizeof(e.author), "tester");
	return local_add(l, &e, &was, &change, why);
}

__attribute__((unused)) static void
add(struct local *l, const char *key, const char *reason)
{
	ck_assert_int_eq(try_add(l, key, reason), 0);
}

__attribute__((unused)) static int
try_del(struct local *l, const char *key, char *why)
{
	struct local_entry e = {.code = 0};

	snprintf(e.key_txt, sizeof(e.key_txt), "%s", key);
	return local_del(l, &e, why);
}

__attribute__((unused)) static void
del(struct local *l, const char *key)
{
	char why[LOCAL_WHY_MAX] = "";

	ck_assert_msg(try_del(l, key, why) == 0, "%s", why);
}

/* "A 127.0.0.2" and "TXT text" for each RR, or the kind of no answer. */
__attribute__((unused)) static const char *
hits_txt(char *out, const struct zone_key *key, const struct zone_hits *hits)
{
	char key_txt[DNAME_TXT_MAX];
	uint8_t txt[256];
	char *p = out;

	if (hits->n == 0)
		return hits->exists ? "NODATA" : "NXDOMAIN";
	for (unsigned i = 0; i < hits->n; i++) {
		const uint8_t *rr = hits->hit[i].rrs;
		const uint8_t *end = rr + hits->hit[i].len;
		struct value_rr v;

		zone_hit_txt(key_txt, key, &hits->hit[i]);
		while (value_next(&rr, end, &v)) {
			ck_assert_uint_eq(v.ttl, LOCAL_TTL);
			if (p != out)
				*p++ = ' ';
			if (v.type == DNS_TYPE_A) {
				p += sprintf(p, "A %u.%u.%u.%u", v.data[0],
				    v.data[1], v.data[2], v.data[3]);
				continue;
			}
			ck_assert_uint_eq(v.type, DNS_TYPE_TXT);
			if (v.is_template)
				value_expand(txt, &v, key_txt);
			else
				memcpy(txt, v.data, v.len);
			p += sprintf(p, "TXT %.*s", txt[0], txt + 1);
		}
	}
	return out;
}

/* Asks for the labels below the apex, without a pause before or after. */
__attribute__((unused)) static const char *
look(struct local *l, const char *labels)
{
	static char out[ANSWER_MAX];
	char qname[DNAME_TXT_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	struct zone_hits hits = {.n = 0};
	struct zone_key key;

	snprintf(qname, sizeof(qname), "%s%s%s", labels,
	    *labels != '\0' ? "." : "", ZONE);
	ck_assert_int_gt(dname_from_txt(dname, qname, strlen(qname)), 0);
	zone_key_init(&key, dname, ZONE_LABELS, off, hash);
	ck_assert_int_eq(local_lookup(l, &key, &hits), 0);
	return hits_txt(out, &key, &hits);
}

__attribute__((unused)) static const char *
ask(struct local *l, const char *labels)
{
	const char *answer = look(l, labels);

	local_pause(l);
	return answer;
}

struct listing {
	unsigned n;
	char keys[ANSWER_MAX]; /* with a blank behind each */
	unsigned broken;       /* entries that are not as adder() made them */
};

__attribute__((unused)) static void
on_entry(void *arg, const struct local_entry *e)
{
	struct listing *list = arg;
	size_t len = strlen(list->keys);
	char want[32];

	list->n++;
	snprintf(list->keys + len, sizeof(list->keys) - len, "%s ", e->key_txt);
	snprintf(want, sizeof(want), "reason of %.20s", e->key_txt);
	if (strcmp(e->reason, want) != 0 || strcmp(e->author, "tester") != 0 ||
	    e->code != 0x7f000002)
		list->broken++;
}

__attribute__((unused)) static struct listing
list(struct local *l)
{
	struct listing list = {.n = 0};
	char why[LOCAL_WHY_MAX] = "";

	ck_assert_msg(local_list(l, on_entry, &list, why) == 0, "%s", why);
	local_pause(l);
	return list;
}

/* ---- many */

__attribute__((unused)) static const char *const many[] = {
    "192.0.2.0/24", "192.0.2.128/25", "192.0.2.7", "10.0.0.0/8", "198.51.0.1",
    "2001:db8::/32", "2001:db8::1", "2001:db8:8000::/33", "a000::/4",
    "example.com", "*.below.com", ".both.com", "a.b.c.deep.com", "*.x.both.com",
    "y.both.com", "mixed.com", "*.mixed.com", "*.com.net", "localhost", "*.f",
    NULL,
};

__attribute__((unused)) static struct local *
open_many(bool upside_down)
{
	struct local *l = open_local("many", true);

	for (size_t i = 0, n = UNIT_COUNT(many) - 1; i < n; i++) {
		const char *key = many[upside_down ? n - 1 - i : i];

		add(l, key, key);
	}
	return l;
}

#endif
