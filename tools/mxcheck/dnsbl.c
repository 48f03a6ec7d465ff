/*
 * A row for each range of answers; the first of a list that fits counts.
 * Sources: docs.spamhaus.com (return codes), dnswl.org (page 4), mailspike.org,
 * wiki.junkemailfilter.com, surbl.org and uribl.com.
 */
#include "tools/mxcheck/dnsbl.h"

#include <sys/socket.h>

#include <string.h>
#include <strings.h>

#include "lib/bytes.h"

#define ANSWER(b, c, d) (127u << 24 | (b) << 16 | (c) << 8 | (d))

static const struct {
	const char *zone; /* or below it, as with a key in front */
	uint32_t first, last;
	enum dnsbl_meaning meaning;
	const char *name;
} rows[] = {
    {"spamhaus.org", ANSWER(0, 0, 2), ANSWER(0, 0, 2), DNSBL_BAD, "SBL"},
    {"spamhaus.org", ANSWER(0, 0, 3), ANSWER(0, 0, 3), DNSBL_BAD, "CSS"},
    {"spamhaus.org", ANSWER(0, 0, 4), ANSWER(0, 0, 7), DNSBL_BAD, "XBL"},
    {"spamhaus.org", ANSWER(0, 0, 9), ANSWER(0, 0, 9), DNSBL_BAD, "DROP"},
    {"spamhaus.org", ANSWER(0, 0, 10), ANSWER(0, 0, 11), DNSBL_POLICY, "PBL"},
    {"spamhaus.org", ANSWER(0, 0, 20), ANSWER(0, 0, 20), DNSBL_BAD,
	"AuthBL"},
    {"spamhaus.org", ANSWER(0, 0, 30), ANSWER(0, 0, 30), DNSBL_BAD, "BCL"},
    {"dnswl.org", ANSWER(0, 0, 255), ANSWER(0, 0, 255), DNSBL_ERROR,
	"too many questions"},
    {"dnswl.org", ANSWER(0, 0, 0), ANSWER(0, 255, 255), DNSBL_GOOD, NULL},
    {"mailspike.net", ANSWER(0, 0, 10), ANSWER(0, 0, 13), DNSBL_BAD,
	"bad reputation"},
    {"mailspike.net", ANSWER(0, 0, 14), ANSWER(0, 0, 20), DNSBL_GOOD, NULL},
    {"junkemailfilter.com", ANSWER(0, 0, 1), ANSWER(0, 0, 1), DNSBL_GOOD,
	"white"},
    {"junkemailfilter.com", ANSWER(0, 0, 2), ANSWER(0, 0, 2), DNSBL_BAD,
	"black"},
    {"junkemailfilter.com", ANSWER(0, 0, 3), ANSWER(0, 0, 3), DNSBL_GOOD,
	"yellow"},
    {"junkemailfilter.com", ANSWER(0, 0, 4), ANSWER(0, 0, 4), DNSBL_BAD,
	"brown"},
    {"junkemailfilter.com", ANSWER(0, 0, 5), ANSWER(0, 0, 5), DNSBL_GOOD,
	"not black"},
    /* of any list, RFC 5782 2.1 and 5: .1 is not to be used, and is what
     * SURBL and URIBL say to who asks too much */
    {"", ANSWER(0, 0, 1), ANSWER(0, 0, 1), DNSBL_ERROR,
	"you may not ask"},
    {"", ANSWER(255, 255, 252), ANSWER(255, 255, 252), DNSBL_ERROR,
	"there is no such list"},
    {"", ANSWER(255, 255, 254), ANSWER(255, 255, 254), DNSBL_ERROR,
	"not through a public resolver"},
    {"", ANSWER(255, 255, 255), ANSWER(255, 255, 255), DNSBL_ERROR,
	"too many questions"},
    {"", ANSWER(255, 255, 0), ANSWER(255, 255, 255), DNSBL_ERROR,
	"an error code"},
    {"", ANSWER(0, 0, 0), ANSWER(255, 255, 255), DNSBL_BAD, NULL},
};

static bool
is_below(const char *zone, const char *parent)
{
	size_t len = strlen(zone), end = strlen(parent);

	return end == 0 || (len >= end &&
	    strcasecmp(zone + len - end, parent) == 0 &&
	    (len == end || zone[len - end - 1] == '.'));
}

enum dnsbl_meaning
dnsbl_meaning(const char *zone, const struct addr *answer, const char **name)
{
	uint32_t code = get_be32(answer->bytes);

	if (is_below(zone, "spamhaus.net")) /* behind a key: the same lists */
		zone = "spamhaus.org";
	*name = "not in 127.0.0.0/8";
	for (size_t i = 0; answer->family == AF_INET &&
	    i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (code < rows[i].first || code > rows[i].last ||
		    !is_below(zone, rows[i].zone))
			continue;
		*name = rows[i].name;
		return rows[i].meaning;
	}
	return DNSBL_ERROR;
}

void
dnsbl_prefix(char out[DNAME_TXT_MAX], const struct addr *addr)
{
	uint8_t name[DNAME_MAX];
	size_t len = addr_to_rev(name, addr);

	name[len] = 0; /* the root */
	dname_to_txt(out, name);
}

enum dnsbl_meaning
dnsbl_sum(const char *zone, const struct facts_dnsbl_answer *answer,
    const char **name)
{
	enum dnsbl_meaning worst = DNSBL_GOOD, one;
	const char *what;
	struct addr addr;

	*name = NULL;
	for (size_t i = 0; i < answer->codes.n; i++) {
		if (addr_parse(&addr, answer->codes.name[i]) != 0)
			continue;
		one = dnsbl_meaning(zone, &addr, &what);
		if (one < worst)
			continue;
		worst = one;
		*name = what;
	}
	return worst;
}

bool
dnsbl_is_alive(const struct facts_dnsbl *list, bool v6)
{
	const struct facts_dnsbl_answer *listed = &list->listed[v6];
	const struct facts_dnsbl_answer *clean = &list->clean[v6];
	const char *name;

	return listed->lookup.dns == FACTS_EXISTS &&
	    dnsbl_sum(list->zone, listed, &name) != DNSBL_ERROR &&
	    (clean->lookup.dns == FACTS_NXDOMAIN ||
		clean->lookup.dns == FACTS_NODATA);
}
