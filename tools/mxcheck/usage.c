/*
 * What mxcheck says of itself.
 */
#include "tools/mxcheck/usage.h"

#include "tools/mxcheck/check.h"
#include "tools/tool.h"

void
usage_print(FILE *to)
{
	fputs(
	    "usage: mxcheck [options] [domain ...]\n"
	    "  -c, --config FILE\n"
	    "  -f, --file FILE        domains, one a line; - is stdin\n"
	    "  -o, --output FORMAT[=FILE]\n"
	    "  -q, --quiet            print only what changed\n"
	    "  -4 | -6                only that family\n"
	    "      --only IDS, --skip IDS   checks or groups: D,S05\n"
	    "      --resolver ADDR[@PORT]\n"
	    "      --authoritative    ask every name server itself\n"
	    "      --helo NAME, --source4 ADDR, --source6 ADDR, --port N\n"
	    "      --ca-file FILE     instead of the system's roots\n"
	    "      --hook PROGRAM     is run for each change\n"
	    "      --hook-batch       once for all changes of a run\n"
	    "      --suggest-mx       the MX list without what is down\n"
	    "      --alert-to ADDRESS who reads what -q prints (MAILTO)\n"
	    "      --zone FILE, --zone-life SEC    the hosts' health for a list\n"
	    "                         zone (3600)\n"
	    "      --sts-port N, --sts-limit SEC   to fetch policies (443, 60)\n"
	    "      --jobs N           connections at once (64)\n"
	    "      --deadline SEC     of the whole run (240)\n"
	    "      --recheck SEC      a second look at what failed (20; 0: "
	    "none)\n"
	    "      --limit STAGE=SEC  connect, greeting, ehlo, starttls, tls,\n"
	    "                         mail, session, ...\n"
	    "      --slow STAGE=SEC   more than that is a warning\n"
	    "      --patient          the times of RFC 5321\n"
	    "      --relay none|basic, --rcpt none|basic\n"
	    "      --internal         private addresses are fine\n"
	    "      --dual-cert        the RSA and the ECDSA certificate\n"
	    "      --access           submission, IMAP and POP3: group A\n"
	    "      --outbound         DMARC, DKIM, BIMI, lists: group O\n"
	    "      --dnsbl ZONE       a list to look in for our addresses\n"
	    "      --trusted yes|no   may we relay? else it is guessed\n"
	    "      --at +DAYS         judge certificates as of that day\n"
	    "      --assume-down WHAT a host, address, prefix, site or AS\n"
	    "      --asn-file FILE, --asn-zone ZONE[,ZONE6]   who announces an\n"
	    "                         address\n"
	    "      --models LIST      postfix,exim,opensmtpd,strict\n"
	    "      --min-mx N         usable MX hosts that are wanted (2)\n"
	    "      --relay-target USER@DOMAIN\n"
	    "      --confirm N, --recover N   runs until it is told (2)\n"
	    "      --state DIR        what runs leave for the next one\n"
	    "      --no-state, --exit-zero\n"
	    "      --replay FILE      judge a run that --output json wrote\n"
	    "      --explain ID, --list-checks\n"
	    "  -n, --dry-run          print what would be dialled\n"
	    "  -v, --verbose          the sessions on stderr\n"
	    "      --version, -h, --help\n",
	    to);
}

bool
usage_explain(const char *id)
{
	const struct check *check = check_find(id);

	if (check == NULL) {
		tool_error("--explain %s: there is no such check; "
		    "--list-checks lists them", id);
		return false;
	}
	printf("%s %s\n%s\n", check->id, check->name, check->explain);
	return true;
}

void
usage_list_checks(void)
{
	const struct check *check = NULL;

	while ((check = check_next(check)) != NULL)
		printf("%s  %s\n", check->id, check->name);
}
