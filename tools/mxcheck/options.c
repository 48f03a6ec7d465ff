/*
 * Options are read into the settings one by one; what is wrong is said with
 * what would be right. Domains come from the rest of the line and from files.
 */
#include "tools/mxcheck/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "tools/mxcheck/domain.h"
#include "tools/mxcheck/mxconf.h"
#include "tools/mxcheck/option.h"
#include "tools/mxcheck/resolve.h"
#include "tools/mxcheck/usage.h"
#include "tools/tool.h"

#define RELAY_TARGET "mxcheck-relay-test@example.net" /* RFC 2606: nobody's */
#define SHORT_OPTIONS "c:f:o:q46nvh"

enum {
	OPT_ONLY = 256,
	OPT_SKIP,
	OPT_RESOLVER,
	OPT_HELO,
	OPT_SOURCE4,
	OPT_SOURCE6,
	OPT_PORT,
	OPT_CA_FILE,
	OPT_STS_PORT,
	OPT_HOOK,
	OPT_ZONE,
	OPT_ZONE_LIFE,
	OPT_STS_LIMIT,
	OPT_JOBS,
	OPT_DEADLINE,
	OPT_RECHECK,
	OPT_LIMIT,
	OPT_SLOW,
	OPT_PATIENT,
	OPT_RELAY,
	OPT_RCPT,
	OPT_INTERNAL,
	OPT_ACCESS,
	OPT_SUGGEST_MX,
	OPT_HOOK_BATCH,
	OPT_DUAL_CERT,
	OPT_DNSBL,
	OPT_OUTBOUND,
	OPT_TRUSTED,
	OPT_AT,
	OPT_ASN_FILE,
	OPT_ASN_ZONE,
	OPT_ALERT_TO,
	OPT_ASSUME_DOWN,
	OPT_AUTHORITATIVE,
	OPT_MODELS,
	OPT_REPLAY,
	OPT_RELAY_TARGET,
	OPT_MIN_MX,
	OPT_CONFIRM,
	OPT_RECOVER,
	OPT_STATE,
	OPT_NO_STATE,
	OPT_EXIT_ZERO,
	OPT_EXPLAIN,
	OPT_LIST_CHECKS,
	OPT_VERSION,
};

static const struct option options[] = {
    {"file", required_argument, NULL, 'f'},
    {"output", required_argument, NULL, 'o'},
    {"quiet", no_argument, NULL, 'q'},
    {"only", required_argument, NULL, OPT_ONLY},
    {"skip", required_argument, NULL, OPT_SKIP},
    {"resolver", required_argument, NULL, OPT_RESOLVER},
    {"helo", required_argument, NULL, OPT_HELO},
    {"source4", required_argument, NULL, OPT_SOURCE4},
    {"source6", required_argument, NULL, OPT_SOURCE6},
    {"port", required_argument, NULL, OPT_PORT},
    {"ca-file", required_argument, NULL, OPT_CA_FILE},
    {"hook", required_argument, NULL, OPT_HOOK},
    {"zone", required_argument, NULL, OPT_ZONE},
    {"zone-life", required_argument, NULL, OPT_ZONE_LIFE},
    {"sts-port", required_argument, NULL, OPT_STS_PORT},
    {"sts-limit", required_argument, NULL, OPT_STS_LIMIT},
    {"jobs", required_argument, NULL, OPT_JOBS},
    {"deadline", required_argument, NULL, OPT_DEADLINE},
    {"recheck", required_argument, NULL, OPT_RECHECK},
    {"limit", required_argument, NULL, OPT_LIMIT},
    {"slow", required_argument, NULL, OPT_SLOW},
    {"patient", no_argument, NULL, OPT_PATIENT},
    {"relay", required_argument, NULL, OPT_RELAY},
    {"rcpt", required_argument, NULL, OPT_RCPT},
    {"internal", no_argument, NULL, OPT_INTERNAL},
    {"access", no_argument, NULL, OPT_ACCESS},
    {"suggest-mx", no_argument, NULL, OPT_SUGGEST_MX},
    {"hook-batch", no_argument, NULL, OPT_HOOK_BATCH},
    {"dual-cert", no_argument, NULL, OPT_DUAL_CERT},
    {"dnsbl", required_argument, NULL, OPT_DNSBL},
    {"outbound", no_argument, NULL, OPT_OUTBOUND},
    {"trusted", required_argument, NULL, OPT_TRUSTED},
    {"at", required_argument, NULL, OPT_AT},
    {"asn-file", required_argument, NULL, OPT_ASN_FILE},
    {"asn-zone", required_argument, NULL, OPT_ASN_ZONE},
    {"alert-to", required_argument, NULL, OPT_ALERT_TO},
    {"assume-down", required_argument, NULL, OPT_ASSUME_DOWN},
    {"authoritative", no_argument, NULL, OPT_AUTHORITATIVE},
    {"models", required_argument, NULL, OPT_MODELS},
    {"config", required_argument, NULL, 'c'},
    {"relay-target", required_argument, NULL, OPT_RELAY_TARGET},
    {"min-mx", required_argument, NULL, OPT_MIN_MX},
    {"confirm", required_argument, NULL, OPT_CONFIRM},
    {"recover", required_argument, NULL, OPT_RECOVER},
    {"state", required_argument, NULL, OPT_STATE},
    {"no-state", no_argument, NULL, OPT_NO_STATE},
    {"exit-zero", no_argument, NULL, OPT_EXIT_ZERO},
    {"replay", required_argument, NULL, OPT_REPLAY},
    {"explain", required_argument, NULL, OPT_EXPLAIN},
    {"list-checks", no_argument, NULL, OPT_LIST_CHECKS},
    {"dry-run", no_argument, NULL, 'n'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static enum options_what
read_one(struct settings *s, int c)
{
	unsigned n;
	long number;
	bool fine = true, yes;

	switch (c) {
	case 'f':
		fine = settings_add(&s->files, optarg);
		break;
	case 'o':
		fine = option_output(s, optarg);
		break;
	case 'q':
		s->quiet = true;
		break;
	case '4':
		s->only4 = true;
		break;
	case '6':
		s->only6 = true;
		break;
	case 'n':
		s->dry_run = true;
		break;
	case 'v':
		s->verbose++;
		break;
	case OPT_ONLY:
		fine = option_checks(&s->only, optarg, "only");
		break;
	case OPT_SKIP:
		fine = option_checks(&s->skip, optarg, "skip");
		break;
	case OPT_RESOLVER:
		if (s->file_servers)
			s->n_servers = 0;
		s->file_servers = false;
		fine = option_add_server(s, optarg);
		if (!fine)
			tool_error("--resolver %s: give ADDR or ADDR@PORT, "
			    "three at most", optarg);
		break;
	case OPT_HELO:
		s->helo = optarg;
		fine = resolve_is_host_name(optarg, false);
		if (!fine)
			tool_error("--helo %s: give a host name", optarg);
		break;
	case OPT_SOURCE4:
		fine = option_source(optarg, AF_INET, &s->source4,
		    &s->has_source4);
		break;
	case OPT_SOURCE6:
		fine = option_source(optarg, AF_INET6, &s->source6,
		    &s->has_source6);
		break;
	case OPT_PORT:
		fine = option_unsigned("port", optarg, 1, 65535, &n);
		s->port = (uint16_t)n;
		break;
	case OPT_CA_FILE:
		s->ca_file = optarg;
		break;
	case OPT_HOOK:
		s->hook = optarg;
		fine = optarg[0] == '/';
		if (!fine)
			tool_error("--hook %s: give an absolute path", optarg);
		break;
	case OPT_ZONE:
		s->zone = optarg;
		break;
	case OPT_ZONE_LIFE:
		fine = option_unsigned("zone-life", optarg, 60, 7 * 86400,
		    &s->zone_life_s);
		break;
	case OPT_STS_PORT:
		fine = option_unsigned("sts-port", optarg, 1, 65535, &n);
		s->sts_port = (uint16_t)n;
		break;
	case OPT_STS_LIMIT:
		fine = option_unsigned("sts-limit", optarg, 1, 3600, &n);
		s->sts_limit_ms = 1000 * n;
		break;
	case OPT_JOBS:
		fine = option_unsigned("jobs", optarg, 1, 100000, &s->jobs);
		break;
	case OPT_DEADLINE:
		fine = option_unsigned("deadline", optarg, 1, 86400,
		    &s->deadline_s);
		break;
	case OPT_RECHECK:
		fine = option_unsigned("recheck", optarg, 0, 3600,
		    &s->recheck_s);
		break;
	case OPT_LIMIT:
		fine = option_stage("limit", optarg, s->limit_ms,
		    &s->session_ms);
		break;
	case OPT_SLOW:
		fine = option_stage("slow", optarg, s->slow_ms, NULL);
		break;
	case OPT_PATIENT:
		s->patient = true;
		break;
	case OPT_RELAY:
		fine = option_word("relay", optarg, "basic", "none", &s->relay);
		break;
	case OPT_RCPT:
		fine = option_word("rcpt", optarg, "basic", "none", &yes);
		s->rcpt = yes ? RCPT_BASIC : RCPT_NONE;
		break;
	case OPT_INTERNAL:
		s->internal = true;
		break;
	case OPT_ACCESS:
		s->access = true;
		break;
	case OPT_SUGGEST_MX:
		fine = settings_add(&s->outputs, "suggest-mx");
		break;
	case OPT_HOOK_BATCH:
		s->hook_batch = true;
		break;
	case OPT_DUAL_CERT:
		s->dual_cert = true;
		break;
	case OPT_DNSBL:
		fine = option_dnsbl(s, optarg);
		break;
	case OPT_OUTBOUND:
		s->outbound = true;
		break;
	case OPT_TRUSTED:
		fine = option_word("trusted", optarg, "yes", "no", &yes);
		s->trusted_probe = yes ? FACTS_YES : FACTS_NO;
		break;
	case OPT_AT:
		fine = option_number("at", optarg, -36500, 36500, &number);
		s->at_days = number;
		break;
	case OPT_ASN_FILE:
		s->asn_file = optarg;
		break;
	case OPT_ASN_ZONE:
		fine = option_asn_zones(s, optarg);
		break;
	case OPT_ALERT_TO:
		s->alert_to = optarg;
		fine = option_is_mailbox(optarg);
		if (!fine)
			tool_error("--alert-to %s: give user@domain", optarg);
		break;
	case OPT_ASSUME_DOWN:
		fine = settings_add(&s->assume_down, optarg);
		break;
	case OPT_AUTHORITATIVE:
		s->authoritative = true;
		break;
	case OPT_MODELS:
		fine = option_models(s, optarg);
		break;
	case 'c':
		break; /* it has been read */
	case OPT_RELAY_TARGET:
		s->relay_target = optarg;
		fine = option_is_mailbox(optarg);
		if (!fine)
			tool_error("--relay-target %s: give user@domain, which "
			    "is not ours", optarg);
		break;
	case OPT_MIN_MX:
		fine = option_unsigned("min-mx", optarg, 1, 100, &s->min_mx);
		break;
	case OPT_CONFIRM:
		fine = option_unsigned("confirm", optarg, 1, 100, &s->confirm);
		break;
	case OPT_RECOVER:
		fine = option_unsigned("recover", optarg, 1, 100, &s->recover);
		break;
	case OPT_STATE:
		s->state_dir = optarg;
		break;
	case OPT_NO_STATE:
		s->no_state = true;
		break;
	case OPT_EXIT_ZERO:
		s->exit_zero = true;
		break;
	case OPT_REPLAY:
		s->replay = optarg;
		break;
	case OPT_EXPLAIN:
		return usage_explain(optarg) ? OPTIONS_DONE : OPTIONS_WRONG;
	case OPT_LIST_CHECKS:
		usage_list_checks();
		return OPTIONS_DONE;
	case OPT_VERSION:
		printf("mxcheck %s\n", PACKAGE_VERSION);
		return OPTIONS_DONE;
	case 'h':
		usage_print(stdout);
		return OPTIONS_DONE;
	default:
		fine = false;
	}
	return fine ? OPTIONS_RUN : OPTIONS_WRONG;
}

bool
options_set(struct settings *s, const char *name, const char *value)
{
	for (const struct option *o = options; o->name != NULL; o++) {
		if (strcmp(o->name, name) != 0)
			continue;
		/* libc's variable is not const; read_one() writes only to
		 * lists of words, which are cut up where they stand */
		optarg = (char *)(uintptr_t)value;
		return read_one(s, o->val) == OPTIONS_RUN;
	}
	return false;
}

static bool
read_config(struct settings *s, struct facts *facts, int argc, char **argv)
{
	const char *path = NULL;
	int c;
	bool fine;

	/* first of all, so that options win */
	opterr = 0;
	while (
	    (c = getopt_long(argc, argv, SHORT_OPTIONS, options, NULL)) != -1)
		if (c == 'c')
			path = optarg;
	opterr = 1;
	optind = 0;
	fine = mxconf_read(s, facts, path != NULL ? path : MXCONF_PATH,
	    path == NULL);
	s->file_servers = s->n_servers > 0;
	return fine;
}

/* Whom cron mails what a job prints, crontab(5); NULL: a local user, or several
 * addresses. */
static const char *
mailto(void)
{
	const char *to = getenv("MAILTO");

	return to != NULL && option_is_mailbox(to) ? to : NULL;
}

static void
fill_up(struct settings *s, struct facts *facts)
{
	char host[256] = "";

	if (s->n_servers == 0)
		option_resolv_conf(s);
	if (s->state_dir == NULL && s->quiet)
		s->state_dir = OPTIONS_STATE_DIR;
	if (s->no_state || s->replay != NULL)
		s->state_dir = NULL;
	if (s->relay_target == NULL)
		s->relay_target = RELAY_TARGET;
	if (s->alert_to == NULL && s->quiet)
		s->alert_to = mailto();
	if (s->outputs.n == 0)
		settings_add(&s->outputs, s->quiet ? "changes" : "table");
	if (s->helo == NULL) {
		gethostname(host, sizeof(host) - 1);
		s->helo = facts_str(facts,
		    resolve_is_host_name(host, false) ? host : "localhost");
	}
	facts->helo = s->helo;
}

enum options_what
options_read(struct settings *s, struct facts *facts, int argc, char **argv)
{
	enum options_what what;
	bool fine = true;
	int c;

	if (!read_config(s, facts, argc, argv))
		return OPTIONS_WRONG;
	while ((c = getopt_long(argc, argv, SHORT_OPTIONS, options, NULL)) !=
	    -1) {
		what = read_one(s, c);
		if (what != OPTIONS_RUN)
			return what;
	}
	for (size_t i = 0; i < s->files.n; i++)
		fine &= domain_add_file(facts, s->files.word[i]);
	for (; optind < argc; optind++)
		fine &= domain_add(facts, argv[optind]);
	if (facts->n_domains == 0 && s->replay == NULL)
		mxconf_add_domains(s, facts);
	if (fine && s->only4 && s->only6) {
		tool_error("-4 and -6: give one of them, or neither");
		fine = false;
	}
	if (fine && s->quiet && s->no_state) {
		tool_error("--quiet tells what changed, and needs a state");
		fine = false;
	}
	if (fine && s->hook != NULL && s->replay == NULL &&
	    s->state_dir == NULL && !s->quiet) {
		tool_error("--hook is for changes, and needs --state");
		fine = false;
	}
	if (fine && s->replay != NULL && facts->n_domains > 0) {
		tool_error("--replay: the record has its own domains");
		fine = false;
	}
	if (fine && facts->n_domains == 0 && s->replay == NULL) {
		usage_print(stderr);
		fine = false;
	}
	fill_up(s, facts);
	return fine ? OPTIONS_RUN : OPTIONS_WRONG;
}
