/*
 * lib/conf.c with conf_text.c and conf_values.c, which no one else calls: what
 * a file means, and word for word what is said about a bad one.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "lib/conf.h"
#include "lib/conf_text.h"
#include "lib/conf_values.h"
#include "tests/unit/unit.h"

#define OUT_LEN 8192
#define PATH "/nowhere/test.conf"

/* Text that grows line by line. */
struct out {
	char txt[OUT_LEN];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
put(struct out *out, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out->txt + out->len, OUT_LEN - out->len, fmt, ap);
	va_end(ap);
	ck_assert_int_ge(n, 0);
	out->len +=
	    (size_t)n < OUT_LEN - out->len ? (size_t)n : OUT_LEN - out->len - 1;
}

static void
report(void *arg, const char *path, unsigned line, const char *text)
{
	(void)path;
	put(arg, "%u: %s\n", line, text);
}

/* Parses a copy that ends where its allocation ends, for ASan to see. */
static int
parse(struct conf **conf, const char *text, size_t len, struct out *out)
{
	char *copy = malloc(len + 1);
	int rc;

	memcpy(copy, text, len);
	copy[len] = '\0';
	rc = conf_parse(conf, copy, len, PATH, report, out);
	free(copy);
	return rc;
}

static struct conf *
must_parse(const char *text)
{
	struct out out = {0};
	struct conf *conf;

	ck_assert_msg(
	    parse(&conf, text, strlen(text), &out) == 0, "%s", out.txt);
	ck_assert_str_eq(out.txt, "");
	return conf;
}

static void
dump_route(struct out *out, const struct conf_route *r)
{
	static const char *const asks[] = {"upstream", "forward", "stub",
	    "recurse"};

	put(out, "%u route %s %s", r->line, r->name, asks[r->ask]);
	for (size_t i = 0; i < r->n_servers; i++)
		put(out, " %s", r->servers[i].txt);
	put(out, " minimise %d validate %d deadline %u\n", r->minimise,
	    r->validate, r->deadline_s);
}

static void
dump(struct out *out, const struct conf *c)
{
	static const char *const acl_txt[] = {
	    [CONF_ACL_REFUSE] = "refuse",
	    [CONF_ACL_ALLOW] = "allow",
	    [CONF_ACL_DROP] = "drop",
	};
	char txt[ADDR_TXT_MAX], name[DNAME_TXT_MAX], control[512];

	for (size_t i = 0; i < c->n_listen; i++)
		put(out, "listen %s%s\n", c->listen[i].txt,
		    c->listen[i].tls ? " tls" : "");
	for (size_t i = 0; i < c->query_acl.n; i++) {
		const struct prefix_entry *e = &c->query_acl.entries[i];

		put(out, "%s %s\n", acl_txt[e->value],
		    prefix_to_txt(txt, &e->prefix));
	}
	put(out, "state %s\nuser %s\n", c->state_dir, c->user);
	put(out, "cache %llu %u-%u %u-%u %u\n",
	    (unsigned long long)c->cache.size, c->cache.ttls.min,
	    c->cache.ttls.max, c->cache.ttls.min_negative,
	    c->cache.ttls.max_negative, c->cache.max_stale_s);
	for (size_t i = 0; i < c->upstream.n_forward; i++)
		put(out, "forward %s\n", c->upstream.forward[i].txt);
	put(out, "validate %d\n", c->upstream.validate);
	for (size_t i = 0; i < c->upstream.n_negative; i++)
		put(out, "negative %s %lld\n",
		    dname_to_txt(name, c->upstream.negative[i].name),
		    (long long)c->upstream.negative[i].until_s);
	if (c->upstream.deadline_s != 5)
		put(out, "deadline %u\n", c->upstream.deadline_s);
	if (c->upstream.list_deadline_s != 2)
		put(out, "list deadline %u\n", c->upstream.list_deadline_s);
	if (c->upstream.max_in_flight != 5000)
		put(out, "max-in-flight %u\n", c->upstream.max_in_flight);
	snprintf(control, sizeof(control), "%s/control", c->state_dir);
	if (strcmp(c->control_socket, control) != 0)
		put(out, "control-socket %s\n", c->control_socket);
	for (size_t i = 0; i < c->n_zones; i++) {
		const struct conf_zone *z = &c->zones[i];

		put(out, "%u zone %s\n", z->line, z->name);
		for (size_t j = 0; j < z->n_datasets; j++) {
			put(out, " %s", z->datasets[j].type);
			for (size_t k = 0; k < z->datasets[j].n_files; k++)
				put(out, " %s", z->datasets[j].files[k]);
			put(out, "\n");
		}
		if (z->feed.source) {
			put(out, "%u feed %s %u %u %llu %s", z->feed.line,
			    z->feed.source, z->feed.every_s,
			    z->feed.time_limit_s,
			    (unsigned long long)z->feed.bandwidth,
			    z->feed.password_file ? z->feed.password_file :
			    "-");
			for (size_t j = 0; j < z->feed.n_files; j++)
				put(out, " %s", z->feed.files[j]);
			put(out, "\n");
		}
	}
	for (size_t i = 0; i < c->n_locals; i++)
		put(out, "%u local %s\n", c->locals[i].line, c->locals[i].name);
	for (size_t i = 0; i < c->n_routes; i++)
		dump_route(out, &c->routes[i]);
}

#define LISTEN "listen 127.0.0.1@53\nlisten ::1@53\n"
#define ALLOW "allow 127.0.0.0/8\nallow ::1/128\n"
#define STATE "state " LOCALSTATEDIR "/lib/resolverd\n"
#define USER "user resolverd\n"
#define CACHE "cache 268435456 0-86400 0-3600 86400\n"
#define DEFAULTS LISTEN ALLOW STATE USER CACHE "validate 1\n"

static const struct {
	const char *name;
	const char *in;
	const char *want;
} good_cases[] = {
    {"empty", "", DEFAULTS},
    {"white space", " \t\r\n\n", DEFAULTS},
    {"a comment without an end of line", "# workers = 3", DEFAULTS},
    {"an empty comment", "#", DEFAULTS},
    {"quotes and braces in a comment", "# \" ' { } \\ ${X} \001\n", DEFAULTS},
    {"a list without braces", "listen = 192.0.2.1",
	"listen 192.0.2.1@53\n" ALLOW STATE USER CACHE "validate 1\n"},
    {"a comment inside of a list",
	"listen = { \"192.0.2.1@1\", # one, \"not\n\"192.0.2.1@65535\" }",
	"listen 192.0.2.1@1\nlisten 192.0.2.1@65535\n" ALLOW STATE USER CACHE
	"validate 1\n"},
    {"a comma behind the last of a list", "allow-query = { '::/0', }",
	LISTEN "allow ::/0\n" STATE USER CACHE "validate 1\n"},
    {"three lists of clients, by address",
	"allow-query = { '192.0.2.0/24', '::/0' }\n"
	"refuse-query = '192.0.2.128/25' drop-query = { 192.0.2.7, 192.0.2.7 }",
	LISTEN "allow 192.0.2.0/24\ndrop 192.0.2.7/32\n"
	"refuse 192.0.2.128/25\nallow ::/0\n" STATE USER CACHE
	"validate 1\n"},
    {"an endpoint for TLS has a port of its own",
	"listen = ::1 listen-tls = ::1 tls-certificate = c tls-key = k",
	"listen ::1@53\nlisten ::1@853 tls\n" ALLOW STATE USER CACHE
	"validate 1\n"},
    {"a # inside of quotes", "state-dir = \"/a#b\"",
	LISTEN ALLOW "state /a#b\n" USER CACHE "validate 1\n"},
    {"a path that is relative to no known folder", "state-dir = \"s\"",
	LISTEN ALLOW "state s\n" USER CACHE "validate 1\n"},
    {"// and /* are no comments in quotes", "state-dir = \"//a/*b*/\"",
	LISTEN ALLOW "state //a/*b*/\n" USER CACHE "validate 1\n"},
    {"lines of sections, final dot, case, CRLF",
	"local\r\nX.Example.\r\n{ }\r\n\r\nzone \"BL.test\" {\r\n"
	"datasets = \"a:/f\" }\r\n",
	DEFAULTS "5 zone bl.test\n a /f\n3 local x.example\n"},
    {"several datasets and files",
	"zone 'z' { datasets = { 'ip4set:/a,/b c', 'dnset:/:x' } }",
	DEFAULTS "1 zone z\n ip4set /a /b c\n dnset /:x\n"},
    {"two zones have datasets each",
	"zone a { datasets = t:f }\nzone b { datasets = t:g }",
	DEFAULTS "1 zone a\n t f\n2 zone b\n t g\n"},
    {"a feed, all options, in front of the datasets",
	"state-dir = '/s'\nzone z { feed {\nsource = 'rsync://u@h:1/m/p'\n"
	"every = 90s time-limit = 2h bandwidth = 1M password-file = '/p' }\n"
	"datasets = { 'a:@feed/b,/c,@feed/d/e', 'f:@feed/b' } }",
	LISTEN ALLOW "state /s\n" USER CACHE
	"validate 1\n2 zone z\n"
	" a /s/feeds/z/current/b /c /s/feeds/z/current/d/e\n"
	" f /s/feeds/z/current/b\n"
	"2 feed rsync://u@h:1/m/p 90 7200 1048576 /p b d/e\n"},
    {"two zones have feeds, one with the defaults of each",
	"state-dir = '/s'\n"
	"zone y { datasets = 'a:@feed/b' feed { source = '/x' every = 1d } }\n"
	"zone z { datasets = 'a:@feed/b' feed { source = 'h:x' } }",
	LISTEN ALLOW "state /s\n" USER CACHE "validate 1\n"
	"2 zone y\n a /s/feeds/y/current/b\n2 feed /x 86400 600 0 - b\n"
	"3 zone z\n a /s/feeds/z/current/b\n3 feed h:x 1800 600 0 - b\n"},
    {"negative anchors, to the end of a day and to a second",
	"upstream { negative-anchor = { 'A.Example. 1970-01-01',\n"
	"'b  2024-02-29', 'b 2000-12-31T23:59:59Z', 'c.d 1970-01-01T00:00:00Z'"
	"} }",
	DEFAULTS
	"negative a.example 86400\nnegative b 1709251200\n"
	"negative b 978307199\nnegative c.d 0\n"},
    {"routes, all options",
	"route A.Example. { forward = { 192.0.2.1, '::2@54' } "
	"qname-minimisation = no validate = no deadline = 2s }\n"
	"route s { stub = 192.0.2.2 }\nroute r { recurse = yes }\n"
	"route n { recurse = no deadline = 20s }",
	DEFAULTS
	"1 route a.example forward 192.0.2.1@53 ::2@54 minimise 0 validate 0 "
	"deadline 2\n"
	"2 route s stub 192.0.2.2@53 minimise 1 validate 1 deadline 0\n"
	"3 route r recurse minimise 1 validate 1 deadline 0\n"
	"4 route n upstream minimise 1 validate 1 deadline 20\n"},
    {"a route has from the next shorter ones what it leaves out",
	"route c.b.a { deadline = 3s }\nroute a { stub = 192.0.2.1 "
	"validate = no }\nroute b.a { qname-minimisation = no }\n"
	"route xb.a { recurse = yes validate = no }\nroute b { deadline = 9s }",
	DEFAULTS
	"1 route c.b.a stub 192.0.2.1@53 minimise 0 validate 0 deadline 3\n"
	"2 route a stub 192.0.2.1@53 minimise 1 validate 0 deadline 0\n"
	"3 route b.a stub 192.0.2.1@53 minimise 0 validate 0 deadline 0\n"
	"4 route xb.a recurse minimise 1 validate 0 deadline 0\n"
	"5 route b upstream minimise 1 validate 1 deadline 9\n"},
    {"a route has from upstream what no route says",
	"route a { deadline = 1s }\nupstream { validate = no }",
	LISTEN ALLOW STATE USER CACHE "validate 0\n"
	"1 route a upstream minimise 1 validate 0 deadline 1\n"},
    {"what is kept, and how long an answer may take",
	"cache { size = 2M min-ttl = 5 max-ttl = 604800 min-negative-ttl = 10\n"
	"max-negative-ttl = 86400 max-stale = 90m }\n"
	"upstream { deadline = 4s list-deadline = 20s }",
	LISTEN ALLOW STATE USER
	"cache 2097152 5-604800 10-86400 5400\nvalidate 1\ndeadline 4\n"
	"list deadline 20\n"},
    {"how much may be under way", "upstream { max-in-flight = 10 }",
	LISTEN ALLOW STATE USER CACHE "validate 1\nmax-in-flight 10\n"},
    {"a control socket below state-dir, which comes later",
	"control-socket = ctl\nstate-dir = \"/srv\"",
	LISTEN ALLOW "state /srv\n" USER CACHE
		     "validate 1\ncontrol-socket /srv/ctl\n"},
    {"a control socket elsewhere", "control-socket = \"/run/r/ctl\"",
	LISTEN ALLOW STATE USER CACHE
	"validate 1\ncontrol-socket /run/r/ctl\n"},
    {"the file of the interface",
	"listen = { \"127.0.0.1@53\", \"::1@53\" }     # UDP and TCP\n"
	"allow-query = { \"127.0.0.0/8\", \"::1\" }    # others REFUSED\n"
	"state-dir = \"/var/lib/resolverd\"          # zones/, local\n"
	"workers = 0                               # 0: one per core\n"
	"user = \"resolverd\"\n"
	"cache { size = \"256M\"  max-negative-ttl = 3600 }\n"
	"upstream { forward = { \"192.0.2.1@53\" }  validate = yes }\n"
	"zone \"bl.example.net\" { datasets = { \"ip4set:/srv/feeds/bl-ip\", "
	"\"dnset:/srv/feeds/bl-names\" } }\n"
	"local \"blacklist.internal\" { }            # what blctl edits\n",
	LISTEN ALLOW "state /var/lib/resolverd\n" USER CACHE
		     "forward 192.0.2.1@53\nvalidate 1\n8 zone bl.example.net\n"
		     " ip4set /srv/feeds/bl-ip\n dnset /srv/feeds/bl-names\n"
		     "9 local blacklist.internal\n"},
};

START_TEST(good_files)
{
	struct conf *conf = must_parse(good_cases[_i].in);
	struct out out = {0};

	dump(&out, conf);
	ck_assert_msg(strcmp(out.txt, good_cases[_i].want) == 0,
	    "%s:\n%s instead of\n%s", good_cases[_i].name, out.txt,
	    good_cases[_i].want);
	conf_free(conf);
}
END_TEST

#define NO_ENDPOINT "is no address; write it as 127.0.0.1@53 or ::1@53\n"
#define NO_PORT "has no port from 1 to 65535 behind the @\n"
#define NO_PREFIX                                                              \
	"is no prefix; write it as 192.0.2.0/24, 2001:db8::/32 or one "        \
	"address\n"
#define NO_KEY                                                                 \
	"is no key; write an address, a prefix as 192.0.2.0/24, or a domain "  \
	"name\n"
#define NO_END                                                                 \
	"is no name with an end; write it as \"example.org 2026-12-31\" or "   \
	"\"example.org 2026-12-31T18:00:00Z\"\n"
#define NO_TLS                                                                 \
	"is a server over TLS, which libunbound as Debian builds it cannot "   \
	"ask; run a proxy for TLS, as stubby, on this machine and name that\n"
#define NO_SIZE                                                                \
	"is refused; write a number with K, M or G behind, from 1M to 1024G\n"
#define NO_NUMBER "is refused; write a number from "
#define NO_DURATION "is refused; write a number with s, m, h or d behind, from "
#define NO_NAME "no domain name; parts are of a-z, 0-9, - and _\n"
#define NO_TYPE "has no type in front; write it as ip4set:/path/to/file\n"
#define NO_FEED_FILE                                                           \
	"has no plain name behind @feed/; parts start with a letter, a digit " \
	"or _, and have no space\n"
#define NO_STATEMENT "write NAME = VALUE or NAME = { VALUE, VALUE }\n"

static const struct {
	const char *name;
	const char *in;
	const char *want;
} bad_cases[] = {
    /* names */
    {"an option's name", "\nwrkers = 3",
	"2: there is no \"wrkers\"; did you mean \"workers\"?\n"},
    {"an option's name, _ for -", "allow_query = \"::1\"",
	"1: there is no \"allow_query\"; did you mean \"allow-query\"?\n"},
    {"an option's name, case", "Listen = ::1",
	"1: there is no \"Listen\"; did you mean \"listen\"?\n"},
    {"an option's name in a section", "cache { sise = 3M }",
	"1: there is no \"sise\"; did you mean \"size\"?\n"},
    {"a section's name", "\n\nzones \"x\" { }",
	"3: there is no \"zones\"; did you mean \"zone\"?\n"},
    {"a section's name is not near inside of a section", "cache { zones = 3 }",
	"1: there is no \"zones\"; see "
	"resolverd.conf(5)\n"},
    {"a name that is near to none", "frobnicate = 1",
	"1: there is no \"frobnicate\"; see resolverd.conf(5)\n"},
    {"an option outside of its section", "validate = yes",
	"1: \"validate\" belongs inside of upstream { }\n"},
    {"an option inside of a section", "local \"x\" { user = x }",
	"1: \"user\" belongs outside of all sections\n"},
    {"include", "include = \"/etc/passwd\"",
	"1: there is no \"include\"; see resolverd.conf(5)\n"},
    {"values before an unknown name, and the text behind it",
	"workers = x\nfoo = 1\nworkers = y\n\"",
	"1: workers: \"x\" is refused; write a number from 0 to 64\n"
	"2: there is no \"foo\"; see resolverd.conf(5)\n"
	"4: quotes where a name should stand; remove them\n"},

    {"too few under way", "upstream { max-in-flight = 9 }",
	"1: upstream max-in-flight: \"9\" " NO_NUMBER "10 to 100000\n"},
    {"no control socket", "control-socket = \"\"",
	"1: control-socket: \"\" is empty; name a socket\n"},

    /* given twice */
    {"an option", "workers = 3\nworkers = 3",
	"2: workers: given twice, first in line 1; remove one\n"},
    {"a list",
	"listen = \"192.0.2.1\"\n\nlisten = { \"192.0.2.2\",\n"
	"\"192.0.2.3\" }",
	"3: listen: given twice, first in line 1; remove one\n"},
    {"a section", "cache { }\ncache { size = 1M }",
	"2: cache: a second section, first in line 1; join them\n"},
    {"a zone", "zone z { datasets = \"a:b\" }\nzone z { datasets = \"a:b\" }",
	"2: zone \"z\": name taken in line 1; remove one\n"},
    {"a zone, other case and final dot",
	"zone \"Z.a\" { datasets = \"a:b\" }\nzone z.A. { datasets = \"a:b\" }",
	"2: zone \"z.A.\": name taken in line 1; remove one\n"},
    {"a zone that is local", "local \"z\" { }\nzone \"z\" { datasets = a:b }",
	"2: zone \"z\": name taken in line 1; remove one\n"},
    {"a local", "local z { }\nlocal Z. { }",
	"2: local \"Z.\": name taken in line 1; remove one\n"},

    /* values */
    {"addresses",
	"listen = { \"\", \"x\", \"1.2.3\", \"192.0.2.1@\", \"192.0.2.1@0\",\n"
	"\"::1@65536\", \"::1@-1\", \"::1@x\", \"192.0.2.1@99999999999999999999"
	"\",\n\"127.0.0.1:53\" }",
	"1: listen: \"\" " NO_ENDPOINT "1: listen: \"x\" " NO_ENDPOINT
	"1: listen: \"1.2.3\" " NO_ENDPOINT "1: listen: \"192.0.2.1@\" " NO_PORT
	"1: listen: \"192.0.2.1@0\" " NO_PORT
	"2: listen: \"::1@65536\" " NO_PORT "2: listen: \"::1@-1\" " NO_PORT
	"2: listen: \"::1@x\" " NO_PORT
	"2: listen: \"192.0.2.1@99999999999999999999\" " NO_PORT
	"3: listen: \"127.0.0.1:53\" " NO_ENDPOINT},
    {"an address twice", "listen = { \"::1\", \"0:0::1@53\" }",
	"1: listen: \"0:0::1@53\" is there twice; remove one\n"},
    {"forwarding to ourselves",
	"listen = \"192.0.2.1\"\nupstream {\nforward = \"192.0.2.1@53\" }",
	"3: upstream forward: \"192.0.2.1@53\" is both listened on and "
	"forwarded to; name another resolver to ask\n"},
    {"forwarding to where we listen by default",
	"upstream { forward = \"::1\" }",
	"0: listen: \"::1@53\" is both listened on and forwarded to; name "
	"another resolver to ask\n"},
    {"prefixes",
	"allow-query = { \"\", \"192.0.2.0/33\", \"192.0.2.1/24\",\n"
	"\"::/129\", \"*\" }",
	"1: allow-query: \"\" " NO_PREFIX
	"1: allow-query: \"192.0.2.0/33\" " NO_PREFIX
	"1: allow-query: \"192.0.2.1/24\" has bits set behind its "
	"length; clear them, or write a longer prefix\n"
	"2: allow-query: \"::/129\" " NO_PREFIX
	"2: allow-query: \"*\" " NO_PREFIX},
    {"no folder", "state-dir = ''",
	"1: state-dir: \"\" is empty; name a folder\n"},
    {"no user", "user = \"../x\"", "1: user: \"../x\" is no user's name\n"},
    {"a prefix in two lists",
	"allow-query = 192.0.2.1\nrefuse-query = '192.0.2.1/32'\n"
	"drop-query = { '::/0', 192.0.2.1 }",
	"2: refuse-query: \"192.0.2.1/32\" is in allow-query, too; remove "
	"one\n"
	"3: drop-query: \"192.0.2.1\" is in allow-query, too; remove one\n"},
    {"a default prefix in another list", "drop-query = '::1'",
	"0: allow-query: \"::1\" is in drop-query, too; remove one\n"},
    {"TCP",
	"clients { tcp-connections = 0 tcp-connections-per-client = 60001\n"
	"tcp-idle = 2h }",
	"1: clients tcp-connections: \"0\" is refused; write a number from 1 "
	"to 60000\n"
	"1: clients tcp-connections-per-client: \"60001\" is refused; write a "
	"number from 1 to 60000\n"
	"2: clients tcp-idle: \"2h\" is refused; write a number with s, m, h "
	"or d behind, from 1s to 1h\n"},
    {"TLS", "listen-tls = { 192.0.2.1, 192.0.2.1@853, 127.0.0.1@53 }",
	"1: listen-tls: \"192.0.2.1@853\" is there twice; remove one\n"
	"0: listen: \"127.0.0.1@53\" is there twice; remove one\n"
	"0: listen-tls: no certificate; add tls-certificate and tls-key\n"},
    {"TLS, half", "listen-tls = ::1@9853 tls-certificate = a tls-key = ''",
	"1: tls-key: \"\" is empty; name a file\n"
	"0: listen-tls: no certificate; add tls-certificate and tls-key\n"},
    {"what is told of us", "identity = ''\nversion = \"\"",
	"1: identity: \"\" is refused; write 1 to 255 bytes, or nothing of "
	"it\n"
	"2: version: \"\" is refused; write 1 to 255 bytes, or nothing of it\n"},
    {"rates",
	"clients { rate-limit = 100001 network-rate-limit = -1\n"
	"slip = 11 no-rate-limit = { ::1, '::1', '10.0.0.1/8' } }",
	"1: clients rate-limit: \"100001\" is refused; write a number from 0 "
	"to 100000\n"
	"1: clients network-rate-limit: \"-1\" is refused; write a number "
	"from 0 to 100000\n"
	"2: clients slip: \"11\" is refused; write a number from 0 to 10\n"
	"2: clients no-rate-limit: \"10.0.0.1/8\" has bits set behind its "
	"length; clear them, or write a longer prefix\n"},
    {"cookies", "clients { cookies = on\ncookie-secret-file = '' }",
	"1: clients cookies: \"on\" is refused; write yes, no or required\n"
	"2: clients cookie-secret-file: \"\" is empty; name a file\n"},
    {"an empty user", "user = \"\"", "1: user: \"\" is no user's name\n"},
    {"a user of 33 letters", "user = abcdefghijklmnopqrstuvwxyz0123456",
	"1: user: \"abcdefghijklmnopqrstuvwxyz0123456\" is no user's name\n"},
    {"bounds of TTLs that are crossed",
	"\ncache { min-ttl = 61 max-ttl = 60\n"
	"min-negative-ttl = 3600 max-negative-ttl = 3599 }",
	"2: cache: min-ttl is 61, max-ttl 60; make max-ttl the larger one\n"
	"2: cache: min-negative-ttl is 3600, max-negative-ttl 3599; make "
	"max-negative-ttl the larger one\n"},
    {"bounds of TTLs, how long an answer helps out or may take",
	"cache { min-ttl = 3601 max-ttl = 0\nmin-negative-ttl = 3601 "
	"max-negative-ttl = 0\nmax-stale = 8d }\nupstream { deadline = 0s\n"
	"list-deadline = 21s }",
	"1: cache min-ttl: \"3601\" " NO_NUMBER "0 to 3600\n"
	"1: cache max-ttl: \"0\" " NO_NUMBER "1 to 604800\n"
	"2: cache min-negative-ttl: \"3601\" " NO_NUMBER "0 to 3600\n"
	"2: cache max-negative-ttl: \"0\" " NO_NUMBER "1 to 86400\n"
	"3: cache max-stale: \"8d\" " NO_DURATION "0s to 7d\n"
	"4: upstream deadline: \"0s\" " NO_DURATION "1s to 20s\n"
	"5: upstream list-deadline: \"21s\" " NO_DURATION "1s to 20s\n"},
    {"neither yes nor no", "upstream { validate = true }",
	"1: upstream validate: \"true\" is neither yes nor no\n"},
    {"datasets",
	"zone z {\ndatasets = { \"f\", \":f\", \"a:\", \"a:,f\",\n"
	"\"a:f,,g\", \"a:f,\", \"\" } }",
	"2: zone datasets: \"f\" " NO_TYPE "2: zone datasets: \":f\" " NO_TYPE
	"2: zone datasets: \"a:\" has an empty file name; write it as "
	"a:/path/to/file,/path/to/another\n"
	"2: zone datasets: \"a:,f\" has an empty file name; write it as "
	"a:/path/to/file,/path/to/another\n"
	"3: zone datasets: \"a:f,,g\" has an empty file name; write it as "
	"a:/path/to/file,/path/to/another\n"
	"3: zone datasets: \"a:f,\" has an empty file name; write it as "
	"a:/path/to/file,/path/to/another\n"
	"3: zone datasets: \"\" " NO_TYPE},
    {"keys of the gate",
	"protect = { '', '192.0.2.1/24', 'a..b', '1.2.3' }\n"
	"zone z { datasets = t:f must-list = '192.0.2.0/24' }",
	"1: protect: \"\" " NO_KEY "1: protect: \"192.0.2.1/24\" has bits set "
	"behind its length; clear them, or write a longer prefix\n"
	"1: protect: \"a..b\" " NO_KEY "1: protect: \"1.2.3\" " NO_KEY
	"2: zone must-list: \"192.0.2.0/24\" is a prefix; name one address of "
	"it\n"},
    {"words of the gate",
	"zone z { datasets = t:f test-points = any when-expired = never }",
	"1: zone test-points: \"any\" is neither kept nor all\n"
	"1: zone when-expired: \"never\" is neither serve, empty nor "
	"servfail\n"},
    {"a zone without datasets", "\nzone \"z.\" { }\nlocal l { }",
	"2: zone \"z\": no datasets; add what to build from\n"},
    {"two feeds of a zone",
	"zone z { datasets = 'a:@feed/b' feed { source = '/x' }\n"
	"feed { every = 1h } }",
	"2: feed: a second section, first in line 1; join them\n"},
    {"a feed that is named, but is not there",
	"\nzone z { datasets = 'a:@feed/b' }",
	"2: zone \"z\": @feed/b, but no feed; add feed { source = ... }\n"},
    {"a feed without a source, of which nothing is used",
	"zone z { datasets = 'a:b'\nfeed { } }",
	"2: feed: no source; add where it comes from\n"
	"2: feed: no dataset of zone \"z\" names a file of it; write "
	"@feed/NAME there\n"},
    {"a source that is none",
	"zone z { datasets = 'a:@feed/b'\nfeed { source = '-x' } }",
	"2: feed source: \"-x\" starts with -, which rsync would take for an "
	"option\n"},
    {"a password where none is asked for",
	"zone z { datasets = 'a:@feed/b'\n"
	"feed { source = 'h:x' password-file = '/p' } }",
	"2: feed: password-file is for a source of rsync://; remove it\n"},
    {"files of a feed that are none",
	"zone z { feed { source = '/x' } datasets = {\n'a:@feed/../b', "
	"'a:@feed/',\n'a:@feed/-x', 'a:@feed/a b' } }",
	"2: zone datasets: \"a:@feed/../b\" " NO_FEED_FILE
	"2: zone datasets: \"a:@feed/\" " NO_FEED_FILE
	"3: zone datasets: \"a:@feed/-x\" " NO_FEED_FILE
	"3: zone datasets: \"a:@feed/a b\" " NO_FEED_FILE},
    {"durations",
	"zone z { datasets = 'a:@feed/b' feed { source = '/x'\n"
	"every = 30 time-limit = 0s } }",
	"2: feed every: \"30\" is refused; write a number with s, m, h or d "
	"behind, from 1s to 7d\n"
	"2: feed time-limit: \"0s\" is refused; write a number with s, m, h "
	"or d behind, from 1s to 1d\n"},
    {"a feed outside of a zone", "feed { source = '/x' }",
	"1: there is no \"feed\"; see resolverd.conf(5)\n"},
    {"a route asks in two ways",
	"route a { forward = 192.0.2.1\nstub = 192.0.2.2 }\n"
	"route b { recurse = yes forward = { 192.0.2.1, 192.0.2.2 } }",
	"2: route \"a\": has both forward and stub; remove one\n"
	"3: route \"b\": has both recurse and forward; remove one\n"
	"3: route \"b\": has both recurse and forward; remove one\n"},
    {"a route that says nothing", "\nroute a { }\nroute b { recurse = no }",
	"2: route \"a\": says nothing; add forward, stub or another option, "
	"or remove it\n"
	"3: route \"b\": says nothing; add forward, stub or another option, "
	"or remove it\n"},
    {"a route for the root", "route \".\" { recurse = yes }",
	"1: route \".\": is what the section upstream is for\n"},
    {"two routes of one name, one that is a zone",
	"route a { recurse = yes }\nroute A. { recurse = yes }\n"
	"local z { }\nroute z { recurse = yes }",
	"2: route \"A.\": name taken in line 1; remove one\n"
	"4: route \"z\": name taken in line 3; remove one\n"},
    {"a route back to us",
	"route a { forward = 192.0.2.1 }\nlisten = 192.0.2.1",
	"1: route \"a\": 192.0.2.1@53 is listened on; name another server to "
	"ask\n"},
    {"validation below a name that has none",
	"route a { validate = no }\nroute b.a { validate = yes }",
	"2: route \"b.a\": validate = yes, but route \"a\" has validate = "
	"no, which holds for all names below; remove one\n"},
    {"validation where upstream has none",
	"route a { validate = yes }\nupstream { validate = no }",
	"1: route \"a\": validate = yes, but upstream has validate = no, "
	"which holds for all names below; remove one\n"},
    {"negative anchors without a name, or an end that is a time",
	"upstream { negative-anchor = { a, 'a ', ' 2026-12-31', '. 2026-12-31'"
	",\n'a 2026-02-29', 'a 2026-12-32', 'a 2026-13-01', 'a 31.12.2026'"
	",\n'a 2026-12-31T24:00:00Z', 'a 2026-12-31T23:59:59', 'a 2026-12-31 x'"
	"\n, 'a.. 2026-12-31' }\ntrust-anchor = '' }",
	"1: upstream negative-anchor: \"a\" " NO_END
	"1: upstream negative-anchor: \"a \" " NO_END
	"1: upstream negative-anchor: \" 2026-12-31\" " NO_END
	"1: upstream negative-anchor: \". 2026-12-31\" " NO_END
	"2: upstream negative-anchor: \"a 2026-02-29\" " NO_END
	"2: upstream negative-anchor: \"a 2026-12-32\" " NO_END
	"2: upstream negative-anchor: \"a 2026-13-01\" " NO_END
	"2: upstream negative-anchor: \"a 31.12.2026\" " NO_END
	"3: upstream negative-anchor: \"a 2026-12-31T24:00:00Z\" " NO_END
	"3: upstream negative-anchor: \"a 2026-12-31T23:59:59\" " NO_END
	"3: upstream negative-anchor: \"a 2026-12-31 x\" " NO_END
	"4: upstream negative-anchor: \"a.. 2026-12-31\" " NO_END
	"5: upstream trust-anchor: \"\" is empty; name a file\n"},
    {"servers over TLS",
	"upstream { forward = { '192.0.2.1@853#dns.example', '192.0.2.1@853',\n"
	"'192.0.2.1#x', '192.0.2.1@8530' } }\nroute a { stub = ::1@853 }",
	"1: upstream forward: \"192.0.2.1@853#dns.example\" " NO_TLS
	"1: upstream forward: \"192.0.2.1@853\" " NO_TLS
	"2: upstream forward: \"192.0.2.1#x\" " NO_TLS
	"3: route stub: \"::1@853\" " NO_TLS},
    {"the zone . is no domain name, but of an acl",
	"zone . { datasets = { 'acl:/a' } } zone . { datasets = { 'acl:/b' } }",
	"1: zone \".\": name taken in line 1; remove one\n"},
    {"no domain names",
	"local '' { } local . { } local a..b { } local \"../etc\" { }\n"
	"local \"a b\" { } local \"a/b\" { } local .a { }",
	"1: local \"\": " NO_NAME "1: local \".\": " NO_NAME
	"1: local \"a..b\": " NO_NAME "1: local \"../etc\": " NO_NAME
	"2: local \"a b\": " NO_NAME "2: local \"a/b\": " NO_NAME
	"2: local \".a\": " NO_NAME},

    /* syntax, as libConfuse sees it */
    {"no =", "workers 3",
	"1: missing equal sign after option 'workers'; "
	"write NAME = VALUE\n"},
    {"a list for one value", "workers = { 3 }",
	"1: unexpected token '{'; " NO_STATEMENT},
    {"a list without commas", "listen = { 192.0.2.1 192.0.2.2 }",
	"1: unexpected token '192.0.2.2'; " NO_STATEMENT},
    {"a zone without a name", "zone { }",
	"1: missing title for section "
	"'zone'; write its name in front of the {\n"},
    {"a section without braces", "cache = 3",
	"1: missing opening brace for "
	"section 'cache'; write { behind it\n"},
    {"an end within a statement", "zone z\n", "2: premature end of file\n"},
    {"a section in a section", "cache { upstream { } }",
	"1: there is no \"upstream\"; see resolverd.conf(5)\n"},

    /* syntax, as conf_text.c sees it */
    {"a section that is not closed", "\ncache {\nsize = 1M\n",
	"2: this { is never closed; add the missing }\n"},
    {"a list that is not closed", "listen = {\n\"::1\"\n",
	"1: this { is never closed; add the missing }\n"},
    {"braces too deep", "zone z { datasets = { { } } }",
	"1: { inside of a list; is a } missing above?\n"},
    {"a } too many", "cache { }\n}", "2: } closes nothing; remove it\n"},
    {"an empty list", "listen = { }",
	"1: empty list; name a value or drop the option\n"},
    {"a quote that is not closed", "user = \"a\nworkers = 3",
	"1: quotes not closed on their line; add a \"\n"},
    {"a quote that is not closed at the end", "workers = 3\n'abc",
	"2: quotes where a name should stand; remove them\n"},
    {"a quoted name", "\"user\" = a",
	"1: quotes where a name should stand; remove them\n"},
    {"a quoted path to an option", "\"zone='x\" = a",
	"1: quotes where a name should stand; remove them\n"},
    {"two titles", "zone \"a\" \"b\" { }",
	"1: quotes where a name should stand; remove them\n"},
    {"a missing comma", "allow-query = { \"::1\" \"::2\" }",
	"1: a comma is missing in front of \"\n"},
    {"a backslash in quotes", "user = \"\\",
	"1: \\ inside of quotes escapes nothing; remove it\n"},
    {"the environment in quotes", "user = \"${HOME}\"",
	"1: ${ inside of quotes; write the value itself\n"},
    {"the environment", "user = ${HOME}",
	"1: $ outside of quotes; quote the value\n"},
    {"a C comment", "/* x */", "1: / outside of quotes; quote the value\n"},
    {"a C++ comment", "workers = 3 // x",
	"1: / outside of quotes; quote the value\n"},
    {"an unquoted path", "state-dir = /var",
	"1: / outside of quotes; quote the value\n"},
    {"an appended list", "listen += \"::1\"",
	"1: + outside of quotes; quote the value\n"},
    {"a path to an option", "cache|size = 3",
	"1: | outside of quotes; quote the value\n"},
    {"a control character", "user = a\033b",
	"1: byte 0x1b outside of quotes; remove it\n"},
    {"a control character in quotes", "user = \"a\033b\"",
	"1: byte 0x1b inside of quotes; remove it\n"},
    {"a CR that ends no line", "user = a\rb",
	"1: byte 0x0d outside of quotes; remove it\n"},
    {"a byte order mark", "\357\273\277user = a",
	"1: byte 0xef outside of quotes; remove it\n"},
};

/* Whatever is wrong, nothing but report() says so. */
START_TEST(bad_files)
{
	struct out out = {0};
	struct conf *conf = (void *)-1;
	struct stat st;
	int fd, rc;

	fd = open(unit_path("stdio"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(dup2(fd, 1), -1);
	ck_assert_int_ne(dup2(fd, 2), -1);
	rc = parse(&conf, bad_cases[_i].in, strlen(bad_cases[_i].in), &out);
	fflush(NULL);
	ck_assert_int_eq(rc, -EINVAL);
	ck_assert_ptr_null(conf);
	ck_assert_msg(strcmp(out.txt, bad_cases[_i].want) == 0,
	    "%s:\n%s instead of\n%s", bad_cases[_i].name, out.txt,
	    bad_cases[_i].want);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_msg(
	    st.st_size == 0, "%s: libConfuse prints", bad_cases[_i].name);
}
END_TEST

START_TEST(nul_bytes)
{
	static const char *const texts[] = {
	    "user = \0a", "\0", "user = \"\0\""};
	static const size_t lens[] = {9, 1, 10};
	struct conf *conf;

	for (size_t i = 0; i < UNIT_COUNT(texts); i++) {
		struct out out = {0};

		ck_assert_int_eq(
		    parse(&conf, texts[i], lens[i], &out), -EINVAL);
		ck_assert_ptr_nonnull(strstr(out.txt, "byte 0x00"));
	}
}
END_TEST

/* Numbers at both ends of their ranges; 0: refused. */
static const struct {
	const char *name;
	const char *in;
	uint64_t want;
} size_cases[] = {
    {"least", "1M", 1ull << 20},
    {"least in K", "1024K", 1ull << 20},
    {"least in bytes", "1048576", 1ull << 20},
    {"below", "1048575", 0},
    {"below in K", "1023K", 0},
    {"most", "1024G", 1ull << 40},
    {"beyond", "1025G", 0},
    {"most in bytes", "1099511627776", 1ull << 40},
    {"beyond by a byte", "1099511627777", 0},
    {"64 bits", "18446744073709551616", 0},
    {"64 bits and the least", "18446744073710600192", 0},
    {"64 bits by the suffix", "99999999999999G", 0},
    {"64 bits by the suffix, and the least", "17592186044417M", 0},
    {"zero", "0", 0},
    {"no suffix we know", "256T", 0},
    {"small letter", "256m", 0},
    {"two suffixes", "1MM", 0},
    {"only a suffix", "M", 0},
    {"a space", "256 M", 0},
    {"a fraction", "1.5G", 0},
    {"hexadecimal", "0x1000000", 0},
    {"a sign", "-1M", 0},
    {"nothing", "", 0},
};

START_TEST(sizes)
{
	char text[128], want[256];
	struct out out = {0};
	struct conf *conf;
	int rc;

	snprintf(
	    text, sizeof(text), "cache { size = \"%s\" }", size_cases[_i].in);
	rc = parse(&conf, text, strlen(text), &out);
	if (size_cases[_i].want == 0) {
		snprintf(want, sizeof(want), "1: cache size: \"%s\" " NO_SIZE,
		    size_cases[_i].in);
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_str_eq(out.txt, want);
		return;
	}
	ck_assert_msg(rc == 0, "%s: %s", size_cases[_i].name, out.txt);
	ck_assert_uint_eq(conf->cache.size, size_cases[_i].want);
	conf_free(conf);
}
END_TEST

/* Each number of the table at, below and beyond its range. */
START_TEST(ranges)
{
	const struct conf_option *o;

	for (size_t i = 0; (o = conf_option(i)) != NULL; i++) {
		const uint64_t good[] = {o->least, o->most};
		const uint64_t bad[] = {o->least - 1, o->most + 1};

		if (o->type != CONF_NUMBER)
			continue;
		for (int j = 0; j < 4; j++) {
			struct out out = {0};
			struct conf *conf;
			char text[128];
			int rc;

			if (j >= 2 && bad[j - 2] == UINT64_MAX)
				continue; /* nothing is below 0 */
			snprintf(text, sizeof(text), "%s%s %s %s = %llu %s",
			    o->section, strcmp(o->section, "zone") == 0 ?
			    " z" : "", o->section[0] ? "{" : "", o->name,
			    (unsigned long long)(j < 2 ? good[j] : bad[j - 2]),
			    strcmp(o->section, "zone") == 0 ?
			    "datasets = t:f }" : o->section[0] ? "}" : "");
			rc = parse(&conf, text, strlen(text), &out);
			ck_assert_msg(rc == (j < 2 ? 0 : -EINVAL), "%s: %s",
			    text, out.txt);
			conf_free(conf);
		}
	}
}
END_TEST

/* What the gate and the age of a zone are, given and by default. */
START_TEST(gate)
{
	struct conf *conf = must_parse(
	    "protect = { '192.0.2.0/24', 'Example.COM', '::1' }\n"
	    "zone a { datasets = t:f }\n"
	    "zone b { datasets = t:f keep = 9 min-entries = 0 max-shrink = 7\n"
	    "provenance = no\n"
	    "max-growth = 900 max-bad-lines = 0 widest-ip4 = 0\n"
	    "widest-ip6 = 32 test-points = all must-list = 127.0.0.2\n"
	    "must-not-list = { 'a.test', '192.0.2.0/25' }\n"
	    "skip-rules = { max-growth, protect } max-age = 6h expire = 3d\n"
	    "when-expired = servfail }");
	const struct conf_zone *a = &conf->zones[0], *b = &conf->zones[1];

	ck_assert_uint_eq(a->keep, 3);
	ck_assert(a->provenance);
	ck_assert_uint_eq(a->gate.min_entries, 1);
	ck_assert_uint_eq(a->gate.max_shrink, 50);
	ck_assert_uint_eq(a->gate.max_growth, 50);
	ck_assert_uint_eq(a->gate.max_bad_lines, 10);
	ck_assert_uint_eq(a->gate.widest_ip4, 8);
	ck_assert_uint_eq(a->gate.widest_ip6, 16);
	ck_assert(!a->gate.all_test_points);
	ck_assert_uint_eq(a->age.max_age_s, 0);
	ck_assert_int_eq(a->age.when_expired, CONF_EXPIRED_SERVE);
	ck_assert_uint_eq(a->gate.skip == NULL ? 0 : a->gate.n_skip, 0);
	ck_assert_uint_eq(a->protect->n, 3);
	ck_assert(a->protect->list[1].is_name);
	ck_assert_mem_eq(a->protect->list[1].name, "\7example\3com", 13);
	ck_assert(!a->protect->list[2].is_name);

	ck_assert_uint_eq(b->keep, 9);
	ck_assert(!b->provenance);
	ck_assert_uint_eq(b->gate.min_entries, 0);
	ck_assert_uint_eq(b->gate.max_shrink, 7);
	ck_assert_uint_eq(b->gate.max_growth, 900);
	ck_assert_uint_eq(b->gate.max_bad_lines, 0);
	ck_assert_uint_eq(b->gate.widest_ip4, 0);
	ck_assert_uint_eq(b->gate.widest_ip6, 32);
	ck_assert(b->gate.all_test_points);
	ck_assert_uint_eq(b->gate.must_list.n, 1);
	ck_assert_uint_eq(b->gate.must_not_list.n, 2);
	ck_assert_uint_eq(b->gate.n_skip, 2);
	ck_assert_str_eq(b->gate.skip[1], "protect");
	ck_assert_uint_eq(b->age.max_age_s, 21600);
	ck_assert_uint_eq(b->age.expire_s, 259200);
	ck_assert_int_eq(b->age.when_expired, CONF_EXPIRED_SERVFAIL);
	conf_free(conf);
}
END_TEST

START_TEST(workers)
{
	struct conf *conf = must_parse("workers = 0");

	ck_assert_uint_ge(conf->workers, 1);
	ck_assert_uint_le(conf->workers, 64);
	conf_free(conf);
	conf = must_parse("workers = 7");
	ck_assert_uint_eq(conf->workers, 7);
	conf_free(conf);
}
END_TEST

/* Too many of what a file may have many of, and the time that takes. */
/* Seconds of a duration; 0: refused. */
static const struct {
	const char *in;
	uint32_t want;
} duration_cases[] = {
    {"1s", 1}, {"60s", 60}, {"1m", 60}, {"1h", 3600}, {"7d", 604800},
    {"604800s", 604800}, {"0s", 0}, {"8d", 0}, {"604801s", 0}, {"", 0},
    {"s", 0}, {"30", 0}, {"1.5h", 0}, {"-1h", 0}, {"1 h", 0}, {"1M", 0},
    {"1hm", 0}, {"1h30m", 0}, {"0x1s", 0}, {"18446744073709551617s", 0},
    {"307445734561825861m", 0}, {"00000000000000000000001h", 3600},
    {"000000000000000000000000000000000000000001s", 0},
};

START_TEST(durations)
{
	char text[256], want[512];
	struct out out = {0};
	struct conf *conf;
	int rc;

	snprintf(text, sizeof(text),
	    "zone z { datasets = 'a:@feed/b' feed { source = '/x' "
	    "every = '%s' } }", duration_cases[_i].in);
	rc = parse(&conf, text, strlen(text), &out);
	if (duration_cases[_i].want == 0) {
		snprintf(want, sizeof(want),
		    "1: feed every: \"%s\" is refused; write a number with "
		    "s, m, h or d behind, from 1s to 7d\n",
		    duration_cases[_i].in);
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_str_eq(out.txt, want);
		return;
	}
	ck_assert_msg(rc == 0, "%s: %s", duration_cases[_i].in, out.txt);
	ck_assert_uint_eq(conf->zones[0].feed.every_s, duration_cases[_i].want);
	conf_free(conf);
}
END_TEST

START_TEST(duration_txt)
{
	static const struct {
		uint64_t s;
		const char *want;
	} cases[] = {{0, "0s"}, {1, "1s"}, {59, "59s"}, {60, "1m"}, {90, "90s"},
	    {5400, "90m"}, {86400, "1d"}, {90000, "25h"}};
	char out[CONF_DURATION_LEN];

	for (size_t i = 0; i < UNIT_COUNT(cases); i++)
		ck_assert_str_eq(
		    conf_duration_txt(out, cases[i].s), cases[i].want);
}
END_TEST

START_TEST(limits)
{
	char *text = malloc(CONF_TEXT_MAX + 1);
	struct out out = {0};
	struct conf *conf;
	struct timespec from, to;
	size_t len = 0;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (unsigned i = 0; i < CONF_TEXT_SECTIONS_MAX; i++)
		len += (size_t)sprintf(text + len, "local z%u { }\n", i);
	ck_assert_int_eq(parse(&conf, text, len, &out), 0);
	ck_assert_uint_eq(conf->n_locals, CONF_TEXT_SECTIONS_MAX);
	conf_free(conf);
	len += (size_t)sprintf(text + len, "local z { }\n");
	ck_assert_int_eq(parse(&conf, text, len, &out), -EINVAL);
	ck_assert_str_eq(out.txt, "4097: more than 4096 sections\n");

	memset(&out, 0, sizeof(out));
	len = (size_t)sprintf(text, "allow-query = { ::1");
	while (len < CONF_TEXT_MAX - 8)
		len += (size_t)sprintf(text + len, ", ::1");
	len += (size_t)sprintf(text + len, " }");
	ck_assert_int_eq(parse(&conf, text, len, &out), -EINVAL);
	ck_assert_str_eq(out.txt,
	    "1: allow-query: more than 1024 values; "
	    "remove some\n");

	memset(&out, 0, sizeof(out));
	memset(text, 'a', CONF_TEXT_MAX);
	ck_assert_int_eq(parse(&conf, text, CONF_TEXT_MAX, &out), -EINVAL);
	ck_assert_str_eq(out.txt, "1: a word of more than 4096 bytes\n");

	memset(&out, 0, sizeof(out));
	memcpy(text, "user = '", 8);
	text[CONF_TEXT_MAX - 1] = '\'';
	ck_assert_int_eq(parse(&conf, text, CONF_TEXT_MAX, &out), -EINVAL);
	ck_assert_str_eq(out.txt, "1: more than 4096 bytes inside of quotes\n");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	ck_assert_int_lt(to.tv_sec - from.tv_sec, 20);
	free(text);
}
END_TEST

/*
 * Files
 */

static const char *
make_file(const char *name, const char *text, size_t len)
{
	const char *path = unit_path(name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

static void
must_fail(const char *path, int want_rc, const char *want)
{
	struct out out = {0};
	struct conf *conf = (void *)-1;

	ck_assert_int_eq(conf_read(&conf, path, report, &out), want_rc);
	ck_assert_ptr_null(conf);
	ck_assert_str_eq(out.txt, want);
}

START_TEST(files_that_are_none)
{
	char *big = calloc(1, CONF_TEXT_MAX + 1);
	const char *path;

	must_fail(unit_path("missing"), -ENOENT,
	    "0: cannot be read: No such file or directory\n");
	must_fail(unit_dir, -EISDIR, "0: cannot be read: Is a directory\n");
	must_fail("/dev/null", -EINVAL, "0: not a regular file\n");
	path = unit_path("fifo");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	must_fail(path, -EINVAL, "0: not a regular file\n");
	must_fail(make_file("big", big, CONF_TEXT_MAX + 1), -EFBIG,
	    "0: longer than 1048576 bytes; is this the configuration?\n");
	if (geteuid() != 0) {
		path = make_file("secret", "", 0);
		ck_assert_int_eq(chmod(path, 0), 0);
		must_fail(
		    path, -EACCES, "0: cannot be read: Permission denied\n");
	}
	free(big);
}
END_TEST

START_TEST(long_line)
{
	char *big = malloc(CONF_TEXT_MAX);
	struct out out = {0};
	struct conf *conf;

	memset(big, '#', CONF_TEXT_MAX);
	ck_assert_int_eq(conf_read(&conf, make_file("long", big, CONF_TEXT_MAX),
			     report, &out),
	    0);
	ck_assert_str_eq(out.txt, "");
	conf_free(conf);
	free(big);
}
END_TEST

/* Relative names lie beside the file, whatever the current folder is. */
START_TEST(relative_names)
{
	static const char text[] =
	    "state-dir = \"state\" zone z { datasets = \"t:f,/g,../h\" }";
	char dir[PATH_MAX], want[PATH_MAX + 16];
	struct out out = {0};
	struct conf *conf;
	const char *path = make_file("rel.conf", text, strlen(text));

	ck_assert_ptr_nonnull(realpath(unit_dir, dir));
	ck_assert_int_eq(chdir(unit_dir), 0);
	for (int i = 0; i < 3; i++) {
		const char *names[] = {path, "rel.conf", "./rel.conf"};

		ck_assert_int_eq(conf_read(&conf, names[i], report, &out), 0);
		ck_assert_str_eq(conf->path, names[i]);
		snprintf(want, sizeof(want), "%s/state", dir);
		ck_assert_str_eq(conf->state_dir, want);
		snprintf(want, sizeof(want), "%s/f", dir);
		ck_assert_str_eq(conf->zones[0].datasets[0].files[0], want);
		ck_assert_str_eq(conf->zones[0].datasets[0].files[1], "/g");
		snprintf(want, sizeof(want), "%s/../h", dir);
		ck_assert_str_eq(conf->zones[0].datasets[0].files[2], want);
		conf_free(conf);
	}
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(find)
{
	static const uint8_t apex[] = "\2bl\4test";
	struct conf *conf = must_parse("zone \"BL.test.\" { datasets = a:b } "
				       "local loc.test { }");

	ck_assert_ptr_eq(conf_zone_find(conf, "bl.test"), &conf->zones[0]);
	ck_assert_ptr_eq(conf_zone_find(conf, "Bl.Test."), &conf->zones[0]);
	ck_assert_ptr_null(conf_zone_find(conf, "bl.test.."));
	ck_assert_ptr_null(conf_zone_find(conf, "bl.tes"));
	ck_assert_ptr_null(conf_zone_find(conf, "bl.test.x"));
	ck_assert_ptr_null(conf_zone_find(conf, "loc.test"));
	ck_assert_ptr_null(conf_zone_find(conf, ""));
	ck_assert_ptr_eq(conf_local_find(conf, "LOC.test"), &conf->locals[0]);
	ck_assert_ptr_null(conf_local_find(conf, "bl.test"));
	ck_assert_mem_eq(conf->zones[0].apex, apex, sizeof(apex));
	conf_free(conf);
	conf_free(NULL);
}
END_TEST

START_TEST(table)
{
	size_t n = 0;

	for (const struct conf_option *o; (o = conf_option(n)) != NULL; n++) {
		ck_assert_str_ne(o->name, "");
		ck_assert_str_ne(o->unit, "");
		ck_assert_str_ne(o->meaning, "");
		ck_assert_uint_le(o->least, o->most);
		ck_assert_str_ne(conf_type_txt(o->type), "");
	}
	ck_assert_uint_eq(n, CONF_ROWS);
}
END_TEST

UNIT_MAIN("conf", UNIT_EACH(good_files, good_cases),
    UNIT_EACH(bad_files, bad_cases), UNIT_ONCE(nul_bytes),
    UNIT_EACH(sizes, size_cases), UNIT_ONCE(ranges), UNIT_ONCE(gate), UNIT_ONCE(workers),
    UNIT_EACH(durations, duration_cases), UNIT_ONCE(duration_txt),
    UNIT_ONCE(limits), UNIT_ONCE(files_that_are_none), UNIT_ONCE(long_line),
    UNIT_ONCE(relative_names), UNIT_ONCE(find), UNIT_ONCE(table))
