/*
 * The words of facts, and the few questions about them that more than one
 * reader has.
 */
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/facts.h"

/* ---- words */

const char *
facts_stage_txt(enum facts_stage stage)
{
	static const char *const txt[FACTS_STAGES] = {
	    [FACTS_CONNECT] = "connect",
	    [FACTS_GREETING] = "greeting",
	    [FACTS_EHLO] = "ehlo",
	    [FACTS_HELO] = "helo",
	    [FACTS_STARTTLS] = "starttls",
	    [FACTS_TLS] = "tls",
	    [FACTS_EHLO_TLS] = "ehlo-tls",
	    [FACTS_MAIL] = "mail",
	    [FACTS_RELAY] = "relay",
	    [FACTS_QUIT] = "quit",
	};

	return txt[stage];
}

const char *
facts_end_txt(enum facts_end end)
{
	static const char *const txt[] = {
	    [FACTS_END_NONE] = "none",
	    [FACTS_END_DONE] = "done",
	    [FACTS_END_TIMEOUT] = "timed out",
	    [FACTS_END_REFUSED] = "refused",
	    [FACTS_END_UNREACHABLE] = "unreachable",
	    [FACTS_END_RESET] = "reset",
	    [FACTS_END_CLOSED] = "closed",
	    [FACTS_END_PROTO] = "protocol error",
	    [FACTS_END_STOPPED] = "stopped",
	};

	return txt[end];
}

const char *
facts_dns_txt(enum facts_dns dns)
{
	static const char *const txt[] = {
	    [FACTS_NOT_ASKED] = "not asked",
	    [FACTS_EXISTS] = "exists",
	    [FACTS_NODATA] = "NODATA",
	    [FACTS_NXDOMAIN] = "NXDOMAIN",
	    [FACTS_FAILED] = "failed",
	};

	return txt[dns];
}

static const char *const services[FACTS_SERVICES] = {
    [FACTS_SUBMISSIONS] = "submissions",
    [FACTS_SUBMISSION] = "submission",
    [FACTS_IMAPS] = "imaps",
    [FACTS_IMAP] = "imap",
    [FACTS_POP3S] = "pop3s",
    [FACTS_POP3] = "pop3",
};

const char *
facts_service_txt(enum facts_service service)
{
	return services[service];
}

/* ---- questions */

bool
facts_service_is_tls(enum facts_service service)
{
	return service == FACTS_SUBMISSIONS || service == FACTS_IMAPS ||
	    service == FACTS_POP3S;
}

bool
facts_has_null_mx(const struct facts_domain *domain)
{
	for (size_t i = 0; i < domain->n_mxs; i++)
		if (strcmp(domain->mxs[i].target, ".") == 0)
			return true;
	return false;
}

bool
facts_mx_is_repeated(const struct facts_domain *domain, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcasecmp(domain->mxs[i].target,
		    domain->mxs[at].target) == 0)
			return true;
	return false;
}

bool
facts_is_null_mx(const struct facts_domain *domain)
{
	return domain->n_mxs == 1 && facts_has_null_mx(domain);
}

const struct facts_rcpt *
facts_rcpt(const struct facts_probe *probe, const struct facts_domain *domain)
{
	for (size_t i = 0; i < probe->n_rcpts; i++)
		if (probe->rcpts[i].domain == domain)
			return &probe->rcpts[i];
	return NULL;
}

const char *
facts_ehlo_keyword(const struct facts_ehlo *ehlo, const char *keyword)
{
	size_t len = strlen(keyword);

	for (size_t i = 0; i < ehlo->n; i++)
		if (strncasecmp(ehlo->keyword[i], keyword, len) == 0 &&
		    (ehlo->keyword[i][len] == '\0' ||
			ehlo->keyword[i][len] == ' ' ||
			ehlo->keyword[i][len] == '='))
			return ehlo->keyword[i];
	return NULL;
}

const char *
facts_keyword(const struct facts_probe *probe, const char *keyword)
{
	bool tls = probe->step[FACTS_EHLO_TLS].end == FACTS_END_DONE;

	return facts_ehlo_keyword(tls ? &probe->ehlo_tls : &probe->ehlo,
	    keyword);
}

bool
facts_timed_out(const struct facts_probe *probe)
{
	for (unsigned i = 0; i < FACTS_QUIT; i++)
		if (probe->step[i].end == FACTS_END_TIMEOUT)
			return true;
	return false;
}
