/*
 * O: outbound. What receivers find when they look whether mail of the domain is
 * really its own. Only with --outbound: otherwise nothing was asked for.
 */
#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "tools/mxcheck/bimi.h"
#include "tools/mxcheck/check.h"
#include "tools/mxcheck/dkim.h"
#include "tools/mxcheck/dmarc.h"
#include "tools/mxcheck/dnsbl.h"

#define RSA_LEAST 1024	/* receivers must not take less, RFC 8301 3.2 */
#define RSA_ENOUGH 2048 /* signers should use that much, RFC 8301 3.2 */

/* ---- DMARC */

/* The record among the texts of a name. Returns 0; -ENOENT; -EINVAL with why if
 * it counts as none: several, or one that cannot be used. */
static int
dmarc_at(const struct facts_dmarc *step, struct dmarc *out,
    char why[TEXT_WHY_MAX])
{
	const struct facts_names *texts = &step->txt.texts;
	struct dmarc one;
	int rc = -ENOENT, found;

	for (size_t i = 0; i < texts->n; i++) {
		found = dmarc_read(&one, texts->name[i], strlen(texts->name[i]),
		    why);
		if (found == -ENOENT)
			continue;
		if (rc != -ENOENT) {
			strcpy(why, "several records");
			return -EINVAL;
		}
		rc = found;
		*out = one;
	}
	return rc;
}

/* Up the tree (RFC 9989 4.10.2): the record with the fewest labels, unless one
 * says where the organisation or the registry begins. */
static const struct facts_dmarc *
inherited(const struct facts_outbound *o, struct dmarc *out)
{
	const struct facts_dmarc *found = NULL;
	char why[TEXT_WHY_MAX];
	struct dmarc one;

	for (size_t i = 1; i < o->n_dmarcs; i++) {
		if (dmarc_at(&o->dmarcs[i], &one, why) != 0)
			continue;
		if (one.psd == 'y' && found != NULL)
			break;
		found = &o->dmarcs[i];
		*out = one;
		if (one.psd != 'u')
			break;
	}
	return found;
}

/* The record that counts for the domain, as dmarc_at(); *at is whose it is. */
static int
dmarc_of(const struct facts_domain *domain, struct dmarc *out,
    const char **at, char why[TEXT_WHY_MAX])
{
	const struct facts_outbound *o = &domain->outbound;
	const struct facts_dmarc *parent;
	int rc = dmarc_at(&o->dmarcs[0], out, why);

	*at = domain->name;
	if (rc != -ENOENT)
		return rc;
	parent = inherited(o, out);
	if (parent == NULL)
		return -ENOENT;
	*at = parent->name;
	if (out->sp != DMARC_UNSET)
		out->p = out->sp;
	return 0;
}

/* The lookup on the way up that fails: the record may be there. NULL: none. */
static const struct facts_dmarc *
failed_step(const struct facts_outbound *o)
{
	for (size_t i = 0; i < o->n_dmarcs; i++)
		if (o->dmarcs[i].txt.lookup.dns == FACTS_FAILED)
			return &o->dmarcs[i];
	return NULL;
}

static enum severity
dmarc(const struct check_on *on)
{
	const struct facts_outbound *o = &on->domain->outbound;
	const struct facts_dmarc *failed = failed_step(o);
	char why[TEXT_WHY_MAX] = "";
	struct dmarc record;
	const char *at;

	if (o->n_dmarcs == 0)
		return SEV_SKIPPED;
	if (o->dmarcs[0].txt.lookup.dns == FACTS_FAILED)
		return check_say(on, SEV_WARN, "_dmarc: %s",
		    o->dmarcs[0].txt.lookup.why);
	switch (dmarc_of(on->domain, &record, &at, why)) {
	case 0:
		break;
	case -ENOENT:
		if (failed != NULL)
			return check_say(on, SEV_UNKNOWN, "no DMARC record of "
			    "its own, and _dmarc.%s: %s", failed->name,
			    failed->txt.lookup.why);
		return check_say(on, SEV_WARN, "no DMARC record at _dmarc: "
		    "anybody can write in its name");
	default:
		return check_say(on, SEV_WARN, "_dmarc: %s; receivers take it "
		    "for no record", why);
	}
	if (record.odd[0] != '\0')
		return check_say(on, SEV_WARN, "_dmarc.%s: %s; receivers pass "
		    "over it", at, record.odd);
	if (record.is_old)
		return check_say(on, SEV_INFO, "_dmarc.%s: pct, rf and ri are "
		    "gone since RFC 9989", at);
	return record.p > DMARC_NONE ? SEV_OK : check_say(on, SEV_INFO,
	    "_dmarc.%s: none: receivers are asked for nothing", at);
}

/* ---- DKIM */

static enum severity
judge_key(const struct check_on *on, const struct dkim_key *key)
{
	if (key->is_revoked)
		return check_say(on, SEV_CRIT, "p is empty: the key has been "
		    "withdrawn, what it signs fails");
	if (key->not_for_mail)
		return check_say(on, SEV_CRIT, "s= leaves mail out: what it "
		    "signs fails");
	if (key->no_sha256)
		return check_say(on, SEV_CRIT, "h= leaves sha256 out, and "
		    "receivers take nothing else (RFC 8301 3.1)");
	if (key->type == DKIM_RSA && key->bits < RSA_LEAST)
		return check_say(on, SEV_CRIT, "an RSA key of %u bits: "
		    "receivers refuse it", key->bits);
	if (key->type == DKIM_RSA && key->bits < RSA_ENOUGH)
		return check_say(on, SEV_WARN, "an RSA key of %u bits; %d are "
		    "wanted", key->bits, RSA_ENOUGH);
	return !key->is_testing ? SEV_OK : check_say(on, SEV_INFO, "t=y: "
	    "receivers treat what it signs as if it were not");
}

static enum severity
dkim(const struct check_on *on)
{
	const struct facts_txt *txt = &on->dkim->key;
	char why[TEXT_WHY_MAX] = "there is another record";
	struct dkim_key key = {0}, one;
	unsigned n = 0, n_bad = 0;

	if (txt->lookup.dns == FACTS_FAILED)
		return check_say(on, SEV_WARN, "the lookup fails: %s",
		    txt->lookup.why);
	if (txt->lookup.dns != FACTS_EXISTS)
		return check_say(on, SEV_CRIT, "no key record (%s): what it "
		    "signs fails", facts_dns_txt(txt->lookup.dns));
	for (size_t i = 0; i < txt->texts.n; i++)
		switch (dkim_read(&one, txt->texts.name[i],
		    strlen(txt->texts.name[i]), why)) {
		case 0:
			key = one;
			n++;
			break;
		case -EINVAL:
			n_bad++;
			break;
		}
	if (n + n_bad > 1)
		return check_say(on, SEV_WARN, "several key records: receivers "
		    "take any of them (RFC 6376 3.6.2.2)");
	if (n == 0)
		return check_say(on, SEV_CRIT, "no usable key: %s", why);
	return judge_key(on, &key);
}

/* ---- lists of addresses */

static enum severity
list_lives(const struct check_on *on)
{
	const struct facts_dnsbl *list = on->list;
	const struct facts_lookup *listed = &list->listed[0].lookup;
	const struct facts_lookup *clean = &list->clean[0].lookup;
	const char *name;

	if (on->domain->outbound.n_senders == 0)
		return SEV_SKIPPED;
	if (dnsbl_is_alive(list, false) || dnsbl_is_alive(list, true))
		return SEV_OK;
	if (listed->dns == FACTS_FAILED || clean->dns == FACTS_FAILED)
		return check_say(on, SEV_UNKNOWN, "the list does not answer: "
		    "%s", listed->dns == FACTS_FAILED ? listed->why :
		    clean->why);
	if (listed->dns != FACTS_EXISTS)
		return check_say(on, SEV_UNKNOWN, "the list does not have "
		    "127.0.0.2: it is dead, or none (RFC 5782 5)");
	if (dnsbl_sum(list->zone, &list->listed[0], &name) == DNSBL_ERROR)
		return check_say(on, SEV_UNKNOWN, "the list turns us away: "
		    "%s (%s)", list->listed[0].codes.name[0], name);
	return check_say(on, SEV_UNKNOWN, "the list has 127.0.0.1: it lists "
	    "everything (RFC 5782 5)");
}

static bool
is_configured(const struct check_on *on)
{
	const struct settings_list *list =
	    &settings_domain(on->settings, on->domain->name)->outbound;

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->word[i], on->sender->txt) == 0)
			return true;
	return false;
}

static enum severity
listed(const struct check_on *on)
{
	const struct facts_dnsbl_answer *answer;
	bool sends, v6;
	const char *name;

	if (on->sender == NULL)
		return list_lives(on);
	v6 = on->sender->addr.family == AF_INET6;
	if (on->sender->listings == NULL || !dnsbl_is_alive(on->list, v6))
		return SEV_SKIPPED;
	answer = &on->sender->listings[on->list - on->facts->dnsbls];
	if (answer->lookup.dns == FACTS_FAILED)
		return check_say(on, SEV_UNKNOWN, "the lookup fails: %s",
		    answer->lookup.why);
	if (answer->codes.n == 0)
		return SEV_OK;
	sends = is_configured(on);
	switch (dnsbl_sum(on->list->zone, answer, &name)) {
	case DNSBL_GOOD:
		return SEV_OK;
	case DNSBL_POLICY:
		if (!sends)
			return SEV_OK;
		break;
	case DNSBL_BAD:
		break;
	case DNSBL_ERROR:
		return check_say(on, SEV_UNKNOWN, "the list turns us away: "
		    "%s (%s)", answer->codes.name[0], name);
	}
	return check_say(on, sends ? SEV_CRIT : SEV_WARN, "listed: %s%s%s%s",
	    answer->codes.name[0], name != NULL ? " (" : "",
	    name != NULL ? name : "", name != NULL ? ")" : "");
}

/* ---- BIMI */

static enum severity
bimi(const struct check_on *on)
{
	const struct facts_outbound *o = &on->domain->outbound;
	char why[TEXT_WHY_MAX] = "";
	struct dmarc record;
	bool has_evidence;
	const char *at;
	int rc = -ENOENT;

	for (size_t i = 0; rc == -ENOENT && i < o->bimi.texts.n; i++)
		rc = bimi_read(o->bimi.texts.name[i],
		    strlen(o->bimi.texts.name[i]), &has_evidence, why);
	if (rc == -ENOENT)
		return SEV_SKIPPED;
	if (rc != 0)
		return check_say(on, SEV_INFO, "default._bimi: %s", why);
	if (dmarc_of(on->domain, &record, &at, why) != 0 ||
	    record.p == DMARC_NONE || record.is_testing)
		return check_say(on, SEV_INFO, "a logo is shown only where "
		    "DMARC says quarantine or reject");
	return has_evidence ? SEV_OK : check_say(on, SEV_INFO, "no certificate "
	    "of the logo (a=): large receivers do not show it");
}

const struct check check_o[] = {
    {"O02", "dmarc", CHECK_DOMAIN, dmarc,
	"The TXT record at _dmarc, or that of a parent, in the form of RFC "
	"9989 4.7. Several, or one without a valid p and without rua, count as "
	"none; a tag with a value that has no meaning is passed over; pct, rf "
	"and ri were removed."},
    {"O03", "dkim key", CHECK_SELECTOR, dkim,
	"Each selector of the configuration (dkim) has one key record (RFC "
	"6376 3.6.1) with a key: RSA of 1024 bits at least and better 2048 "
	"(RFC 8301 3.2), or ed25519 (RFC 8463). Without it every message that "
	"is signed with it fails."},
    {"O04", "lists", CHECK_LIST, listed,
	"No address that sends the domain's mail (outbound), and none of its "
	"MX, is in a list of addresses (--dnsbl, RFC 5782): critical for the "
	"first, for receivers refuse their mail. A list whose test points "
	"127.0.0.2 and 127.0.0.1 are not as they should be, an answer of "
	"127.255.255.x and one outside of 127.0.0.0/8 say nothing."},
    {"O05", "bimi", CHECK_DOMAIN, bimi,
	"A record at default._bimi is of use with an https: logo, its "
	"certificate, and a DMARC policy that is enforced."},
    {0},
};
