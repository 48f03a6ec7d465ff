/* tools/mxcheck/sts.c: what RFC 8461 and RFC 8460 let stand in the records and
 * in a policy, and what is said of the rest. */
#include <errno.h>

#include "tests/unit/unit.h"
#include "tools/mxcheck/sts.h"

#define ID32 "0123456789abcdefghijklmnopqrstuv"

static const struct {
	const char *txt;
	int rc;
	const char *id, *why;
} records[] = {
    {"v=STSv1; id=20160831085700Z;", 0, "20160831085700Z", ""},
    {"v=STSv1;id=1", 0, "1", ""},
    {"v=STSv1 ;\tid = a ; ", 0, "a", ""},
    {"v=STSv1; x_1=y; id=" ID32, 0, ID32, ""},
    {"v=STSv1; id=1; id=2", 0, "1", ""}, /* the first counts */
    {"v=spf1 -all", -ENOENT, "", ""},
    {"", -ENOENT, "", ""},
    {"v=STSv10; id=1", -ENOENT, "", ""},
    {"v=stsv1; id=1", -ENOENT, "", ""}, /* as it is, RFC 7405 */
    {"id=1; v=STSv1", -ENOENT, "", ""}, /* the version is the first */
    {"v=STSv1", -EINVAL, "", "there is no id"},
    {"v=STSv1; id=", -EINVAL, "", "32 letters"},
    {"v=STSv1; id=" ID32 "w", -EINVAL, "", "32 letters"},
    {"v=STSv1; id=2016-08-31", -EINVAL, "", "32 letters"},
    {"v=STSv1; id", -EINVAL, "", "\"id\" is no tag=value"},
    {"v=STSv1; =1", -EINVAL, "", "no tag=value"},
    {"v=STSv1; \033[2J=1", -EINVAL, "", "\"?[2J=1\""},
};

START_TEST(sts_records)
{
	char id[STS_ID_LEN], why[STS_WHY_MAX] = "";
	int rc = sts_record_read(id, records[_i].txt, strlen(records[_i].txt),
	    why);

	ck_assert_int_eq(rc, records[_i].rc);
	if (rc == 0)
		ck_assert_str_eq(id, records[_i].id);
	ck_assert_msg(strstr(why, records[_i].why) != NULL, "%s", why);
}
END_TEST

static const struct {
	const char *txt;
	int rc;
	const char *why;
} reports[] = {
    {"v=TLSRPTv1; rua=mailto:tls@example.com", 0, ""},
    {"v=TLSRPTv1;rua=https://r.example.com/v1, mailto:a@b.example;", 0, ""},
    {"v=DMARC1; rua=mailto:a@b.example", -ENOENT, ""},
    {"v=TLSRPTv1", -EINVAL, "there is no rua"},
    {"v=TLSRPTv1; rua=", -EINVAL, "neither"},
    {"v=TLSRPTv1; rua=mailto:nobody", -EINVAL, "neither"},
    {"v=TLSRPTv1; rua=http://r.example.com/", -EINVAL, "neither"},
    {"v=TLSRPTv1; rua=mailto:a@b.example,", -EINVAL, "neither"},
};

START_TEST(tlsrpt_records)
{
	char why[STS_WHY_MAX] = "";

	ck_assert_int_eq(tlsrpt_record_read(reports[_i].txt,
	    strlen(reports[_i].txt), why), reports[_i].rc);
	ck_assert_msg(strstr(why, reports[_i].why) != NULL, "%s", why);
}
END_TEST

#define HEAD "version: STSv1\nmode: enforce\nmax_age: 604800\n"

static const struct {
	const char *body, *why; /* why NULL: it is fine */
	enum sts_mode mode;
	uint32_t max_age;
	size_t n_mxs;
	const char *mx; /* the last one */
} policies[] = {
    {HEAD "mx: mail.example.com\n", NULL, STS_MODE_ENFORCE, 604800, 1,
	"mail.example.com"},
    {HEAD "mx: mail.example.com\nmx: *.Example.NET.\n", NULL, STS_MODE_ENFORCE,
	604800, 2, "*.example.net"},
    {"version: STSv1\r\nmode: testing\r\nmx:\tmail.example.com \r\n"
     "max_age:0\r\n", NULL, STS_MODE_TESTING, 0, 1, "mail.example.com"},
    {"mx: m.example\nmax_age: 31557600\nmode: none\nversion: STSv1", NULL,
	STS_MODE_NONE, STS_AGE_MAX, 1, "m.example"},
    {"version: STSv1\nmode: none\nmax_age: 86400\n", NULL, STS_MODE_NONE,
	86400, 0, NULL}, /* no mx is wanted then */
    {HEAD "\n\nx-extension.1: mx: y\nmx: m.example\n\n", NULL,
	STS_MODE_ENFORCE, 604800, 1, "m.example"},
    {HEAD "mode: nonsense\nmax_age: -1\nversion: 2\nmx: m.example\n", NULL,
	STS_MODE_ENFORCE, 604800, 1, "m.example"}, /* the first one counts */
    {"", "there is no version", 0, 0, 0, NULL},
    {"version: STSv1\nmax_age: 1\nmx: a.example\n", "there is no mode", 0, 0,
	0, NULL},
    {"version: STSv1\nmode: enforce\nmx: a.example\n", "there is no max_age",
	0, 0, 0, NULL},
    {HEAD, "there is no mx", 0, 0, 0, NULL},
    {"version: STSv2\n", "\"STSv2\" is not STSv1", 0, 0, 0, NULL},
    {"version: STSv1\nmode: Enforce\n", "\"Enforce\" is not", 0, 0, 0, NULL},
    {"version: STSv1\nmax_age: 31557601\n", "not a number", 0, 0, 0, NULL},
    {"version: STSv1\nmax_age: 99999999999999999999\n", "not a number", 0, 0,
	0, NULL},
    {"version: STSv1\nmax_age: 1d\n", "not a number", 0, 0, 0, NULL},
    {"version: STSv1\nmax_age:\n", "not a number", 0, 0, 0, NULL},
    {HEAD "mx: 192.0.2.1\n", "no name of a host", 0, 0, 0, NULL},
    {HEAD "mx: 2001:db8::1\n", "no name of a host", 0, 0, 0, NULL},
    {HEAD "mx: *\n", "no name of a host", 0, 0, 0, NULL},
    {HEAD "mx: *.\n", "no name of a host", 0, 0, 0, NULL},
    {HEAD "mx: a.*.example\n", "no name of a host", 0, 0, 0, NULL},
    {HEAD "mx: *.*.example\n", "no name of a host", 0, 0, 0, NULL},
    {HEAD "mx: a..example\n", "no name of a host", 0, 0, 0, NULL},
    {HEAD "mx:\n", "no name of a host", 0, 0, 0, NULL},
    {"<html><head>\n", "\"<html><head>\" is no key: value", 0, 0, 0, NULL},
};

START_TEST(sts_policies)
{
	const char *body = policies[_i].body, *want = policies[_i].why;
	static struct sts_policy p;
	char why[STS_WHY_MAX] = "";
	int rc = sts_policy_read(&p, body, strlen(body), why);

	if (want != NULL) {
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_msg(strstr(why, want) != NULL, "%s", why);
		return;
	}
	ck_assert_msg(rc == 0, "%s", why);
	ck_assert_uint_eq(p.mode, policies[_i].mode);
	ck_assert_uint_eq(p.max_age, policies[_i].max_age);
	ck_assert_uint_eq(p.n_mxs, policies[_i].n_mxs);
	if (p.n_mxs > 0)
		ck_assert_str_eq(p.mx[p.n_mxs - 1], policies[_i].mx);
}
END_TEST

/* What would not fit is refused, not cut. */
START_TEST(sts_policy_limits)
{
	static char body[STS_BODY_MAX + 1];
	static struct sts_policy p;
	char why[STS_WHY_MAX] = "";
	size_t len = strlen(HEAD);

	memset(body, '\n', sizeof(body));
	memcpy(body, HEAD "mx: a.example", len + 13);
	ck_assert_int_eq(sts_policy_read(&p, body, STS_BODY_MAX, why), 0);
	ck_assert_int_eq(sts_policy_read(&p, body, sizeof(body), why),
	    -EINVAL);
	for (unsigned n = 0; n < STS_MX_MAX; n++)
		len += (size_t)sprintf(body + len, "mx: m%u.example\n", n);
	ck_assert_int_eq(sts_policy_read(&p, body, len, why), 0);
	len += (size_t)sprintf(body + len, "mx: one-more.example\n");
	ck_assert_int_eq(sts_policy_read(&p, body, len, why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "more than 64 mx"));
}
END_TEST

static const struct {
	const char *pattern, *host;
	bool covers;
} covers[] = { /* RFC 8461 4.1 */
    {"mx.example.com", "mx.example.com", true},
    {"mx.example.com", "mx2.example.com", false},
    {"mx.example.com", "a.mx.example.com", false},
    {"*.example.com", "mx.example.com", true},
    {"*.example.com", "a.mx.example.com", false},
    {"*.example.com", "example.com", false},
    {"*.example.com", "com", false},
    {"*.example.com", "badexample.com", false},
};

START_TEST(patterns)
{
	ck_assert_int_eq(sts_pattern_covers(covers[_i].pattern,
	    covers[_i].host), covers[_i].covers);
}
END_TEST

UNIT_MAIN("mx_sts", UNIT_EACH(sts_records, records),
    UNIT_EACH(tlsrpt_records, reports), UNIT_EACH(sts_policies, policies),
    UNIT_ONCE(sts_policy_limits), UNIT_EACH(patterns, covers))
