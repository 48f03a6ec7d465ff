/*
 * The options of the configuration: one row each, and what takes its values.
 *
 * A row is all there is to an option: the parser's arrays (conf.c), the default
 * and range, the words of the error messages come from it, and the tests hold
 * the man page and the sample file to it.
 *
 * Left to others: the types of datasets (zones/), whether files and the user
 * exist, whether an address can be bound.
 */
#include "lib/conf_values.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/feed_source.h"
#include "lib/xalloc.h"

#define DNS_PORT 53
#define USER_LEN_MAX 32 /* as useradd(8) has it */
#define REPORT_LEN 512

static conf_set_fn set_listen, set_state_dir, set_control_socket, set_workers,
    set_user, set_forward, set_validate;

const struct conf_row conf_rows[] = {
    {{"", "listen", CONF_LIST, "127.0.0.1@53, ::1@53", 1, 64, "address@port",
	 "where to answer, by UDP and TCP"},
	set_listen},
    {{"", "listen-tls", CONF_LIST, "", 1, 64, "address@port",
	 "where to answer by DNS over TLS"},
	conf_set_listen_tls},
    {{"", "tls-certificate", CONF_TEXT, "", 0, 0, "path",
	 "the certificate for it, with its chain behind it"},
	conf_set_tls_certificate},
    {{"", "tls-key", CONF_TEXT, "", 0, 0, "path",
	 "the certificate's private key"},
	conf_set_tls_key},
    {{"", "allow-query", CONF_LIST, "127.0.0.0/8, ::1", 1, 1024, "prefix",
	 "whose queries are answered; others get REFUSED"},
	conf_set_allow_query},
    {{"", "refuse-query", CONF_LIST, "", 1, 1024, "prefix",
	 "who gets REFUSED, out of a wider prefix that is answered"},
	conf_set_refuse_query},
    {{"", "drop-query", CONF_LIST, "", 1, 1024, "prefix",
	 "who gets no answer at all"},
	conf_set_drop_query},
    {{"", "identity", CONF_TEXT, "", 0, 0, "text",
	 "what hostname.bind and id.server tell; without it they are refused"},
	conf_set_identity},
    {{"", "version", CONF_TEXT, "", 0, 0, "text",
	 "what version.bind and version.server tell; without it, nothing"},
	conf_set_version},
    {{"", "state-dir", CONF_TEXT, LOCALSTATEDIR "/lib/resolverd", 0, 0, "path",
	 "where zones, local lists and the answer cache are kept"},
	set_state_dir},
    {{"", "control-socket", CONF_TEXT, "control", 0, 0, "path",
	 "where resolverctl asks; below state-dir if it has no / in front"},
	set_control_socket},
    {{"", "workers", CONF_NUMBER, "0", 0, 64, "processes",
	 "how many processes answer; 0 is one per core"},
	set_workers},
    {{"", "user", CONF_TEXT, "resolverd", 0, 0, "name",
	 "whom the daemon becomes once its sockets are open"},
	set_user},
    {{"", "hosts-file", CONF_TEXT, "", 0, 0, "path",
	 "names and addresses to answer with, as hosts(5) has them"},
	conf_set_hosts_file},
    {{"", "protect", CONF_LIST, "", 1, 1024, "address, prefix or name",
	 "what no list zone may list"},
	conf_set_protect},
    {{"clients", "cookies", CONF_TEXT, "yes", 0, 0, "yes, no or required",
	 "whether DNS cookies are given out and checked"},
	conf_set_cookies},
    {{"clients", "cookie-secret-file", CONF_TEXT, "", 0, 0, "path",
	 "secrets that several servers share; without it they are made up"},
	conf_set_cookie_secret_file},
    {{"clients", "rate-limit", CONF_NUMBER, "0", 0, 100000,
	 "questions per second", "how many one client may ask by UDP; 0 is any"},
	conf_set_rate_limit},
    {{"clients", "network-rate-limit", CONF_NUMBER, "0", 0, 100000,
	 "questions per second", "how many its network may ask; 0 is any"},
	conf_set_network_rate_limit},
    {{"clients", "slip", CONF_NUMBER, "2", 0, 10, "questions",
	 "each so many-th beyond it is told to use TCP; 0 is none"},
	conf_set_slip},
    {{"clients", "no-rate-limit", CONF_LIST, "127.0.0.0/8, ::1", 1, 1024,
	 "prefix", "for whom there is no limit"},
	conf_set_no_rate_limit},
    {{"clients", "tcp-connections", CONF_NUMBER, "1000", 1, 60000,
	 "connections", "how many are open at a time; then the idlest goes"},
	conf_set_tcp_connections},
    {{"clients", "tcp-connections-per-client", CONF_NUMBER, "100", 1, 60000,
	 "connections", "how many of them one client may have"},
	conf_set_tcp_connections_per_client},
    {{"clients", "tcp-idle", CONF_DURATION, "10s", 1, 3600, "duration",
	 "when a connection without a question is closed"},
	conf_set_tcp_idle},
    {{"cache", "size", CONF_SIZE, "256M", 1ull << 20, 1ull << 40, "bytes",
	 "how large the answer cache may grow"},
	conf_set_cache_size},
    {{"cache", "min-ttl", CONF_NUMBER, "0", 0, 3600, "seconds",
	 "how long an answer is kept at least, whatever its TTL"},
	conf_set_min_ttl},
    {{"cache", "max-ttl", CONF_NUMBER, "86400", 1, 604800, "seconds",
	 "how long an answer is kept at most"},
	conf_set_max_ttl},
    {{"cache", "min-negative-ttl", CONF_NUMBER, "0", 0, 3600, "seconds",
	 "how long a negative answer is kept at least"},
	conf_set_min_negative_ttl},
    {{"cache", "max-negative-ttl", CONF_NUMBER, "3600", 1, 86400, "seconds",
	 "how long a negative answer is kept at most"},
	conf_set_max_negative_ttl},
    {{"cache", "max-stale", CONF_DURATION, "1d", 0, 7 * 86400, "duration",
	 "how long after its end an answer still helps out; 0d is never"},
	conf_set_max_stale},
    {{"upstream", "forward", CONF_LIST, "", 1, 16, "address@port",
	 "resolvers to ask; without any, full recursion"},
	set_forward},
    {{"upstream", "validate", CONF_SWITCH, "yes", 0, 0, "yes or no",
	 "whether answers are validated by DNSSEC"},
	set_validate},
    {{"upstream", "trust-anchor", CONF_TEXT, "/usr/share/dns/root.key", 0, 0,
	 "path", "the root's keys, from which validation starts"},
	conf_set_trust_anchor},
    {{"upstream", "negative-anchor", CONF_LIST, "", 1, 256, "name date",
	 "names that are not validated until then"},
	conf_set_negative_anchor},
    {{"upstream", "deadline", CONF_DURATION, "5s", 1, 20, "duration",
	 "after how long a client gets an old answer or SERVFAIL"},
	conf_set_deadline},
    {{"upstream", "list-deadline", CONF_DURATION, "2s", 1, 20, "duration",
	 "the same, for questions that ask a list on the network"},
	conf_set_list_deadline},
    {{"upstream", "max-in-flight", CONF_NUMBER, "5000", 10, 100000, "questions",
	 "how many a worker may have under way; 32 KiB each"},
	conf_set_max_in_flight},
    {{"route", "forward", CONF_LIST, "", 1, 16, "address@port",
	 "resolvers to ask for these names"},
	conf_set_route_forward},
    {{"route", "stub", CONF_LIST, "", 1, 16, "address@port",
	 "authoritative servers to ask for these names"},
	conf_set_route_stub},
    {{"route", "recurse", CONF_SWITCH, "", 0, 0, "yes or no",
	 "whether these names are looked up from the root in any case"},
	conf_set_route_recurse},
    {{"route", "qname-minimisation", CONF_SWITCH, "", 0, 0, "yes or no",
	 "whether servers are shown no more of a name than they need"},
	conf_set_route_minimise},
    {{"route", "validate", CONF_SWITCH, "", 0, 0, "yes or no",
	 "whether these names are validated by DNSSEC"},
	conf_set_route_validate},
    {{"route", "deadline", CONF_DURATION, "", 1, 20, "duration",
	 "when a client gets its answer at the latest"},
	conf_set_route_deadline},
    {{"zone", "datasets", CONF_LIST, "", 1, 32, "type:file,...",
	 "what the list zone is built from"},
	conf_set_datasets},
    {{"zone", "keep", CONF_NUMBER, "3", 2, 1000, "generations",
	 "how many generations are kept, the one that is served included"},
	conf_set_keep},
    {{"zone", "provenance", CONF_SWITCH, "yes", 0, 0, "yes or no",
	 "whether a generation says which line each entry comes from"},
	conf_set_provenance},
    {{"zone", "exact", CONF_SWITCH, "no", 0, 0, "yes or no",
	 "whether IPv6 entries of foreign lists are listed as they stand"},
	conf_set_exact},
    {{"zone", "min-entries", CONF_NUMBER, "1", 0, 1000000000, "entries",
	 "a new generation with fewer is refused"},
	conf_set_min_entries},
    {{"zone", "max-shrink", CONF_NUMBER, "50", 0, 100, "percent",
	 "how much smaller a new generation may be; 0 is any"},
	conf_set_max_shrink},
    {{"zone", "max-growth", CONF_NUMBER, "50", 0, 1000000, "percent",
	 "how much larger a new generation may be; 0 is any"},
	conf_set_max_growth},
    {{"zone", "max-bad-lines", CONF_NUMBER, "10", 0, 100, "percent",
	 "how many lines may not be understood; 0 is any"},
	conf_set_max_bad_lines},
    {{"zone", "widest-ip4", CONF_NUMBER, "8", 0, 24, "prefix length",
	 "the widest IPv4 prefix that may be listed; 0 is any"},
	conf_set_widest_ip4},
    {{"zone", "widest-ip6", CONF_NUMBER, "16", 0, 128, "prefix length",
	 "the widest IPv6 prefix that may be listed; 0 is any"},
	conf_set_widest_ip6},
    {{"zone", "test-points", CONF_TEXT, "kept", 0, 0, "kept or all",
	 "which test points of RFC 5782 must be listed"},
	conf_set_test_points},
    {{"zone", "must-list", CONF_LIST, "", 1, 1024, "address or name",
	 "what a new generation must list"},
	conf_set_must_list},
    {{"zone", "must-not-list", CONF_LIST, "", 1, 1024,
	 "address, prefix or name", "what a new generation must not list"},
	conf_set_must_not_list},
    {{"zone", "skip-rules", CONF_LIST, "", 1, 64, "rule",
	 "rules of the gate that do not hold for this zone"},
	conf_set_skip_rules},
    {{"zone", "max-age", CONF_DURATION, "0d", 0, 3650 * 86400ull, "duration",
	 "when the data is stale; 0d is never"},
	conf_set_max_age},
    {{"zone", "expire", CONF_DURATION, "0d", 0, 3650 * 86400ull, "duration",
	 "when the data has expired; 0d is never"},
	conf_set_expire},
    {{"zone", "when-expired", CONF_TEXT, "serve", 0, 0,
	 "serve, empty or servfail",
	 "how a zone whose data has expired is answered"},
	conf_set_when_expired},
    {{"feed", "source", CONF_TEXT, "", 0, 0, "rsync://host/module/path",
	 "the folder that the zone's files @feed/NAME are in"},
	conf_set_feed_source},
    {{"feed", "every", CONF_DURATION, "30m", 1, 7 * 86400, "duration",
	 "how often zonectl sync --loop fetches it"},
	conf_set_feed_every},
    {{"feed", "password-file", CONF_TEXT, "", 0, 0, "path",
	 "what holds the password for the source, and is ours alone"},
	conf_set_feed_password_file},
    {{"feed", "bandwidth", CONF_SIZE, "0", 0, 1ull << 40, "bytes per second",
	 "how fast it is fetched at most; 0 is without limit"},
	conf_set_feed_bandwidth},
    {{"feed", "time-limit", CONF_DURATION, "10m", 1, 86400, "duration",
	 "how long one fetch may take"},
	conf_set_feed_time_limit},
};
_Static_assert(sizeof(conf_rows) / sizeof(conf_rows[0]) == CONF_ROWS, "rows");

void
conf_complain(struct conf_reader *r, const char *fmt, ...)
{
	char text[REPORT_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->n_errors++;
	r->report(r->arg, r->conf->path, r->line, text);
}

/* About a value: what the option is, the value, what is wrong with it. */
void
conf_complain_of(struct conf_reader *r, const struct conf_row *row,
    const char *value, const char *fmt, ...)
{
	char why[REPORT_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	conf_complain(r, "%s%s%s: \"%.100s\" %s", row->opt.section,
	    row->opt.section[0] ? " " : "", row->opt.name, value, why);
}

/* Digits only; with suffix, a K, M or G may follow. */
static bool
parse_number(uint64_t *out, const char *txt, bool suffix)
{
	static const char suffixes[] = "KMG";
	const char *s;
	uint64_t n = 0;
	unsigned shift;

	if (*txt < '0' || *txt > '9')
		return false;
	for (; *txt >= '0' && *txt <= '9'; txt++) {
		if (n > UINT64_MAX / 10 - 1)
			return false;
		n = n * 10 + (uint64_t)(*txt - '0');
	}
	if (suffix && *txt && (s = strchr(suffixes, *txt)) != NULL) {
		shift = 10 * (unsigned)(s - suffixes + 1);
		if (n > UINT64_MAX >> shift)
			return false;
		n <<= shift;
		txt++;
	}
	*out = n;
	return *txt == '\0';
}

/* False if the value is refused, which has been reported then. */
bool
conf_read_number(struct conf_reader *r, const struct conf_row *row,
    const char *value, uint64_t *out)
{
	unsigned long long least = row->opt.least, most = row->opt.most;
	bool size = row->opt.type == CONF_SIZE;

	if (parse_number(out, value, size) && *out >= least && *out <= most)
		return true;
	if (size)
		conf_complain_of(r, row, value,
		    "is refused; write a number with K, M or G behind, "
		    "from %lluM to %lluG",
		    least >> 20, most >> 30);
	else
		conf_complain_of(r, row, value,
		    "is refused; write a number from %llu to %llu", least,
		    most);
	return false;
}

/* A number with its unit behind it, made seconds. */
static bool
parse_duration(uint64_t *out, const char *txt)
{
	static const struct {
		char suffix;
		unsigned s;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t len = strlen(txt), i;
	char number[24];

	if (len < 2 || len > sizeof(number))
		return false;
	memcpy(number, txt, len - 1);
	number[len - 1] = '\0';
	for (i = 0; i < 4 && units[i].suffix != txt[len - 1]; i++)
		continue;
	if (i == 4 || !parse_number(out, number, false) ||
	    *out > UINT64_MAX / units[i].s)
		return false;
	*out *= units[i].s;
	return true;
}

/* False if the value is refused, which has been reported then. */
bool
conf_read_duration(struct conf_reader *r, const struct conf_row *row,
    const char *value, uint32_t *out)
{
	char least[CONF_DURATION_LEN], most[CONF_DURATION_LEN];
	uint64_t s;

	if (parse_duration(&s, value) && s >= row->opt.least &&
	    s <= row->opt.most) {
		*out = (uint32_t)s;
		return true;
	}
	conf_complain_of(r, row, value,
	    "is refused; write a number with s, m, h or d behind, from %s to "
	    "%s",
	    conf_duration_txt(least, row->opt.least),
	    conf_duration_txt(most, row->opt.most));
	return false;
}

bool
conf_read_switch(struct conf_reader *r, const struct conf_row *row,
    const char *value, bool *out)
{
	*out = strcmp(value, "yes") == 0;
	if (*out || strcmp(value, "no") == 0)
		return true;
	conf_complain_of(r, row, value, "is neither yes nor no");
	return false;
}

char *
conf_complete_path(const struct conf_reader *r, const char *path)
{
	return xasprintf("%s%s", path[0] == '/' ? "" : r->folder, path);
}

bool
conf_has_endpoint(const struct conf_endpoint *list, size_t n, const char *txt)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].txt, txt) == 0)
			return true;
	}
	return false;
}

/* Where the address ends and a port begins; NULL if none does. */
static const char *
at_port(const char *value, uint64_t *port)
{
	const char *at = strrchr(value, '@');

	if (at && !parse_number(port, at + 1, false))
		*port = 0;
	return at;
}

const struct conf_endpoint *
conf_add_endpoint(struct conf_reader *r, const struct conf_row *row,
    const char *value, struct conf_endpoint **list, size_t *n)
{
	struct conf_endpoint ep = {0};
	uint64_t port;

	if (at_port(value, &port) && (port < 1 || port > UINT16_MAX)) {
		conf_complain_of(
		    r, row, value, "has no port from 1 to 65535 behind the @");
		return NULL;
	}
	if (addr_parse_at_port(&ep.sa, &ep.len, value, DNS_PORT) != 0) {
		conf_complain_of(r, row, value,
		    "is no address; write it as 127.0.0.1@53 or ::1@53");
		return NULL;
	}
	sockaddr_to_txt(ep.txt, (const struct sockaddr *)&ep.sa);
	if (conf_has_endpoint(*list, *n, ep.txt)) {
		conf_complain_of(r, row, value, "is there twice; remove one");
		return NULL;
	}
	*list = xreallocarray(*list, *n + 1, sizeof(**list));
	(*list)[*n] = ep;
	return &(*list)[(*n)++];
}

const struct conf_endpoint *
conf_add_server(struct conf_reader *r, const struct conf_row *row,
    const char *value, struct conf_endpoint **list, size_t *n)
{
	uint64_t port;

	if (strchr(value, '#') ||
	    (at_port(value, &port) && port == CONF_TLS_PORT)) {
		conf_complain_of(r, row, value,
		    "is a server over TLS, which libunbound as Debian builds "
		    "it cannot ask; run a proxy for TLS, as stubby, on this "
		    "machine and name that");
		return NULL;
	}
	return conf_add_endpoint(r, row, value, list, n);
}

/* One of listen and forward was added; either may come first. */
static void
check_loop(struct conf_reader *r, const struct conf_row *row, const char *value,
    const struct conf_endpoint *ep)
{
	const struct conf *c = r->conf;

	if (ep && conf_has_endpoint(c->listen, c->n_listen, ep->txt) &&
	    conf_has_endpoint(
		c->upstream.forward, c->upstream.n_forward, ep->txt))
		conf_complain_of(r, row, value,
		    "is both listened on and forwarded to; name another "
		    "resolver to ask");
}

static void
set_listen(struct conf_reader *r, const struct conf_row *row, const char *value)
{
	check_loop(r, row, value,
	    conf_add_endpoint(
		r, row, value, &r->conf->listen, &r->conf->n_listen));
}

static void
set_forward(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	check_loop(r, row, value,
	    conf_add_server(r, row, value, &r->conf->upstream.forward,
		&r->conf->upstream.n_forward));
}

static void
set_state_dir(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	if (value[0] == '\0') {
		conf_complain_of(r, row, value, "is empty; name a folder");
		return;
	}
	free(r->conf->state_dir);
	r->conf->state_dir = conf_complete_path(r, value);
}

/* Completed at the end of the file, when state-dir is known. */
static void
set_control_socket(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	if (value[0] == '\0') {
		conf_complain_of(r, row, value, "is empty; name a socket");
		return;
	}
	free(r->conf->control_socket);
	r->conf->control_socket = xstrdup(value);
}

void
conf_settle_control_socket(struct conf *c)
{
	char *path;

	/* after an error there may be neither */
	if (c->control_socket == NULL || c->control_socket[0] == '/' ||
	    c->state_dir == NULL)
		return;
	path = xasprintf("%s/%s", c->state_dir, c->control_socket);
	free(c->control_socket);
	c->control_socket = path;
}

static unsigned
cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

static void
set_workers(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	uint64_t n;

	if (!conf_read_number(r, row, value, &n))
		return;
	if (n == 0)
		n = cores() < row->opt.most ? cores() : row->opt.most;
	r->conf->workers = (unsigned)n;
}

static void
set_user(struct conf_reader *r, const struct conf_row *row, const char *value)
{
	static const char good[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (value[0] == '\0' || value[0] == '-' ||
	    strlen(value) > USER_LEN_MAX ||
	    value[strspn(value, good)] != '\0') {
		conf_complain_of(r, row, value, "is no user's name");
		return;
	}
	free(r->conf->user);
	r->conf->user = xstrdup(value);
}

static void
set_validate(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	(void)conf_read_switch(r, row, value, &r->conf->upstream.validate);
}
