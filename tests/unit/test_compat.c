/* resolverd/compat_spec.c, compat_args.c, compat_name.c */
#include <sys/socket.h>

#include <string.h>

#include "resolverd/compat_args.h"
#include "resolverd/compat_name.h"
#include "tests/unit/unit.h"

/* ---- specifications; what is made of them is printed on one line */

static const struct {
	const char *specs[4];
	const char *want; /* NULL: refused, for this reason: */
	const char *why;
} spec_cases[] = {
    {{"bl.test:ip4set:a"}, "bl.test=ip4set:a", NULL},
    {{"BL.Test.:ip4set:a,b,c"}, "bl.test=ip4set:a,b,c", NULL},
    {{"x:ip4set:a:b,c"}, "x=ip4set:a,b,c", NULL},
    {{"x:ip4set:,,a,:,b,"}, "x=ip4set:a,b", NULL},
    {{"x:ip4set:a", "X:generic:b", "y:dnset:a"},
	"x=ip4set:a generic:b y=dnset:a", NULL},
    {{"x:ip4set:a", "x:acl:b"}, "x=ip4set:a acl:b", NULL},
    {{":acl:a", "x:ip4set:b"}, ".=acl:a x=ip4set:b", NULL},
    {{".:acl:a", "x:ip4set:b"}, ".=acl:a x=ip4set:b", NULL},
    {{"x:csv(ip):a"}, "x=csv(ip):a", NULL},
    {{NULL}, NULL, "no zone to serve"},
    {{""}, NULL, "not a zone"},
    {{"x"}, NULL, "not a zone"},
    {{"x:"}, NULL, "no files"},
    {{"x:ip4set"}, NULL, "no files"},
    {{"x:ip4set:"}, NULL, "no files"},
    {{"x:ip4set:,"}, NULL, "no files"},
    {{"x::a"}, NULL, "unknown dataset type"},
    {{"x:nosuch:a"}, NULL, "unknown dataset type"},
    {{"x..y:ip4set:a"}, NULL, "not a domain name"},
    {{":ip4set:a"}, NULL, "names no zone"},
    {{":acl:a"}, NULL, "no zone to serve"},
    {{":acl:a", ":acl:b"}, NULL, "a second acl"},
    {{"x:ip4set:a", "x:acl:a", "x:acl:b"}, NULL, "a second acl"},
    {{"x:acl:a"}, NULL, "an acl alone"},
};

static void
print_zone(char *out, const struct conf_zone *z)
{
	sprintf(out + strlen(out), "%s%s=", *out != '\0' ? " " : "", z->name);
	for (size_t i = 0; i < z->n_datasets; i++) {
		sprintf(out + strlen(out), "%s%s", i > 0 ? " " : "",
		    z->datasets[i].type);
		for (size_t j = 0; j < z->datasets[i].n_files; j++)
			sprintf(out + strlen(out), "%c%s", j > 0 ? ',' : ':',
			    z->datasets[i].files[j]);
	}
}

START_TEST(spec)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	char why[COMPAT_WHY_MAX] = "", got[1024] = "";
	int rc = 0;

	for (size_t i = 0; spec_cases[_i].specs[i] != NULL && rc == 0; i++)
		rc = compat_spec_add(conf, spec_cases[_i].specs[i], why);
	if (rc == 0)
		rc = compat_spec_check(conf, why);
	if (spec_cases[_i].want == NULL) {
		ck_assert_int_ne(rc, 0);
		ck_assert_msg(strstr(why, spec_cases[_i].why) != NULL, "%s",
		    why);
	} else {
		ck_assert_msg(rc == 0, "%s", why);
		for (size_t i = 0; i < conf->n_zones; i++)
			print_zone(got, &conf->zones[i]);
		ck_assert_str_eq(got, spec_cases[_i].want);
	}
	conf_free(conf);
}
END_TEST

/* ---- options */

#define ARGS_MAX 16

/* argv[0] and a zone are added. */
static int
parse(struct compat_args *a, const char *const *options, char *why)
{
	static char words[ARGS_MAX][64]; /* what was parsed points there */
	char *argv[ARGS_MAX + 1];
	int argc = 1;

	strcpy(words[0], "rbldnsd");
	for (; options[argc - 1] != NULL; argc++)
		strcpy(words[argc], options[argc - 1]);
	strcpy(words[argc++], "x.test:ip4set:file");
	for (int i = 0; i < argc; i++)
		argv[i] = words[i];
	argv[argc] = NULL;
	return compat_args_parse(a, argc, argv, why);
}

static const struct {
	const char *options[8];
	bool good;
} option_cases[] = {
    {{"-b", "127.0.0.1"}, true},
    {{"-b", "::1/5300", "-b", "localhost", "-4"}, true},
    {{"-b", "a", "-t", "35m"}, true},
    {{"-b", "a", "-t", "40:30:1h"}, true},
    {{"-b", "a", "-t", ":30:"}, true},
    {{"-b", "a", "-t", "::1h"}, true},
    {{"-b", "a", "-c", "0"}, true},
    {{"-b", "a", "-c", "5m", "-nqefaAvvC"}, true},
    {{"-d"}, true},
    {{"--check"}, true},
    {{"--print-config"}, true},
    {{"-h"}, true},
    {{"-n"}, false}, /* no address */
    {{"-b"}, false},
    {{"-Z"}, false},
    {{"--nosuch"}, false},
    {{"-b", "a", "-t", "0"}, false},
    {{"-b", "a", "-t", "1:2:3:4"}, false},
    {{"-b", "a", "-t", "x"}, false},
    {{"-b", "a", "-t", "5:10"}, false},
    {{"-b", "a", "-t", "50:1:10"}, false},
    {{"-b", "a", "-t", ":3000"}, false}, /* above rbldnsd's default */
    {{"-b", "a", "-t", "99999999999999999999"}, false},
    {{"-b", "a", "-c", ""}, false},
    {{"-b", "a", "-c", "-1"}, false},
    {{"-b", "a", "-c", "1x"}, false},
};

START_TEST(option)
{
	struct compat_args a;
	char why[COMPAT_WHY_MAX] = "";
	int rc = parse(&a, option_cases[_i].options, why);

	ck_assert_msg((rc == 0) == option_cases[_i].good, "%d %s", rc, why);
	ck_assert_msg((rc == 0) == (why[0] == '\0'), "%s", why);
	compat_args_clear(&a);
}
END_TEST

START_TEST(values)
{
	static const char *const options[] = {"-b", "h/53", "-6", "-t",
	    "40:30:1h", "-c", "2m", "-l", "+log", "-s", "+stats", "-evv", NULL};
	char why[COMPAT_WHY_MAX] = "";
	struct compat_args a;

	ck_assert_int_eq(parse(&a, options, why), 0);
	ck_assert_int_eq(a.job, COMPAT_SERVE);
	ck_assert_uint_eq(a.n_bind, 1);
	ck_assert_str_eq(a.bind[0], "h/53");
	ck_assert_int_eq(a.family, AF_INET6);
	ck_assert_uint_eq(a.reading.ttl, 40);
	ck_assert_uint_eq(a.reading.ttl_min, 30);
	ck_assert_uint_eq(a.reading.ttl_max, 3600);
	ck_assert(a.reading.host_bits);
	ck_assert(a.conf->zones[0].reading.host_bits);
	ck_assert_uint_eq(a.check_s, 120);
	ck_assert_str_eq(a.log_path, "log");
	ck_assert(a.log_flushed);
	ck_assert_str_eq(a.stats_path, "stats");
	ck_assert(a.stats_relative);
	ck_assert_uint_eq(a.version_hidden, 2);
	ck_assert(!a.minimal);
	compat_args_clear(&a);
}
END_TEST

START_TEST(addresses)
{
	char why[COMPAT_WHY_MAX] = "", words[2 * COMPAT_BIND_MAX + 4][8];
	char *argv[2 * COMPAT_BIND_MAX + 5];
	struct compat_args a;
	int argc = 0;

	strcpy(words[argc++], "rbldnsd");
	for (int i = 0; i < COMPAT_BIND_MAX + 1; i++) {
		strcpy(words[argc++], "-b");
		strcpy(words[argc++], "::1");
	}
	strcpy(words[argc++], "x:acl:a");
	for (int i = 0; i < argc; i++)
		argv[i] = words[i];
	argv[argc] = NULL;
	ck_assert_int_ne(compat_args_parse(&a, argc, argv, why), 0);
	ck_assert_msg(strstr(why, "more than 20") != NULL, "%s", why);
	compat_args_clear(&a);
}
END_TEST

/* ---- names and codes */

static const struct {
	const char *in, *want;
} name_cases[] = {
    {"example.com", "example.com"},
    {".", "."},
    {"a\\(b\\).c", "a(b).c"},
    {"a\\\\\\(b", "a\\\\(b"},
    {"\\032\\$x\\.y\\@", "\\032\\$x\\.y\\@"},
};

START_TEST(name)
{
	char out[DNAME_TXT_MAX];
	uint8_t dname[DNAME_MAX];

	ck_assert_int_gt(dname_from_txt(dname, name_cases[_i].in,
			     strlen(name_cases[_i].in)), 0);
	ck_assert_str_eq(compat_name_txt(out, dname), name_cases[_i].want);
}
END_TEST

START_TEST(codes)
{
	char out[COMPAT_CODE_MAX];

	ck_assert_str_eq(compat_type_txt(out, 0), "INVALID");
	ck_assert_str_eq(compat_type_txt(out, 28), "AAAA");
	ck_assert_str_eq(compat_type_txt(out, 41), "OPT");
	ck_assert_str_eq(compat_type_txt(out, 42), "type42");
	ck_assert_str_eq(compat_type_txt(out, 249), "type249");
	ck_assert_str_eq(compat_type_txt(out, 255), "ANY");
	ck_assert_str_eq(compat_type_txt(out, 257), "type257");
	ck_assert_str_eq(compat_type_txt(out, 65535), "type65535");
	ck_assert_str_eq(compat_class_txt(out, 1), "IN");
	ck_assert_str_eq(compat_class_txt(out, 2), "class2");
	ck_assert_str_eq(compat_class_txt(out, 255), "ANY");
	ck_assert_str_eq(compat_class_txt(out, 65535), "class65535");
	ck_assert_str_eq(compat_rcode_txt(out, 4), "NOTIMPL");
	ck_assert_str_eq(compat_rcode_txt(out, 16), "rcode16");
}
END_TEST

UNIT_MAIN("compat", UNIT_EACH(spec, spec_cases),
    UNIT_EACH(option, option_cases), UNIT_ONCE(values), UNIT_ONCE(addresses),
    UNIT_EACH(name, name_cases), UNIT_ONCE(codes))
