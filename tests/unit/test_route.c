/*
 * resolverd/route.c and upstream_rules.c: which route holds for a name, which
 * kind of context asks for it, and what that context is told.
 */
#include <stdlib.h>
#include <string.h>

#include "resolverd/route.h"
#include "resolverd/upstream_rules.h"
#include "tests/unit/unit.h"

static void
on_error(void *arg, const char *path, unsigned line, const char *text)
{
	(void)arg;
	ck_abort_msg("%s:%u: %s", path, line, text);
}

static struct conf *
conf_of(const char *text)
{
	char copy[8192];
	struct conf *conf;

	ck_assert_uint_lt(strlen(text), sizeof(copy));
	strcpy(copy, text);
	ck_assert_int_eq(
	    conf_parse(&conf, copy, strlen(copy), "/test", on_error, NULL), 0);
	return conf;
}

static const struct conf_route *
find(const struct routes *rs, const char *name)
{
	uint8_t qname[DNAME_MAX];

	ck_assert_int_gt(dname_from_txt(qname, name, strlen(name)), 0);
	return routes_find(rs, qname);
}

#define THREE                                                                  \
	"route b.zz { deadline = 1s } route a.b.zz { deadline = 2s }"          \
	"route y.x.a.b.zz { deadline = 3s }"

static const struct {
	const char *name, *want;
} find_cases[] = {
    {"b.zz", "b.zz"},
    {"x.b.zz", "b.zz"},
    {"a.b.zz", "a.b.zz"},
    {"x.a.b.zz", "a.b.zz"},
    {"y.x.a.b.zz", "y.x.a.b.zz"},
    {"1.2.3.4.5.6.7.8.y.x.a.b.zz", "y.x.a.b.zz"},
    {".", NULL},
    {"zz", NULL},
    {"ab.zz", NULL},
    {"b.zz.zz", NULL},
    {"a.b", NULL},
    {"b\\.zz", NULL},
};

START_TEST(test_find)
{
	struct conf *conf = conf_of(THREE);
	struct routes *rs = routes_new(conf);
	const struct conf_route *got = find(rs, find_cases[_i].name);

	if (find_cases[_i].want == NULL)
		ck_assert_ptr_null(got);
	else
		ck_assert_str_eq(got->name, find_cases[_i].want);
	routes_free(rs);
	conf_free(conf);
}
END_TEST

START_TEST(test_find_none)
{
	struct conf *conf = conf_of("");
	struct routes *rs = routes_new(conf);

	ck_assert_ptr_null(find(rs, "a.zz"));
	ck_assert_ptr_null(find(rs, "."));
	routes_free(rs);
	routes_free(NULL);
	conf_free(conf);
}
END_TEST

/* As a plain search over all of them has it. */
START_TEST(test_find_many)
{
	char text[8192] = "", name[64];
	struct conf *conf;
	struct routes *rs;
	size_t len = 0;

	for (unsigned i = 0; i < 100; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "route l%u.m%u.%s { deadline = 1s }\n", i % 10, i,
		    i % 3 ? "zz" : "m1.zz");
	conf = conf_of(text);
	rs = routes_new(conf);
	for (unsigned i = 0; i < 4000; i++) {
		const struct conf_route *want = NULL;
		uint8_t qname[DNAME_MAX];

		snprintf(name, sizeof(name), "%sl%u.m%u.%szz",
		    i & 1 ? "x." : "", i / 4 % 10, i / 40, i & 2 ? "m1." : "");
		dname_from_txt(qname, name, strlen(name));
		for (size_t j = 0; j < conf->n_routes; j++) {
			if (dname_is_below(qname, conf->routes[j].apex))
				want = &conf->routes[j];
		}
		ck_assert_ptr_eq(routes_find(rs, qname), want);
	}
	routes_free(rs);
	conf_free(conf);
}
END_TEST

#define ROOT                                                                   \
	"forward-zone:\n name: \".\"\n forward-no-cache: yes\n"               \
	" forward-addr: 192.0.2.9@53\n"

/*
 * Routes, and for each in the order of the file its kind; then what a context
 * of each kind that is there is told.
 */
static const struct {
	const char *conf;
	unsigned kinds[4];
	const char *plain, *direct;
} rule_cases[] = {
    {"route a { forward = { 192.0.2.1@5, '::2' } }",
	{0},
	"forward-zone:\n name: \"a.\"\n forward-no-cache: yes\n"
	" forward-addr: 192.0.2.1@5\n"
	" forward-addr: ::2@53\n",
	NULL},
    {"route b.a { stub = 192.0.2.1 qname-minimisation = no }",
	{UPSTREAM_WHOLE_NAMES},
	"stub-zone:\n name: \"b.a.\"\n stub-no-cache: yes\n"
	" stub-addr: 192.0.2.1@53\n",
	NULL},
    /* from the root where nobody else is asked: no other context for it */
    {"route a { recurse = yes }", {0}, "", NULL},
    {"upstream { forward = 192.0.2.9 } route a { recurse = yes }",
	{UPSTREAM_DIRECT},
	ROOT,
	""},
    {"upstream { forward = 192.0.2.9 } route a { recurse = yes "
     "qname-minimisation = no } route b { stub = 192.0.2.1 }",
	{UPSTREAM_DIRECT | UPSTREAM_WHOLE_NAMES, 0},
	ROOT
	"stub-zone:\n name: \"b.\"\n stub-no-cache: yes\n"
	" stub-addr: 192.0.2.1@53\n",
	"stub-zone:\n name: \"b.\"\n stub-no-cache: yes\n"
	" stub-addr: 192.0.2.1@53\n"},
    /* below a route that forwards: that one is not there */
    {"route a { forward = 192.0.2.1 } route b.a { recurse = yes } "
     "route c.b.a { forward = 192.0.2.2 }",
	{0, UPSTREAM_DIRECT, 0},
	"forward-zone:\n name: \"a.\"\n forward-no-cache: yes\n"
	" forward-addr: 192.0.2.1@53\n"
	"forward-zone:\n name: \"c.b.a.\"\n forward-no-cache: yes\n"
	" forward-addr: 192.0.2.2@53\n",
	"forward-zone:\n name: \"c.b.a.\"\n forward-no-cache: yes\n"
	" forward-addr: 192.0.2.2@53\n"},
    /* servers that are the route's above make no zone of their own */
    {"route a { forward = 192.0.2.1 } route b.a { deadline = 1s }",
	{0, 0},
	"forward-zone:\n name: \"a.\"\n forward-no-cache: yes\n"
	" forward-addr: 192.0.2.1@53\n",
	NULL},
};

START_TEST(test_rules)
{
	struct conf *conf = conf_of(rule_cases[_i].conf);
	char *txt = upstream_rules_txt(conf, 0);

	for (size_t i = 0; i < conf->n_routes; i++)
		ck_assert_uint_eq(upstream_kind_of(conf, &conf->routes[i]),
		    rule_cases[_i].kinds[i]);
	ck_assert_str_eq(txt, rule_cases[_i].plain);
	free(txt);
	ck_assert_int_eq(
	    upstream_kind_forwards(conf, 0), conf->upstream.n_forward > 0);
	ck_assert(!upstream_kind_forwards(conf, UPSTREAM_DIRECT));
	if (rule_cases[_i].direct != NULL) {
		txt = upstream_rules_txt(conf, UPSTREAM_DIRECT);
		ck_assert_str_eq(txt, rule_cases[_i].direct);
		free(txt);
	}
	conf_free(conf);
}
END_TEST

UNIT_MAIN("route", UNIT_EACH(test_find, find_cases), UNIT_ONCE(test_find_none),
    UNIT_ONCE(test_find_many), UNIT_EACH(test_rules, rule_cases))
