/*
 * D: the MX set in DNS.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/address.h"
#include "tools/mxcheck/check.h"
#include "tools/mxcheck/level.h"
#include "tools/mxcheck/model.h"
#include "tools/mxcheck/resolve.h"

#define TTL_LONG 86400 /* s */

static bool
wants_no_mail(const struct check_on *on)
{
	return settings_domain(on->settings, on->domain->name)->mail ==
	    FACTS_NO;
}

static bool
is_literal(const char *target)
{
	struct addr addr;

	return addr_parse(&addr, target) == 0;
}

/* ---- the domain */

static enum severity
domain_exists(const struct check_on *on)
{
	const struct facts_lookup *mx = &on->domain->mx;

	if (mx->dns == FACTS_NXDOMAIN)
		return wants_no_mail(on) ? SEV_OK : check_say(on, SEV_CRIT,
		    "the domain does not exist: senders return the mail");
	if (mx->dns == FACTS_FAILED)
		return check_say(on, SEV_CRIT, "the MX lookup fails (%s): "
		    "senders queue", mx->why);
	return SEV_OK;
}

static bool
has_address(const struct facts_mx *mx)
{
	return mx->host != NULL && mx->host->n_endpoints > 0;
}

/* The lookup that fails; NULL: neither does. */
static const struct facts_lookup *
failed_lookup(const struct facts_host *host)
{
	return host->a.dns == FACTS_FAILED ? &host->a :
	    host->aaaa.dns == FACTS_FAILED ? &host->aaaa : NULL;
}

static enum severity
mx_present(const struct check_on *on)
{
	const struct facts_mx *own = on->domain->mxs;
	const struct facts_lookup *failed;

	if (!on->domain->implicit || on->domain->n_mxs == 0 ||
	    wants_no_mail(on))
		return SEV_OK;
	failed = own->host != NULL ? failed_lookup(own->host) : NULL;
	if (!has_address(own) && failed != NULL)
		return check_say(on, SEV_CRIT, "no MX, and the lookup of the "
		    "domain's own address fails (%s): senders queue",
		    failed->why);
	if (has_address(own))
		return check_say(on, SEV_WARN, "no MX: senders take the "
		    "domain's own addresses (implicit MX)");
	return check_say(on, SEV_CRIT, "neither MX nor address: senders "
	    "return the mail");
}

static enum severity
null_mx(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;

	if (!facts_has_null_mx(d))
		return SEV_OK;
	if (!facts_is_null_mx(d))
		return check_say(on, SEV_CRIT, "a null MX beside others: "
		    "Postfix returns all mail");
	if (settings_domain(on->settings, d->name)->mail == FACTS_YES)
		return check_say(on, SEV_CRIT, "a null MX, but the domain is "
		    "to take mail");
	return d->mxs[0].pref == 0 ? SEV_OK : check_say(on, SEV_WARN,
	    "the preference of a null MX is to be 0, not %u",
	    d->mxs[0].pref);
}

/* ---- targets */

static enum severity
target_syntax(const struct check_on *on)
{
	const char *t = on->mx->target;

	if (strcmp(t, ".") == 0 || strcasecmp(t, "localhost") == 0)
		return SEV_OK;
	if (is_literal(t))
		return check_say(on, SEV_CRIT, "an IP address in the place of "
		    "a name: Postfix and Exim return the mail");
	if (!resolve_is_host_name(t, true))
		return check_say(on, SEV_CRIT, "not a host name");
	if (strchr(t, '.') == NULL)
		return check_say(on, SEV_CRIT, "a single label");
	if (!resolve_is_host_name(t, false))
		return check_say(on, SEV_WARN, "an underscore in a host name");
	return SEV_OK;
}

static enum severity
target_alias(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;
	const struct facts_lookup *a;

	if (host == NULL)
		return SEV_OK;
	a = host->a.n_aliases > 0 ? &host->a : &host->aaaa;
	if (a->n_aliases == 0)
		return SEV_OK;
	if (host->n_endpoints > 0)
		return check_say(on, SEV_WARN, "an alias of %s (RFC 2181 10.3 "
		    "wants none; senders follow it)", a->alias);
	return check_say(on, SEV_CRIT, "an alias of %s, which leads "
	    "nowhere%s%s", a->alias, a->why != NULL ? ": " : "",
	    a->why != NULL ? a->why : "");
}

static enum severity
target_address(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;
	const struct facts_lookup *failed;
	bool any = false;

	if (host == NULL || on->domain->implicit)
		return SEV_OK;
	failed = failed_lookup(host);
	if (failed != NULL)
		return check_say(on, SEV_WARN, "the lookup of its address "
		    "fails (%s): senders lose time", failed->why);
	if (host->n_endpoints > 0)
		return SEV_OK;
	for (size_t i = 0; i < on->domain->n_mxs; i++)
		any |= has_address(&on->domain->mxs[i]);
	return check_say(on, any ? SEV_WARN : SEV_CRIT, "no address (%s)%s",
	    facts_dns_txt(host->a.dns), any ? "" : ", nor has any other MX: "
	    "senders return the mail");
}

static enum severity
target_scope(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;
	enum address_scope scope;

	if (strcasecmp(on->mx->target, "localhost") == 0)
		return check_say(on, SEV_CRIT, "localhost: senders deliver to "
		    "themselves, or return the mail");
	if (host == NULL || on->settings->internal ||
	    settings_host(on->settings, host->name)->internal)
		return SEV_OK;
	for (size_t i = 0; i < host->n_endpoints; i++) {
		scope = address_scope(&host->endpoints[i]->addr->addr);
		if (scope != ADDRESS_GLOBAL)
			return check_say(on, SEV_CRIT, "%s is a %s address: "
			    "nobody outside reaches it",
			    host->endpoints[i]->addr->txt,
			    address_scope_txt(scope));
	}
	return SEV_OK;
}

/* ---- the set */

static bool
same_addresses(const struct facts_host *a, const struct facts_host *b)
{
	if (a == NULL || b == NULL || a == b || a->n_endpoints == 0 ||
	    a->n_endpoints != b->n_endpoints)
		return false;
	for (size_t i = 0; i < a->n_endpoints; i++)
		if (a->endpoints[i]->addr != b->endpoints[i]->addr)
			return false;
	return true;
}

static enum severity
duplicates(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;

	for (size_t i = 0; i < d->n_mxs; i++)
		for (size_t k = 0; k < i; k++) {
			if (strcasecmp(d->mxs[i].target, d->mxs[k].target) ==
			    0)
				return check_say(on, SEV_WARN, "%s stands "
				    "twice in the MX set", d->mxs[i].target);
			if (same_addresses(d->mxs[i].host, d->mxs[k].host))
				return check_say(on, SEV_WARN, "%s and %s have "
				    "the same addresses: one machine",
				    d->mxs[k].target, d->mxs[i].target);
		}
	return SEV_OK;
}

static enum severity
domain_ttl(const struct check_on *on)
{
	return on->domain->mx.ttl <= TTL_LONG ? SEV_OK :
	    check_say(on, SEV_WARN, "TTL of the MX set is %u s: it cannot be "
	    "changed within a day", on->domain->mx.ttl);
}

static enum severity
host_ttl(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;
	uint32_t ttl;

	if (host == NULL)
		return SEV_OK;
	ttl = host->a.ttl > host->aaaa.ttl ? host->a.ttl : host->aaaa.ttl;
	return host->n_endpoints == 0 || ttl <= TTL_LONG ? SEV_OK :
	    check_say(on, SEV_WARN, "TTL of its address is %u s: it cannot be "
	    "moved within a day", ttl);
}

static bool
is_usable(const struct facts_endpoint *ep, const struct facts_domain *domain)
{
	enum outcome outcome = outcome_of(ep, domain);

	return outcome_is_usable(outcome) || outcome == OUTCOME_LIMITED ||
	    outcome == OUTCOME_UNWELCOME || outcome == OUTCOME_UNTRIED;
}

static size_t
count_usable(const struct facts_domain *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_mxs; i++) {
		struct level one = {d, &d->mxs[i], 1};

		n += !facts_mx_is_repeated(d, i) &&
		    level_find(&one, is_usable) != NULL;
	}
	return n;
}

static enum severity
count(const struct check_on *on)
{
	const struct settings_domain *s =
	    settings_domain(on->settings, on->domain->name);
	size_t n = count_usable(on->domain);

	if (facts_is_null_mx(on->domain) || s->nofailover_ok ||
	    on->domain->n_mxs == 0 || n >= on->settings->min_mx)
		return SEV_OK;
	return check_say(on, SEV_WARN, "%zu usable MX host%s, %u are wanted",
	    n, n == 1 ? "" : "s", on->settings->min_mx);
}

static void
count_families(const struct level *level, unsigned n[2])
{
	n[0] = n[1] = 0;
	for (size_t i = 0; i < level->n; i++) {
		const struct facts_host *host = level->mx[i].host;

		for (size_t k = 0; host != NULL && k < host->n_endpoints; k++)
			n[host->endpoints[k]->addr->addr.family == AF_INET6]++;
	}
}

/* What stands before this level takes all the room of Postfix's list. */
static enum severity
address_limit(const struct check_on *on)
{
	struct level all = {on->domain, on->domain->mxs, on->domain->n_mxs};
	struct level before = {on->domain, on->domain->mxs,
	    (size_t)(on->level - on->domain->mxs)};
	struct level this = level_of(on);
	unsigned total[2], used[2], here[2], keep[2];

	count_families(&all, total);
	count_families(&before, used);
	count_families(&this, here);
	if (here[0] + here[1] == 0)
		return SEV_OK;
	model_keep(model_find("postfix"), total[0], total[1], keep);
	for (unsigned f = 0; f < 2; f++)
		if (here[f] > 0 && (total[0] + total[1] <= keep[0] + keep[1] ||
		    used[f] < keep[f]))
			return SEV_OK;
	return check_say(on, SEV_WARN, "%u addresses come first: Postfix "
	    "tries 5 (smtp_mx_address_limit) and never these",
	    used[0] + used[1]);
}

static enum severity
size(const struct check_on *on)
{
	return !on->domain->mx.cut ? SEV_OK : check_say(on, SEV_WARN,
	    "the MX answer is cut over UDP, and TCP gives none");
}

static enum severity
dnssec_domain(const struct check_on *on)
{
	return !on->domain->mx.bogus ? SEV_OK : check_say(on, SEV_CRIT,
	    "the MX set is bogus (DNSSEC): validating senders queue");
}

static enum severity
dnssec_host(const struct check_on *on)
{
	const struct facts_host *host = on->mx->host;

	return host == NULL || (!host->a.bogus && !host->aaaa.bogus) ?
	    SEV_OK : check_say(on, SEV_CRIT, "its address is bogus (DNSSEC): "
	    "validating senders skip it");
}

/* "10 mx1.example.com", or the name alone. */
static bool
is_row(const char *row, const struct facts_mx *mx)
{
	char both[FINDING_TEXT_MAX];

	snprintf(both, sizeof(both), "%u %s", mx->pref, mx->target);
	return strcasecmp(row, mx->target) == 0 || strcasecmp(row, both) == 0;
}

static enum severity
expected_host(const struct check_on *on)
{
	const struct settings_list *rows =
	    &settings_domain(on->settings, on->domain->name)->expect_mx;

	for (size_t i = 0; i < rows->n; i++)
		if (is_row(rows->word[i], on->mx))
			return SEV_OK;
	return rows->n == 0 ? SEV_OK : check_say(on, SEV_CRIT,
	    "not one of the MX that are expected (preference %u)",
	    on->mx->pref);
}

static enum severity
expected_all(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;
	const struct settings_list *rows =
	    &settings_domain(on->settings, d->name)->expect_mx;
	size_t i, k;

	for (i = 0; i < rows->n; i++) {
		for (k = 0; k < d->n_mxs; k++)
			if (is_row(rows->word[i], &d->mxs[k]))
				break;
		if (k == d->n_mxs)
			return check_say(on, SEV_WARN, "%s is expected and "
			    "missing", rows->word[i]);
	}
	return SEV_OK;
}

static enum severity
levels(const struct check_on *on)
{
	const struct facts_domain *d = on->domain;
	struct level first = level_first(d);
	enum settings_role role;

	for (size_t i = first.n; i < d->n_mxs; i++) {
		role = settings_host(on->settings, d->mxs[i].target)->role;
		if (role == ROLE_PRIMARY)
			return check_say(on, SEV_WARN, "%s is the primary, but "
			    "%s is preferred", d->mxs[i].target,
			    d->mxs[0].target);
	}
	if (d->n_mxs > 1 && first.n == d->n_mxs)
		return check_say(on, SEV_INFO, "all MX have preference %u: "
		    "equal load, in any order", d->mxs[0].pref);
	return SEV_OK;
}

static enum severity
third_level(const struct check_on *on)
{
	unsigned nth = 1;

	for (const struct facts_mx *mx = on->domain->mxs; mx < on->level; mx++)
		nth += mx[1].pref != mx->pref;
	return nth < 3 ? SEV_OK : check_say(on, SEV_INFO, "OpenSMTPD may "
	    "never come to a level after two that time out");
}

#define ALL_AGREE                                                                \
	"Senders ask any of the name servers: all are to have the zone, and to " \
	"say the same of the MX set and of the hosts' addresses. Each is asked " \
	"itself, at each of its addresses (--authoritative). Short-lived "       \
	"addresses in a zone of others may differ: load is spread so."

const struct check check_d[] = {
    {"D01", "domain", CHECK_DOMAIN, domain_exists,
	"Mail for a name that does not exist is returned; while the lookup "
	"fails, it is queued (RFC 5321 5.1)."},
    {"D02", "MX present", CHECK_DOMAIN, mx_present,
	"Without MX, senders take the domain's own addresses (RFC 5321 5.1): "
	"one host, no failover."},
    {"D03", "null MX", CHECK_DOMAIN, null_mx,
	"\"0 .\" says that a domain takes no mail, and must stand alone "
	"(RFC 7505 3). Beside others Postfix returns all mail."},
    {"D04", "target syntax", CHECK_HOST, target_syntax,
	"An MX names a host (RFC 5321 2.3.5, RFC 1123 2.1)."},
    {"D05", "target alias", CHECK_HOST, target_alias,
	"The target must not be an alias (RFC 2181 10.3); senders follow one, "
	"but not into the void."},
    {"D06", "target address", CHECK_HOST, target_address,
	"A host without address is skipped; if all have none, mail is "
	"returned at once. A lookup that fails costs senders ten seconds."},
    {"D07", "target scope", CHECK_HOST, target_scope,
	"Loopback addresses lead to the sender's own host, private ones "
	"nowhere (IANA special-purpose address registries)."},
    {"D08", "duplicates", CHECK_DOMAIN, duplicates,
	"Two names for one machine are no failover."},
    {"D09", "servers agree", CHECK_DOMAIN, check_agree_domain, ALL_AGREE},
    {"D09", "servers agree", CHECK_HOST, check_agree_host, ALL_AGREE},
    {"D10", "TTL", CHECK_DOMAIN, domain_ttl,
	"What may be cached longer than a day cannot be changed when it has "
	"to (RFC 1912 2.2)."},
    {"D10", "TTL", CHECK_HOST, host_ttl,
	"What may be cached longer than a day cannot be changed when it has "
	"to (RFC 1912 2.2)."},
    {"D11", "count", CHECK_DOMAIN, count,
	"One usable host is no failover: while it is away, senders queue for "
	"4 to 5 days (RFC 5321 4.5.4.1)."},
    {"D12", "address limit", CHECK_LEVEL, address_limit,
	"Postfix tries five addresses (smtp_mx_address_limit), sorted by "
	"preference, shared by IPv4 and IPv6. A level behind them is never "
	"tried."},
    {"D13", "size", CHECK_DOMAIN, size,
	"An answer that does not fit into UDP needs TCP (RFC 7766)."},
    {"D14", "DNSSEC", CHECK_DOMAIN, dnssec_domain,
	"Validating senders queue while signatures are wrong (RFC 4035, "
	"RFC 7672 2.1)."},
    {"D14", "DNSSEC", CHECK_HOST, dnssec_host,
	"Validating senders queue while signatures are wrong (RFC 4035, "
	"RFC 7672 2.1)."},
    {"D15", "expected", CHECK_DOMAIN, expected_all,
	"The MX set is compared with expect_mx of the configuration."},
    {"D15", "expected", CHECK_HOST, expected_host,
	"An MX that nobody expects is a slip or a hijack."},
    {"D16", "levels", CHECK_DOMAIN, levels,
	"The primary should be preferred; equal preferences share the load "
	"(RFC 5321 5.1)."},
    {"D17", "third level", CHECK_LEVEL, third_level,
	"OpenSMTPD may give a pass up before a third level, if the first two "
	"time out."},
    {0},
};
