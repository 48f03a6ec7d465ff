/*
 * Numbers, words, lists: what is wrong is said with what would be right.
 */
#include "tools/mxcheck/option.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/model.h"
#include "tools/mxcheck/report.h"
#include "tools/mxcheck/resolve.h"
#include "tools/tool.h"

#define RESOLV_CONF "/etc/resolv.conf"

bool
option_number(const char *option, const char *text, long least, long most,
    long *out)
{
	char *end;

	*out = strtol(text, &end, 10);
	if (end != text && *end == '\0' && *out >= least && *out <= most)
		return true;
	tool_error("--%s %s: give a number from %ld to %ld", option, text,
	    least, most);
	return false;
}

bool
option_unsigned(const char *option, const char *text, long least, long most,
    unsigned *out)
{
	long n;

	if (!option_number(option, text, least, most, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

bool
option_source(const char *text, uint8_t family, struct addr *out, bool *has)
{
	*has = addr_parse(out, text) == 0 && out->family == family;
	if (!*has)
		tool_error("%s: give an IPv%c address", text,
		    family == AF_INET ? '4' : '6');
	return *has;
}

static bool
add_words(struct settings_list *list, char *words, const char *option)
{
	char *save = NULL, *word;

	for (word = strtok_r(words, ",", &save); word != NULL;
	    word = strtok_r(NULL, ",", &save))
		if (!settings_add(list, word)) {
			tool_error("--%s: no more than %d", option,
			    SETTINGS_LIST_MAX);
			return false;
		}
	return true;
}

static bool
is_group(const char *word)
{
	const struct check *check = NULL;

	while ((check = check_next(check)) != NULL)
		if (strlen(word) == 1 &&
		    toupper((unsigned char)word[0]) == check->id[0])
			return true;
	return false;
}

bool
option_checks(struct settings_list *list, char *words, const char *option)
{
	if (!add_words(list, words, option))
		return false;
	for (size_t i = 0; i < list->n; i++)
		if (check_find(list->word[i]) == NULL &&
		    !is_group(list->word[i])) {
			tool_error("--%s %s: there is no such check or group; "
			    "--list-checks lists them", option, list->word[i]);
			return false;
		}
	return true;
}

bool
option_models(struct settings *s, char *words)
{
	char *save = NULL, *word;

	s->n_models = 0;
	for (word = strtok_r(words, ",", &save); word != NULL;
	    word = strtok_r(NULL, ",", &save)) {
		const struct model *model = model_find(word);

		if (model == NULL || s->n_models ==
		    sizeof(s->models) / sizeof(s->models[0])) {
			tool_error("--models %s: there are postfix, exim, "
			    "opensmtpd, strict", word);
			return false;
		}
		s->models[s->n_models++] = model;
	}
	return s->n_models > 0;
}

bool
option_stage(const char *option, const char *text, uint32_t ms[FACTS_STAGES],
    uint32_t *session)
{
	const char *equals = strchr(text, '=');
	size_t len = equals != NULL ? (size_t)(equals - text) : 0;
	double seconds = equals != NULL ? strtod(equals + 1, NULL) : 0;
	uint32_t *out = NULL;

	for (unsigned i = 0; i < FACTS_STAGES; i++)
		if (strlen(facts_stage_txt(i)) == len &&
		    strncmp(text, facts_stage_txt(i), len) == 0)
			out = &ms[i];
	if (len == 7 && strncmp(text, "session", len) == 0)
		out = session;
	if (out == NULL || seconds < 0.05 || seconds > 3600) {
		tool_error("--%s %s: give STAGE=SECONDS, such as connect=5",
		    option, text);
		return false;
	}
	*out = (uint32_t)(seconds * 1000);
	return true;
}

bool
option_word(const char *option, const char *text, const char *yes,
    const char *no, bool *out)
{
	*out = strcmp(text, yes) == 0;
	if (*out || strcmp(text, no) == 0)
		return true;
	tool_error("--%s %s: give %s or %s", option, text, yes, no);
	return false;
}

bool
option_output(struct settings *s, char *text)
{
	char name[16];
	size_t len = strcspn(text, "=");

	if (len < sizeof(name)) {
		memcpy(name, text, len);
		name[len] = '\0';
		if (report_find(name) != NULL &&
		    settings_add(&s->outputs, text))
			return true;
	}
	tool_error("--output %s: there is no such format", text);
	return false;
}

bool
option_asn_zones(struct settings *s, char *text)
{
	char *comma = strchr(text, ',');

	s->asn_zones[0] = s->asn_zones[1] = text;
	if (comma != NULL) {
		*comma = '\0';
		s->asn_zones[1] = comma + 1;
	}
	if (resolve_is_host_name(s->asn_zones[0], true) &&
	    resolve_is_host_name(s->asn_zones[1], true))
		return true;
	tool_error("--asn-zone: give a zone, or one for IPv4 and one for IPv6, "
	    "such as origin.asn.cymru.com,origin6.asn.cymru.com");
	return false;
}

bool
option_dnsbl(struct settings *s, const char *text)
{
	if (resolve_is_host_name(text, true) && settings_add(&s->dnsbls, text))
		return true;
	tool_error("--dnsbl %s: give the zone of a list, %d at most", text,
	    SETTINGS_LIST_MAX);
	return false;
}

bool
option_is_mailbox(const char *text)
{
	const char *at = strchr(text, '@');

	return at != NULL && at > text && strspn(text, "abcdefghijklmnopqrstuv"
	    "wxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+") ==
	    (size_t)(at - text) && resolve_is_host_name(at + 1, false);
}

bool
option_add_server(struct settings *s, const char *text)
{
	struct settings_dns *server = &s->servers[s->n_servers];

	if (s->n_servers == SETTINGS_SERVERS_MAX ||
	    addr_parse_at_port(&server->addr, &server->addr_len, text, 53) != 0)
		return false;
	s->n_servers++;
	return true;
}

void
option_resolv_conf(struct settings *s)
{
	FILE *f = fopen(RESOLV_CONF, "re");
	char line[512], word[128];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "nameserver %127s", word) == 1)
			option_add_server(s, word);
	if (f != NULL)
		fclose(f);
	if (s->n_servers == 0)
		option_add_server(s, "127.0.0.1");
}
