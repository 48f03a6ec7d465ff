/*
 * A: access. What the reply to EHLO on the MX tells of logins, and with
 * --access the services that the domain sends its users to.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/check.h"

static const char *
auth_of(const struct facts_ehlo *ehlo)
{
	return facts_ehlo_keyword(ehlo, "AUTH");
}

static bool
asks_for_passwords(const char *methods)
{
	return methods != NULL && (strcasestr(methods, "PLAIN") != NULL ||
	    strcasestr(methods, "LOGIN") != NULL);
}

/* Of an MX, or of submission that begins in clear text. */
static enum severity
auth_in_clear(const struct check_on *on)
{
	const struct facts_ehlo *ehlo = on->access != NULL ?
	    &on->access->probe.ehlo : &on->ep->probe.ehlo;
	const char *auth;

	if (on->access != NULL && on->access->service != FACTS_SUBMISSION)
		return SEV_OK;
	if (ehlo->name == NULL)
		return SEV_SKIPPED;
	auth = auth_of(ehlo);
	return !asks_for_passwords(auth) ? SEV_OK : check_say(on,
	    on->access != NULL ? SEV_CRIT : SEV_WARN,
	    "it asks for passwords before TLS: %s", auth);
}

static enum severity
auth_on_mx(const struct check_on *on)
{
	const struct facts_probe *p = &on->ep->probe;

	if (p->ehlo.name == NULL)
		return SEV_SKIPPED;
	return auth_of(&p->ehlo) == NULL && auth_of(&p->ehlo_tls) == NULL ?
	    SEV_OK : check_say(on, SEV_INFO, "an MX that takes logins: "
	    "submission belongs on its own port (RFC 6409, RFC 8314)");
}

/* ---- SRV */

/* The same with TLS from the start; itself if it has that. */
static enum facts_service
tls_form(enum facts_service service)
{
	return facts_service_is_tls(service) ? service :
	    (enum facts_service)(service - 1);
}

static bool
is_offered(const struct facts_offer *offer)
{
	for (size_t i = 0; i < offer->n_srvs; i++)
		if (strcmp(offer->srvs[i].target, ".") != 0)
			return true;
	return false;
}

static bool
is_absent(const struct facts_lookup *lookup)
{
	return lookup->dns == FACTS_NODATA || lookup->dns == FACTS_NXDOMAIN;
}

/* What is wrong with one record; false: nothing. */
static bool
srv_is_wrong(const struct check_on *on, const struct facts_srv *srv)
{
	const struct facts_server *server = srv->server;
	const struct facts_lookup *a, *aaaa;

	if (server == NULL) {
		check_say(on, SEV_WARN, "the target %s is no host name",
		    srv->target);
		return true;
	}
	a = &server->a;
	aaaa = &server->aaaa;
	if (a->n_aliases > 0 || aaaa->n_aliases > 0)
		check_say(on, SEV_WARN, "the target %s is an alias (RFC 2782)",
		    server->name);
	else if (is_absent(a) && is_absent(aaaa))
		check_say(on, SEV_WARN, "the target %s has no address (%s)",
		    server->name, facts_dns_txt(a->dns));
	else if (server->n_addrs == 0)
		check_say(on, SEV_WARN, "the addresses of %s cannot be had: %s",
		    server->name, a->dns == FACTS_FAILED ? a->why : aaaa->why);
	else if (srv->port == 0)
		check_say(on, SEV_WARN, "%s: there is no port 0",
		    server->name);
	else
		return false;
	return true;
}

/* ---- the session */

/* The stage in which the session came to its end too early; false: it did
 * not. What a stage after the capabilities lacks, other checks tell. */
static bool
fails(const struct facts_access *access, enum facts_stage *stage)
{
	static const enum facts_stage clear[] = {FACTS_CONNECT, FACTS_GREETING,
	    FACTS_EHLO}, tls[] = {FACTS_CONNECT, FACTS_TLS, FACTS_GREETING,
	    FACTS_EHLO_TLS};
	bool is_tls = facts_service_is_tls(access->service);

	for (unsigned i = 0; i < (is_tls ? 4 : 3); i++) {
		const struct facts_step *step;

		*stage = is_tls ? tls[i] : clear[i];
		step = &access->probe.step[*stage];
		if (step->end != FACTS_END_DONE || step->reply.code >= 400)
			return true;
	}
	return false;
}

static bool
session_is_wrong(const struct check_on *on, const struct facts_access *access)
{
	const struct facts_step *step;
	enum facts_stage stage;

	if (access == NULL || access->untried != NULL ||
	    !fails(access, &stage))
		return false;
	step = &access->probe.step[stage];
	if (step->end == FACTS_END_STOPPED)
		return false;
	check_say(on, SEV_WARN, "%s %s port %u does not serve: %s: %s",
	    access->server->name, access->addr->txt, access->port,
	    facts_stage_txt(stage), step->end != FACTS_END_DONE ?
	    facts_end_txt(step->end) : step->reply.text);
	return true;
}

static bool
place_is_wrong(const struct check_on *on, const struct facts_srv *srv)
{
	for (size_t i = 0; i < srv->server->n_addrs; i++)
		if (session_is_wrong(on, facts_access_of(on->facts,
		    on->service, srv, srv->server->addrs[i])))
			return true;
	return false;
}

static enum severity
srv(const struct check_on *on)
{
	const struct facts_offer *offer = &on->domain->offers[on->service];
	const struct facts_offer *safe =
	    &on->domain->offers[tls_form(on->service)];

	if (offer->lookup.dns == FACTS_FAILED)
		return check_say(on, SEV_WARN, "the lookup fails: %s",
		    offer->lookup.why);
	if (offer->lookup.dns != FACTS_EXISTS || !is_offered(offer))
		return SEV_SKIPPED;
	for (size_t i = 0; i < offer->n_srvs; i++) {
		if (strcmp(offer->srvs[i].target, ".") == 0)
			return check_say(on, SEV_WARN, "\".\" says that it is "
			    "not offered, other records that it is");
		if (srv_is_wrong(on, &offer->srvs[i]) ||
		    place_is_wrong(on, &offer->srvs[i]))
			return SEV_WARN;
	}
	if (!is_offered(safe) && safe->lookup.dns != FACTS_FAILED)
		return check_say(on, SEV_WARN, "there is no _%s beside it: TLS "
		    "from the start is what RFC 8314 3.3 wants",
		    facts_service_txt(tls_form(on->service)));
	return SEV_OK;
}

/* ---- TLS */

static bool
is_good_for(const struct facts_access *access, const char *domain)
{
	for (size_t i = 0; i < access->good_for.n; i++)
		if (strcmp(access->good_for.name[i], domain) == 0)
			return true;
	return false;
}

static enum severity
tls_names(const struct check_on *on)
{
	const struct facts_access *access = on->access;
	const struct facts_tls *tls = &access->probe.tls;

	if (tls->n_certs == 0)
		return SEV_SKIPPED;
	if (tls->name != FACTS_YES &&
	    !is_good_for(access, on->domain->name))
		return check_say(on, SEV_WARN, "the certificate is neither for "
		    "%s nor for %s nor for _%s.%s", access->server->name,
		    on->domain->name, facts_service_txt(access->service),
		    on->domain->name);
	if (tls->verify != 0)
		return check_say(on, SEV_WARN, "the certificate is not "
		    "trusted: %s", tls->verify_txt);
	for (size_t i = 0; i < tls->n_certs; i++)
		if (on->now < tls->certs[i].not_before ||
		    on->now > tls->certs[i].not_after)
			return check_say(on, SEV_WARN, "the certificate %s",
			    on->now > tls->certs[i].not_after ?
			    "has expired" : "is not valid yet");
	return SEV_OK;
}

/* ---- passwords in clear text */

static bool
was_asked(const struct facts_access *access)
{
	return access->probe.step[FACTS_EHLO].end == FACTS_END_DONE;
}

static enum severity
imap_in_clear(const struct check_on *on)
{
	const struct facts_access *access = on->access;
	const struct facts_ehlo *can = &access->probe.ehlo;

	if (access->service != FACTS_IMAP && !access->preauth)
		return SEV_OK;
	if (access->preauth)
		return check_say(on, SEV_CRIT, "PREAUTH: it takes anybody for "
		    "logged in");
	if (!was_asked(access))
		return SEV_SKIPPED;
	if (access->probe.step[FACTS_EHLO].reply.code != FACTS_REPLY_OK)
		return check_say(on, SEV_UNKNOWN, "it does not say what it can "
		    "do");
	for (size_t i = 0; i < can->n; i++)
		if (strcasecmp(can->keyword[i], "AUTH=PLAIN") == 0 ||
		    strcasecmp(can->keyword[i], "AUTH=LOGIN") == 0)
			return check_say(on, SEV_CRIT, "it asks for passwords "
			    "before TLS: %s", can->keyword[i]);
	return facts_ehlo_keyword(can, "LOGINDISABLED") != NULL ? SEV_OK :
	    check_say(on, SEV_CRIT, "it takes LOGIN before TLS: there is no "
	    "LOGINDISABLED");
}

static enum severity
pop_in_clear(const struct check_on *on)
{
	const struct facts_access *access = on->access;
	const struct facts_ehlo *can = &access->probe.ehlo;
	const char *sasl;

	if (access->service != FACTS_POP3)
		return SEV_OK;
	if (!was_asked(access))
		return SEV_SKIPPED;
	if (access->probe.step[FACTS_EHLO].reply.code != FACTS_REPLY_OK)
		return check_say(on, SEV_UNKNOWN, "it has no CAPA, and does "
		    "not say what it can do");
	if (facts_ehlo_keyword(can, "STLS") == NULL)
		return check_say(on, SEV_CRIT, "no STLS: passwords go in clear "
		    "text");
	if (facts_ehlo_keyword(can, "USER") != NULL)
		return check_say(on, SEV_CRIT, "it takes USER and PASS before "
		    "TLS");
	sasl = facts_ehlo_keyword(can, "SASL");
	return !asks_for_passwords(sasl) ? SEV_OK : check_say(on, SEV_CRIT,
	    "it asks for passwords before TLS: %s", sasl);
}

const struct check check_a[] = {
    {"A01", "AUTH before TLS", CHECK_MX_OR_ACCESS, auth_in_clear,
	"AUTH PLAIN and LOGIN are not to be offered in clear text (RFC 4954 "
	"4, RFC 8314 3): a warning on an MX, critical where users log in."},
    {"A02", "AUTH on an MX", CHECK_ENDPOINT, auth_on_mx,
	"Logins on port 25 invite guessing; submission has its own port."},
    {"A03", "srv", CHECK_SERVICE, srv,
	"The SRV records that mail programs find their servers by (RFC 6186 "
	"3): targets are host names with addresses and no aliases, they "
	"serve, and beside each service that begins in clear text there is "
	"the one with TLS from the start (RFC 8314 3.3, 5.1). The target "
	"\".\" says that there is none."},
    {"A04", "access tls", CHECK_ACCESS, tls_names,
	"The certificate of a service for users is for the target or for the "
	"domain (RFC 6186 6, RFC 7817 3), by a dNSName or an SRV-ID, in time "
	"and trusted: mail programs ask their users otherwise."},
    {"A05", "IMAP clear text", CHECK_ACCESS, imap_in_clear,
	"Before STARTTLS an IMAP server says LOGINDISABLED and offers neither "
	"AUTH=PLAIN nor AUTH=LOGIN (RFC 9051 6.2.1, 6.2.3, 11.1). It is asked "
	"for CAPABILITY only, nobody logs in."},
    {"A06", "POP3 clear text", CHECK_ACCESS, pop_in_clear,
	"Before STLS a POP3 server lists neither USER nor SASL PLAIN or LOGIN "
	"in CAPA, and it lists STLS (RFC 2449 6, RFC 2595 4)."},
    {0},
};
