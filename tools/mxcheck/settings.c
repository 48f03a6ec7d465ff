/*
 * Defaults, and what holds for one domain or host.
 */
#include "tools/mxcheck/settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/mxcheck/model.h"

/* The limit of a stage, what is slow, and what a patient sender grants; to
 * connect, what Postfix does (smtp_connect_timeout). */
static const struct {
	uint32_t limit_ms, slow_ms, patient_ms;
} stages[FACTS_STAGES] = {
    [FACTS_CONNECT] = {10000, 3000, 30000},
    [FACTS_GREETING] = {30000, 10000, 300000},
    [FACTS_EHLO] = {15000, 5000, 300000},
    [FACTS_HELO] = {15000, 5000, 300000},
    [FACTS_STARTTLS] = {15000, 5000, 300000},
    [FACTS_TLS] = {15000, 5000, 300000},
    [FACTS_EHLO_TLS] = {15000, 5000, 300000},
    [FACTS_MAIL] = {20000, 10000, 300000},
    [FACTS_RELAY] = {20000, 10000, 300000},
    [FACTS_QUIT] = {2000, 0, 2000},
};

void
settings_init(struct settings *s)
{
	const struct model *model = NULL;

	*s = (struct settings){
	    .port = 25,
	    .sts_port = 443,
	    .sts_limit_ms = 60000, /* RFC 8461 3.3 */
	    .jobs = 64,
	    .deadline_s = 240,
	    .recheck_s = 20,
	    .session_ms = 90000,
	    .rcpt = RCPT_BASIC,
	    .relay = true,
	    .rcpt_domains = 5,
	    .min_mx = 2,
	    .confirm = 2,
	    .recover = 2,
	    .flap_high = 50,
	    .flap_low = 25,
	    .zone_life_s = 3600,
	};
	for (unsigned i = 0; i < FACTS_STAGES; i++) {
		s->limit_ms[i] = stages[i].limit_ms;
		s->slow_ms[i] = stages[i].slow_ms;
	}
	while ((model = model_next(model)) != NULL)
		s->models[s->n_models++] = model;
}

void
settings_clear(struct settings *s)
{
	free(s->domains);
	free(s->hosts);
}

bool
settings_add(struct settings_list *list, const char *word)
{
	if (list->n == SETTINGS_LIST_MAX)
		return false;
	list->word[list->n++] = word;
	return true;
}

void
settings_patient(uint32_t limit_ms[FACTS_STAGES])
{
	for (unsigned i = 0; i < FACTS_STAGES; i++)
		limit_ms[i] = stages[i].patient_ms;
}

const struct settings_domain *
settings_domain(const struct settings *s, const char *name)
{
	static const struct settings_domain none;

	for (size_t i = 0; i < s->n_domains; i++)
		if (strcasecmp(s->domains[i].name, name) == 0)
			return &s->domains[i];
	return &none;
}

const struct settings_host *
settings_host(const struct settings *s, const char *name)
{
	static const struct settings_host none;

	for (size_t i = 0; i < s->n_hosts; i++)
		if (strcasecmp(s->hosts[i].name, name) == 0)
			return &s->hosts[i];
	return &none;
}

static bool
said(const struct settings_list *list, const char *id, enum severity *severity)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < list->n; i++) {
		if (strncmp(list->word[i], id, len) != 0 ||
		    list->word[i][len] != '=')
			continue;
		for (enum severity v = SEV_OK; v <= SEV_CRIT; v++)
			if (strcmp(list->word[i] + len + 1, severity_txt(v)) ==
			    0)
				*severity = v;
		return true;
	}
	return false;
}

enum severity
settings_severity(const struct settings *s, const char *id, const char *domain,
    const char *host, enum severity severity)
{
	if (severity == SEV_OK || severity > SEV_CRIT)
		return severity;
	if (host == NULL ||
	    !said(&settings_host(s, host)->severity, id, &severity))
		(void)said(&settings_domain(s, domain)->severity, id,
		    &severity);
	return severity;
}

/* The id, or the group that it begins with. */
static bool
names(const struct settings_list *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcasecmp(list->word[i], id) == 0 ||
		    (strlen(list->word[i]) == 1 &&
			strncasecmp(list->word[i], id, 1) == 0))
			return true;
	return false;
}

bool
settings_wants(const struct settings *s, const char *id)
{
	return (s->only.n == 0 || names(&s->only, id)) && !names(&s->skip, id);
}
