/*
 * lib/conf_text.c refuses what libConfuse would mistake, libConfuse takes the
 * rest apart, and each value is judged as soon as it is read, so that its line
 * is known. Outside of sections it is given to the same function as the option
 * of that name. libConfuse hands its callbacks no argument of ours, thus the
 * static variable `reading`.
 */
#include "tools/mxcheck/mxconf.h"

#include <confuse.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/conf_text.h"
#include "lib/xalloc.h"
#include "tools/mxcheck/asn.h"
#include "tools/mxcheck/check.h"
#include "tools/mxcheck/domain.h"
#include "tools/mxcheck/options.h"
#include "tools/mxcheck/resolve.h"
#include "tools/tool.h"

static struct {
	const char *path;
	struct settings *settings;
	struct facts *facts;
	struct settings_domain domain; /* of the section that is read */
	struct settings_host host;
} reading;

static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	tool_error("%s:%d: %s", reading.path, cfg->line, text);
}

/* The value that was just read. */
static const char *
last(cfg_opt_t *opt)
{
	return cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
}

static const char *
keep(const char *text)
{
	return facts_str(reading.facts, text);
}

/* ---- outside of sections */

static int
take_option(cfg_t *cfg, cfg_opt_t *opt)
{
	if (options_set(reading.settings, cfg_opt_name(opt), keep(last(opt))))
		return 0;
	cfg_error(cfg, "\"%s\" is no value of %s", last(opt),
	    cfg_opt_name(opt));
	return -1;
}

/* ---- values */

static int
take_yes(cfg_t *cfg, cfg_opt_t *opt, bool *yes)
{
	*yes = strcmp(last(opt), "yes") == 0;
	if (*yes || strcmp(last(opt), "no") == 0)
		return 0;
	cfg_error(cfg, "%s: give yes or no, not \"%s\"", cfg_opt_name(opt),
	    last(opt));
	return -1;
}

static int
take_word(cfg_t *cfg, cfg_opt_t *opt, struct settings_list *list)
{
	if (settings_add(list, keep(last(opt))))
		return 0;
	cfg_error(cfg, "%s: no more than %d", cfg_opt_name(opt),
	    SETTINGS_LIST_MAX);
	return -1;
}

static int
take_severity(cfg_t *cfg, cfg_opt_t *opt, struct settings_list *list)
{
	const char *text = last(opt), *equals = strchr(text, '=');
	char id[8];

	if (equals != NULL && equals - text < (int)sizeof(id)) {
		memcpy(id, text, (size_t)(equals - text));
		id[equals - text] = '\0';
		for (enum severity s = SEV_OK; s <= SEV_CRIT; s++)
			if (check_find(id) != NULL &&
			    strcmp(equals + 1, severity_txt(s)) == 0)
				return take_word(cfg, opt, list);
	}
	cfg_error(cfg,
	    "severity: give a check and OK, INFO, WARN or CRIT, such "
	    "as \"B01=CRIT\", not \"%s\"",
	    text);
	return -1;
}

/* ---- domain "example.com" { } */

static int
take_mail(cfg_t *cfg, cfg_opt_t *opt)
{
	bool yes;

	if (take_yes(cfg, opt, &yes) != 0)
		return -1;
	reading.domain.mail = yes ? FACTS_YES : FACTS_NO;
	return 0;
}

static int
take_nofailover(cfg_t *cfg, cfg_opt_t *opt)
{
	return take_yes(cfg, opt, &reading.domain.nofailover_ok);
}

/* "mx1.example.com", or with its preference: "10 mx1.example.com" */
static int
take_expect_mx(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = last(opt), *name = text;
	size_t digits = strspn(text, "0123456789");

	if (digits > 0 && digits <= 5 && text[digits] == ' ')
		name = text + digits + strspn(text + digits, " ");
	if (resolve_is_host_name(name, true))
		return take_word(cfg, opt, &reading.domain.expect_mx);
	cfg_error(cfg, "expect-mx: \"%s\" is no host name, nor a preference "
	    "and one", text);
	return -1;
}

static int
take_outbound(cfg_t *cfg, cfg_opt_t *opt)
{
	struct addr addr;

	if (addr_parse(&addr, last(opt)) == 0)
		return take_word(cfg, opt, &reading.domain.outbound);
	cfg_error(cfg, "outbound: \"%s\" is no address", last(opt));
	return -1;
}

static int
take_dkim(cfg_t *cfg, cfg_opt_t *opt)
{
	if (resolve_is_host_name(last(opt), true))
		return take_word(cfg, opt, &reading.domain.dkim);
	cfg_error(cfg, "dkim: \"%s\" is no selector", last(opt));
	return -1;
}

static int
take_domain_severity(cfg_t *cfg, cfg_opt_t *opt)
{
	return take_severity(cfg, opt, &reading.domain.severity);
}

static int
end_domain(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct settings *s = reading.settings;
	char name[DOMAIN_MAX];
	const char *why = domain_read(name, cfg_title(section));

	if (why == NULL && settings_domain(s, name)->name != NULL)
		why = "this domain has a section already";
	if (why != NULL) {
		cfg_error(cfg, "domain \"%s\": %s", cfg_title(section), why);
		return -1;
	}
	reading.domain.name = keep(name);
	s->domains = xreallocarray(s->domains, s->n_domains + 1,
	    sizeof(*s->domains));
	s->domains[s->n_domains++] = reading.domain;
	memset(&reading.domain, 0, sizeof(reading.domain));
	return 0;
}

/* ---- host "mx1.example.com" { } */

static int
take_role(cfg_t *cfg, cfg_opt_t *opt)
{
	static const char *const roles[] = {"none", "primary", "backup",
	    "nolisting"};

	for (unsigned i = ROLE_PRIMARY; i <= ROLE_NOLISTING; i++) {
		if (strcmp(last(opt), roles[i]) == 0) {
			reading.host.role = (enum settings_role)i;
			return 0;
		}
	}
	cfg_error(cfg, "role: give primary, backup or nolisting, not \"%s\"",
	    last(opt));
	return -1;
}

static int
take_expect(cfg_t *cfg, cfg_opt_t *opt)
{
	reading.host.expect_down = strcmp(last(opt), "down") == 0;
	if (reading.host.expect_down || strcmp(last(opt), "up") == 0)
		return 0;
	cfg_error(cfg, "expect: give up or down, not \"%s\"", last(opt));
	return -1;
}

static int
take_internal(cfg_t *cfg, cfg_opt_t *opt)
{
	return take_yes(cfg, opt, &reading.host.internal);
}

static int
take_trusted(cfg_t *cfg, cfg_opt_t *opt)
{
	return take_yes(cfg, opt, &reading.host.trusted);
}

static int
take_site(cfg_t *cfg, cfg_opt_t *opt)
{
	(void)cfg;
	reading.host.site = keep(last(opt));
	return 0;
}

static int
take_asn(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = last(opt);

	if (asn_read(&reading.host.asn, text, strlen(text)) == 0)
		return 0;
	cfg_error(cfg, "asn: give a number such as 64500, not \"%s\"", text);
	return -1;
}

static int
take_host_severity(cfg_t *cfg, cfg_opt_t *opt)
{
	return take_severity(cfg, opt, &reading.host.severity);
}

static int
end_host(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *title = cfg_title(cfg_opt_getnsec(opt,
	    cfg_opt_size(opt) - 1));
	struct settings *s = reading.settings;
	const char *why = NULL;

	if (!resolve_is_host_name(title, true))
		why = "this is no host name";
	else if (settings_host(s, title)->name != NULL)
		why = "this host has a section already";
	if (why != NULL) {
		cfg_error(cfg, "host \"%s\": %s", title, why);
		return -1;
	}
	reading.host.name = keep(title);
	s->hosts = xreallocarray(s->hosts, s->n_hosts + 1, sizeof(*s->hosts));
	s->hosts[s->n_hosts++] = reading.host;
	memset(&reading.host, 0, sizeof(reading.host));
	return 0;
}

/* ---- the file */

static cfg_opt_t domain_opts[] = {
    CFG_STR("mail", NULL, CFGF_NODEFAULT),
    CFG_STR("nofailover-ok", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("expect-mx", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("outbound", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("dkim", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("severity", NULL, CFGF_NODEFAULT),
    CFG_END()
};

static cfg_opt_t host_opts[] = {
    CFG_STR("role", NULL, CFGF_NODEFAULT),
    CFG_STR("expect", NULL, CFGF_NODEFAULT),
    CFG_STR("internal", NULL, CFGF_NODEFAULT),
    CFG_STR("trusted", NULL, CFGF_NODEFAULT),
    CFG_STR("site", NULL, CFGF_NODEFAULT),
    CFG_STR("asn", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("severity", NULL, CFGF_NODEFAULT),
    CFG_END()
};

static cfg_opt_t root_opts[] = {
    CFG_STR_LIST("resolver", NULL, CFGF_NODEFAULT),
    CFG_STR("helo", NULL, CFGF_NODEFAULT),
    CFG_STR("source4", NULL, CFGF_NODEFAULT),
    CFG_STR("source6", NULL, CFGF_NODEFAULT),
    CFG_STR("port", NULL, CFGF_NODEFAULT),
    CFG_STR("ca-file", NULL, CFGF_NODEFAULT),
    CFG_STR("jobs", NULL, CFGF_NODEFAULT),
    CFG_STR("deadline", NULL, CFGF_NODEFAULT),
    CFG_STR("recheck", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("limit", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("slow", NULL, CFGF_NODEFAULT),
    CFG_STR("alert-to", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("dnsbl", NULL, CFGF_NODEFAULT),
    CFG_STR("asn-file", NULL, CFGF_NODEFAULT),
    CFG_STR("asn-zone", NULL, CFGF_NODEFAULT),
    CFG_STR("relay", NULL, CFGF_NODEFAULT),
    CFG_STR("relay-target", NULL, CFGF_NODEFAULT),
    CFG_STR("rcpt", NULL, CFGF_NODEFAULT),
    CFG_STR("trusted", NULL, CFGF_NODEFAULT),
    CFG_STR("models", NULL, CFGF_NODEFAULT),
    CFG_STR("skip", NULL, CFGF_NODEFAULT),
    CFG_STR("min-mx", NULL, CFGF_NODEFAULT),
    CFG_STR("state", NULL, CFGF_NODEFAULT),
    CFG_STR("confirm", NULL, CFGF_NODEFAULT),
    CFG_STR("recover", NULL, CFGF_NODEFAULT),
    CFG_SEC("domain", domain_opts, CFGF_MULTI | CFGF_TITLE),
    CFG_SEC("host", host_opts, CFGF_MULTI | CFGF_TITLE),
    CFG_END()
};

static const struct {
	const char *name;
	cfg_validate_callback_t take;
} takers[] = {
    {"domain|mail", take_mail},
    {"domain|nofailover-ok", take_nofailover},
    {"domain|expect-mx", take_expect_mx},
    {"domain|outbound", take_outbound},
    {"domain|dkim", take_dkim},
    {"domain|severity", take_domain_severity},
    {"domain", end_domain},
    {"host|role", take_role},
    {"host|expect", take_expect},
    {"host|internal", take_internal},
    {"host|trusted", take_trusted},
    {"host|site", take_site},
    {"host|asn", take_asn},
    {"host|severity", take_host_severity},
    {"host", end_host},
};

static bool
parse(cfg_t *cfg, const char *path, char *text, size_t len)
{
	char why[CONF_TEXT_WHY_LEN];
	unsigned line;
	bool fine = true;

	for (cfg_opt_t *opt = root_opts; opt->name != NULL; opt++)
		if (opt->type == CFGT_STR)
			cfg_set_validate_func(cfg, opt->name, take_option);
	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
		cfg_set_validate_func(cfg, takers[i].name, takers[i].take);
	cfg_set_error_function(cfg, on_error);
	if (conf_text_check(text, len, &line, why) != 0) {
		tool_error("%s:%u: %s", path, line, why);
		fine = false;
	}
	return cfg_parse_buf(cfg, text) == CFG_SUCCESS && fine;
}

bool
mxconf_read(struct settings *s, struct facts *facts, const char *path,
    bool optional)
{
	char *text;
	size_t len;
	cfg_t *cfg;
	bool fine;
	int rc = conf_text_read(&text, &len, path);

	if (rc == -ENOENT && optional)
		return true;
	if (rc != 0) {
		tool_error("%s: %s", path, strerror(-rc));
		return false;
	}
	memset(&reading, 0, sizeof(reading));
	reading.path = path;
	reading.settings = s;
	reading.facts = facts;
	cfg = cfg_init(root_opts, CFGF_NONE);
	fine = cfg != NULL && parse(cfg, path, text, len);
	if (cfg == NULL)
		tool_error("out of memory");
	else
		cfg_free(cfg);
	free(text);
	return fine;
}

void
mxconf_add_domains(const struct settings *s, struct facts *facts)
{
	for (size_t i = 0; i < s->n_domains; i++)
		(void)facts_domain(facts, s->domains[i].name);
}
