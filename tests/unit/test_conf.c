/*
 * lib/conf.c: what a file means, and what is said where there is none. Faults
 * in it are in test_conf_faults.c, ranges in test_conf_values.c.
 */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>

#include "lib/conf_text.h"
#include "lib/conf_values.h"
#include "tests/unit/conf.h"

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

/* What the gate and the age of a zone are, given and by default. */
START_TEST(gate)
{
	struct conf *conf = must_parse(
	    "protect = { '192.0.2.0/24', 'Example.COM', '::1' }\n"
	    "zone a { datasets = t:f }\n"
	    "zone b { datasets = t:f keep = 9 min-entries = 0 max-shrink = 7\n"
	    "provenance = no exact = yes\n"
	    "max-growth = 900 max-bad-lines = 0 widest-ip4 = 0\n"
	    "widest-ip6 = 32 test-points = all must-list = 127.0.0.2\n"
	    "must-not-list = { 'a.test', '192.0.2.0/25' }\n"
	    "skip-rules = { max-growth, protect } max-age = 6h expire = 3d\n"
	    "when-expired = servfail }");
	const struct conf_zone *a = &conf->zones[0], *b = &conf->zones[1];

	ck_assert_uint_eq(a->keep, 3);
	ck_assert(a->provenance);
	ck_assert(!a->reading.exact);
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
	ck_assert(b->reading.exact);
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

/* By the options of upstream, and by those of routes. */
static const struct {
	const char *in;
	uint32_t want_s;
} deadline_cases[] = {
    {"", 5},
    {"upstream { deadline = 1s list-deadline = 1s }", 1},
    {"upstream { deadline = 1s list-deadline = 3s }", 3},
    {"route a { deadline = 7s } route b { deadline = 6s }", 7},
    {"route a { deadline = 1s }", 5},
};

START_TEST(longest_deadline)
{
	struct conf *conf = must_parse(deadline_cases[_i].in);

	ck_assert_uint_eq(
	    conf_longest_deadline_s(conf), deadline_cases[_i].want_s);
	conf_free(conf);
}
END_TEST

/* ---- files */

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

/* ---- what others look up */

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

UNIT_MAIN("conf", UNIT_EACH(good_files, good_cases), UNIT_ONCE(gate),
    UNIT_ONCE(workers), UNIT_EACH(longest_deadline, deadline_cases),
    UNIT_ONCE(files_that_are_none), UNIT_ONCE(long_line),
    UNIT_ONCE(relative_names), UNIT_ONCE(find), UNIT_ONCE(table))
