/*
 * The rules of the gate. They look at a generation through its indexes only,
 * and never at its files, so that what is judged is what will be served.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/bytes.h"
#include "zones/gate_impl.h"
#include "zones/ip4.h"
#include "zones/ip6.h"

/* ---- the files */

static bool
whole_files(const struct gate_case *c, char *why)
{
	if (c->counts->cut_files == 0)
		return true;
	return refuse(why, "%" PRIu64 " file%s end%s without a newline: cut "
	    "short?", c->counts->cut_files,
	    c->counts->cut_files == 1 ? "" : "s",
	    c->counts->cut_files == 1 ? "s" : "");
}

/* Half of the lines of an error page would do as domain names. */
static bool
page(const struct gate_case *c, char *why)
{
	if (c->counts->pages == 0)
		return true;
	return refuse(why, "%" PRIu64 " file%s begin%s with <: a web page?",
	    c->counts->pages, c->counts->pages == 1 ? "" : "s",
	    c->counts->pages == 1 ? "s" : "");
}

static bool
bad_lines(const struct gate_case *c, char *why)
{
	uint64_t bad = c->counts->bad_lines, all = bad + c->counts->entries;
	unsigned max = c->zone->gate.max_bad_lines;

	if (max == 0 || bad <= GATE_SLACK_BAD_LINES ||
	    bad * 100 <= all * max)
		return true;
	return refuse(why, "%" PRIu64 " of %" PRIu64 " lines are bad (%" PRIu64
	    " %%), at most %u %% may be", bad, all, bad * 100 / all, max);
}

static bool
timestamp(const struct gate_case *c, char *why)
{
	int64_t now = c->now;

	if (c->counts->stamp > now)
		return refuse(why, "the data is from the future, by %" PRId64
		    " seconds; is the clock right?", c->counts->stamp - now);
	if (c->counts->expires != 0 && c->counts->expires <= now)
		return refuse(why, "the data expired %" PRId64 " seconds ago",
		    now - c->counts->expires);
	return true;
}

/* ---- numbers of entries */

static bool
min_entries(const struct gate_case *c, char *why)
{
	uint64_t min = c->zone->gate.min_entries;

	if (c->counts->entries >= min)
		return true;
	return refuse(why, "%" PRIu64 " entries, at least %" PRIu64
	    " are wanted", c->counts->entries, min);
}

/* Do a and b differ by more than max percent of b, and the slack? */
static bool
differ(uint64_t a, uint64_t b, unsigned max)
{
	uint64_t by = a > b ? a - b : b - a;
	uint64_t allowed = b / 100 * max + b % 100 * max / 100;

	return by > GATE_SLACK_ENTRIES && by > allowed;
}

static bool
changed(const struct gate_case *c, unsigned max, bool grown, char *why)
{
	uint64_t new = c->counts->entries, old, by;

	if (max == 0 || c->current == NULL)
		return true;
	old = generation_info(c->current)->entries;
	if ((new > old) != grown || !differ(new, old, max))
		return true;
	by = grown ? new - old : old - new;
	return refuse(why, "%" PRIu64 " entries, generation %" PRIu64 " has %"
	    PRIu64 ": %s by %" PRIu64 " %%, at most %u %% are allowed", new,
	    generation_info(c->current)->number, old,
	    grown ? "grown" : "shrunk", old > 0 ? by * 100 / old : by, max);
}

static bool
max_shrink(const struct gate_case *c, char *why)
{
	return changed(c, c->zone->gate.max_shrink, false, why);
}

static bool
max_growth(const struct gate_case *c, char *why)
{
	return changed(c, c->zone->gate.max_growth, true, why);
}

/* ---- prefixes that are too wide */

#define IP4_JUDGED 0xe0000000ull /* beyond: multicast and reserved */

/* Are all addresses of first..last listed? If not, *next is the first address
 * that may begin a block that is. */
static bool
ip4_is_full(const struct ip4_index *ix, uint64_t first, uint64_t last,
    uint64_t *next)
{
	uint32_t end;

	for (; first <= last; first = end + 1ull) {
		*next = first;
		if (ip4_run(ix, first, &end) == 0) {
			*next = end + 1ull;
			return false;
		}
	}
	return true;
}

/* A prefix of that length of which all is listed. */
static bool
find_full_ip4(const struct ip4_index *ix, unsigned bits, uint32_t *ip)
{
	uint64_t size = 1ull << (32 - bits), at = 0, next, last;

	while (at < IP4_JUDGED) {
		last = at + size - 1;
		if (last >= IP4_JUDGED)
			last = IP4_JUDGED - 1;
		if (ip4_is_full(ix, at, last, &next)) {
			*ip = at;
			return true;
		}
		at += size;
		if (next > at) /* to the block that holds it */
			at = next & ~(size - 1);
	}
	return false;
}

static bool
widest_ip4_of(const struct ip4_index *ix, unsigned max, char *why)
{
	uint32_t ip;

	for (unsigned bits = 0; bits < max; bits++)
		if (find_full_ip4(ix, bits, &ip))
			return refuse(why, "lists %u.%u.%u.%u/%u, at most a "
			    "/%u may be listed as a whole", ip >> 24,
			    ip >> 16 & 255, ip >> 8 & 255, ip & 255, bits,
			    max);
	return true;
}

/* Global unicast (RFC 4291 2.4) lies in 2000::/3. */
static bool
is_judged_ip6(const uint8_t *address, unsigned bits)
{
	uint8_t mask = bits < 3 ? (uint8_t)(0xff << (8 - bits)) : 0xe0;

	return (address[0] & mask) == (0x20 & mask);
}

static bool
widest_ip6_of(const struct ip6_index *ix, unsigned max, char *why)
{
	char txt[ADDR_TXT_MAX];
	struct prefix prefix = {.addr.family = AF_INET6};
	const uint8_t *e;

	if (ix->n_lengths == 0 || ix->lengths[ix->n_lengths - 1] >= max)
		return true;
	for (uint32_t i = 0; i < ix->n_entries; i++) {
		e = ix->entries + (size_t)i * IP6_ENTRY;
		prefix.len = e[IP6_ENTRY_BITS];
		if (prefix.len >= max || !is_judged_ip6(e, prefix.len) ||
		    get_le32(e + IP6_ENTRY_VALUE) == 0)
			continue;
		memcpy(prefix.addr.bytes, e, 16);
		return refuse(why, "lists %s, at most a /%u may be listed",
		    prefix_to_txt(txt, &prefix), max);
	}
	return true;
}

static bool
widest_ip4(const struct gate_case *c, char *why)
{
	const struct index_kind *kind;
	const union index *ix;
	bool ok = true;

	for (unsigned i = 0; ok &&
	    (ix = generation_index(c->next, i, &kind)) != NULL; i++)
		if (kind == &ip4_index_kind)
			ok = widest_ip4_of(&ix->ip4, c->zone->gate.widest_ip4,
			    why);
	return ok;
}

static bool
widest_ip6(const struct gate_case *c, char *why)
{
	const struct index_kind *kind;
	const union index *ix;
	bool ok = true;

	for (unsigned i = 0; ok &&
	    (ix = generation_index(c->next, i, &kind)) != NULL; i++)
		if (kind == &ip6_index_kind)
			ok = widest_ip6_of(&ix->ip6, c->zone->gate.widest_ip6,
			    why);
	return ok;
}

/* ---- the table */

static const struct gate_rule rules[] = {
    {"whole-file", "", whole_files},
    {"page", "", page},
    {"bad-lines", "max-bad-lines", bad_lines},
    {"timestamp", "", timestamp},
    {"min-entries", "min-entries", min_entries},
    {"max-shrink", "max-shrink", max_shrink},
    {"max-growth", "max-growth", max_growth},
    {"widest-ip4", "widest-ip4", widest_ip4},
    {"widest-ip6", "widest-ip6", widest_ip6},
    {"test-points", "test-points", gate_rfc5782},
    {"must-list", "must-list", gate_must_list},
    {"must-not-list", "must-not-list", gate_must_not_list},
    {"protect", "protect", gate_protect},
};
#define N_RULES (sizeof(rules) / sizeof(rules[0]))

const struct gate_rule *
gate_rule(size_t i)
{
	return i < N_RULES ? &rules[i] : NULL;
}

static bool
is_rule(const char *name)
{
	for (size_t i = 0; i < N_RULES; i++)
		if (strcmp(rules[i].name, name) == 0)
			return true;
	return false;
}

const char *
gate_unknown_rule(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_rule(names[i]))
			return names[i];
	return NULL;
}

static bool
is_skipped(const struct conf_gate *gate, const char *name)
{
	for (size_t i = 0; i < gate->n_skip; i++)
		if (strcmp(gate->skip[i], name) == 0)
			return true;
	return false;
}

static bool
is_forced(const char *const *force, const char *name)
{
	for (; force != NULL && *force != NULL; force++)
		if (strcmp(*force, name) == 0)
			return true;
	return false;
}

static void
add_name(char list[GATE_RULES_TXT], const char *name)
{
	size_t len = strlen(list);

	snprintf(list + len, GATE_RULES_TXT - len, "%s%s", len > 0 ? "," : "",
	    name);
}

void
gate_judge(struct gate_verdict *out, const struct gate_case *c,
    const char *const *force)
{
	char why[GATE_WHY_MAX];

	*out = (struct gate_verdict){.passed = true};
	for (const struct gate_rule *r = rules; r < rules + N_RULES; r++) {
		if (is_skipped(&c->zone->gate, r->name) || r->passes(c, why))
			continue;
		if (is_forced(force, r->name)) {
			add_name(out->forced, r->name);
			continue;
		}
		if (out->passed)
			memcpy(out->why, why, sizeof(why));
		out->passed = false;
		add_name(out->refused, r->name);
	}
}
