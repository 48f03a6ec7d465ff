/*
 * lib/conf.c with conf_text.c and the setters of options: word for word what is
 * said about a faulty file, and that nobody else says anything.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "lib/conf_text.h"
#include "tests/unit/conf.h"

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

/* Too many of what a file may have many of, and the time that takes. */
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

UNIT_MAIN("conf_faults", UNIT_EACH(bad_files, bad_cases), UNIT_ONCE(nul_bytes),
    UNIT_ONCE(limits))
